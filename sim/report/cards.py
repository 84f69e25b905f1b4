"""One card per policy, and the board over all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from markupsafe import Markup

from sim.comparison.policy_verdict import PolicyVerdict, policy_verdict
from sim.comparison.shape import SHAPES
from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.numbers import NOTHING, with_interval
from sim.plots.study_data import StudyData, records
from sim.report.apart_and_elsewhere import worst_day
from sim.report.benefit_cost import benefit_lines
from sim.report.card_facts import Costs, confidence, costs, diagnosis, problem
from sim.report.evidence import EvidenceLine
from sim.report.response import break_even_lines
from sim.report.street_map import sketch
from sim.report.words import (
    BAD,
    GOOD,
    Change,
    FindingLine,
    at_least,
    change,
    finding_lines,
    meaning,
    measure_name,
    shown_gates,
    worse_rows,
)

MOST_WORSE = 5
"""Rows that got worse on a card; the others are counted."""


class Outcome(NamedTuple):
    """The primary measure in one period."""

    period: Text
    change: Change | None
    meaning: Text | None
    at_least: bool
    gates: tuple[FindingLine, ...]
    odd: tuple[Text, ...]
    """What is odd about the spread of the differences: one far off, a long tail, two groups."""
    floor: Text | None
    """Interval of the blank control; None without one."""


class WorseLine(NamedTuple):
    """One row of the comparison that got worse."""

    period: Text
    change: Change


class StageLine(NamedTuple):
    """One stage of a policy: when it stands, and its verdict; None: it has none."""

    title: Text
    dates: str
    verdict: PolicyVerdict | None
    worst: bool


class Stages(NamedTuple):
    """A policy of several stages: the worst one's verdict is the policy's; None where one has no result."""

    policy: Text
    worst: Text | None
    verdict: PolicyVerdict | None
    lines: tuple[StageLine, ...]
    dates: str
    """Of the card's own stage; empty where nobody said."""


@dataclass(frozen=True)
class Card:
    """One policy, or one stage of it, at a glance; no `verdict` means that none can be given."""

    id: str
    policy: str
    """Id of the policy, which its stages have in common."""
    title: Text
    reason: Text | None
    permanent: bool
    verdict: PolicyVerdict | None
    changes: tuple[Text, ...]
    outcomes: tuple[Outcome, ...]
    worse: tuple[WorseLine, ...]
    more_worse: int
    compared: int
    """Rows of the comparison in which something could have got worse."""
    problem: Text | None
    diagnosis: tuple[Text, ...]
    sketch: Markup | None
    costs: Costs
    conditional: tuple[Text, ...]
    """What the verdict is conditional on."""
    benefit: tuple[Text, ...]
    """Benefit against cost, if the policy states its cost."""
    days: tuple[Text, ...]
    """The worst verdict over days, or that only one day was looked at; beside the verdict."""
    confidence: tuple[Text, ...]
    stages: Stages | None


def cards(data: StudyData, specs: Mapping[str, MeasureSpec], evidence: list[EvidenceLine]) -> list[Card]:
    """Return the cards in the study's order."""
    return [_card(data, specs, arm, evidence) for arm in data.policies]


def outcomes(data: StudyData, spec: MeasureSpec, arm: str) -> tuple[Outcome, ...]:
    """Return what the primary measure became under a policy, period by period."""
    found = []
    for period in data.periods:
        row = data.row(arm, period, data.primary)
        gates = () if row is None else shown_gates(finding_lines(data, arm, period), str(row["gate"]))
        found.append(
            Outcome(
                data.period_title(period),
                None if row is None else change(row, spec, data.titles),
                None if row is None else meaning(row, spec),
                row is not None and at_least(row, spec),
                tuple(line for line in gates if row is not None and _about(line)),
                () if row is None else odd(row),
                None if row is None else blank_control(row, spec),
            )
        )
    return tuple(found)


def _card(
    data: StudyData, specs: Mapping[str, MeasureSpec], arm: Mapping[str, Any], evidence: list[EvidenceLine]
) -> Card:
    spec, arm_id = specs[data.primary], str(arm["id"])
    worse = worse_rows(data, arm_id, specs)
    table = data.comparison
    compared = table[(table["arm"] == arm_id) & (table["direction"] != "none") & (table["n_pairs"] > 0)]
    reason = arm.get("reason")
    return Card(
        arm_id,
        str((arm.get("stage") or {}).get("policy", arm_id)),
        data.arm_title(arm_id),
        Text(str(reason.get("zh", "")), str(reason.get("en", ""))) if reason else None,
        bool(arm.get("permanent", True)),
        overall(data, arm_id),
        tuple(Text(str(w.get("zh", "")), str(w.get("en", ""))) for w in arm.get("change_log", [])),
        outcomes(data, spec, arm_id),
        tuple(
            WorseLine(
                data.period_title(str(row["period"])), change(row, specs[str(row["measure"])], data.titles)
            )
            for row in records(worse.head(MOST_WORSE))
        ),
        max(len(worse) - MOST_WORSE, 0),
        len(compared),
        problem(data),
        tuple(diagnosis(data, specs, arm_id)),
        sketch(data, arm_id),
        costs(data, arm_id),
        tuple(Text(words["zh"], words["en"]) for words in arm.get("conditional") or ()),
        benefit_lines(data, arm_id),
        tuple(worst_day(data, arm_id)),
        (*confidence(data, arm_id, evidence, spec.unit), *break_even_lines(data, spec, arm)),
        _stages(data, arm_id),
    )


