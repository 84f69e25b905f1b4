"""Who won and who lost, where congestion went, what is left of the benefit, and who was starved for it."""

from __future__ import annotations

import math

import pandas as pd

from sim.labels import Text, text
from sim.plots.numbers import decimals_of, number
from sim.plots.study_data import StudyData, records
from sim.report.section import Cell, Section, count, estimate, has, keys, section
from sim.site.places import place

GROUPS = ("main_road", "side_road", "worst_movement", "pedestrians", "buses")
"""Of the panel, in the order in which they are shown."""


def who_paid(data: StudyData) -> list[Section | None]:
    """Return the sections, None for those that the folder has no table for."""
    return [_winners(data), _displacement(data), _net(data), _panel(data)]


def _winners(data: StudyData) -> Section | None:
    table = data.optional("people")
    if table is None or not has(table, "group", "name", "trips", "winners", "losers", "change_s", "ci_low"):
        return None
    rows = []
    for row in records(table[table["group"].isin(["all", "length"])]):
        rows.append(
            (
                *keys(data, row),
                Cell(
                    text("report.winners.all")
                    if row["group"] == "all"
                    else str(row["name"]).replace("-", "–").replace(">=", "≥")
                ),
                Cell(count(row["trips"])),
                Cell(count(row["winners"]), "good"),
                Cell(count(row["losers"]), "bad"),
                Cell(count(row["unchanged"])),
                Cell(estimate(row["change_s"], row["ci_low"], row["ci_high"])),
            )
        )
    names = ("policy", "period", "trip_length", "trips", "winners", "losers", "unchanged", "trip_change")
    return section("winners", names, rows, "tables/people.parquet")


def _displacement(data: StudyData) -> Section | None:
    table = data.optional("displacement")
    if table is None or not has(table, "scope", "difference", "ci_low", "ci_high", "q", "change"):
        return None
    changed = table[table["change"].isin(["better", "worse"])]
    rows = []
    for row in records(changed.sort_values(["change", "difference"], ascending=[False, False])):
        better = row["change"] == "better"
        rows.append(
            (
                *keys(data, row),
                Cell(place(str(row["scope"]), data.titles)),
                Cell(estimate(row["difference"], row["ci_low"], row["ci_high"])),
                Cell(number(float(row.get("delay_h_per_h", math.nan)), 2, sign=True)),
                Cell(text("plot.better" if better else "plot.worse"), "good" if better else "bad"),
            )
        )
    names = ("policy", "period", "places", "delay_difference", "delay_sum", "verdict")
    return section("displacement", names, rows, "tables/displacement.parquet", shown_empty=True)


def _net(data: StudyData) -> Section | None:
    table = data.optional("cordon")
    needed = ("worse_places", "better_places", "lost_h_per_h", "gained_h_per_h", "net_h", "ci_low")
    if table is None or not has(table, *needed):
        return None
    rows = []
    for row in records(table):
        state = "good" if row["ci_high"] < 0 else "bad" if row["ci_low"] > 0 else "open"
        compared = data.row(str(row["arm"]), str(row["period"]), "vehicle_hours")
        if compared is not None and compared["verdict"] == "equivalent":
            state = "small"  # clear of zero or not, it is too small to matter
        tone = state if state in ("good", "bad") else ""
        rows.append(
            (
                *keys(data, row),
                Cell(f"{count(row['better_places'])} / {number(row['gained_h_per_h'], 2)}"),
                Cell(f"{count(row['worse_places'])} / {number(row['lost_h_per_h'], 2)}"),
                Cell(estimate(row["net_h"], row["ci_low"], row["ci_high"]), tone),
                Cell(text(f"report.net.{state}"), tone),
            )
        )
    names = ("policy", "period", "gained", "lost", "net", "net_words")
    return section("net", names, rows, "tables/cordon.csv")


def _panel(data: StudyData) -> Section | None:
    table = data.optional("panel")
    if table is None or not has(
        table, "group", "scope", "before", "after", "difference", "change", "starved"
    ):
        return None
    table = table[table["group"].isin(GROUPS) & table["before"].notna()]
    rows = []
    for row in records(table):
        digits = min(decimals_of(row["ci_low"], row["ci_high"], 1), 1)
        tone = {"better": "good", "worse": "bad"}.get(str(row["change"]), "")
        said = text(f"plot.{row['change']}") if tone else text("report.panel.open")
        rows.append(
            (
                *keys(data, row),
                Cell(_group(data, row["group"], str(row["scope"]))),
                Cell(text(f"report.panel.of.{'walk' if row['group'] == 'pedestrians' else row['measure']}")),
                Cell(f"{number(row['before'], digits)} → {number(row['after'], digits)}"),
                Cell(estimate(row["difference"], row["ci_low"], row["ci_high"])),
                Cell(text("report.panel.starved") if row["starved"] else said, tone),
            )
        )
    names = ("policy", "period", "travellers", "measure", "level", "interval", "verdict")
    return section(
        "panel", names, rows, "tables/panel.csv", words=[Cell(w, "bad") for w in _said(data, table)]
    )


def _said(data: StudyData, table: pd.DataFrame) -> list[Text]:
    """Say per arm and period whom an improved mean was bought from."""
    starved = table[table["starved"].astype(bool)]
    return [
        text(
            "report.panel.improved_by_starving",
            arm=data.arm_title(str(arm)),
            period=data.period_title(str(period)),
            groups=_listed([_group(data, row["group"], str(row["scope"])) for row in records(own)]),
        )
        for (arm, period), own in starved.groupby(["arm", "period"], sort=True)
    ]


def starving(data: StudyData, arm: str) -> list[Text]:
    """Say for one arm, period by period, whom its improved mean was bought from."""
    table = data.optional("panel")
    if table is None or not has(table, "group", "scope", "starved"):
        return []
    return _said(data, table[(table["arm"] == arm) & table["group"].isin(GROUPS)])


def _group(data: StudyData, group: str, scope: str) -> Text:
    name = text(f"report.panel.group.{group}")
    if not scope.startswith("movement:"):
        return name
    where = place(scope, data.titles)
    return Text(f"{name.zh}（{where.zh}）", f"{name.en} ({where.en})")


def _listed(names: list[Text]) -> Text:
    return Text("、".join(name.zh for name in names), ", ".join(name.en for name in names))
