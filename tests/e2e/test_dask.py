"""Studies on Dask workers: the same bytes as here, a killed worker costs nothing, misfits are named."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from sim.errors import ConfigError
from sim.replay import write_replay
from sim.runs.campaign import StudyRuns, run_study
from sim.runs.preflight import preflight
from sim.runs.store import Store
from sim.runs.study_log import Tally
from sim.study import ExecutorSettings, Study
from sim.tables import MEASURES
from tests.dask_cluster import LOOPBACK, Cluster

pytest.importorskip("distributed", reason='Dask is not installed: pip install "huandu[dask]"')


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"), repo_root)
    try:
        yield made
    finally:
        made.stop()


def at(study: Study, address: str, replicates: int = 2, connect_s: float = 30) -> Study:
    settings = study.settings.model_copy(update={"replicates": replicates})
    executor = ExecutorSettings(kind="dask", address=address, connect_s=connect_s)
    return dataclasses.replace(study, settings=settings, executor=executor)


def here(study: Study, root: Path) -> tuple[StudyRuns, Store]:
    return simulated(dataclasses.replace(study, executor=ExecutorSettings(), root=root))


def simulated(study: Study, progress: object = None) -> tuple[StudyRuns, Store]:
    store = Store(study.root / "results" / ".store")
    return run_study(study, preflight(study, store.root).builds, store, progress), store  # type: ignore[arg-type]


def contents(runs: StudyRuns, store: Store) -> dict[str, bytes]:
    """Return every file of every run."""
    return {
        f"{digest}/{path.name}": path.read_bytes()
        for _, digest in runs.finished()
        for path in store.folder(digest).iterdir()
        if path.name not in ("log.txt", ".sha256")  # the simulator writes its own speed there
    }


def at_home(study: Study, store: Store) -> Study:
    return dataclasses.replace(study, executor=ExecutorSettings(), root=store.root.parents[1])


def recorded(study: Study, runs: StudyRuns, store: Store) -> list[dict[str, object]]:
    """Record the study where its runs are carried out; return the pictures."""
    rows = [(*key, study.primary, "network", 50.0 + key[2], 1) for key in runs.runs]
    measures = pd.DataFrame(rows, columns=list(MEASURES))
    tables = study.root / "results" / "small" / "tables"
    write_replay(study, preflight(study, store.root), store, runs.runs, measures, tables)
    pictures: list[dict[str, object]] = json.loads((tables / "replay.json").read_text())["pictures"]
    assert [one["failure"] for one in pictures] == [None]
    return pictures


def test_workers_give_the_same_bytes_and_one_that_is_killed_costs_nothing(
    small_study: Study, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    doomed = cluster.worker("--nthreads", "1")
    cluster.worker("--nthreads", "1")
    cluster.wait(2)
    study = at(small_study, cluster.address, replicates=3)
    kill = threading.Event()

    def progress(tally: Tally) -> None:
        if tally.settled == 3 and not kill.is_set():
            kill.set()
            os.kill(doomed.pid, signal.SIGKILL)

    runs, store = simulated(study, progress)
    assert kill.is_set()
    assert not runs.failures
    assert len(runs.runs) == 6
    local, other = here(study, tmp_path_factory.mktemp("local"))
    assert contents(runs, store) == contents(local, other)
    folder, there = (root / "results" / "small" for root in (study.root, other.root.parents[1]))
    for name in ("runs.json", "free_flow.json", "tables/free_flow.parquet"):
        assert (folder / name).read_bytes() == (there / name).read_bytes()
    doomed.wait()
    assert recorded(study, runs, store) == recorded(at_home(study, other), local, other)
    store.sweep()
    assert not list((store.root / "running").iterdir())


def test_a_stopped_study_stops_its_workers(
    small_study: Study, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.worker("--nthreads", "1")
    cluster.wait(1)
    study = at(small_study, cluster.address, replicates=6)

    def progress(tally: Tally) -> None:
        if tally.settled == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulated(study, progress)
    store = Store(study.root / "results" / ".store")
    time.sleep(5)
    found = len(list(store.root.glob("??/*/run.json")))
    assert 2 <= found < 12
    time.sleep(3)
    assert len(list(store.root.glob("??/*/run.json"))) == found
    runs, _ = simulated(study)
    assert not runs.failures
    assert len(runs.runs) == 12


def test_a_worker_that_would_compute_something_else_is_refused_by_name(
    small_study: Study, cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.metadata as m\n"
        "real = m.version\n"
        "m.version = lambda name: '0.0.1' if name == 'huandu' else real(name)\n"
    )
    path = f"{cluster.env['PYTHONPATH']}{os.pathsep}{tmp_path}"
    cluster.worker("--nthreads", "2", "--name", "odd", PYTHONPATH=path)
    cluster.wait(1)
    with pytest.raises(ConfigError) as caught:
        simulated(at(small_study, cluster.address))
    threads, version = caught.value.problems
    assert threads.message == "has 2 threads"
    assert version.message.startswith("has huandu 0.0.1, here it is ")
    assert f"{cluster.address}: worker tcp://{LOOPBACK}:" in version.path


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere"])
def test_an_address_nobody_listens_on_is_named_in_bounded_time(small_study: Study, address: str) -> None:
    started = time.monotonic()
    with pytest.raises(ConfigError, match=r"executor\.address"):
        simulated(at(small_study, address, connect_s=1))
    assert time.monotonic() - started < 20
    assert not list((small_study.root / "results" / ".store" / "running").glob("*"))


def test_an_address_has_to_be_given(small_study: Study) -> None:
    with pytest.raises(ConfigError, match=r"executor\.address: missing"):
        simulated(dataclasses.replace(small_study, executor=ExecutorSettings(kind="dask")))
