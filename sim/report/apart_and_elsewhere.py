"""What each intervention of a policy brings, and in which worlds the benefit stays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sim.comparison.robustness import LEVELS
from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.numbers import NOTHING, number, with_interval
from sim.plots.study_data import StudyData, records
from sim.plots.waterfall import part_title
from sim.report.section import Cell, Section, count, has, keys, section
from sim.report.words import BAD, GOOD

TERMS = ("total", "share", "interaction", "rest")
WORLD_COLUMNS = (
    *("axis", "level", "factor", "before", "after", "difference", "ci_low", "ci_high"),
    *("verdict", "n_pairs", "gate"),
)
"""What the page needs of a table of worlds (`comparison.robustness.ROBUSTNESS`)."""
DAY_COLUMNS = ("worst_by_day", "worst_factor", "worst_day", "days")


def apart_and_elsewhere(data: StudyData, specs: Mapping[str, MeasureSpec]) -> list[Section | None]:
    """Return the sections of attribution and robustness, None for those that the folder has no table for."""
    return [_attribution(data, specs), _robustness(data, specs)]


def _attribution(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Section | None:
    table = data.optional("attribution")
    if table is None or not has(table, "term", "names", "difference", "ci_low", "ci_high", "design", "gate"):
        return None
    spec = specs[data.primary]
    whole = table[table["term"] == "total"].set_index(["arm", "period"])["difference"]
    rows = []
    for row in records(table[table["term"].isin(TERMS)]):
        difference, interval = with_interval(row["difference"], row["ci_low"], row["ci_high"], spec.decimals)
        total = float(whole.get((row["arm"], row["period"]), math.nan))
        shared = row["term"] == "share" and math.isfinite(total) and total != 0
        named = Cell(_part(data, row))
        rows.append(
            (
                *keys(data, row),
                named,
                Cell(f"{difference} {interval}", _tone(row, spec)),
                Cell(f"{number(100 * row['difference'] / total, 0)}%" if shared else ""),
                Cell(str(row["design"])),
                Cell(count(row["n_pairs"])),
                Cell(text(f"gate.{row['gate']}") if row["gate"] else ""),
            )
        )
    names = ("policy", "period", "part", "interval", "share", "design", "pairs", "gate")
    return section("attribution", names, rows, "tables/attribution.csv")


def _part(data: StudyData, row: Mapping[str, Any]) -> Text:
    """Name one part: the whole, an intervention with its kind, or what several bring together."""
    if row["term"] in ("total", "rest"):
        return text(f"report.attribution.{row['term']}")
    names = str(row["names"])
    if row["term"] == "interaction":
        return text("report.attribution.interaction", names=names.replace(" * ", " × "))
    return part_title(data, str(row["arm"]), names)


def _tone(row: Mapping[str, Any], spec: MeasureSpec) -> str:
    sign = -1 if spec.direction == "higher" else 1
    low, high = sorted((sign * row["ci_low"], sign * row["ci_high"]))
    return "good" if high < 0 else "bad" if low > 0 else ""


def _robustness(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Section | None:
    table, ends = data.optional("robustness"), data.optional("break_even")
    if table is None or not has(table, *WORLD_COLUMNS):
        return None
    spec = specs[data.primary]
    rows = []
    table = table.sort_values(["period", "axis", "factor"], kind="stable")
    for row in by_policy(data, table):
        share = row["axis"] in ("demand", "saturation")
        level = percent(float(row["level"])) if share else str(row["level"])
        world = text(f"report.robustness.{row['axis']}", level=level)
        rows.append((*keys(data, row), *world_cells(row, spec, world)))
    words = [] if ends is None else [Cell(said) for said in _ends_in_words(data, ends)]
    names = ("policy", "period", "world", "level", "interval", "verdict", "pairs", "gate")
    return section("robustness", names, rows, "tables/robustness.csv", words=words)


def world_cells(row: Mapping[str, Any], spec: MeasureSpec, world: Text) -> tuple[Cell, ...]:
    """Return the cells of one world: its name, before and after, change, verdict, pairs and gate."""
    difference, interval = with_interval(row["difference"], row["ci_low"], row["ci_high"], spec.decimals)
    verdict = str(row["verdict"])
    return (
        Cell(world),
        Cell(f"{number(row['before'], spec.decimals)} → {number(row['after'], spec.decimals)}"),
        Cell(f"{difference} {interval}"),
        Cell(text(f"verdict.{verdict}"), "good" if verdict in GOOD else "bad" if verdict in BAD else ""),
        Cell(count(row["n_pairs"])),
        Cell(text(f"gate.{row['gate']}") if row["gate"] else ""),
    )


def _ends_in_words(data: StudyData, ends: pd.DataFrame) -> list[Text]:
    """Say per policy and period where the benefit vanishes."""
    if not has(ends, "below", "above", *DAY_COLUMNS, "improved_from", "improved_to"):
        return []
    strip = data.optional("robustness")
    days_alone = strip is not None and strip.loc[strip["axis"] == "demand", "factor"].eq(1).all()
    return [
        text(
            "report.robustness.days_line" if days_alone else "report.robustness.line",
            arm=data.arm_title(str(row["arm"])),
            period=data.period_title(str(row["period"])),
            where=_where(row),
            days=_days(row),
            day=_day(row),
        )
        for row in by_policy(data, ends)
    ]


def by_policy(data: StudyData, table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows in the order in which the study names its policies."""
    return [row for arm in data.policies for row in records(table[table["arm"] == arm["id"]])]


