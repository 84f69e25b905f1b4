"""A study on two Dask workers against the same study here, as a ratio; `make bench`, the two in turn.

cologne8, four arms. Then once more with one of the workers killed when a third of the runs is done. However
they were carried out, tables are the same bytes. `HUANDU_BENCH_REPLICATES` (20) and `HUANDU_BENCH_REPEATS`
(3) shorten a trial; the limit holds for two cores and nothing else that runs.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.bench.watched_run import huandu_run
from tests.dask_cluster import Cluster
from tests.retimings import write_retimings

pytest.importorskip("distributed", reason='Dask is not installed: pip install "huandu[dask]"')
pytestmark = [pytest.mark.bench, pytest.mark.data]

POLICIES, WORKERS, LIMIT = 3, 2, 1.10
REPLICATES = int(os.environ.get("HUANDU_BENCH_REPLICATES", "20"))
REPEATS = int(os.environ.get("HUANDU_BENCH_REPEATS", "3"))
RUNS = (POLICIES + 1) * REPLICATES


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Path:
    root = tmp_path_factory.mktemp("dask_speed")
    source = repo_root.parent / "shared" / "data" / "cologne8" / "cologne8.sumocfg"
    write_retimings(root, source, "cologne8", POLICIES, begin="07:00:00", end="08:00:00")
    return root


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"), repo_root)
    try:
        for _ in range(WORKERS):
            made.worker("--nthreads", "1")
        made.wait(WORKERS)
        yield made
    finally:
        made.stop()


def study(root: Path, name: str, *words: str) -> float:
    """Carry out a study of which nothing is stored yet; return the seconds to its last run."""
    fixed = ["scenario=cologne8", f"study={name}", f"run.replicates={REPLICATES}", f"run.jobs={WORKERS}"]
    fixed += ["run.placebo=false", "run.clear_factor=1.0", "run.replay=false", "run.passport=false"]
    forget(root)
    huandu_run(root, [*fixed, *words])
    lines = [json.loads(line) for line in (root / "results" / name / "log.jsonl").read_text().splitlines()]
    at = {line["event"]: datetime.fromisoformat(line["time"]) for line in lines}
    runs = [line for line in lines if line["event"] == "run"]
    assert [run["state"] for run in runs] == ["done"] * RUNS
    return (datetime.fromisoformat(runs[-1]["time"]) - at["begin"]).total_seconds()


def forget(root: Path) -> None:
    """Remove all stored runs and what was measured of them; sites and builds stay."""
    store = root / "results" / ".store"
    for run in [*store.glob("??/*/run.json"), *store.glob("measured/??/*/.sha256")]:
        run.unlink()  # what is not whole is not there


def tables(root: Path, name: str) -> dict[str, bytes]:
    """Return what has to be the same of equal studies: times and hosts are not."""
    folder = root / "results" / name
    files = [folder / "runs.json", *(path for path in (folder / "tables").rglob("*") if path.is_file())]
    return {path.name: path.read_bytes() for path in files if path.name != "timing.csv"}


def killed_midway(root: Path, name: str, pid: int, ended: threading.Event) -> threading.Thread:
    """Kill a process by its id when a third of the runs of a study is done."""
    log = root / "results" / name / "log.jsonl"

    def kill() -> None:
        while not ended.is_set():
            if log.is_file() and log.read_text().count('"state": "done"') >= RUNS // 3:
                os.kill(pid, signal.SIGKILL)
                return
            time.sleep(0.05)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def test_two_workers_take_as_long_as_two_threads_and_one_may_be_killed(root: Path, cluster: Cluster) -> None:
    address = ("executor=dask", f"executor.address={cluster.address}")
    study(root, "first")  # builds the site and compiles what is imported
    ratios = []
    for n in range(REPEATS):
        here_s, there_s = study(root, f"here{n}"), study(root, f"dask{n}", *address)
        ratios.append(there_s / here_s)
        print(f"{RUNS} runs: here {here_s:.1f} s, on {WORKERS} workers {there_s:.1f} s: {ratios[-1]:.3f}")
    print(f"Dask / local {statistics.median(ratios):.3f}")
    ended, doomed = threading.Event(), cluster.processes[1]
    killer = killed_midway(root, "killed", doomed.pid, ended)
    killed_s = study(root, "killed", *address)
    ended.set()
    killer.join()
    assert doomed.wait() == -signal.SIGKILL
    print(f"one of {WORKERS} workers killed at a third: {killed_s:.1f} s")
    for n in range(REPEATS):
        assert tables(root, f"dask{n}") == tables(root, "here0")
    assert tables(root, "killed") == tables(root, "here0")
    assert statistics.median(ratios) <= LIMIT
