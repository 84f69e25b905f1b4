"""A study of very many runs whose simulations are stubs, as a program: FOLDER ARMS REPLICATES [whole].

The children that stand for the simulations copy the outputs of real runs of the example (docs/example.md),
tables and what was measured of them, into the store. Everything else is what `huandu run` does with a study,
from handing out the first run to the long tables and the comparison on the disk; `whole`: all of its tables,
those too for which the outputs of every run are read once more. Prints one JSON object.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sim import evaluation
from sim.analysis import HELD, Analysis
from sim.apart import Apart, done
from sim.cli.compose import composed
from sim.errors import Problems
from sim.measurements import digest as origin_of
from sim.query import query
from sim.results import StudyFolder, describe_study, write_json
from sim.runs.campaign import Key
from sim.runs.preflight import Preflight, preflight
from sim.runs.run import RunRecord
from sim.runs.store import Store
from sim.runs.work import Work, laid_out
from sim.scenario import assemble
from sim.study import Study
from sim.tables import PASSPORT, empty
from tests.own_root import write_root

TEMPLATES = 6
"""Replicates of today and of one policy that are really simulated; all others are copies of them."""
COPY = 'cp -r "$1" "$2" && cp -r "$3" "$4"'
QUERY = (
    "SELECT arm, count(*) AS runs, avg(value) AS mean, stddev(value) AS spread FROM measures "
    "WHERE measure = 'fair_travel_time' AND scope = 'network' GROUP BY arm ORDER BY arm"
)


def study_of(root: Path, arms: int, replicates: int) -> tuple[Study, dict[str, Any]]:
    """Write the example into `root`, its policy swept over so many arms, today's among them."""
    write_root(root)
    problems = Problems()
    offsets = f"{{from:0,to:{(arms - 2) / 2:g},step:0.5}}"
    words = [
        "scenario=xingfu", "study=many", "run.placebo=false", "run.replay=false", "run.passport=false",
        f"run.replicates={replicates}", f"+sweep.policies.longer_main.interventions.j1.offset_s={offsets}",
    ]  # fmt: skip
    scenario, config = composed(root, words, problems)
    problems.raise_if_any()
    study = assemble(root, scenario, config, "many")
    assert len(study.simulated) == arms, len(study.simulated)
    return study, config


class Stubs:
    """Children that write what a real run of the study has written."""

    def __init__(self, study: Study, checked: Preflight, store: Store, free: Any) -> None:
        self.study, self.store = study, store
        self.spent_s, self.cpu_s, self._guard = 0.0, 0.0, threading.Lock()
        keys: list[Key] = [
            (a.id, p, n) for p in study.periods for n in study.replicates for a in study.simulated
        ]
        self.runs = {key: RunRecord(f"{n % 256:02x}{n:062x}", simulated=True) for n, key in enumerate(keys)}
        every = Analysis(study, store, checked, self.runs, free.table)
        self.measured = {key: self._place(every, key) for key in keys}
        work = Work(study, store, {key: laid_out(study.site, built) for key, built in checked.builds.items()})
        real: dict[Key, RunRecord] = {}
        for n in range(1, TEMPLATES + 1):
            for arm in study.simulated[:2]:
                real[arm.id, study.periods[0], n] = work.run(arm.id, study.periods[0], n)
        analysis = replace(every, runs=real)
        analysis._measure()
        self.templates = {
            (key[0] == "baseline", key[2] - 1): (store.folder(str(run.digest)), self._place(analysis, key))
            for key, run in real.items()
        }

    def _place(self, analysis: Analysis, key: Key) -> Path:
        arm, period, _ = key
        origin = origin_of(analysis._common, analysis._built[arm, period], analysis._base(key), False)
        run = str(analysis.runs[key].digest)
        return self.store.root / "measured" / run[:2] / f"{run}.{origin}"

    def run(self, _work: Work, arm: str, period: str, replicate: int) -> RunRecord:
        """Stand for `Work.run`."""
        key = (arm, period, replicate)
        record = self.runs[key]
        tables, measured = self.templates[arm == "baseline", replicate % TEMPLATES]
        started = time.monotonic()
        for place in (self.store.folder(str(record.digest)), self.measured[key]):
            place.parent.mkdir(parents=True, exist_ok=True)
        words = [tables, self.store.folder(str(record.digest)), measured, self.measured[key]]
        subprocess.run(["sh", "-c", COPY, "sh", *map(str, words)], check=True)
        with self._guard:
            self.spent_s += time.monotonic() - started
        return record


