"""Arms that differ in signals alone share the inputs of a run; whatever else differs is written anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim.runs import inputs
from sim.runs.inputs import Inputs, RunRequest, write_inputs
from sim.runs.preflight import preflight
from sim.runs.store import Store
from sim.runs.work import Work, arms_laid_out
from sim.study import Study


@pytest.fixture
def requests(small_study: Study) -> tuple[RunRequest, RunRequest]:
    store = Store(small_study.root / "results" / ".store")
    checked = preflight(small_study, store.root)
    work = Work(small_study, store, arms_laid_out(small_study.site, checked.builds))
    return work.request("baseline", "peak", 1), work.request("retime", "peak", 1)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_arms_with_the_same_streets_get_the_same_bytes_once(
    requests: tuple[RunRequest, RunRequest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[RunRequest] = []

    def noted(request: RunRequest, folder: Path) -> inputs.Written:
        made.append(request)
        return write_inputs(request, folder)

    monkeypatch.setattr(inputs, "write_inputs", noted)
    kept = Inputs()
    folders = [tmp_path / name for name in ("today", "retimed", "alone", "later", "fewer")]
    for folder in folders:
        folder.mkdir()
    today, retimed = requests
    said = [kept.write(one, folder) for one, folder in zip(requests, folders, strict=False)]
    assert made == [today]
    assert said[0] == said[1] == write_inputs(retimed, folders[2])
    assert contents(folders[0]) == contents(folders[1]) == contents(folders[2])
    # Other people, and detectors that count over another time, are inputs of their own.
    others = replace(today.demand, vehicles=today.demand.vehicles.iloc[1:])
    assert kept.write(replace(today, demand=others), folders[3]).people != said[0].people
    assert kept.write(replace(today, interval_s=60), folders[4]).detectors != said[0].detectors
    assert len(made) == 3
