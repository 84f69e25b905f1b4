"""What stands on a card beside its numbers: problem, diagnosis, cost, department, confidence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from sim.interventions import REGISTRY
from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.numbers import number, range_words
from sim.plots.study_data import StudyData, records
from sim.report.evidence import EvidenceLine, p_words
from sim.report.road_policies import short_run_lines
from sim.report.who_paid import starving
from sim.site.places import place

MOST_DIAGNOSED = 3
"""Movements that a diagnosis names: those with the longest delay where the policy acts."""


class Item(NamedTuple):
    """One intervention: its kind in words, cost in 万元, department, works; empty where nobody said."""

    name: Text
    cost: str
    department: str
    works: str


class Costs(NamedTuple):
    """What a policy costs; `total` is at least so much where some intervention has no figure."""

    items: tuple[Item, ...]
    total: str
    unknown: int
    departments: tuple[str, ...]
    works: str
    """First and last day of the works of all interventions that say."""


def problem(data: StudyData) -> Text | None:
    """Return what the site says of itself."""
    said = data.study["site"].get("description")
    if not isinstance(said, Mapping):
        return None
    zh, en = str(said.get("zh") or ""), str(said.get("en") or "")
    return Text(zh or en, en or zh) if zh or en else None


def diagnosis(data: StudyData, specs: Mapping[str, MeasureSpec], arm: str) -> list[Text]:
    """Say which movements fare worst today where the policy acts: delay, v/c and queue of the baseline."""
    if "control_delay" not in specs:
        return []
    table = data.comparison
    own = table[
        (table["arm"] == arm)
        & (table["measure"] == "control_delay")
        & table["scope"].str.startswith("movement:")
        & table["before"].notna()
    ]
    junctions = touched_junctions(data, arm)
    names = own["scope"].str.removeprefix("movement:").str.rsplit(".", n=2).str[0]
    if junctions and names.isin(junctions).any():
        own = own[names.isin(junctions)]
    worst = own.sort_values(["before", "scope"], ascending=[False, True]).head(MOST_DIAGNOSED)
    return [_diagnosed(data, arm, row) for row in records(worst)]


def touched_junctions(data: StudyData, arm: str) -> set[str]:
    """Return the junctions where a policy may change something, at the stop lines of its streets too."""
    touched = (data.geometry.get("touched") or {}).get(arm) or {}
    edges = set(touched.get("edges", ()))
    found = set(touched.get("junctions", ()))
    for id, one in (data.geometry.get("junctions") or {}).items():
        if edges & set(one["approaches"].values()):
            found.add(id)
    return found


def _diagnosed(data: StudyData, arm: str, row: Mapping[str, Any]) -> Text:
    scope, period = str(row["scope"]), str(row["period"])
    approach = "approach:" + scope.removeprefix("movement:").rpartition(".")[0]
    said = text(
        "report.card.delay_today",
        where=place(scope, data.titles),
        period=data.period_title(period),
        delay=number(float(row["before"]), 0),
    )
    for measure, place_, key, decimals in (
        ("degree_of_saturation", scope, "report.card.saturation_today", 2),
        ("back_of_queue_p95", approach, "report.card.queue_today", 0),
    ):
        other = data.row(arm, period, measure, place_)
        if other is not None and not math.isnan(float(other["before"])):
            more = text(key, value=number(float(other["before"]), decimals))
            said = Text(f"{said.zh}，{more.zh}", f"{said.en}, {more.en}")
    return said


def costs(data: StudyData, arm: str) -> Costs:
    """Return cost, department and works of a policy's interventions, as its file has them."""
    items, amounts, departments, days, unknown = [], [], [], [], 0
    for one in data.interventions(arm).values():
        cost, department = one.get("cost_wan_yuan"), str(one.get("department") or "")
        if isinstance(cost, int | float):
            amounts.append(float(cost))
        else:
            unknown += 1
        if department and department not in departments:
            departments.append(department)
        works = [str(day) for day in one.get("works_period") or ()]
        days += works
        shown = number(float(cost), 1) if isinstance(cost, int | float) else ""
        kind = str(one.get("kind", ""))
        title = REGISTRY[kind].title if kind in REGISTRY else Text(kind, kind)
        items.append(Item(Text(title.zh, title.en), shown, department, " – ".join(works)))
    total = number(sum(amounts), 1) if amounts else ""
    of_policy = (data.written(arm).get("cost") or {}).get("capital_wan_yuan")
    if of_policy:  # of the whole, as the policy states it
        total, unknown = range_words(float(of_policy["low"]), float(of_policy["high"]), 4), 0
    works_of_all = f"{min(days)} – {max(days)}" if days else ""
    return Costs(tuple(items), total, unknown, tuple(departments), works_of_all)


def confidence(data: StudyData, arm: str, lines: list[EvidenceLine], unit: str) -> list[Text]:
    """Say per period how far the comparison of the primary measure can be trusted."""
    said = []
    for line in lines:
        if line.arm != data.arm_title(arm):
            continue
        words = text(
            "report.card.pairs",
            period=line.period,
            pairs=str(line.n_pairs),
            planned=str(line.planned),
            half=line.half_width,
            smallest=line.smallest,
            unit=unit,
        )
        if line.too_blunt:
            more = text("report.card.blunt")
            words = Text(words.zh + more.zh, f"{words.en} {more.en}")
        said.append(words)
    for period in data.periods:
        row = data.row(arm, period, data.primary)
        if row is not None and row.get("within_noise"):
            said.append(text("report.card.within_noise", period=data.period_title(period)))
        if row is not None and row.get("alone"):
            p = p_words(float(row["p_holm"]))
            said.append(text("report.card.alone", period=data.period_title(period), p=p))
    said += short_run_lines(data, arm, unit) + starving(data, arm)
    if not data.calibrated:
        said.append(text("report.card.uncalibrated"))
    return said
