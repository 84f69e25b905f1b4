"""Many runs: every arm, period and replicate of a study, as many at a time as there are cores.

Each run is a child process of whoever carries it out (`sim.runs.executors`), which writes inputs and reads
outputs, so one killed child costs one run. Runs are found by digest: a study that was killed goes on where it
stopped, and arms that are alike share runs.
"""

from __future__ import annotations

import csv
import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from operator import methodcaller
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from sim.assignment.settled import ASSIGNMENT_FILE
from sim.labels import Message
from sim.results import write_json
from sim.runs.executors import Executor, executor, settled
from sim.runs.free_flow import FreeFlow
from sim.runs.run import RunRecord
from sim.runs.store import Store
from sim.runs.study_log import StudyLog, Tally, study_log
from sim.runs.work import ArmFiles, Work, arms_laid_out
from sim.study import Study
from sim.sumo.build import ArmBuild
from sim.tables import ASSIGNMENT, FREE_FLOW, empty, typed

Key = tuple[str, str, int]
"""Arm, period, replicate."""
Progress = Callable[[Tally], None]
"""Called after every run."""
Watch = Callable[[Mapping[Key, RunRecord], pd.DataFrame, pd.DataFrame], Sequence[Mapping[str, Any]]]
"""Called after every run with the records so far, FREE_FLOW and ASSIGNMENT; returns lines for the log."""
FREE_FLOW_FILE = "free_flow.json"
"""In a study's folder: why the free-flow runs failed, null if they did not, and their digests."""


@dataclass(frozen=True)
class StudyRuns:
    """What a campaign leaves: a record per run, and the arms' files by arm and period."""

    runs: Mapping[Key, RunRecord]
    arms: Mapping[tuple[str, str], ArmFiles]
    free_flow: pd.DataFrame
    """Columns FREE_FLOW, the same in every arm; a movement without a row has no control delay."""
    free_flow_failure: str | None = None
    assignment: pd.DataFrame = field(default_factory=lambda: empty(ASSIGNMENT))
    """Columns ASSIGNMENT; without rows unless the study's `routes` are in equilibrium."""

    @property
    def failures(self) -> dict[Key, str]:
        """Runs that failed, with their reasons."""
        return {key: record.failure for key, record in self.runs.items() if record.failure is not None}

    def finished(self) -> Iterator[tuple[Key, str]]:
        """Yield (key, digest) of every run that is in the store, in order."""
        for key, record in sorted(self.runs.items()):
            if record.failure is None and record.digest is not None:
                yield key, record.digest


def run_study(
    study: Study,
    builds: Mapping[tuple[str, str], ArmBuild],
    store: Store,
    progress: Progress | None = None,
    done: Mapping[Key, RunRecord] = MappingProxyType({}),
    watch: Watch | None = None,
) -> StudyRuns:
    """Simulate what of a study is not in the store yet. `builds`: `sim.runs.preflight`'s, by arm and period.

    Failed runs are records with a reason. Ctrl-C kills the children, notes what is done, and is raised
    again; calling again does the rest. `runs.json`, `free_flow.json`, `tables/free_flow.parquet` and
    `tables/timing.csv` of the study's folder are written in both cases, and `log.jsonl` as it goes.
    `done`: records of an earlier look of the same study, taken as they are. `watch` is told how far it is
    once movements are timed without traffic. ConfigError where the executor cannot be had.
    """
    store.sweep()
    files = arms_laid_out(study.site, builds)
    keys = [
        (arm.id, period, n) for period in study.periods for n in study.replicates for arm in study.simulated
    ]
    campaign = _Campaign([key for key in keys if key not in done], dict(done))
    folder = study.root / "results" / study.name
    work = Work(study, store, files)
    tally = Tally(len(campaign.keys))
    try:
        with (
            executor(study.executor, work, study.settings.jobs) as where,
            study_log(folder, tally.total) as log,
        ):
            campaign.run(study, where, log, tally, progress or (lambda tally: None), watch)
    finally:
        _write_records(folder, campaign)
    found = campaign.free_flow
    return StudyRuns(campaign.records, files, found.table, found.failure, campaign.assignment)


def read_records(folder: Path) -> dict[Key, RunRecord]:
    """Read `runs.json` of a study's folder."""
    rows = json.loads((folder / "runs.json").read_text(encoding="utf-8"))
    return {
        (row["arm"], row["period"], int(row["replicate"])): RunRecord(row["digest"], row["failure"])
        for row in rows
    }


