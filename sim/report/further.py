"""Sections that a study may or may not have: parking; what the evidence rests on."""

from __future__ import annotations

from collections.abc import Mapping

from sim.labels import text
from sim.measures.spec import MeasureSpec
from sim.plots.numbers import NOTHING, with_interval
from sim.plots.study_data import StudyData, records
from sim.report.apart_and_elsewhere import apart_and_elsewhere
from sim.report.asked import asked
from sim.report.benefit_cost import benefit_cost, benefit_values
from sim.report.junction_measures import junction_measures
from sim.report.parking import parking
from sim.report.passport import agreement_section, passport_section
from sim.report.road_policies import road_policies
from sim.report.section import Cell, Section, count, estimate, has, keys, section
from sim.report.who_paid import who_paid
from sim.tables import PLACEBO

STATES = ("enough", "too_short", "never_flat", "few_pilots")
"""Of the warm-up: `sim.comparison.warm_up`."""

REASONS = ("fixed", "narrow", "cap", "withheld")
"""Why a study has as many replicates as it has: `sim.comparison.replication.Reason`."""


def further(data: StudyData, specs: Mapping[str, MeasureSpec]) -> list[Section]:
    """Return the sections that the folder has data for, in the order of reading."""
    found = [*road_policies(data, specs), *parking(data, specs), *who_paid(data)]
    found += [*apart_and_elsewhere(data, specs), benefit_cost(data), benefit_values(data)]
    found += [junction_measures(data, specs), *asked(data, specs)]
    return [part for part in found if part is not None]


def strength(data: StudyData) -> list[Section]:
    """Return what the evidence rests on: the blank control, simultaneous intervals, replicates; gridlock."""
    found = [
        _intervals(data),
        _gridlock(data),
        _warm_up(data),
        passport_section(data),
        agreement_section(data),
    ]
    return [part for part in found if part is not None]


def _intervals(data: StudyData) -> Section | None:
    table = data.optional("evidence")
    needed = ("difference", "ci_low", "ci_high", "simultaneous_low", "centre_low", "replicates", "reason")
    if table is None or not has(table, *needed):
        return None
    rows = []
    for row in records(table.assign(last=table["arm"] != PLACEBO).sort_values("last", kind="stable")):
        _, joint = with_interval(row["difference"], row["simultaneous_low"], row["simultaneous_high"], 1)
        reason = str(row["reason"])
        rows.append(
            (
                *keys(data, row),
                Cell(estimate(row["difference"], row["ci_low"], row["ci_high"])),
                Cell(joint),
                Cell(estimate(row["centre"], row["centre_low"], row["centre_high"])),
                Cell(count(row["replicates"])),
                Cell(text(f"report.reason.{reason}") if reason in REASONS else reason),
                Cell(count(row["pairs_for_5_percent"])),
            )
        )
    names = ("policy", "period", "interval", "joint", "robust", "replicates", "reason", "for_5_percent")
    return section("strength", names, rows, "tables/evidence.csv")


def _gridlock(data: StudyData) -> Section | None:
    table = data.optional("gridlock")
    if table is None or not has(table, "runs", "gridlocked", "share_low", "share_high"):
        return None
    rows = [
        (
            *keys(data, row),
            Cell(f"{count(row['gridlocked'])} / {count(row['runs'])}", "bad" if row["gridlocked"] else ""),
            Cell(f"[{100 * row['share_low']:.0f}, {100 * row['share_high']:.0f}]%"),
        )
        for row in records(table)
    ]
    return section(
        "gridlock", ("policy", "period", "gridlocked", "interval"), rows, "tables/gridlock.parquet"
    )


def _warm_up(data: StudyData) -> Section | None:
    table = data.optional("warm_up")
    needed = ("pilots", "warm_up_s", "needed_s", "rule_s", "chosen_s", "cycles", "whole_cycles", "state")
    if table is None or not has(table, *needed):
        return None
    rows = []
    for row in records(table):
        state, cycles = str(row["state"]), str(row["cycles"])
        whole = "whole" if row["whole_cycles"] else "broken"
        rows.append(
            (
                *keys(data, row),
                Cell(count(row["warm_up_s"])),
                Cell(count(row["needed_s"])),
                Cell(count(row["rule_s"]), "bad" if row["rule_s"] > row["warm_up_s"] else ""),
                Cell(count(row["chosen_s"]), "bad" if row["chosen_s"] > row["warm_up_s"] else ""),
                Cell(text(f"report.warm_up.{whole}", cycles=cycles) if cycles else NOTHING),
                Cell(count(row["pilots"])),
                Cell(
                    text(f"report.warm_up.{state}") if state in STATES else state,
                    {"enough": "good", "too_short": "bad"}.get(state, ""),
                ),
            )
        )
    names = ("policy", "period", "warm_up", "needed", "rule", "chosen", "cycles", "replicates", "state")
    return section("warm_up", names, rows, "tables/warm_up.csv")
