"""What adaptive control makes of a plan, what the law gets to know of it, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.controllers import make_controller
from sim.edits.vocabulary import SetProgram
from sim.errors import ConfigError
from sim.interventions.fixed_time import shipped_rules
from sim.policy import AppliedPolicy, apply
from sim.signals.adaptive import controllers_of, within
from sim.signals.program import GREEN, SignalProgram
from sim.signals.streams import least_green_s
from sim.site.model import Site
from tests.sites import policy_of


@pytest.fixture(scope="module")
def program(site: Site) -> SignalProgram:
    control = site.signals["am"]["J1"]
    return control.programs[control.active]


def applied(site: Site, **fields: object) -> AppliedPolicy:
    said = {"kind": "adaptive_control", "junctions": ["J1"], **fields}
    return apply(policy_of(a=said), site, "policy")


def test_stages_and_intergreens_stay_and_greens_keep_their_minima(site: Site, program: SignalProgram) -> None:
    policy = applied(site, expect={"cycles_s": {"J1": program.cycle_s}}, max_green_s=50)
    (edit,) = policy.edits
    assert isinstance(edit, SetProgram)
    new = edit.wanted.program(edit.wanted.active).program
    assert new.kind == "max_pressure"
    rules = shipped_rules()
    for stage in program.stages():
        span = range(stage.first, stage.last + 1)
        (main,) = [n for n in span if new.intervals[n].max_s is not None]
        fixed_s = stage.green_s - program.intervals[main].duration_s
        least_s = min(least_green_s(stage, program, site.network, rules), stage.green_s)
        assert new.intervals[main].min_s == least_s - fixed_s
        assert new.intervals[main].max_s == 50 - fixed_s
    others = [
        (old.duration_s, now.duration_s)
        for old, now in zip(program.intervals, new.intervals, strict=True)
        if now.max_s is None
    ]
    assert all(old == now for old, now in others)
    assert "50" in policy.change_log[0].en


def test_limits_that_a_fixed_time_program_carries_are_no_licence_to_decide(program: SignalProgram) -> None:
    carried = replace(program, intervals=tuple(replace(i, min_s=1.0, max_s=99.0) for i in program.intervals))
    limits_s = {stage.name: (5.0, 50.0) for stage in program.stages()}
    made = within(carried, "max_pressure", limits_s)
    assert made == within(program, "max_pressure", limits_s)
    assert sum(interval.max_s is not None for interval in made.intervals) == len(program.stages())


def test_the_law_knows_every_stage_and_the_lanes_that_feed_it(site: Site, program: SignalProgram) -> None:
    policy = applied(site, expect={"cycles_s": {"J1": program.cycle_s}})
    (edit,) = policy.edits
    control = edit.applied(site).signals["am"]["J1"]
    assert controllers_of(site.signals["am"], site.network) == ()
    (law,) = controllers_of({"J1": control}, site.network)
    assert law["kind"] == "max_pressure"
    (plan,) = law["plans"]
    assert len(plan["stages"]) == len(program.stages())
    links = site.network.links["J1"]
    for stage in plan["stages"]:
        state = program.intervals[stage["interval"]].state
        served = {
            key.partition("->")[0]
            for link, keys in links.items()
            for key in keys
            if state[link] in GREEN and not key.startswith("crossing:")
        }
        assert set(stage["lanes"]) <= served
        assert stage["lanes"]
    for lane, feeds in plan["feeds"].items():
        assert feeds[0][0] == lane
        assert all(0 < share <= 1 and 0 < reach <= 1 for _, share, reach in feeds)
    assert make_controller(law, "c").signals == ("J1",)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"expect": {"cycles_s": {"J1": 7}}}, "found"),
        ({"expect": {"cycles_s": {"J2": 90}}}, "no junction of this intervention"),
        ({"max_green_s": 3}, "needs a green of"),
        ({"junctions": ["J1", "J1"]}, "runs two of them"),
        ({"method": "min_pressure"}, "method"),
    ],
)
def test_what_cannot_be_is_refused(
    site: Site, program: SignalProgram, fields: dict[str, object], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        applied(site, **{"expect": {"cycles_s": {"J1": program.cycle_s}}, **fields})
