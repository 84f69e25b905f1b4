"""Recording a study: the same runs once more, refused if they are not the same, and the same bytes again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.replay import write_replay
from sim.runs.campaign import StudyRuns, run_study
from sim.runs.preflight import Preflight, preflight
from sim.runs.recording import recorded
from sim.runs.store import Store
from sim.runs.work import Work, arms_laid_out
from sim.study import Study
from sim.sumo.driver import Children
from sim.sumo.recording import Clip

FRAME = (0.0, 140.0, 800.0, 660.0)
CLIP = Clip(400.0, 500.0, FRAME, ("C",))


@pytest.fixture
def simulated(small_study: Study) -> tuple[Study, Preflight, Store, StudyRuns]:
    store = Store(small_study.root / "results" / ".store")
    checked = preflight(small_study, store.root)
    return small_study, checked, store, run_study(small_study, checked.builds, store)


def test_a_recording_is_of_the_stored_run_vehicle_by_vehicle(
    simulated: tuple[Study, Preflight, Store, StudyRuns],
) -> None:
    study, checked, store, runs = simulated
    work = Work(study, store, arms_laid_out(study.site, checked.builds))
    digest = str(runs.runs["retime", "peak", 1].digest)
    found = recorded(work, "retime", "peak", 1, digest, CLIP)
    assert found.failure is None
    trips = store.read(digest, "trips").set_index("id")
    seen = found.paths.groupby("vehicle")["time_s"].agg(["min", "max"]).join(trips)
    assert len(seen) > 15
    assert (seen["min"] >= seen["depart_s"]).all() and (seen["max"] <= seen["arrival_s"]).all()
    away = trips[(trips["arrival_s"] < CLIP.begin_s) | (trips["depart_s"] > CLIP.end_s)].index
    assert len(away) > 10 and not set(away) & set(seen.index)
    # Whoever was on the way all the time is seen every second, inside the frame.
    all_along = seen[(seen["depart_s"] < CLIP.begin_s + 1) & (seen["arrival_s"] > CLIP.end_s)]
    assert found.paths["x_m"].between(FRAME[0], FRAME[2]).all()
    assert found.paths.groupby("vehicle").size().max() > 50 or all_along.empty
    # The lights follow the program of that arm.
    program = checked.builds["retime", "peak"].controls["C"].programs
    states = {interval.state for one in program.values() for interval in one.intervals}
    assert set(found.lights["state"]) <= states and len(set(found.lights["state"])) > 2
    assert found.lights["time_s"].min() == CLIP.begin_s


def test_a_run_that_comes_out_differently_is_refused(
    simulated: tuple[Study, Preflight, Store, StudyRuns], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, checked, store, runs = simulated
    work = Work(study, store, arms_laid_out(study.site, checked.builds))
    digest = str(runs.runs["baseline", "peak", 1].digest)
    read = store.read

    def moved(of: str, table: str) -> pd.DataFrame:
        found = read(of, table)
        if table == "trips":
            found.loc[found["arrival_s"].idxmin(), "time_loss_s"] += 0.01
        return found

    monkeypatch.setattr(store, "read", moved)
    told = recorded(work, "baseline", "peak", 1, digest, CLIP).failure
    assert told is not None and "differs from the stored one (trips)" in told
    other = str(runs.runs["baseline", "peak", 2].digest)
    told = recorded(work, "baseline", "peak", 1, other, CLIP).failure
    assert told is not None and "other inputs" in told


def test_a_study_is_recorded_once_and_gives_the_same_bytes(
    simulated: tuple[Study, Preflight, Store, StudyRuns], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, checked, store, runs = simulated
    measures = pd.DataFrame(
        [
            (arm, "peak", n, study.primary, "network", 50.0 + n, 1)
            for arm in ("baseline", "retime")
            for n in (1, 2)
        ],
        columns=["arm", "period", "replicate", "measure", "scope", "value", "n"],
    )
    started: list[object] = []
    run = Children.run

    def counted(self: Children, *words: Any) -> int:
        started.append(words)
        return run(self, *words)

    monkeypatch.setattr(Children, "run", counted)
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        write_replay(study, checked, store, runs.runs, measures, folder)
    one, two = ((folder / "replay.json").read_bytes() for folder in folders)
    assert one == two and len(started) == 4
    write_replay(study, checked, store, runs.runs, measures, folders[0])
    assert len(started) == 4, "what is recorded is not recorded again"
    assert (folders[0] / "replay.json").read_bytes() == one
    (picture,) = json.loads(one)["pictures"]
    assert (picture["arm"], picture["replicate"], picture["pairs"], picture["failure"]) == (
        "retime",
        1,
        2,
        None,
    )
    assert picture["end_s"] - picture["begin_s"] == 300
    before, after = picture["sides"]
    assert len(before["vehicles"]) > 20 and before["points"] != after["points"]
    # Every way through the signal has a light of its own.
    ways = [one for one in study.site.network.connections if one.signal == "C"]
    assert {(light[4], light[5]) for light in before["lights"]} == {("C", one.link) for one in ways}
    assert len({tuple(light[:4]) for light in before["lights"]}) == len(ways) > 10
    assert set(before["signals"]) == set(after["signals"]) == {"C"}
    assert before["signals"] != after["signals"]