def used(who: int) -> float:
    """CPU time, s."""
    found = resource.getrusage(who)
    return found.ru_utime + found.ru_stime


def compared(analysis: Analysis, folder: StudyFolder) -> float:
    """In a process of its own, as for a study of many runs: the long tables, the comparison; its CPU, s."""
    with Apart(analysis.study.settings.jobs) as apart:
        analysis.measure(apart.begin, apart.jobs)
    long = {name: analysis.long(name) for name in HELD}
    long["comparison"] = analysis._compared(long["measures"], long["findings"], analysis.study.replicates)
    for name, table in long.items():
        table.to_parquet(folder.tables / f"{name}.parquet", index=False, compression="zstd")
    return used(resource.RUSAGE_SELF) + used(resource.RUSAGE_CHILDREN)


def main(root: Path, arms: int, replicates: int, *, whole: bool = False) -> dict[str, float]:
    """Make the study; return what it took."""
    study, config = study_of(root, arms, replicates)
    store = Store(root / "results" / ".store")
    checked = preflight(study, store.root)
    work = Work(study, store, {key: laid_out(study.site, built) for key, built in checked.builds.items()})
    stubs = Stubs(study, checked, store, work.free_flow())
    Work.run = partial(_stubbed, stubs)  # type: ignore[assignment,method-assign]
    folder = StudyFolder.of(root / "results", study, config)
    folder.begin(study, config)
    loaded_mb = peak_mb()
    took: dict[str, float] = {}
    began = now = (time.monotonic(), used(resource.RUSAGE_SELF))

    def lap(name: str) -> None:
        nonlocal now
        before, now = now, (time.monotonic(), used(resource.RUSAGE_SELF))
        took[f"{name}_wall_s"], took[f"{name}_cpu_s"] = now[0] - before[0], now[1] - before[1]

    with Apart(study.settings.jobs) as apart:
        analysis, _ = evaluation._until_sure(study, store, checked, empty(PASSPORT), apart)
        lap("runs_and_measures")
        write_json(folder.path / "study.json", describe_study(analysis.study, config))
        if whole:
            evaluation._tables_written(analysis, folder, {}, apart)
        else:
            took["apart_cpu_s"] = done(apart.begin(compared, analysis, folder))
        lap("tables")
    runs = arms * replicates
    assert len(analysis.runs) == runs
    asked = time.monotonic()
    rows = query(root / "results", QUERY)
    query_s = time.monotonic() - asked
    assert len(rows) == arms and set(rows["runs"]) == {replicates}
    return {
        "runs": runs,
        **{name: round(value, 2) for name, value in took.items()},
        "children_wall_s": round(stubs.spent_s, 2),
        "overhead_ms": round(1000 * (used(resource.RUSAGE_SELF) - began[1]) / runs, 2),
        "loaded_mb": round(loaded_mb),
        "peak_mb": round(peak_mb()),
        "apart_peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        "query_s": round(query_s, 2),
    }


def _stubbed(stubs: Stubs, arm: str, period: str, replicate: int) -> RunRecord:
    return stubs.run(None, arm, period, replicate)  # type: ignore[arg-type]


def peak_mb() -> float:
    """Peak memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    where = Path(sys.argv[1])
    try:
        print(json.dumps(main(where, *map(int, sys.argv[2:4]), whole=sys.argv[4:] == ["whole"])))
    finally:
        shutil.rmtree(where, ignore_errors=True)
