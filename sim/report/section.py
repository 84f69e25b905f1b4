"""A table under a heading on the page, made from a table that a study need not have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from sim.labels import Text, text
from sim.plots.numbers import NOTHING, number, with_interval
from sim.plots.study_data import StudyData
from sim.tables import PLACEBO

MOST_ROWS = 200
"""Of one table on the page; the table in the folder has all."""


class Cell(NamedTuple):
    """What stands in a cell, and whether it is a good or a bad thing."""

    words: Text | str
    tone: str = ""


class Section(NamedTuple):
    """One table under a heading; `more` rows are left to the file."""

    id: str
    heads: tuple[Text, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: int
    file: str
    words: tuple[Cell, ...] = ()
    """Said above the table."""


def section(
    id: str,
    names: Sequence[str],
    rows: Sequence[tuple[Cell, ...]],
    file: str,
    *,
    words: Sequence[Cell] = (),
    shown_empty: bool = False,
) -> Section | None:
    """Return the section; None where it has no rows and is not to be shown empty."""
    if not rows and not shown_empty:
        return None
    heads = tuple(text(f"report.column.{name}") for name in names)
    return Section(id, heads, tuple(rows[:MOST_ROWS]), max(len(rows) - MOST_ROWS, 0), file, tuple(words))


def keys(data: StudyData, row: Mapping[str, Any]) -> tuple[Cell, Cell]:
    """Return the cells of policy and period, the first of every row."""
    arm = str(row["arm"])
    title = text("report.placebo") if arm == PLACEBO else data.arm_title(arm)
    return Cell(title), Cell(data.period_title(str(row["period"])))


def has(table: pd.DataFrame, *columns: str) -> bool:
    """Whether a table has arm, period and these columns."""
    return {"arm", "period", *columns} <= set(table.columns)


def estimate(value: float, low: float, high: float, most: int = 1) -> str:
    """Write a difference with its interval, alone where it has none."""
    difference, interval = with_interval(value, low, high, most)
    return difference if interval == NOTHING else f"{difference} {interval}"


def count(value: Any) -> str:
    """Return a whole number as text."""
    return number(float(value), 0)