def read_free_flow(folder: Path) -> tuple[pd.DataFrame, str | None]:
    """Read the free-flow table of a study's folder, columns FREE_FLOW, and why it lacks movements, if so."""
    said = json.loads((folder / FREE_FLOW_FILE).read_text(encoding="utf-8"))
    return typed(pd.read_parquet(folder / "tables" / "free_flow.parquet"), FREE_FLOW), said["failure"]


@dataclass
class _Campaign:
    keys: Sequence[Key]
    """What is to be run, replicate by replicate."""
    records: dict[Key, RunRecord]
    free_flow: FreeFlow = field(default_factory=FreeFlow)
    assignment: pd.DataFrame = field(default_factory=lambda: empty(ASSIGNMENT))

    def run(
        self,
        study: Study,
        executor: Executor,
        log: StudyLog,
        tally: Tally,
        progress: Progress,
        watch: Watch | None,
    ) -> None:
        self.assignment = self._assigned(study, executor, log)
        # Movements are timed beside the first runs: before them there is nothing else for the other cores.
        tasks = [*self.keys[:2], None, *self.keys[2:]]
        timed = False
        for key, future in settled(lambda key: _begin(executor, key), tasks):
            if key is None:
                self.free_flow, timed = future.result(), True
                continue
            record = self.records[key] = outcome(future)
            arm, period, replicate = key
            state = tally.count(record)
            log.write("run", arm=arm, period=period, replicate=replicate, state=state, **asdict(record))
            progress(tally)
            if watch is not None and timed:
                for line in watch(self.records, self.free_flow.table, self.assignment):
                    log.write("standing", **line)

    def _assigned(self, study: Study, executor: Executor, log: StudyLog) -> pd.DataFrame:
        """Let every arm find its equilibrium, if that is asked for; a failure is told by its runs."""
        if study.routes != "equilibrium":
            return empty(ASSIGNMENT)
        arms = study.arms[:1] if study.short_run else study.arms
        keys = [(arm.id, period) for period in study.periods for arm in arms]
        rows = []
        for (arm, period), future in settled(
            lambda key: executor.submit(methodcaller("equilibrium", *key)), keys
        ):
            if future.exception() is not None:
                continue
            found = future.result()
            rows.append((arm, period, found.iterations, found.gap, study.assignment.gap))
            for digest in found.digests:  # whoever looks after the store keeps what a log names
                log.write("loading", arm=arm, period=period, digest=digest)
        return typed(pd.DataFrame(rows, columns=list(ASSIGNMENT)), ASSIGNMENT)


def _begin(executor: Executor, key: Key | None) -> Future[Any]:
    """Begin a run, or, without a key, to time every movement without traffic."""
    return executor.submit(Work.free_flow if key is None else methodcaller("run", *key))


def outcome(future: Future[RunRecord]) -> RunRecord:
    """Return what became of a run; a worker that was lost with it is a failure like any other."""
    error = future.exception()
    return (
        future.result()
        if error is None
        else RunRecord(
            None,
            Message("lost with its process: {kind}: {told}", kind=type(error).__name__, told=str(error)),
        )
    )


TIMING = ("arm", "period", "replicate", "wall_s", "host")


def _write_records(folder: Path, campaign: _Campaign) -> None:
    """Write what became of every run, free flow and equilibria; all but `timing.csv` is deterministic."""
    records, found = campaign.records, campaign.free_flow
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = [
        {"arm": arm, "period": period, "replicate": n, "digest": record.digest, "failure": record.failure}
        for (arm, period, n), record in sorted(records.items())
    ]
    write_json(folder / "runs.json", rows)
    write_json(folder / FREE_FLOW_FILE, {"failure": found.failure, "runs": list(found.digests)})
    found.table.to_parquet(folder / "tables" / "free_flow.parquet", index=False, compression="zstd")
    campaign.assignment.to_csv(folder / "tables" / ASSIGNMENT_FILE, index=False)
    path = folder / "tables" / "timing.csv"
    timing: dict[Key, dict[str, Any]] = {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            timing = {(r["arm"], r["period"], int(r["replicate"])): dict(r) for r in csv.DictReader(file)}
    for key, record in records.items():
        if record.simulated or key not in timing:
            values = (*key, f"{record.wall_s:.2f}", socket.gethostname())
            timing[key] = dict(zip(TIMING, values, strict=True))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, TIMING, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for _, row in sorted(timing.items()))
