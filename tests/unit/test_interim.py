"""What is told while a study runs, from hand-made measurements."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from sim.analysis import standing
from sim.interim import Interim
from sim.labels import Text
from sim.measures import SPECS
from sim.runs.run import RunRecord
from sim.tables import ASSIGNMENT, FREE_FLOW, empty

Key = tuple[str, str, int]
NOTHING = empty(FREE_FLOW), empty(ASSIGNMENT)


class Analysis:
    """As much of an analysis as is asked for: arms "baseline" and "wider", ten replicates, one period."""

    def __init__(self, arms: tuple[str, ...] = ("baseline", "wider")) -> None:
        title = SimpleNamespace(zh="高峰", en="peak")
        named = [
            SimpleNamespace(id=id, applied=SimpleNamespace(policy=SimpleNamespace(title=Text(id + "案", id))))
            for id in arms
        ]
        facts = SimpleNamespace(periods={"am": SimpleNamespace(title=title)})
        self.study: Any = SimpleNamespace(
            simulated=named,
            arms=named,
            periods=("am",),
            replicates=range(1, 11),
            primary="fair_travel_time",
            site=SimpleNamespace(facts=facts),
        )
        self.specs = SPECS

    def primary_of(self, measured: Mapping[Key, Any], whole: list[int]) -> pd.DataFrame:
        assert {key[2] for key in measured} == set(whole)
        rows = [(arm.id, "am", -5.0, -8.0, float("nan"), "improved") for arm in self.study.arms[1:]]
        return pd.DataFrame(rows, columns=["arm", "period", "difference", "ci_low", "ci_high", "verdict"])


def finished(work: Callable[..., Any], analysis: Any, keys: list[Key]) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result({key: {} for key in keys})
    return future


def runs(replicates: int, *arms: str) -> dict[Key, RunRecord]:
    return {(arm, "am", n): RunRecord("d") for n in range(1, replicates + 1) for arm in arms}


def interim(analysis: Analysis, begin: Any = finished) -> tuple[Interim, list[str]]:
    told: list[str] = []
    return Interim(lambda *given: analysis, {}, begin, told.append), told  # type: ignore[arg-type,return-value]


def test_policies_are_told_once_enough_replicates_are_measured() -> None:
    watch, told = interim(Analysis())
    assert watch(runs(3, "baseline", "wider"), *NOTHING) == []
    assert watch(runs(4, "baseline", "wider"), *NOTHING) == []  # under way
    (line,) = watch(runs(5, "baseline", "wider"), *NOTHING)
    assert json.loads(json.dumps(line)) == {
        "replicates": 4, "arm": "wider", "period": "am", "difference": -5.0, "ci_low": -8.0, "ci_high": None,
        "verdict": "improved",
    }  # fmt: skip
    assert told[0].startswith("暂时（4 次重复）") or told[0].startswith("暂时(4 次重复)")
    assert "wider, peak" in told[1] and "improved" in told[1]
    assert watch(runs(5, "baseline", "wider"), *NOTHING) == [], "nothing new"
    assert len(told) == 2


def test_a_run_waits_for_todays_with_the_same_people() -> None:
    watch, _ = interim(Analysis())
    watch(runs(8, "wider"), *NOTHING)
    watch.collect()
    assert watch.measured == {}


def test_the_end_is_prepared_while_the_last_run_leaves_a_core_free() -> None:
    watch, _ = interim(Analysis())
    watch.cores, prepared = 2, []
    watch.prepare = lambda: prepared.append(len(watch.measured))
    whole = runs(10, "baseline", "wider")
    while len(whole) > 19:
        whole.popitem()
    before = dict(whole)
    before.popitem()
    watch(before, *NOTHING)
    watch(before, *NOTHING)
    assert (len(watch.measured), prepared) == (18, [])
    watch(whole, *NOTHING)  # one run is left, alone on two cores
    watch.collect()
    assert (len(watch.measured), prepared) == (19, [18])


def test_of_many_policies_the_verdicts_are_counted() -> None:
    arms = ("baseline", *(f"policy{n}" for n in range(9)))
    watch, told = interim(Analysis(arms))
    watch(runs(4, *arms), *NOTHING)
    assert len(watch(runs(4, *arms), *NOTHING)) == 9
    assert [line.rpartition(" ")[2] for line in told] == ["9", "9"]


def test_of_many_runs_nothing_is_held_and_the_same_is_told() -> None:
    begun: list[str] = []

    def elsewhere(work: Callable[..., Any], analysis: Any, given: Any) -> Future[Any]:
        begun.append(work.__name__)
        future: Future[Any] = finished(work, analysis, given)
        if work is standing:
            future = Future()
            future.set_result(analysis.primary_of({("baseline", "am", n): {} for n in given}, given))
        return future

    watch, told = interim(Analysis(), elsewhere)
    watch.many = True
    watch(runs(4, "baseline", "wider"), *NOTHING)
    (line,) = watch(runs(5, "baseline", "wider"), *NOTHING)
    assert (line["replicates"], line["verdict"], len(told)) == (4, "improved", 2)
    assert begun == ["noted_runs", "noted_runs", "standing"]


def test_a_later_look_goes_on_from_what_was_measured() -> None:
    whole = runs(10, "baseline", "wider")
    analysis: Any = Analysis()
    measured: Any = {key: {} for key in whole if key[2] < 10}
    watch = Interim(lambda *given: analysis, measured, finished, lambda line: None)
    watch({key: run for key, run in whole.items() if key in measured}, *NOTHING)
    assert watch._whole(analysis.study) == list(range(1, 10))


@pytest.mark.parametrize("again", [runs(6, "baseline", "wider")])
def test_a_mistake_in_measuring_is_left_for_the_end(again: dict[Key, RunRecord]) -> None:
    def broken(*given: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(ValueError("a mistake"))
        return future

    watch, told = interim(Analysis(), broken)
    assert watch(again, *NOTHING) == watch(again, *NOTHING) == []
    assert (watch.measured, told) == ({}, [])
