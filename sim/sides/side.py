"""Run or read the side studies that were asked for, and write their tables beside those of the study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sim.analysis import Analysis
from sim.apart import Apart
from sim.assignment.settled import read_assignment
from sim.comparison.robustness import break_even
from sim.errors import ConfigError, Problem
from sim.labels import Message
from sim.progress import progress_bar
from sim.runs.campaign import read_free_flow, read_records, run_study
from sim.runs.preflight import Preflight, preflight
from sim.sides.parts import Split, attribution_table, split_policies
from sim.sides.worlds import strip, worlds
from sim.study import Study


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
        of_parts = _analysed(sides.parts, sides.checked, main, shared=True, stored=stored)
        of_parts.measure(apart.for_runs(len(of_parts.runs)), apart.jobs)
        tables["attribution"] = attribution_table(of_parts, sides.splits, main.confidence)
    if sides.robustness:
        comparisons = {("demand", "1"): main.primary_comparison()}
        for world in worlds(main.study):
            analysis = _analysed(world.study, main.checked, main, shared=False, stored=stored)
            analysis.measure(apart.for_runs(len(analysis.runs)), apart.jobs)
            comparisons[world.axis, world.level] = analysis.primary_comparison()
        tables["robustness"] = strip(main.study, comparisons)
        tables["break_even"] = break_even(tables["robustness"])
    return tables


def _analysed(side: Study, checked: Preflight, main: Analysis, *, shared: bool, stored: bool) -> Analysis:
    """Run a side study or read its runs. `shared`: arms of the same id are those of the study, runs too."""
    study = side.at(main.study.look)
    ids = {arm.id for arm in study.arms}
    known = {key: run for key, run in main.runs.items() if shared and key[0] in ids}
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
        )
    with progress_bar() as progress:
        done = run_study(study, checked.builds, main.store, progress, known)
    return Analysis(
        study, main.store, checked, done.runs, done.free_flow, measured, assignment=done.assignment
    )
