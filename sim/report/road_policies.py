"""What stands beside policies that change roads: the short run, and demand that they may induce."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.interventions import REGISTRY
from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.numbers import with_interval
from sim.plots.study_data import StudyData, records
from sim.report.apart_and_elsewhere import WORLD_COLUMNS, by_policy, percent, world_cells
from sim.report.section import Section, has, keys, section


def road_policies(data: StudyData, specs: Mapping[str, MeasureSpec]) -> list[Section | None]:
    """Return the sections of the short run and of induced demand, None for those without a table."""
    return [_beside(data, specs, "short_run"), _beside(data, specs, "induced")]


def _beside(data: StudyData, specs: Mapping[str, MeasureSpec], name: str) -> Section | None:
    table = data.optional(name)
    if table is None or not has(table, *WORLD_COLUMNS):
        return None
    # Detours stand below the equilibrium, more demand below less.
    table = table.assign(detour=table["level"] == "detour").sort_values(["period", "detour", "factor"])
    rows = [
        (*keys(data, row), *world_cells(row, specs[data.primary], _level(row)))
        for row in by_policy(data, table)
    ]
    names = ("policy", "period", "world", "level", "interval", "verdict", "pairs", "gate")
    return section(name, names, rows, f"tables/{name}.csv")


def _level(row: Mapping[str, Any]) -> Text:
    if row["axis"] == "routes":
        return text(f"report.short_run.{'detour' if row['level'] == 'detour' else 'equilibrium'}")
    more = float(row["factor"]) - 1
    return text("report.induced.more", level=percent(more)) if more > 0 else text("report.induced.as_is")


def horizon_words(data: StudyData) -> list[Text]:
    """Say for which year the study is and what is not in it; that none is named, where works take years."""
    said = data.study.get("horizon")
    if not said:
        kinds = {one.get("kind") for arm in data.policies for one in data.interventions(arm["id"]).values()}
        lasting = any(kind in REGISTRY and REGISTRY[kind].takes_years for kind in kinds)
        return [text("horizon.none")] if lasting else []
    demand = text(
        "horizon.demand",
        year=str(said["year"]),
        surveyed=str(said["surveyed"]),
        growth=f"{100 * said['growth_per_year']:g}",
        factor=f"{said['factor']:.2f}",
    )
    more = data.optional("induced")
    words = [demand, text("horizon.lacks_induced" if more is None or more.empty else "horizon.induced")]
    return [*words, text("horizon.cut_out")] if said.get("cut_out") else words


def short_run_lines(data: StudyData, arm: str, unit: str) -> list[Text]:
    """Say for one policy, period by period, what it is worth before people have found other ways."""
    table = data.optional("short_run")
    if table is None or not has(table, *WORLD_COLUMNS):
        return []
    found = []
    for row in records(table[(table["arm"] == arm) & (table["level"] == "detour")]):
        change = with_interval(row["difference"], row["ci_low"], row["ci_high"], 1)
        found.append(
            text(
                "report.short_run.line",
                period=data.period_title(str(row["period"])),
                change=" ".join(change),
                unit=unit,
                verdict=text(f"verdict.{row['verdict']}"),
            )
        )
    return found
