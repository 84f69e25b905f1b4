"""The tables of movements, one per junction: demand to queue, overflow of storage, pedestrians."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from scipy import special

from sim.labels import Text, catalogue
from sim.measures.level_of_service import Scale, Standard, crosses, grade
from sim.measures.spec import MeasureSpec
from sim.plots.study_data import StudyData
from sim.report.card_facts import touched_junctions
from sim.report.words import BAD, GOOD, Change, change, measure_name
from sim.site.places import leg, place, turn

COLUMNS: Mapping[str, str] = {
    "demand_flow": "demand",
    "served_flow": "served",
    "control_delay": "delay",
    "degree_of_saturation": "vc",
    "back_of_queue_p95": "queue",
    "storage_overflow": "overflow",
    "pedestrian_delay": "pedestrians",
    "pedestrian_delay_analytic": "pedestrians_analytic",
}
"""Measure -> what its column is called (`report.column.`)."""
STANDS_IN: Mapping[str, str] = {"pedestrian_delay_analytic": "pedestrian_delay"}
"""Measure -> the one in whose absence it has a column: where nobody walks in the model, signals say it."""
DELAY = "control_delay"
FEW = 4
"""Junctions without a change: so many are listed among the others, more are folded away together."""
PREFERRED_STANDARD = "cjj_t_141_2010"
_TURNS = ("left", "through", "right", "uturn")


class Grades(NamedTuple):
    """Level of service before and after; a flag where the interval of the mean holds more than one grade."""

    before: str
    after: str
    before_crosses: bool
    after_crosses: bool


class Line(NamedTuple):
    """One movement, one approach (queue and means) or the whole junction."""

    kind: str
    name: Text
    cells: tuple[Change | None, ...]
    """By the columns of its table."""
    grades: tuple[Grades | None, ...]
    """By the standards of its table."""
    worse: tuple[Text, ...]
    """Names of the measures that got worse."""


@dataclass(frozen=True)
class JunctionTable:
    """One junction in one period under one policy."""

    junction: str
    name: Text
    standards: tuple[Standard, ...]
    """By which it is graded; none where the study does not say what controls it."""
    columns: tuple[MeasureSpec, ...]
    """Measures that any line of it has."""
    lines: tuple[Line, ...]
    better_count: int
    worse_count: int


@dataclass(frozen=True)
class MovementTables:
    """All junctions of one policy in one period."""

    arm_id: str
    period_id: str
    arm: Text
    period: Text
    junctions: tuple[JunctionTable, ...]
    quiet: tuple[JunctionTable, ...]
    """Those that the policy leaves alone, in which no row got worse and no movement better, where many."""


def movement_tables(
    data: StudyData, specs: Mapping[str, MeasureSpec], standards: Mapping[str, Standard]
) -> Iterator[MovementTables]:
    """Yield a set of tables per policy and period; junctions in which most got worse come first."""
    scopes: dict[str, list[str]] = {}
    for measure, scope in sorted(set(zip(data.comparison["measure"], data.comparison["scope"], strict=True))):
        kind, _, name = scope.partition(":")
        if measure in COLUMNS and kind in ("junction", "approach", "movement"):
            own = scopes.setdefault(_junction(kind, name), [])
            if scope not in own:
                own.append(scope)
    for arm in data.policies:
        for period in data.periods:
            tables = [
                _table(data, specs, arm["id"], period, junction, own, standards)
                for junction, own in scopes.items()
            ]
            tables.sort(key=lambda table: (-table.worse_count, table.junction))
            touched = touched_junctions(data, str(arm["id"]))
            changed = [t for t in tables if t.worse_count or t.better_count or t.junction in touched]
            quiet = [table for table in tables if table not in changed]
            if len(quiet) <= FEW:
                quiet = []
            if tables:
                yield MovementTables(
                    str(arm["id"]),
                    period,
                    data.arm_title(arm["id"]),
                    data.period_title(period),
                    tuple(table for table in tables if table not in quiet),
                    tuple(quiet),
                )


def lacking(tables: Iterable[JunctionTable], specs: Mapping[str, MeasureSpec]) -> list[Text]:
    """Name the columns that no table has, for want of a value."""
    had = {spec.id for table in tables for spec in table.columns}
    had |= {STANDS_IN[measure] for measure in had & STANDS_IN.keys()} | STANDS_IN.keys()
    return [measure_name(specs[measure]) for measure in COLUMNS if measure in specs and measure not in had]


def standards_for(standards: Mapping[str, Standard], signalised: bool | None) -> tuple[Standard, ...]:
    """Return the tables that grade control delay at such a junction, the project's primary one first."""
    wanted = {True: "signalised", False: "unsignalised", None: ""}[signalised]
    able = [name for name, found in standards.items() if DELAY in found.scales and found.junctions == wanted]
    return tuple(standards[name] for name in sorted(able, key=lambda n: (n != PREFERRED_STANDARD, n)))


