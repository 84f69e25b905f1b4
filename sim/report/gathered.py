"""Several studies side by side: one table, and one page on which all of them share their scales."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.comparison.inference import holm
from sim.comparison.pairs import BASELINE
from sim.comparison.policy_verdict import BEST_FIRST
from sim.errors import ConfigError, Problem, near
from sim.labels import Message, Text, text
from sim.measures import SPECS
from sim.plots.numbers import with_interval
from sim.plots.study_data import StudyData, read_study
from sim.report.evidence import p_words
from sim.report.portfolio import ranking, site_map
from sim.report.templating import bilingual, environment, whole_page

GOOD = ("improved", "improved_uncertain")
BAD = ("worse", "worse_uncertain")
NOT_SAID = ("site", "policies", "sweep", "executor")
"""Settings that study and arms say already, or that shape no result."""


@dataclass(frozen=True)
class Scale:
    """A common scale: where values lie, in percent of a strip's width. It always holds zero."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Scale:
        """Return the scale on which all of these finite values and zero are seen."""
        kept = [0.0, *(value for value in values if math.isfinite(value))]
        margin = 0.03 * (max(kept) - min(kept)) or 1.0
        return cls(min(kept) - margin, max(kept) + margin)

    def place(self, value: float) -> float:
        """Return where a value lies, 0 to 100; infinite ones at the ends."""
        share = (value - self.low) / (self.high - self.low)
        return 100 * min(max(share, 0.0), 1.0)


@dataclass(frozen=True)
class Line:
    """One policy of one study in one period, as the page shows it."""

    study: str
    differing: str
    policy: Text
    swept: str
    period: Text
    before: str
    after: str
    change: str
    interval: str
    verdict: str
    p_family: str
    """Holm's p-value over all studies gathered."""
    strip: tuple[float, float, float] | None
    """Lower end, value and upper end of the interval on the common scale."""


def gather(folders: Sequence[Path], target: Path) -> list[Path]:
    """Write `gather.csv` and `gather.html` into `target` from the comparisons of finished studies.

    The table holds every row of every comparison under the study's name, and a column per setting in which
    the studies differ. `p_family` is Holm's adjusted p-value over all studies, policies and periods of the
    one primary measure that all of them declare; empty where they declare several.

    ConfigError where a folder holds no finished study.
    """
    studies = _read(folders)
    settings = differing_settings([data.study["config"] for data in studies])
    rows = [
        data.comparison.assign(study=data.study["name"], site=data.study["site"]["name"], **own)
        for data, own in zip(studies, settings, strict=True)
    ]
    keys = ["study", "site", *(settings[0] if settings else ())]
    table = pd.concat(rows, ignore_index=True)
    table = table[[*keys, *(name for name in table.columns if name not in keys)]]
    table["p_family"] = _family(studies)
    target.mkdir(parents=True, exist_ok=True)
    paths = [target / "gather.csv", target / "gather.html"]
    table.to_csv(paths[0], index=False, float_format="%.6g")
    paths[1].write_text(_html(studies, settings), encoding="utf-8", newline="\n")
    return paths


def _family(studies: Sequence[StudyData]) -> NDArray[np.float64]:
    """Return Holm's p-values over every row of the primary measure of all studies, NaN in all other rows."""
    p = np.concatenate([data.comparison["p"].to_numpy(dtype=float) for data in studies])
    members = np.concatenate([_of_primary(data).to_numpy(dtype=bool) for data in studies])
    adjusted = np.full(p.size, math.nan)
    if len({str(data.study["primary"]) for data in studies}) == 1:
        adjusted[members] = holm(p[members])
    return adjusted


def _of_primary(data: StudyData) -> pd.Series[bool]:
    table = data.comparison
    return (table["measure"] == data.primary) & (table["scope"] == "network")


def _read(folders: Sequence[Path]) -> list[StudyData]:
    problems = []
    found: dict[Path, StudyData] = {}
    for folder in folders:
        if not (folder / "study.json").is_file():
            known = [path.parent.name for path in folder.parent.glob("*/study.json")]
            problems.append(Problem(str(folder), Message("holds no study.json"), near(folder.name, known)))
        elif not (folder / "tables" / "comparison.csv").is_file():
            problems.append(
                Problem(str(folder), Message("has not finished"), Message("huandu run ... resume=true"))
            )
        else:
            found[folder.resolve()] = read_study(folder)
    if problems:
        raise ConfigError(problems)
    return list(found.values())


