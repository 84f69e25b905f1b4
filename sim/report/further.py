"""Sections that a study may or may not have: parking, winners and losers, displacement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.numbers import number, with_interval
from sim.plots.study_data import StudyData, records
from sim.report.words import BAD, GOOD, change
from sim.site.places import place
from sim.tables import PLACEBO

MOST_ROWS = 200
"""Of one table on the page; the table in the folder has all."""


REASONS = ("fixed", "narrow", "cap", "withheld")
"""Why a study has as many replicates as it has: `sim.comparison.replication.Reason`."""


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


def further(data: StudyData, specs: Mapping[str, MeasureSpec]) -> list[Section]:
    """Return the sections that the folder has data for, in the order of reading."""
    found = [_parking(data, specs), _winners(data), _displacement(data)]
    return [section for section in found if section is not None]


def strength(data: StudyData) -> list[Section]:
    """Return what the evidence rests on: the blank control, simultaneous intervals, replicates; gridlock."""
    found = [_intervals(data), _gridlock(data)]
    return [section for section in found if section is not None]


def _intervals(data: StudyData) -> Section | None:
    table = _read(data, "evidence")
    needed = ("difference", "ci_low", "ci_high", "simultaneous_low", "centre_low", "replicates", "reason")
    if table is None or not _has(table, *needed):
        return None
    rows = []
    for row in records(table.assign(last=table["arm"] != PLACEBO).sort_values("last", kind="stable")):
        difference, interval = with_interval(row["difference"], row["ci_low"], row["ci_high"], 1)
        _, joint = with_interval(row["difference"], row["simultaneous_low"], row["simultaneous_high"], 1)
        centre, robust = with_interval(row["centre"], row["centre_low"], row["centre_high"], 1)
        reason = str(row["reason"])
        rows.append(
            (
                *_keys(data, row),
                Cell(f"{difference} {interval}"),
                Cell(joint),
                Cell(f"{centre} {robust}"),
                Cell(_count(row["replicates"])),
                Cell(text(f"report.reason.{reason}") if reason in REASONS else reason),
                Cell(_count(row["pairs_for_5_percent"])),
            )
        )
    names = ("policy", "period", "interval", "joint", "robust", "replicates", "reason", "for_5_percent")
    return _section("strength", names, rows, "tables/evidence.csv")


def _gridlock(data: StudyData) -> Section | None:
    table = _read(data, "gridlock")
    if table is None or not _has(table, "runs", "gridlocked", "share_low", "share_high"):
        return None
    rows = [
        (
            *_keys(data, row),
            Cell(f"{_count(row['gridlocked'])} / {_count(row['runs'])}", "bad" if row["gridlocked"] else ""),
            Cell(f"[{100 * row['share_low']:.0f}, {100 * row['share_high']:.0f}] %"),
        )
        for row in records(table)
    ]
    return _section(
        "gridlock", ("policy", "period", "gridlocked", "interval"), rows, "tables/gridlock.parquet"
    )


def _parking(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Section | None:
    table = data.comparison
    about = table["scope"].str.startswith("parking:") | table["scope"].isin(
        ["purpose:parking", "purpose:leaving"]
    )
    own = table[(about | table["measure"].str.contains("parking")) & table["measure"].isin(list(specs))]
    own = own[own["n_pairs"] > 0]
    rows = []
    for row in records(own):
        one = change(row, specs[str(row["measure"])], data.titles)
        tone = "good" if one.verdict in GOOD else "bad" if one.verdict in BAD else ""
        directed = row["direction"] != "none"
        rows.append(
            (
                *_keys(data, row),
                Cell(one.where),
                Cell(one.measure),
                Cell(f"{one.before} → {one.after} {one.unit}"),
                Cell(f"{one.difference} {one.interval}"),
                Cell(text(f"verdict.{one.verdict}") if directed else "—", tone if directed else ""),
            )
        )
    names = ("policy", "period", "places", "measure", "level", "interval", "verdict")
    return _section("parking", names, rows, "tables/comparison.csv")


def _winners(data: StudyData) -> Section | None:
    table = _read(data, "people")
    if table is None or not _has(table, "group", "name", "trips", "winners", "losers", "change_s", "ci_low"):
        return None
    rows = []
    for row in records(table[table["group"].isin(["all", "length"])]):
        difference, interval = with_interval(row["change_s"], row["ci_low"], row["ci_high"], 1)
        rows.append(
            (
                *_keys(data, row),
                Cell(text("report.winners.all") if row["group"] == "all" else str(row["name"])),
                Cell(_count(row["trips"])),
                Cell(_count(row["winners"]), "good"),
                Cell(_count(row["losers"]), "bad"),
                Cell(_count(row["unchanged"])),
                Cell(f"{difference} {interval}"),
            )
        )
    names = ("policy", "period", "trip_length", "trips", "winners", "losers", "unchanged", "trip_change")
    return _section("winners", names, rows, "tables/people.parquet")


def _displacement(data: StudyData) -> Section | None:
    table = _read(data, "displacement")
    if table is None or not _has(table, "scope", "difference", "ci_low", "ci_high", "q", "change"):
        return None
    changed = table[table["change"].isin(["better", "worse"])]
    rows = []
    for row in records(changed.sort_values(["change", "difference"], ascending=[False, False])):
        difference, interval = with_interval(row["difference"], row["ci_low"], row["ci_high"], 1)
        better = row["change"] == "better"
        rows.append(
            (
                *_keys(data, row),
                Cell(place(str(row["scope"]), data.titles)),
                Cell(f"{difference} {interval}"),
                Cell(number(float(row.get("delay_h_per_h", math.nan)), 2, sign=True)),
                Cell(text("plot.better" if better else "plot.worse"), "good" if better else "bad"),
            )
        )
    names = ("policy", "period", "places", "delay_change", "delay_sum", "verdict")
    return _section("displacement", names, rows, "tables/displacement.parquet", shown_empty=True)


def _section(
    id: str,
    names: Sequence[str],
    rows: Sequence[tuple[Cell, ...]],
    file: str,
    *,
    shown_empty: bool = False,
) -> Section | None:
    if not rows and not shown_empty:
        return None
    heads = tuple(text(f"report.column.{name}") for name in names)
    return Section(id, heads, tuple(rows[:MOST_ROWS]), max(len(rows) - MOST_ROWS, 0), file)


def _keys(data: StudyData, row: Mapping[str, Any]) -> tuple[Cell, Cell]:
    arm = str(row["arm"])
    title = text("report.placebo") if arm == PLACEBO else data.arm_title(arm)
    return Cell(title), Cell(data.period_title(str(row["period"])))


def _read(data: StudyData, name: str) -> pd.DataFrame | None:
    """Read a table that a study need not have; None where it is absent or broken."""
    try:
        return pd.read_parquet(data.folder / "tables" / f"{name}.parquet")
    except (OSError, ValueError):
        return None


def _has(table: pd.DataFrame, *columns: str) -> bool:
    return {"arm", "period", *columns} <= set(table.columns)


def _count(value: Any) -> str:
    return number(float(value), 0)
