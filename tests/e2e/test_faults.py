"""Nothing lost, nothing silently wrong: runs and coordinators killed at random, two studies at once."""

from __future__ import annotations

import dataclasses
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from sim.runs.campaign import StudyRuns, run_study
from sim.runs.housekeeping import damaged, entries
from sim.runs.preflight import preflight
from sim.runs.store import Store
from sim.study import Study
from sim.sumo.driver import Children
from tests.command_line import huandu
from tests.own_root import write_root

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
PROGRAM = [sys.executable, "-c", "import sys; from sim.cli import main; sys.exit(main())"]
HERE = Path(__file__).resolve().parents[2]
STUDY = ("run", "scenario=xingfu", "run=smoke")


def contents(study: Path) -> dict[str, bytes]:
    """Return what has to be the same of two equal studies, by path."""
    paths = [study / "runs.json", study / "free_flow.json", *sorted((study / "tables").rglob("*.*"))]
    return {path.name: path.read_bytes() for path in paths if path.name != "timing.csv" and path.is_file()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_root(tmp_path_factory.mktemp("undisturbed"))
    started = time.monotonic()
    subprocess.run([*PROGRAM, *STUDY, "--root", str(root)], cwd=HERE, check=True, stdout=subprocess.DEVNULL)
    (root / "took_s").write_text(str(time.monotonic() - started))
    return root


def test_a_coordinator_killed_at_random_moments_loses_nothing(undisturbed: Path, tmp_path: Path) -> None:
    killed_and_resumed(undisturbed, tmp_path, times=2, seed=1)


@pytest.mark.validate
def test_a_coordinator_killed_twenty_times_loses_nothing(undisturbed: Path, tmp_path: Path) -> None:
    killed_and_resumed(undisturbed, tmp_path, times=20, seed=2)


def killed_and_resumed(undisturbed: Path, folder: Path, times: int, seed: int) -> None:
    """Kill a study at moments spread over the time that it takes, each time going on from there."""
    moments = random.Random(seed)
    took_s = float((undisturbed / "took_s").read_text())
    root = write_root(folder / "root")
    study = root / "results" / "xingfu"
    kills = 0
    for _ in range(times):
        if (study / "report.html").exists():  # it came through: once more from the start
            shutil.rmtree(root / "results")
        command = [*PROGRAM, *STUDY, "resume=true", "--root", str(root)]
        with subprocess.Popen(command, cwd=HERE, stdout=subprocess.DEVNULL) as process:
            try:
                process.wait(moments.uniform(0.2, 1.0) * took_s)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                kills += 1
        assert list(damaged(Store(root / "results" / ".store"))) == []
    assert kills > 0
    assert huandu(*STUDY, "resume=true", "--root", root).code == 0
    assert contents(study) == contents(undisturbed / "results" / "xingfu")
    assert not list((root / "results" / ".store" / "running").iterdir())


def test_ctrl_c_twice_leaves_what_resume_finishes(undisturbed: Path, tmp_path: Path) -> None:
    root = write_root(tmp_path / "root")
    store = root / "results" / ".store"
    command = [*PROGRAM, *STUDY, "--root", str(root)]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 120
        while not list(store.glob("??/*/run.json")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    # The second may come when the interpreter is leaving already: the system ends it, 130 to a shell too.
    assert process.returncode in (130, -signal.SIGINT), err
    assert list(damaged(Store(store))) == []
    assert huandu(*STUDY, "resume=true", "--root", root).code == 0
    assert contents(root / "results" / "xingfu") == contents(undisturbed / "results" / "xingfu")


def simulated(study: Study) -> tuple[StudyRuns, Store]:
    store = Store(study.root / "results" / ".store")
    return run_study(study, preflight(study, store.root).builds, store), store


@pytest.fixture
def killer(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Kill simulators as they run, the seeds in the list; each seed once."""
    doomed: list[int] = []
    guard = threading.Lock()
    run = Children.run

    def killed(self, command, folder, log, timeout_s):  # type: ignore[no-untyped-def]
        seed = next(int(word.partition("=")[2]) for word in command if word.startswith("--seed="))
        with guard:
            due = seed in doomed
            if due:
                doomed.remove(seed)
        if due:
            command = ["sh", "-c", '"$@" & sleep 0.05; kill -9 $! $$', "sh", *command]
        return run(self, command, folder, log, timeout_s)

    monkeypatch.setattr(Children, "run", killed)
    yield doomed


def test_killed_runs_cost_themselves_alone_and_resume_makes_up_for_them(
    small_study: Study, killer: list[int], tmp_path: Path
) -> None:
    settings = small_study.settings.model_copy(update={"replicates": 4})
    study = dataclasses.replace(small_study, settings=settings)
    whole, _ = simulated(dataclasses.replace(study, root=tmp_path / "whole"))
    killer.extend([2, 4])
    runs, store = simulated(study)
    assert {key[2] for key in runs.failures} == {2, 4}
    assert len(runs.failures) == 2
    assert all("signal 9" in reason for reason in runs.failures.values())
    again, _ = simulated(study)
    assert not again.failures
    assert dict(again.finished()) == dict(whole.finished())
    assert list(damaged(store)) == []


@pytest.mark.parametrize("replicates", [12, pytest.param(50, marks=pytest.mark.validate)])
def test_a_poison_run_among_many_is_one_row(small_study: Study, killer: list[int], replicates: int) -> None:
    settings = small_study.settings.model_copy(update={"replicates": replicates})
    runs_of = dataclasses.replace(small_study, settings=settings)
    killer.extend([7])
    runs, _ = simulated(runs_of)
    assert len(runs.failures) == 1
    assert len(dict(runs.finished())) == 2 * replicates - 1


def test_two_programs_on_one_store_share_what_they_have_in_common(small_study: Study) -> None:
    other = dataclasses.replace(small_study, name="other", arms=small_study.arms[:1])
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        (one, store), (two, _) = pool.map(simulated, [small_study, other])
    assert not one.failures
    assert not two.failures
    shared = dict(one.finished())
    assert {key: shared[key] for key in dict(two.finished())} == dict(two.finished())
    found = [entry.digest for entry in entries(store) if entry.kind == "run"]
    assert len(found) == len(set(found)) == len(set(shared.values())) + 1  # and free flow
    assert list(damaged(store)) == []


def test_a_truncated_and_a_flipped_run_are_simulated_again(small_study: Study) -> None:
    runs, store = simulated(small_study)
    digests = list(dict(runs.finished()).values())
    before = {digest: (store.folder(digest) / "trips.parquet").read_bytes() for digest in digests}
    os.truncate(store.folder(digests[0]) / "trips.parquet", 50)
    flipped = store.folder(digests[1]) / "zones.parquet"
    content = bytearray(flipped.read_bytes())
    content[60] ^= 4
    flipped.write_bytes(content)
    again, _ = simulated(small_study)
    assert dict(again.finished()) == dict(runs.finished())
    assert [record.simulated for record in again.runs.values()].count(True) == 2
    assert list(damaged(store)) == []
    assert before == {digest: (store.folder(digest) / "trips.parquet").read_bytes() for digest in digests}
