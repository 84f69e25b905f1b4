from __future__ import annotations

from dataclasses import replace

import pytest

from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.model import Site
from tests.sites import policy_of


def computed(site: Site, **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={"kind": "optimise_splits", "junction": "J1", **fields}), site, "policy")


def refused(site: Site, **fields: object) -> str:
    with pytest.raises(ConfigError) as error:
        computed(site, **fields)
    return str(error.value)


def test_greens_follow_the_demand_of_the_period(shiqiaopu: Site) -> None:
    applied = computed(shiqiaopu, period="am_peak", expect={"cycle_s": 120})
    (edit,) = applied.edits
    old = shiqiaopu.signals["am_peak"]["J1"].programs["peak"]
    assert edit.expected_durations_s == tuple(i.duration_s for i in old.intervals)
    assert edit.offset_s == old.offset_s
    assert applied.footprint == {("signal_timing", "J1@am_peak")}
    assert "Webster" in applied.change_log[0].en
    assert "饱和度" in applied.change_log[0].zh


def test_it_is_computed_alike_every_time(shiqiaopu: Site) -> None:
    one, other = (computed(shiqiaopu, expect={"cycle_s": 120}, by="storage") for _ in range(2))
    assert one.edits == other.edits
    assert len(one.edits) == 2  # each period has a demand of its own
    assert one.edits[0].durations_s != one.edits[1].durations_s


@pytest.mark.parametrize("by", ["webster", "practical", "storage"])
def test_a_given_cycle_is_kept_and_so_are_pedestrians(shiqiaopu: Site, by: str) -> None:
    applied = computed(shiqiaopu, period="am_peak", expect={"cycle_s": 120}, by=by, cycle_s=110)
    (edit,) = applied.edits
    assert sum(edit.durations_s) == pytest.approx(110)
    old = shiqiaopu.signals["am_peak"]["J1"].programs["peak"]
    stages = {s.name: s for s in old.stages()}
    # Stage A walks the north (18 m) and south (20 m) legs: 7 + 20 / 1.0 - 5 = 22 s at least.
    a = stages["A"]
    assert sum(edit.durations_s[a.first : a.last + 1]) >= 22


def test_what_cannot_be_computed_is_named(shiqiaopu: Site) -> None:
    assert "expected 90 s, found 120 s" in refused(shiqiaopu, expect={"cycle_s": 90})
    told = refused(shiqiaopu, expect={"cycle_s": 120}, cycle_s=60)
    assert "policy.interventions.a.cycle_s" in told
    assert "the shortest greens take" in told
    assert "did you mean am_peak?" in refused(shiqiaopu, expect={"cycle_s": 120}, period="am_peek")


def test_a_signal_that_nobody_passes_is_refused(shiqiaopu: Site) -> None:
    nobody = shiqiaopu.counts.assign(count=0.0, queue_start_veh=0.0, queue_end_veh=0.0)
    empty = replace(shiqiaopu, counts=nobody)
    assert "nobody drives over junction 'J1'" in refused(empty, period="am_peak", expect={"cycle_s": 120})


def test_an_actuated_signal_is_refused(shiqiaopu: Site) -> None:
    control = shiqiaopu.signals["am_peak"]["J1"]
    actuated = {n: replace(p, kind="actuated") for n, p in control.programs.items()}
    signals = {p: {**s, "J1": replace(control, programs=actuated)} for p, s in shiqiaopu.signals.items()}
    assert "only fixed-time" in refused(
        replace(shiqiaopu, signals=signals), period="am_peak", expect={"cycle_s": 120}
    )