def _stages(data: StudyData, arm: str) -> Stages | None:
    """Say how the stages of a policy stand, and which of them is the worst; None if an arm is no stage."""
    ids, worst = data.stages(arm), data.worst_stage(arm)
    told = {one["id"]: one["stage"] for one in data.policies if one["id"] in ids}
    if not told:
        return None
    titles = {id: Text(stage["title"]["zh"], stage["title"]["en"]) for id, stage in told.items()}
    dates = {id: " – ".join(stage["dates"] or ()) for id, stage in told.items()}
    of_policy = told[arm]["policy_title"]
    return Stages(
        Text(of_policy["zh"], of_policy["en"]),
        titles[worst] if worst else None,
        overall(data, worst) if worst else None,
        tuple(StageLine(titles[id], dates[id], overall(data, id), id == worst) for id in ids),
        dates[arm],
    )


def odd(row: Mapping[str, Any]) -> tuple[Text, ...]:
    """Say what is odd about the spread of a row's differences (`sim.comparison.shape`)."""
    told = row.get("shape")
    tokens = told.split(",") if isinstance(told, str) else ()
    return tuple(text(f"report.shape.{token}") for token in SHAPES if token in tokens)


def blank_control(row: Mapping[str, Any], spec: MeasureSpec) -> Text | None:
    """State the interval of the blank control of a row's measure; None without one."""
    low, high = (float(row.get(name, math.nan)) for name in ("floor_low", "floor_high"))
    if not math.isfinite(low + high):
        return None
    _, interval = with_interval((low + high) / 2, low, high, spec.decimals)
    return text("report.card.floor", interval=interval, unit=spec.unit)


def _about(line: FindingLine) -> bool:
    """Whether a finding is about the whole run; the primary measure is read there."""
    return not line.places


def overall(data: StudyData, arm: str) -> PolicyVerdict | None:
    """Return the verdict on a policy over all simulated periods; None where one has no result."""
    if any(data.row(arm, period, data.primary) is None for period in data.periods):
        return None
    return policy_verdict(data.comparison, data.primary, arm, not_simulated=data.not_simulated)


NETWORK_COLUMNS = (
    "person_time",
    "insertion_delay",
    "arrivals",
    "mean_speed",
    "stops_per_vehicle",
    "fair_delay",
)
"""Beside the primary measure, in this order, as far as they were compared; at most `MOST_NETWORK`."""
MOST_NETWORK = 4

COUNTED_COLUMNS = (
    ("control_delay", "junction"),
    ("control_delay", "movement"),
    ("back_of_queue_p95", "approach"),
    ("pedestrian_delay", "approach"),
)
"""Measures told by how many places got better and worse."""


class BoardCell(NamedTuple):
    """A verdict with its relative change, or counts of verdicts (`counts` set)."""

    verdict: str
    relative: str
    interval: str
    counts: tuple[int, int, int] | None = None
    """Better, worse, neither."""
    within_noise: bool = False
    """Whether the interval overlaps the blank control's."""


@dataclass(frozen=True)
class Board:
    """Policies and periods down, measures across; a column is a measure and the kind of its places."""

    columns: tuple[tuple[Text, str], ...]
    rows: tuple[tuple[Text, bool, Text, tuple[BoardCell | None, ...]], ...]
    """Policy, whether its verdicts are conditional, period, cells."""


def board(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Board:
    """Return the verdict board; measures without a better and a worse are not on it."""
    scopes = zip(data.comparison["measure"], data.comparison["scope"], strict=True)
    present = {(measure, scope.partition(":")[0]) for measure, scope in scopes}
    network = [
        name
        for name in (data.primary, *(n for n in NETWORK_COLUMNS if n != data.primary))
        if (name, "network") in present and name in specs and specs[name].direction != "none"
    ][: MOST_NETWORK + 1]
    counted = [(m, kind) for m, kind in COUNTED_COLUMNS if (m, kind) in present and m in specs]
    rows = []
    for arm in data.policies:
        for period in data.periods:
            cells = [_cell(data, specs, arm["id"], period, measure) for measure in network]
            cells += [_count(data, arm["id"], period, measure, kind) for measure, kind in counted]
            conditional = bool(arm.get("conditional"))
            rows.append((data.arm_title(arm["id"]), conditional, data.period_title(period), tuple(cells)))
    columns = [(measure_name(specs[m]), "network") for m in network]
    columns += [(measure_name(specs[m]), kind) for m, kind in counted]
    return Board(tuple(columns), tuple(rows))


def _cell(
    data: StudyData, specs: Mapping[str, MeasureSpec], arm: str, period: str, measure: str
) -> BoardCell | None:
    row = data.row(arm, period, measure)
    if row is None:
        return None
    relative, interval = with_interval(
        row["relative"], row["relative_ci_low"], row["relative_ci_high"], 1, percent=True
    )
    if NOTHING in (relative, interval):  # nothing to divide by, or too close to it: the change itself
        relative, interval = with_interval(
            row["difference"], row["ci_low"], row["ci_high"], specs[measure].decimals
        )
        relative += f" {specs[measure].unit}"
    noise = bool(row.get("within_noise", False))
    return BoardCell(str(row["verdict"]), relative, interval, within_noise=noise)


def _count(data: StudyData, arm: str, period: str, measure: str, kind: str) -> BoardCell | None:
    table = data.comparison
    own = table[
        (table["arm"] == arm)
        & (table["period"] == period)
        & (table["measure"] == measure)
        & table["scope"].str.startswith(f"{kind}:")
    ]
    if own.empty:
        return None
    better, worse = int(own["verdict"].isin(GOOD).sum()), int(own["verdict"].isin(BAD).sum())
    return BoardCell("", "", "", (better, worse, len(own) - better - worse))