def _junction(kind: str, name: str) -> str:
    for _ in range({"junction": 0, "approach": 1, "movement": 2}[kind]):
        name = name.rpartition(".")[0]
    return name


def _table(
    data: StudyData,
    specs: Mapping[str, MeasureSpec],
    arm: str,
    period: str,
    junction: str,
    scopes: list[str],
    standards: Mapping[str, Standard],
) -> JunctionTable:
    chosen = standards_for(standards, data.signalised(junction))
    had = {m for m in COLUMNS if any(data.row(arm, period, m, scope) is not None for scope in scopes)}
    had -= {measure for measure, better in STANDS_IN.items() if better in had}
    columns = tuple(specs[measure] for measure in COLUMNS if measure in specs and measure in had | {DELAY})
    driven = sorted(_driven(data, arm, period, scopes), key=_order)
    lines = [_line(data, columns, arm, period, scope, chosen) for scope in driven]
    delays = [
        row["verdict"]
        for scope in scopes
        if scope.startswith("movement:") and (row := data.row(arm, period, DELAY, scope)) is not None
    ]
    worse = sum(bool(line.worse) for line in lines if line.kind != "junction")
    name = place(f"junction:{junction}", data.titles)
    better = sum(v in GOOD for v in delays)
    return JunctionTable(junction, name, chosen, columns, tuple(lines), better, worse)


def _driven(data: StudyData, arm: str, period: str, scopes: list[str]) -> list[str]:
    """Leave out approaches that have a queue's row alone: nobody wants to drive there."""
    asked = ("demand_flow", DELAY)
    told = {s for s in scopes if any(data.row(arm, period, name, s) is not None for name in asked)}
    if not any(scope.startswith("approach:") for scope in told):
        return scopes
    return [scope for scope in scopes if scope in told or not scope.startswith("approach:")]


def _order(scope: str) -> tuple[Any, ...]:
    kind, _, name = scope.partition(":")
    if kind == "junction":
        return ("", 0, 0, "")
    approach, movement = (
        (name, "") if kind == "approach" else (name.rpartition(".")[0], name.rpartition(".")[2])
    )
    place = _TURNS.index(movement) if movement in _TURNS else len(_TURNS)
    return (approach, kind == "movement", place, movement)


def _line(
    data: StudyData,
    columns: tuple[MeasureSpec, ...],
    arm: str,
    period: str,
    scope: str,
    standards: tuple[Standard, ...],
) -> Line:
    kind, _, name = scope.partition(":")
    rows = [(spec, data.row(arm, period, spec.id, scope)) for spec in columns]
    cells = tuple(None if row is None else change(row, spec, data.titles) for spec, row in rows)
    worse = tuple(measure_name(spec) for spec, row in rows if row is not None and row["verdict"] in BAD)
    words = {
        "junction": catalogue()["report.whole_junction"],
        "approach": leg(name, data.titles),
        "movement": turn(name),
    }[kind]
    delay = data.row(arm, period, DELAY, scope)
    grades = tuple(
        None
        if delay is None or (kind == "junction" and not standard.whole_junction)
        else _grades(delay, standard.scales[DELAY], data)
        for standard in standards
    )
    return Line(kind, words, cells, grades, worse)


def _grades(row: Mapping[str, Any], scale: Scale, data: StudyData) -> Grades:
    confidence, n = float(data.study.get("confidence", 0.95)), int(row["n_pairs"])
    t = float(special.stdtrit(n - 1, (1 + confidence) / 2)) if n > 1 else math.nan
    found, flags = [], []
    for side in ("before", "after"):
        mean, half = float(row[side]), t * float(row[f"sd_{side}"]) / math.sqrt(max(n, 1))
        found.append(grade(scale, mean))
        flags.append(bool(found[-1]) and crosses(scale, mean - half, mean + half))
    return Grades(found[0], found[1], flags[0], flags[1])
