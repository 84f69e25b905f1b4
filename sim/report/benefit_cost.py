"""Benefit against cost on the page: ranges, or in words why there are none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sim.comparison.benefit_cost import ASSUMPTIONS, BENEFIT_COST, FIGURES
from sim.labels import Text, text
from sim.plots.numbers import NOTHING, range_words
from sim.plots.study_data import StudyData, records
from sim.report.section import Cell, Section, section

SMALL = "small_share"
COLUMNS = ("person_h", "benefit_wan_yuan", "npv_wan_yuan", "bcr", "payback_years", "yuan_per_person_h")
PERCENT = ("discount_rate",)
STATED = 4
"""Significant digits of what somebody has stated; what follows from it has two."""


def benefit_cost(data: StudyData) -> Section | None:
    """Return the section; None where no policy states its cost."""
    rows = [
        (
            Cell(data.arm_title(str(row["arm"]))),
            Cell(_spent(row)),
            *(Cell(_range(row, name), _tone(row, name)) for name in COLUMNS),
            Cell(_small(row)),
            Cell(text(f"benefit_cost.{row['status']}")),
        )
        for row in _rows(data)
    ]
    names = ("policy", "spent", *COLUMNS, SMALL, "basis")
    return section("benefit_cost", names, rows, "tables/benefit_cost.csv")


def benefit_values(data: StudyData) -> Section | None:
    """Return what the ranges rest on: each value with its source, and whose the costs are."""
    rows = []
    values = data.optional("appraisal_values")
    if values is not None and set(ASSUMPTIONS) <= set(values.columns):
        for row in records(values):
            factor, unit = (100.0, "%") if row["name"] in PERCENT else (1.0, "")
            rows.append(
                (
                    Cell(text(f"benefit_cost.value.{row['name']}")),
                    Cell(range_words(factor * row["low"], factor * row["high"], STATED) + unit),
                    Cell(_marked(Text(row["source_zh"], row["source_en"]), made_up=bool(row["made_up"]))),
                    Cell(Text(row["confidence_zh"], row["confidence_en"])),
                )
            )
    for row in _rows(data):
        name = text("benefit_cost.cost_of", policy=data.arm_title(str(row["arm"])))
        source = str(row["source"]) or NOTHING
        marked = _marked(Text(source, source), made_up=bool(row["made_up"]))
        rows.append((Cell(name), Cell(_spent(row)), Cell(marked), Cell(NOTHING)))
    names = ("value", "range", "source", "trust")
    return section("benefit_values", names, rows, "tables/appraisal_values.csv")


def benefit_lines(data: StudyData, arm: str) -> tuple[Text, ...]:
    """Say for a card what one policy brings for what it costs; nothing where it does not state its cost."""
    said: list[Text] = []
    for row in _rows(data):
        if row["arm"] != arm:
            continue
        status = str(row["status"])
        if status in FIGURES:
            fields = {name: _range(row, name) for name in COLUMNS}
            said.append(text("benefit_cost.line", **fields))
            if not math.isnan(row[SMALL]):
                said.append(text("benefit_cost.small", said=_small(row)))
        said.append(text(f"benefit_cost.{status}"))
        said.append(text("benefit_cost.periods", periods=_periods(data, row)))
        if row["made_up"]:
            said.append(text("benefit_cost.costs_made_up"))
    return tuple(said)


def _rows(data: StudyData) -> list[dict[str, Any]]:
    table = data.optional("benefit_cost")
    if table is None or not set(BENEFIT_COST) <= set(table.columns):
        return []
    return [row for arm in data.policies for row in records(table[table["arm"] == arm["id"]])]


def _periods(data: StudyData, row: Mapping[str, Any]) -> Text:
    titles = [data.period_title(period) for period in str(row["periods"]).split(",")]
    return Text("、".join(title.zh for title in titles), ", ".join(title.en for title in titles))


def _range(row: Mapping[str, Any], name: str) -> str:
    low, high = float(row[f"{name}_low"]), float(row[f"{name}_high"])
    return NOTHING if math.isnan(low) else range_words(low, high)


def _small(row: Mapping[str, Any]) -> str:
    """Say which share of the time saved small savings are, and the ratio without them, if it is one."""
    if math.isnan(share := float(row[SMALL])):
        return NOTHING
    return f"{100 * share:.0f}%" + (
        "" if math.isnan(row["bcr_large_low"]) else f" → {_range(row, 'bcr_large')}"
    )


def _tone(row: Mapping[str, Any], name: str) -> str:
    """Return good or bad where the whole range of the net present value lies on one side of zero."""
    if name != "npv_wan_yuan":
        return ""
    return "good" if row[f"{name}_low"] > 0 else "bad" if row[f"{name}_high"] < 0 else ""


def _spent(row: Mapping[str, Any]) -> Text:
    names = ("capital_wan_yuan", "maintenance_wan_yuan", "life_years")
    parts = {name: range_words(row[f"{name}_low"], row[f"{name}_high"], STATED) for name in names}
    return text("benefit_cost.spent", **parts)


def _marked(said: Text, *, made_up: bool) -> Text:
    if not made_up:
        return said
    mark = text("benefit_cost.made_up")
    return Text(said.zh + mark.zh, f"{said.en} {mark.en}")
