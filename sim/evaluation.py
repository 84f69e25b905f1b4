"""From a study to its tables, figures and page: simulate what is missing, measure, compare, report."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from sim.analysis import Analysis, Runs, Tables
from sim.apart import FEW, Apart, done
from sim.assignment.settled import read_assignment
from sim.calibration.passport import passing_share, read_passport
from sim.demand.imported import demand_files
from sim.errors import ConfigError, Problem, RunError
from sim.finished import finish, is_finished, made_from
from sim.interim import Interim
from sim.kept import is_kept, keep
from sim.labels import LANGS, Message, Text, label, understood
from sim.progress import progress_bar, tell
from sim.publish import file_sum
from sim.replay import write_replay
from sim.report.apart import prepare as prepare_report
from sim.report.apart import write_report
from sim.report.printing import NO_BROWSER, print_pdf
from sim.report.terminal import verdict_table_text
from sim.results import StudyFolder, describe_study, write_json
from sim.runs.campaign import FREE_FLOW_FILE, Key, read_free_flow, read_records, run_study
from sim.runs.passport import study_passport
from sim.runs.preflight import Preflight, preflight
from sim.runs.run import other_release, still_holds
from sim.runs.store import Store
from sim.scenario import assemble
from sim.sides.side import planned, side_tables
from sim.study import Study
from sim.study_tables import appraised, begin_curves_and_plans, primary_rows, write_tables
from sim.sumo.install import version
from sim.tables import PASSPORT, empty

MANY = 2000
"""Runs: of more than these a process of its own holds what was measured; this one stays small."""
PART = 250
"""So many of those are read at a time."""


def evaluate(study: Study, config: Mapping[str, Any]) -> int:
    """Run what is missing, write everything into the study's folder, print the verdicts.

    `config` is the composed configuration that the study was made from. ConfigError (nothing written into the
    study's folder) where it cannot be run or its folder is taken.

    Returns
    -------
    int
        0 done, 1 if a run failed or a verdict was withheld as invalid.
    """
    if study.site.facts.imported is not None:
        demand_files(study.site)  # a network alone cannot be run: said before anything is built
    results = study.root / "results"
    folder = StudyFolder.of(results, study, config)
    store = Store(results / ".store")
    origin = made_from(study, config)
    if config.get("resume") and is_finished(folder, origin, store):
        return _told_again(folder)
    checked = preflight(study, store.root)
    sides = planned(study, store.root)
    folder.begin(study, config)
    passport = _passport(study, store, checked)
    with Apart(study.settings.jobs) as apart:
        analysis, failure = _until_sure(study, store, checked, passport, apart)
        write_json(folder.path / "study.json", describe_study(analysis.study, config))
        sided = side_tables(sides, analysis, apart)
        measured = _tables_written(analysis, folder, sided, apart)
        first = []
        if study.settings.replay:  # recorded while figures are drawn
            scenes = (analysis.study, checked, store, analysis.runs)
            first.append(apart.begin(write_replay, *scenes, measures=measured, folder=folder.tables))
        followed = _followed(analysis.study, config, folder)
        write_report(folder.path, analysis.specs, apart, followed, first)
        keep(folder.tables, followed)
    code = _told(analysis, folder, failure)
    if code == 0:
        finish(folder, origin)
    return code


def _told_again(folder: StudyFolder) -> int:
    """Print what was printed when the study was finished; the exit code of `evaluate`."""
    for lang in LANGS:
        print(label("study.finished", lang))
    comparison = pd.read_parquet(folder.tables / "comparison.parquet")
    print(*_verdicts(folder, comparison, read_passport(folder.tables)), sep="\n")
    print(folder.path / "report.html")
    return 0


def _verdicts(folder: StudyFolder, comparison: pd.DataFrame, passport: pd.DataFrame) -> list[str]:
    """Return the verdict table in both languages."""
    said = folder.study()
    if passing_share(passport) < 1:  # calibrated only where the passport does not say otherwise
        said["site"]["calibrated"] = False
    return [verdict_table_text(comparison, said, lang) for lang in LANGS]


def _write_summary(folder: StudyFolder, analysis: Analysis, verdicts: list[str]) -> None:
    """Write the verdicts as text that can be mailed, in both languages: which study, how many runs, table."""
    failed = sum(run.failure is not None for run in analysis.runs.values())
    title = analysis.study.site.facts.title
    parts = [
        label(
            "study.summary",
            lang,
            site=Text(title.zh, title.en),
            study=analysis.study.name,
            runs=len(analysis.runs),
            replicates=len(analysis.study.replicates),
            failed=failed,
        )
        + "\n\n"
        + table
        for lang, table in zip(LANGS, verdicts, strict=True)
    ]
    (folder.path / "summary.txt").write_text("\n\n".join(parts) + "\n", encoding="utf-8", newline="\n")


def _passport(study: Study, store: Store, checked: Preflight) -> pd.DataFrame:
    """Measure the capacity passport, if wanted; without it the study goes on, not calibrated."""
    if study.settings.passport:
        try:
            return study_passport(study, checked.builds, store)
        except RunError as error:
            for lang in LANGS:
                print(label("study.lacks_passport", lang, reason=error.of(lang)), file=sys.stderr)
    return empty(PASSPORT)


def _until_sure(
    study: Study, store: Store, checked: Preflight, passport: pd.DataFrame, apart: Apart
) -> tuple[Analysis, str | None]:
    """Run look after look until the intervals are narrow enough; also why free flow failed, if so."""
    runs: Runs = {}
    measured: dict[Key, Mapping[str, pd.DataFrame]] = {}
    for look in study.looks:
        now = study.at(look)

        def analysed(
            runs: Runs, free_flow: pd.DataFrame, assignment: pd.DataFrame, now: Study = now
        ) -> Analysis:
            return Analysis(now, store, checked, runs, free_flow, {}, passport, assignment)

        number = len(now.simulated) * len(now.periods) * len(now.replicates)
        interim, many = None, number > MANY
        if number > FEW:
            ready = partial(prepare_report, apart)
            interim = Interim(analysed, measured, apart.begin, tell, apart.jobs, ready, many)
        with progress_bar() as progress:
            found = run_study(now, checked.builds, store, progress, runs, interim)
        if interim is not None:
            interim.collect()
        runs = found.runs
        analysis = analysed(runs, found.free_flow, found.assignment)
        if many:
            measured.clear()
            reason = done(apart.begin(Analysis.reason_to_stop, analysis))
        else:
            analysis = replace(analysis, measured=measured)
            analysis.measure(apart.for_runs(number), apart.jobs)
            reason = analysis.reason_to_stop()
        if reason is not None:
            break
    return analysis, found.free_flow_failure


def rebuild(folder: StudyFolder) -> int:
    """Make tables, figures and page again from stored runs; the exit code of `evaluate`.

    ConfigError where a run is no longer stored, or was made with other code or files than are built now.
    """
    data = folder.study()
    root = folder.path.parent.parent
    site = folder.path / "inputs" / data["site"]["name"]
    study = assemble(root, data["scenario"], data["config"], data["name"], site)
    study = study.at(len(data["replicates"]))
    store = Store(root / "results" / ".store")
    with Apart(study.settings.jobs) as apart:
        prepare_report(apart)
        runs = _stored_runs(folder, store, study)
        checked = preflight(study, store.root)
        _ensure_current(folder, store, runs, checked)
        free_flow, failure = read_free_flow(folder.path)
        passport, assignment = read_passport(folder.tables), read_assignment(folder.path)
        analysis = Analysis(study, store, checked, runs, free_flow, passport=passport, assignment=assignment)
        followed = _followed(study, data["config"], folder)
        if not is_kept(folder.tables, followed):
            analysis.measure(apart.for_runs(len(runs)), apart.jobs)
            if analysis.reason_to_stop() is None:
                told = Message("its intervals are not narrow enough yet")
                raise _unfinished(folder.path / "runs.json", told)
            sides = side_tables(planned(study, store.root), analysis, apart, stored=True)
            _write_all_tables(analysis, folder, sides, apart)
            keep(folder.tables, followed)
        write_report(folder.path, analysis.specs, apart, followed)
    # A browser takes as much memory for a large page as all the rest: by now the rest holds little.
    printed = print_pdf(folder.path / "report.html")
    code = _told(analysis, folder, failure)
    for line in [str(printed)] if printed else [label(NO_BROWSER, lang) for lang in LANGS]:
        print(line)
    return code


def _followed(study: Study, config: Mapping[str, Any], folder: StudyFolder) -> str:
    """Digest what the tables of a study follow from, and with them its figures: its runs, and `made_from`."""
    runs = [file_sum(folder.path / name) for name in ("runs.json", FREE_FLOW_FILE)]
    return made_from(study, {**config, "runs": runs})


def _write_all_tables(
    analysis: Analysis, folder: StudyFolder, sides: Mapping[str, pd.DataFrame], apart: Apart
) -> Tables:
    """Compare the arms and write every table; what reads the runs once more is shared out."""
    begin = apart.for_runs(len(analysis.runs))
    begun = begin_curves_and_plans(folder, analysis, begin)
    tables = analysis.tables(begin)
    write_tables(folder, analysis, tables, {**sides, **appraised(analysis.study, tables)}, begin)
    for one in begun:
        done(one)
    return tables


def _tables_written(
    analysis: Analysis, folder: StudyFolder, sides: Mapping[str, pd.DataFrame], apart: Apart
) -> pd.DataFrame:
    """Write every table, of many runs in a process of its own; return the primary measure of the network."""
    if len(analysis.runs) > MANY:
        return done(apart.begin(_tables_apart, analysis, folder, sides))
    return primary_rows(analysis, _write_all_tables(analysis, folder, sides, apart))


def _tables_apart(analysis: Analysis, folder: StudyFolder, sides: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Read what was measured of every run, measuring what was not, and write every table."""
    with Apart(analysis.study.settings.jobs) as apart:
        # In small parts: a process that hands them over keeps none.
        analysis.measure(apart.begin, max(apart.jobs, len(analysis.runs) // PART))
        return primary_rows(analysis, _write_all_tables(analysis, folder, sides, apart))


def _told(analysis: Analysis, folder: StudyFolder, free_flow_failure: str | None) -> int:
    """Print the verdicts, and keep them as text; the exit code of `evaluate`."""
    comparison = pd.read_parquet(folder.tables / "comparison.parquet")
    verdicts = _verdicts(folder, comparison, analysis.passport)
    _write_summary(folder, analysis, verdicts)
    print(*verdicts, folder.path / "report.html", sep="\n")
    if free_flow_failure is not None:
        for lang in LANGS:
            print(
                label("report.lacks_free_flow", lang, reason=understood(free_flow_failure)), file=sys.stderr
            )
    failed = free_flow_failure is not None or any(r.failure for r in analysis.runs.values())
    # A turn that nobody made has nothing to compare either; that is no fault of the study.
    withheld = bool((comparison["gate"] == "invalid").any())
    return 1 if failed or withheld else 0


def _stored_runs(folder: StudyFolder, store: Store, study: Study) -> Runs:
    """Read runs.json; ConfigError where the study has not finished or a run has left the store."""
    path = folder.path / "runs.json"
    for needed in (path, folder.path / FREE_FLOW_FILE):
        if not needed.is_file():
            raise _unfinished(needed, Message("is missing"))
    runs = read_records(folder.path)
    wanted = {
        (arm.id, period, n) for arm in study.simulated for period in study.periods for n in study.replicates
    }
    if missing := wanted - runs.keys():
        gaps = Message("{missing} of {wanted} runs are missing", missing=len(missing), wanted=len(wanted))
        raise _unfinished(path, gaps)
    if runs.keys() - wanted:
        raise _unfinished(path, Message("it was on its way to more replicates"))
    gone = [
        key for key, run in runs.items() if not run.failure and not (run.digest and store.has(run.digest))
    ]
    if gone:
        names = ["/".join(map(str, key)) for key in sorted(gone)[:5]]
        message = Message("{n_gone} of its runs are not in the store: {names}", n_gone=len(gone), names=names)
        raise ConfigError(
            [Problem(str(path), message, Message("huandu run ... resume=true simulates them again"))]
        )
    return runs


def _unfinished(path: Path, why: Message) -> ConfigError:
    return ConfigError(
        [
            Problem(
                str(path),
                Message("{why}: the study has not finished", why=why),
                Message("huandu run ... resume=true"),
            )
        ]
    )


def _ensure_current(folder: StudyFolder, store: Store, runs: Runs, checked: Preflight) -> None:
    """Refuse runs whose arm is built otherwise today: builds and measurements would not belong together."""
    stale, releases = set(), dict[str, str]()
    for (arm, period, _), run in runs.items():
        if run.digest and not run.failure:
            inputs = store.inputs(run.digest)
            if release := other_release(inputs):
                releases[f"{arm}/{period}"] = release
            elif not still_holds(inputs, checked.builds[arm, period]):
                stale.add(f"{arm}/{period}")
    hint = Message("huandu run ... resume=true simulates them again")
    if releases:
        made = ", ".join(f"{where}: {release}" for where, release in sorted(releases.items()))
        told = Message(
            "runs were made with another SUMO than {release}, which is installed ({made}): arms of different"
            " releases cannot be compared",
            release=version(),
            made=made,
        )
        raise ConfigError([Problem(str(folder.path / "runs.json"), told, hint)])
    if stale:
        message = Message(
            "runs were made with other code or files than are built now: {stale}", stale=sorted(stale)
        )
        raise ConfigError([Problem(str(folder.path / "runs.json"), message, hint)])