def differing_settings(configs: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return of each configuration the settings in which they differ, by dotted name; empty where absent."""
    flat = [_flat({k: v for k, v in config.items() if k not in NOT_SAID}) for config in configs]
    names = sorted({name for one in flat for name in one})
    kept = [name for name in names if len({one.get(name, "") for one in flat}) > 1]
    return [{name: one.get(name, "") for name in kept} for one in flat]


def _flat(config: Any, path: str = "") -> dict[str, str]:
    if not isinstance(config, Mapping):
        return {path: "" if config is None else str(config)}
    return {
        name: value
        for key, inner in config.items()
        for name, value in _flat(inner, f"{path}.{key}".lstrip(".")).items()
    }


def _html(studies: Sequence[StudyData], settings: Sequence[Mapping[str, str]]) -> str:
    ranked = ranking(studies)
    body = (
        environment(bilingual)
        .get_template("gather.html.j2")
        .render(
            good=GOOD,
            bad=BAD,
            groups=_groups(studies, settings),
            ranked=ranked,
            sites=site_map(ranked),
            unplaced=list({one.site_id: one.site for one in ranked if one.location is None}.values()),
            verdicts=[token for token in BEST_FIRST if any(one.verdict == token for one in ranked)],
            studies=len(studies),
            made_up=any(data.study["site"].get("made_up", True) for data in studies),
        )
    )
    return whole_page(body, ("page.js", "gather.js"), text("gather.title"))


def _groups(studies: Sequence[StudyData], settings: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return one group per primary measure: studies that are judged by different ones share no scale."""
    found: dict[str, list[tuple[StudyData, Mapping[str, str]]]] = {}
    for data, own in zip(studies, settings, strict=True):
        found.setdefault(str(data.study["primary"]), []).append((data, own))
    groups = []
    family = iter(_family(studies))
    adjusted = {id(data): [next(family) for _ in range(len(data.comparison))] for data in studies}
    for primary, members in found.items():
        spec = SPECS[primary]
        rows = [
            (data, own, data.comparison.assign(p_family=adjusted[id(data)])[_of_primary(data)])
            for data, own in members
        ]
        ends = [float(v) for _, _, t in rows for k in ("ci_low", "ci_high", "difference") for v in t[k]]
        scale = Scale.of(ends)
        lines = [line for data, own, table in rows for line in _lines(data, own, table, scale, spec.decimals)]
        name = Text(spec.name["zh"], spec.name["en"])
        groups.append({"name": name, "unit": spec.unit, "lines": lines, "zero": scale.place(0.0)})
    return groups


def _lines(
    data: StudyData, own: Mapping[str, str], table: pd.DataFrame, scale: Scale, decimals: int
) -> list[Line]:
    differing = ", ".join(f"{name.rpartition('.')[2]}={value}" for name, value in own.items() if value)
    lines = []
    for arm in data.study["arms"]:
        of_arm = table[table["arm"] == arm["id"]] if arm["id"] != BASELINE else table.iloc[:0]
        for row in of_arm.to_dict("records"):
            low, high = float(row["ci_low"]), float(row["ci_high"])
            change, interval = with_interval(row["difference"], low, high, decimals)
            before, after = (with_interval(row[k], low, high, decimals)[0] for k in ("before", "after"))
            known = math.isfinite(row["difference"]) and not math.isnan(low + high)
            period = data.study["periods"][row["period"]]["title"]
            lines.append(
                Line(
                    study=str(data.study["name"]),
                    differing=differing,
                    policy=Text(arm["title"]["zh"], arm["title"]["en"]),
                    swept=", ".join(f"{k.rpartition('.')[2]}={v}" for k, v in arm["swept"].items()),
                    period=Text(period["zh"], period["en"]),
                    before=before.lstrip("+"),
                    after=after.lstrip("+"),
                    change=change,
                    interval=interval,
                    verdict=str(row["verdict"]),
                    p_family=p_words(float(row["p_family"])),
                    strip=(scale.place(low), scale.place(row["difference"]), scale.place(high))
                    if known
                    else None,
                )
            )
    return lines
