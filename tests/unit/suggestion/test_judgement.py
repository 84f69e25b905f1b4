"""What becomes of a candidate on fresh replicates."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from sim.runs.trials import Outcome
from sim.signals.search import SignalTiming
from sim.suggestion.judgement import Judged, judge

PLANS = (SignalTiming((30.0, 20.0), 0.0),)
TODAY = [100.0, 104.0, 98.0, 101.0, 103.0]


def judged(after: Sequence[float], refusal: str = "", mcid: Any = (None, None), **more: Any) -> Judged:
    facts = SimpleNamespace(trains_pass_after_s=None)
    study: Any = SimpleNamespace(mcid=mcid, primary="fair_travel_time", site=SimpleNamespace(facts=facts))
    before = [Outcome(value) for value in TODAY]
    return judge(study, "webster", PLANS, before, [Outcome(v, **more) for v in after], 0.99, refusal)


def test_a_clear_gain_is_better() -> None:
    found = judged([80.0, 83.0, 79.0, 82.0, 83.0])
    assert found.verdict == "improved"
    assert found.better
    assert found.estimate.difference == pytest.approx(-19.8)
    assert found.mcid == pytest.approx(max(2.0, 0.05 * 101.2))


def test_noise_and_harm_are_not() -> None:
    assert not judged([90.0, 114.0, 95.0, 103.0, 101.0]).better
    assert judged([120.0, 125.0, 119.0, 121.0, 124.0]).verdict == "worse"


def test_a_small_gain_is_called_small_and_noise_of_that_size_is_not_a_gain() -> None:
    found = judged([99.0, 103.1, 97.0, 100.1, 102.0], mcid=(50.0, None))
    assert found.verdict == "equivalent"
    assert found.better
    assert found.small
    noise = judged([99.0, 105.0, 97.0, 102.0, 103.0], mcid=(50.0, None))
    assert noise.verdict == "equivalent"
    assert not noise.better


def test_who_did_not_arrive_takes_the_gain_away() -> None:
    assert not judged([80.0, 83.0, 79.0, 82.0, 83.0], uncleared=3).better


def test_teleports_make_it_incomparable() -> None:
    assert judged([80.0, 83.0, 79.0, 82.0, 83.0], teleports=1).verdict == "not_comparable"


def test_failed_and_refused_say_why() -> None:
    failed = judged([80.0, float("inf"), 79.0, 82.0, 83.0], failure="crashed")
    assert (failed.verdict, failed.why, failed.n) == ("failed", "crashed", 0)
    refused = judged([], refusal="endangers pedestrians")
    assert (refused.verdict, refused.why) == ("refused", "endangers pedestrians")
    assert not refused.better