def _where(row: Mapping[str, Any]) -> Text:
    if math.isnan(row["improved_from"]):
        return text("report.robustness.none")
    found = [
        text(f"report.robustness.{side}", level=percent(row[side]))
        for side in ("below", "above")
        if math.isfinite(row[side])
    ]
    shown = text(
        "report.robustness.shown",
        low=percent(row["improved_from"]),
        high=percent(row["improved_to"]),
    )
    if not found:
        found = [text("report.robustness.never", low=percent(LEVELS[0]), high=percent(LEVELS[-1]))]
    return Text("；".join(t.zh for t in (shown, *found)), "; ".join(t.en for t in (shown, *found)))


def percent(factor: float) -> str:
    """Write a share in whole per cent."""
    return f"{100 * factor:.0f}%"


def _day(row: Mapping[str, Any]) -> Text:
    token = str(row["worst_by_day"])
    if not token:
        return Text(NOTHING, NOTHING)
    if row["worst_day"]:
        where = text("report.robustness.day", level=str(row["worst_day"]))
    elif row["days"]:
        where = text("report.robustness.own_day")
    else:
        where = text("report.robustness.demand", level=percent(row["worst_factor"]))
    verdict = text(f"verdict.{token}")
    return Text(f"{verdict.zh}（{where.zh}）", f"{verdict.en} ({where.en})")


def _days(row: Mapping[str, Any]) -> Text:
    """Name the days over which the worst verdict is that: counted ones, or what stands for them."""
    if row["days"]:
        return text("report.robustness.counted", n=str(row["days"]))
    return text("report.robustness.assumed")


def worst_day(data: StudyData, arm: str) -> list[Text]:
    """Say for one policy the worst verdict over counted, or quiet, usual and busy days, period by period.

    Where no other day was simulated, say that the verdict is of one day only.
    """
    ends = data.optional("break_even")
    if ends is None or not has(ends, *DAY_COLUMNS) or not (ends["arm"] == arm).any():
        return [text("report.robustness.one_day")]
    return [
        text(
            "report.robustness.headline",
            period=data.period_title(str(row["period"])),
            days=_days(row),
            day=_day(row),
        )
        for row in records(ends[ends["arm"] == arm])
    ]
