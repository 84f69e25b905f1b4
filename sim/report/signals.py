"""The page's section of signals: stage tables of changed signals, today and after."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd

from sim.comparison.pairs import BASELINE
from sim.labels import Text
from sim.plots.phase_diagram import MOST
from sim.plots.signal_data import read_signals
from sim.plots.study_data import StudyData
from sim.site.places import leg, place, turn

COLUMNS = ("begin_s", "green_s", "yellow_s", "all_red_s", "clearance_s")


class StageLine(NamedTuple):
    """One stage before and after: who goes, and per column both values in words."""

    stage: str
    moves: tuple[Text, ...]
    cells: tuple[tuple[str, str], ...]


class StageTable(NamedTuple):
    """One changed signal in one arm and period."""

    signal: str
    period: Text
    arm: Text
    columns: tuple[str, ...]
    lines: tuple[StageLine, ...]
    cycle: str
    offset: str


def stage_tables(data: StudyData) -> Iterator[StageTable]:
    """Yield the tables of every changed signal, arm by arm; as many signals as the figures show."""
    signals = read_signals(data.folder)
    for period in data.periods:
        changed = sorted({s for arm in data.policies for s in signals.changed(arm["id"], period)})[:MOST]
        for arm in data.policies:
            for signal in signals.changed(arm["id"], period):
                if signal not in changed:
                    continue
                _, before = signals.of(BASELINE, period, signal)
                _, after = signals.of(arm["id"], period, signal)
                yield StageTable(
                    signal,
                    data.period_title(period),
                    data.arm_title(arm["id"]),
                    COLUMNS,
                    tuple(_lines(before, after)),
                    _change(before, after, "cycle_s"),
                    _change(before, after, "offset_s"),
                )


def _lines(before: pd.DataFrame, after: pd.DataFrame) -> Iterator[StageLine]:
    """Stages of either plan by name, in the order of the new one, then those that are gone."""
    groups = " ".join([*before["protected"].astype(str), *after["protected"].astype(str)]).split()
    several = len({group.rsplit(".", 2)[0] for group in groups}) > 1
    today = {str(row["stage"]): row for _, row in before.iterrows()}
    then = {str(row["stage"]): row for _, row in after.iterrows()}
    for name in [*then, *(name for name in today if name not in then)]:
        row = then.get(name, today.get(name))
        assert row is not None
        moves = [_move(group, several) for group in str(row["protected"]).split()]
        cells = tuple((_number(today.get(name), c), _number(then.get(name), c)) for c in COLUMNS)
        yield StageLine(name, tuple(moves), cells)


def _move(group: str, several: bool) -> Text:
    """Name a movement; with its junction where one signal stands at several."""
    if several:
        return place(f"movement:{group}")
    approach, way = leg(group.rpartition(".")[0]), turn(group)
    return Text(approach.zh + way.zh, f"{approach.en} {way.en}")


def _number(row: Any, column: str) -> str:
    return "—" if row is None or math.isnan(row[column]) else f"{row[column]:g}"


def _change(before: pd.DataFrame, after: pd.DataFrame, column: str) -> str:
    values = [_number(None if table.empty else table.iloc[0], column) for table in (before, after)]
    return values[0] if values[0] == values[1] else " → ".join(values)
