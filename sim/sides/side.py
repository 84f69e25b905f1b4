"""Run or read the side studies that were asked for, and write their tables beside those of the study."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from sim.analysis import Analysis
from sim.apart import Apart
from sim.assignment.settled import read_assignment
from sim.comparison.robustness import break_even
from sim.errors import ConfigError, Problem
from sim.labels import Message
from sim.policy import BASELINE
from sim.progress import progress_bar
from sim.runs.campaign import read_free_flow, read_records, run_study
from sim.runs.preflight import Preflight, preflight
from sim.sides.parts import Split, attribution_table, split_policies
from sim.sides.roads import INDUCED, SHORT_RUN, against_today, induced, policies_alone, short_run
from sim.sides.worlds import counted_days, strip, worlds
from sim.study import Study
from sim.tables import ASSIGNMENT, empty


@dataclass(frozen=True)
class Sides:
    """What was asked for beside the study, checked before anything runs."""

    parts: Study | None
    splits: tuple[Split, ...]
    checked: Preflight | None
    """Of the parts; other worlds stand on the builds of the study itself."""
    robustness: bool


def planned(study: Study, cache: Path) -> Sides:
    """Check what the settings ask for; ConfigError where the parts of a policy cannot be run."""
    parts, splits = split_policies(study) if study.settings.attribution else (None, ())
    if parts is not None and not splits:
        told = Message("no policy has several interventions: there is nothing to share out")
        raise ConfigError([Problem("run.attribution", told, Message("leave it out: run.attribution=false"))])
    checked = preflight(parts, cache) if parts is not None else None
    return Sides(parts, splits, checked, study.settings.robustness)


def side_tables(
    sides: Sides, main: Analysis, apart: Apart, *, stored: bool = False
) -> Mapping[str, pd.DataFrame]:
    """Return the tables of what was asked for, by name; runs are simulated, or read as they are `stored`.

    As many replicates as the study has, the same people, one side study in memory at a time.
    """
    tables: dict[str, pd.DataFrame] = {}
    if sides.parts is not None and sides.checked is not None:
        shared = {arm.id for arm in sides.parts.arms}
        of_parts = _analysed(sides.parts, sides.checked, main, shared, stored=stored)
        of_parts.measure(apart.for_runs(len(of_parts.runs)), apart.jobs)
        tables["attribution"] = attribution_table(of_parts, sides.splits, main.confidence)
    # Days are an axis of every verdict: who counted several gets them without asking.
    days = [] if main.study.settings.smoke else counted_days(main.study)
    if elsewhere := worlds(main.study) if sides.robustness else days:
        comparisons = {("demand", "1"): main.primary_comparison()}
        for world in elsewhere:
            analysis = _analysed(world.study, main.checked, main, (), stored=stored)
            analysis.measure(apart.for_runs(len(analysis.runs)), apart.jobs)
            comparisons[world.axis, world.level] = analysis.primary_comparison()
        tables["robustness"] = strip(main.study, comparisons)
        tables["break_even"] = break_even(tables["robustness"])
    return {**tables, **_short_run(main, apart, stored), **_induced(main, apart, stored)}


def _short_run(main: Analysis, apart: Apart, stored: bool) -> dict[str, pd.DataFrame]:
    """Return the equilibrium of policies that open or close ways, and beside it their short run."""
    study = short_run(main.study)
    if study is None:
        return {}
    # Who detours is in no equilibrium: today's gap is nothing to hold a difference against.
    side = _analysed(study, main.checked, main, {BASELINE}, stored=stored)
    side = replace(side, assignment=empty(ASSIGNMENT))
    side.measure(apart.for_runs(len(side.runs)), apart.jobs)
    settled, ids = main.primary_comparison(), {arm.id for arm in study.arms}
    levels = {"equilibrium": settled[settled["arm"].isin(ids)], "detour": side.primary_comparison()}
    return {SHORT_RUN: strip(study, {("routes", level): table for level, table in levels.items()})}


def _induced(main: Analysis, apart: Apart, stored: bool) -> dict[str, pd.DataFrame]:
    """Return the policies for a year to come as they are, and beside that with more demand."""
    found = induced(main.study)
    if not found:
        return {}
    settled, ids = main.primary_comparison(), {arm.id for arm in found[0].study.arms}
    comparisons = {(INDUCED, "1"): settled[settled["arm"].isin(ids)]}
    for world in found:
        side = policies_alone(_analysed(world.study, main.checked, main, {BASELINE}, stored=stored), main)
        side.measure(apart.for_runs(len(side.runs)), apart.jobs)
        comparisons[world.axis, world.level] = against_today(side, main)
    return {INDUCED: strip(main.study, comparisons)}


def _analysed(
    side: Study, checked: Preflight, main: Analysis, shared: Collection[str], *, stored: bool
) -> Analysis:
    """Run a side study or read its runs. `shared`: arms that are those of the study, runs too."""
    study = side.at(main.study.look)
    known = {key: run for key, run in main.runs.items() if key[0] in shared and key[2] in study.replicates}
    measured = {key: table for key, table in main.measured.items() if key in known}
    folder = study.root / "results" / study.name
    if stored:
        if not (folder / "runs.json").is_file():
            told = Message("is missing: the study has not finished")
            raise ConfigError(
                [Problem(str(folder / "runs.json"), told, Message("huandu run ... resume=true"))]
            )
        return Analysis(
            study,
            main.store,
            checked,
            read_records(folder),
            read_free_flow(folder)[0],
            measured,
            assignment=read_assignment(folder),
            observed_by=main,
        )
    with progress_bar() as progress:
        done = run_study(study, checked.builds, main.store, progress, known)
    return Analysis(
        study,
        main.store,
        checked,
        done.runs,
        done.free_flow,
        measured,
        assignment=done.assignment,
        observed_by=main,
    )
