"""Many runs: what fails is a row, what is done is not done again, what is interrupted goes on."""

import dataclasses
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.demand import Demand, realise
from sim.runs.campaign import Progress, StudyRuns, read_free_flow, read_records, run_study
from sim.runs.preflight import preflight
from sim.runs.store import Store
from sim.site.model import Site
from sim.study import Arm, Study
from sim.sumo import driver
from sim.sumo.driver import Children
from sim.tables import RUN_TABLES


def store_of(study: Study) -> Store:
    return Store(study.root / "results" / ".store")


def simulate_all(study: Study, store: Store, progress: Progress | None = None) -> StudyRuns:
    return run_study(study, preflight(study, store.root).builds, store, progress)


def count_children(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    started: list[str] = []
    run = Children.run

    def counted(self, command, folder, log, timeout_s):  # type: ignore[no-untyped-def]
        started.append(str(folder))
        return run(self, command, folder, log, timeout_s)

    monkeypatch.setattr(Children, "run", counted)
    return started


def test_a_study_runs_once_and_every_vehicle_has_a_row(
    small_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = count_children(monkeypatch)
    store = store_of(small_study)
    seen: list[tuple[int, int]] = []
    runs = simulate_all(small_study, store, lambda tally: seen.append((tally.settled, tally.total)))
    assert seen[-1] == (4, 4)
    assert not runs.failures
    assert len(started) == 5  # four runs and the free flow
    digests = dict(runs.finished())
    assert len(set(digests.values())) == 4
    for digest in digests.values():
        tables = {name: store.read(digest, name) for name in RUN_TABLES}
        trips = tables["trips"]
        assert trips["fate"].value_counts().sum() == len(trips) > 100
        assert set(trips["fate"]) == {"arrived"}
        facts = store.facts(digest)
        assert facts.teleports == facts.collisions == 0
        assert facts.window_end_s < facts.end_s < 1200
        assert (trips["free_time_s"] > 50).all()
        # E3 n = tripinfo n: every vehicle makes one movement and passes the whole zone of it.
        made = trips.groupby("edges").size()
        zones = tables["zones"].groupby("movement")["vehicles"].sum()
        named = {
            f"{m.connections[0].from_edge} {m.to_edge}": m.id
            for m in small_study.site.network.movements.values()
        }
        assert {named[edges]: n for edges, n in made.items()} == zones.to_dict()
        assert tables["queues"]["vehicles"].sum() == len(trips)
        assert tables["network"]["arrived"].max() == len(trips)
    # The same people in both arms.
    one, two = (store.read(digests[arm, "peak", 1], "trips") for arm in ("baseline", "retime"))
    same = ["id", "type", "scheduled_s", "speed_factor", "edges"]
    pd.testing.assert_frame_equal(one[same], two[same])
    assert not one["time_loss_s"].equals(two["time_loss_s"])

    free = runs.free_flow.set_index("movement")
    assert set(free.index) == set(small_study.site.network.movements)
    assert (free["n"] == 60).all()
    assert free["time_loss_s"].between(0, 6).all()

    folder = small_study.root / "results" / "small"
    before = (folder / "runs.json").read_bytes(), (folder / "tables" / "timing.csv").read_bytes()
    again = simulate_all(small_study, store)
    assert len(started) == 5
    assert dict(again.finished()) == digests
    assert before == ((folder / "runs.json").read_bytes(), (folder / "tables" / "timing.csv").read_bytes())
    assert {key: record.digest for key, record in read_records(folder).items()} == digests
    pd.testing.assert_frame_equal(read_free_flow(folder)[0], runs.free_flow)


def test_arms_that_are_alike_share_their_runs(small_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    started = count_children(monkeypatch)
    twin = Arm("twin", small_study.arms[0].applied)
    study = dataclasses.replace(small_study, arms=(small_study.arms[0], twin))
    runs = simulate_all(study, store_of(study))
    assert len(started) == 3
    digests = dict(runs.finished())
    assert digests["baseline", "peak", 1] == digests["twin", "peak", 1]


def test_an_arm_that_comes_later_is_all_that_is_simulated(
    small_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    baseline, retimed = small_study.arms
    store = store_of(small_study)
    first = simulate_all(dataclasses.replace(small_study, arms=(baseline,)), store)
    started = count_children(monkeypatch)
    both = simulate_all(small_study, store)
    assert len(started) == 2  # its two replicates; movements were timed then
    assert {key for key, record in both.runs.items() if record.simulated} == {
        (retimed.id, "peak", 1),
        (retimed.id, "peak", 2),
    }
    assert dict(first.finished()).items() <= dict(both.finished()).items()


def test_a_killed_child_is_a_row_and_resume_does_only_that_run(
    small_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(small_study)
    run, killed = Children.run, []

    def kill_one(self, command, folder, log, timeout_s):  # type: ignore[no-untyped-def]
        if "--seed=2" in command and not killed:
            killed.append(folder)
            command = ["sh", "-c", "kill -9 $$"]
        return run(self, command, folder, log, timeout_s)

    monkeypatch.setattr(Children, "run", kill_one)
    runs = simulate_all(small_study, store)
    assert len(runs.failures) == 1
    ((key, reason),) = runs.failures.items()
    assert "signal 9" in reason
    digest = runs.runs[key].digest
    assert digest is not None
    assert not store.has(digest)
    assert store.failure(digest) == reason
    assert len(dict(runs.finished())) == 3

    monkeypatch.setattr(Children, "run", run)
    started = count_children(monkeypatch)
    again = simulate_all(small_study, store)
    assert len(started) == 1
    assert not again.failures
    assert store.failure(digest) is None


def test_a_lost_network_fails_its_arm_alone(small_study: Study) -> None:
    store = store_of(small_study)
    builds = dict(preflight(small_study, store.root).builds)
    key = ("retime", "peak")
    builds[key] = dataclasses.replace(builds[key], net_file=small_study.root / "lost.net.xml", digest="lost")
    runs = run_study(small_study, builds, store)
    assert {arm for arm, _, _ in runs.failures} == {"retime"}
    assert len(runs.failures) == 2
    for reason in runs.failures.values():
        assert "lost.net.xml" in reason
    assert {arm for (arm, _, _), _ in runs.finished()} == {"baseline"}


def test_a_run_that_takes_too_long_is_stopped(small_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver.RunSpec, "arguments", lambda self: ["60"])
    monkeypatch.setattr(driver, "binary", lambda name: Path("/bin/sleep"))
    settings = small_study.settings.model_copy(update={"timeout_s": 0.5, "replicates": 1})
    study = dataclasses.replace(small_study, settings=settings)
    started = time.monotonic()
    runs = simulate_all(study, store_of(study))
    assert time.monotonic() - started < 30
    assert len(runs.failures) == 2
    assert all("longer than 0.5 s" in reason for reason in runs.failures.values())


def test_ctrl_c_kills_the_children_and_leaves_what_resume_finishes(
    small_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(small_study)
    run, running = Children.run, threading.Event()

    def slow(self, command, folder, log, timeout_s):  # type: ignore[no-untyped-def]
        if "--seed=2" in command:
            running.set()
            command = ["sleep", "60"]
        return run(self, command, folder, log, timeout_s)

    monkeypatch.setattr(Children, "run", slow)

    def interrupt() -> None:
        if running.wait(60):  # else the study has failed long ago, and the signal would end the whole suite
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        simulate_all(small_study, store)
    assert time.monotonic() - started < 50
    assert not list((store.root / "failed").glob("*"))
    assert not list((store.root / "running").iterdir())

    monkeypatch.setattr(Children, "run", run)
    runs = simulate_all(small_study, store)
    assert not runs.failures
    assert len(dict(runs.finished())) == 4


def test_a_mistake_of_ours_costs_its_own_runs_only(
    small_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(site: Site, period: str, replicate: int, *rest: Any) -> Demand:
        if replicate == small_study.replicates[0]:
            raise ValueError("a slip")
        return realise(site, period, replicate, *rest)

    monkeypatch.setattr("sim.runs.work.realise", broken)
    done = simulate_all(dataclasses.replace(small_study, root=tmp_path), Store(tmp_path / "store"))
    assert set(done.failures.values()) == {"internal error: ValueError: a slip"}
    assert {key[2] for key in done.failures} == {small_study.replicates[0]}
    assert len(list(done.finished())) == len(done.runs) - len(done.failures)
