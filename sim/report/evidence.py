"""What the verdicts stand on: pairs, spread, smallest detectable effect, fates, definitions, digests."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sim.comparison.inference import variance_ratio_of_pairing
from sim.comparison.pairs import BASELINE
from sim.comparison.power import detectable_change
from sim.labels import Text, understood
from sim.measures.spec import MeasureSpec
from sim.plots.numbers import NOTHING, decimals_of, number
from sim.plots.study_data import FATES, StudyData, records


class EvidenceLine(NamedTuple):
    """How much one comparison of the primary measure can show."""

    arm: Text
    period: Text
    n_pairs: int
    planned: int
    sd_before: str
    sd_after: str
    half_width: str
    smallest: str
    mcid: str
    too_blunt: bool
    """Whether effects that matter could have been missed."""
    pairing: str
    p_holm: str


def evidence(data: StudyData, spec: MeasureSpec) -> list[EvidenceLine]:
    """Return one line per policy and period that was compared."""
    table = data.optional("evidence")
    known = {} if table is None else {(row["arm"], row["period"]): row for row in records(table)}
    lines = []
    for arm in data.policies:
        for period in data.periods:
            row = data.row(arm["id"], period, spec.id)
            if row is None:
                continue
            before = data.values(BASELINE, period, spec.id).dropna()
            after = data.values(arm["id"], period, spec.id).dropna()
            shared = before.index.intersection(after.index)
            x, y = before[shared].to_numpy(dtype=float), after[shared].to_numpy(dtype=float)
            # The intervals may stand at more than was asked for: where the number of looks is open.
            told = known.get((arm["id"], period), {})
            confidence = float(told.get("confidence", data.study.get("confidence", 0.95)))
            smallest = detectable_change(y - x, confidence)
            ratio = variance_ratio_of_pairing(x, y) if len(shared) > 1 else math.nan
            half = (float(row["ci_high"]) - float(row["ci_low"])) / 2
            mcid = float(row["mcid"])
            lines.append(
                EvidenceLine(
                    data.arm_title(arm["id"]),
                    data.period_title(period),
                    int(row["n_pairs"]),
                    len(data.study["replicates"]),
                    _two_digits(float(row["sd_before"]), spec),
                    _two_digits(float(row["sd_after"]), spec),
                    _two_digits(half, spec),
                    _two_digits(smallest, spec),
                    _two_digits(mcid, spec),
                    bool(smallest > mcid),
                    f"×{number(ratio, 1)}" if math.isfinite(ratio) else NOTHING,
                    p_words(float(row["p_holm"])),
                )
            )
    return lines


def _two_digits(value: float, spec: MeasureSpec) -> str:
    return number(value, max(decimals_of(0, 2 * value, spec.decimals + 1), 0))


def p_words(value: float) -> str:
    """Return a p-value as text."""
    if math.isnan(value):
        return NOTHING
    return "< 0.001" if value < 0.001 else number(value, 3)  # noqa: PLR2004 - three digits are enough


class FateLine(NamedTuple):
    """What became of everyone, summed over the replicates of one arm and period."""

    arm: Text
    period: Text
    replicates: int
    counts: tuple[int, ...]
    """In the order of `FATE_COLUMNS`."""
    balanced: bool


FATE_COLUMNS = tuple(name for name in FATES if name not in ("arm", "period", "replicate"))


def fate_lines(data: StudyData) -> list[FateLine]:
    """Return the ledger, baseline first."""
    lines = []
    for arm in data.study["arms"]:
        for period in data.periods:
            own = data.fates[(data.fates["arm"] == arm["id"]) & (data.fates["period"] == period)]
            if own.empty:
                continue
            balanced = bool((own["demanded"] == own[list(FATE_COLUMNS[1:])].sum(axis=1)).all())
            lines.append(
                FateLine(
                    data.arm_title(arm["id"]),
                    data.period_title(period),
                    len(own),
                    tuple(int(own[name].sum()) for name in FATE_COLUMNS),
                    balanced,
                )
            )
    return lines


class FailedRun(NamedTuple):
    """A run that left no results."""

    arm: Text
    period: Text
    replicate: int
    failure: Text


def failed_runs(data: StudyData) -> list[FailedRun]:
    """Return the runs that failed, with their reasons."""
    return [
        FailedRun(
            data.arm_title(run.arm), data.period_title(run.period), run.replicate, understood(run.failure)
        )
        for run in data.runs
        if run.failure
    ]


@dataclass(frozen=True)
class Definition:
    """One measure, defined."""

    id: str
    name: Text
    definition: Text
    unit: str
    direction: str
    formula: str
    source: str
    mcid: str


def definitions(data: StudyData, specs: Mapping[str, MeasureSpec]) -> list[Definition]:
    """Return every measure on the page: the primary one first, then by name."""
    present = sorted(set(data.comparison["measure"]) & set(specs) | {data.primary})
    present.sort(key=lambda name: (name != data.primary, name))
    return [
        Definition(
            name,
            Text(spec.name["zh"], spec.name["en"]),
            Text(spec.definition["zh"], spec.definition["en"]),
            spec.unit,
            spec.direction,
            spec.formula,
            spec.source,
            _mcid(spec),
        )
        for name in present
        for spec in (specs[name],)
    ]


def _mcid(spec: MeasureSpec) -> str:
    parts = []
    if not math.isnan(spec.mcid_abs):
        parts.append(f"{spec.mcid_abs:g} {spec.unit}".strip())
    if not math.isnan(spec.mcid_rel):
        parts.append(f"{100 * spec.mcid_rel:g}%")
    return f"max({', '.join(parts)})" if len(parts) > 1 else "".join(parts) or NOTHING


def digests(data: StudyData) -> list[tuple[str, str]]:
    """Return SHA-256 of what the page was made from: study.json and every table, by name."""
    files = [
        "study.json",
        "runs.json",
        *sorted(f"tables/{p.name}" for p in (data.folder / "tables").glob("[!.]*")),
    ]
    return [
        (name, hashlib.sha256((data.folder / name).read_bytes()).hexdigest())
        for name in files
        if (data.folder / name).is_file() and name != "tables/timing.csv"
    ]
