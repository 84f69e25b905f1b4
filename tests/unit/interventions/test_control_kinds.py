"""`signalise` and `convert_junction`: what they change, in which words, and what they refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from sim.edits.control import precedences, with_control
from sim.edits.edited_site import edited
from sim.errors import BuildError, ConfigError, Problems
from sim.loading import parse
from sim.policy import AppliedPolicy, apply
from sim.signals.new_plan import plain_plan
from sim.signals.program import GREEN
from sim.signals.rules import timing_rules
from sim.site.check import check_field_values
from sim.site.facts import SiteFacts
from sim.site.model import Site
from sim.standard_data import SOURCE
from sim.sumo.build import build
from sim.sumo.netconvert import convert
from sim.sumo.proof import prove
from sim.sumo.site import load
from tests.control_kinds import plan
from tests.sites import applied_of, policy_of, site_of

CONVERT = {"kind": "convert_junction", "junction": "J1", "expect": {"control": "signals"}, "to": "priority",
           "major": ["east", "west"]}  # fmt: skip
LEGS = ("north", "east", "south", "west")
PLAN = {
    "stages": {
        "main": {
            "green": ["east.through", "east.right", "west.through", "west.right"],
            "permissive": ["east.left", "west.left"],
            "crossings": ["north", "south"],
            "green_s": 40,
            "all_red_s": 2,
        },
        "side": {
            "green": ["north.through", "north.right", "south.through", "south.right"],
            "permissive": ["north.left", "south.left"],
            "crossings": ["east", "west"],
            "green_s": 25,
            "all_red_s": 2,
        },
    }
}
WITHOUT_ZEBRAS = {
    "stages": {
        name: {field: value for field, value in stage.items() if field != "crossings"}
        for name, stage in PLAN["stages"].items()
    }
}
SIGNALISE = {"kind": "signalise", "junction": "J1", "expect": {"control": "priority"}, "plan": PLAN}


@pytest.fixture(scope="module")
def crossroads(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A crossroads J1 whose east-west street has the right of way, and a T at J2, without signals."""
    folder = tmp_path_factory.mktemp("crossroads")
    nodes = {"J1": (0, 0), "W": (-200, 0), "J2": (200, 0), "E": (400, 0), "N": (0, 200), "S": (0, -200),
             "N2": (200, 200)}  # fmt: skip
    lines = (f'<node id="{id}" x="{x}" y="{y}" type="priority"/>' for id, (x, y) in nodes.items())
    (folder / "a.nod.xml").write_text(f"<nodes>{''.join(lines)}</nodes>")
    pairs = [("W", "J1", 3), ("J1", "J2", 3), ("J2", "E", 3), ("N", "J1", 1), ("S", "J1", 1), ("N2", "J2", 1)]
    edges = (
        f'<edge id="{a}_{b}" from="{a}" to="{b}" priority="{rank}" numLanes="1" speed="13.89"/>'
        for one, other, rank in pairs
        for a, b in ((one, other), (other, one))
    )
    (folder / "a.edg.xml").write_text(f"<edges>{''.join(edges)}</edges>")
    convert(["-n", "a.nod.xml", "-e", "a.edg.xml", "--no-turnarounds", "-o", "a.net.xml"], folder)
    return site_of(folder / "a.net.xml", folder / "site")


def applied(site: Site, base: Mapping[str, object], **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={**base, **fields}), site, "policy")


def observed(site: Site, **values: object) -> Site:
    """Return the site as if these capacities in gaps had been observed."""
    written = {id.replace("_", "."): {"gap_capacity_vph": vph, "source": "x"} for id, vph in values.items()}
    data = {**site.facts.model_dump(mode="json", exclude_unset=True), "field_values": written}
    return replace(site, facts=parse(SiteFacts, data, "site.yaml"))


def test_results_rest_on_the_approaches_that_give_way(crossroads: Site, site: Site) -> None:
    assert applied(crossroads, SIGNALISE, plan=plan(crossroads, "J1")).gap_approaches == (
        "J1.north",
        "J1.south",
    )
    # Nobody goes in gaps where signals are today: there is nothing to observe.
    assert applied(site, CONVERT).gap_approaches == tuple(f"J1.{leg}" for leg in sorted(LEGS))
    assert applied(site, {"kind": "retime_signal", "junction": "J1", "expect": {"cycle_s": 90},
                          "greens_s": {"S1": 30}}).gap_approaches == ()  # fmt: skip


def test_what_was_observed_in_every_period_is_no_condition_any_more(crossroads: Site) -> None:
    signals = {**SIGNALISE, "plan": plan(crossroads, "J1")}
    assert applied(crossroads, signals).assumptions
    assert not applied(observed(crossroads, J1_north={"am": 300}), signals).assumptions
    assert applied(observed(crossroads, J1_north={"pm": 300}), signals).assumptions


def test_only_what_can_be_observed_is_accepted(crossroads: Site) -> None:
    facts = observed(
        crossroads, J1_north={"am": 300, "pm": 200}, J1_east={"am": 300}, J1_north_left={"am": 100}
    ).facts
    problems = Problems()
    check_field_values(facts, crossroads.network, "s", problems)
    assert [str(problem) for problem in problems.found] == [
        "s.field_values.J1.north.gap_capacity_vph.pm: the site has no period 'pm' (known: am)",
        "s.field_values.J1.east.gap_capacity_vph: nobody goes in gaps there: 'J1.east' need not give way "
        "(leave it out)",
        "s.field_values.J1.north.left.gap_capacity_vph: is observed of a whole approach: what stands there "
        "shares its lanes (write it for 'J1.north')",
    ]


def test_a_signal_goes_and_nothing_else(site: Site, tmp_path: Path) -> None:
    policy = applied(site, CONVERT)
    base, arm = (build(site, p, "am", tmp_path) for p in (applied_of(site, ()), policy))
    assert prove(base, arm, policy.footprint, policy.edits).changed
    assert arm.controls.keys() == base.controls.keys() - {"J1"}
    assert arm.network.junctions["J1"].control == "priority"
    assert (
        policy.change_log[0].en
        == "junction J1 control: signals → priority (give way), junction J1 east, junction J1 west first"
    )
    assert "not held against an observation" in policy.assumptions[0].en


@pytest.mark.parametrize("major", [("east", "west"), ("north", "south"), ("north", "east")])
def test_the_major_approaches_go_first(site: Site, tmp_path: Path, major: tuple[str, ...]) -> None:
    """Whatever the ranks of the streets are; the proof reads who yields to whom in the built network."""
    policy = applied(site, CONVERT, major=list(major))
    base, arm = (build(site, p, "am", tmp_path) for p in (applied_of(site, ()), policy))
    prove(base, arm, policy.footprint, policy.edits)
    then = edited(site, policy.edits).network
    pairs = list(precedences(then, then.junctions["J1"]))
    firsts = {then.approach_of_edge[first[0]].name for first, _ in pairs}
    seconds = {then.approach_of_edge[second[0]].name for _, second in pairs}
    assert firsts == set(major)
    assert seconds == set(LEGS) - set(major)


def test_the_proof_misses_a_right_of_way_that_is_not_there(site: Site, tmp_path: Path) -> None:
    """An arm built for one street's right of way does not pass for the other's."""
    east, north = (applied(site, CONVERT, major=list(m)) for m in (("east", "west"), ("north", "south")))
    base, arm = (build(site, p, "am", tmp_path) for p in (applied_of(site, ()), east))
    with pytest.raises(BuildError, match="is to go before") as refusal:
        prove(base, arm, east.footprint | north.footprint, north.edits)
    assert "precedence" in str(refusal.value)


def test_signals_are_put_up_with_a_stated_plan(crossroads: Site, tmp_path: Path) -> None:
    policy = applied(crossroads, SIGNALISE, plan=WITHOUT_ZEBRAS)
    base, arm = (build(crossroads, p, "am", tmp_path) for p in (applied_of(crossroads, ()), policy))
    assert prove(base, arm, policy.footprint, policy.edits).changed
    (program,) = arm.controls["J1"].programs.values()
    assert [(stage.name, stage.green_s) for stage in program.stages()] == [("main", 40), ("side", 25)]
    assert ["measured_junctions" in words.en for words in policy.warnings] == [True]
    assert policy.change_log[0].en == (
        "junction J1 gets signals: priority (give way) → signals, cycle 75 s, greens main 40 s, side 25 s"
    )


def test_what_is_converted_gets_signals_again_in_a_stated_order(site: Site, tmp_path: Path) -> None:
    policy = apply(policy_of(a=CONVERT, b={**SIGNALISE, "after": ["a"]}), site, "policy")
    base, arm = (build(site, p, "am", tmp_path) for p in (applied_of(site, ()), policy))
    proof = prove(base, arm, policy.footprint, policy.edits)
    assert {key for key in proof.objects if key[0] == "signal_timing"} == {("signal_timing", "J1@am")}


def test_markings_follow_in_a_stated_order(crossroads: Site, tmp_path: Path) -> None:
    """A later intervention finds the new signal as its own."""
    first = {**SIGNALISE, "plan": WITHOUT_ZEBRAS}
    more = {"kind": "retime_signal", "junction": "J1", "expect": {"cycle_s": 75}, "greens_s": {"main": 50}}
    bay = {"kind": "add_turn_bay", "approach": "J1.west", "length_m": 40, "expect": ["left+through+right"],
           "lanes": ["left", "through+right"]}  # fmt: skip
    policy = apply(
        policy_of(a=first, b={**more, "after": ["a"]}, c={**bay, "after": ["a", "b"]}), crossroads, "policy"
    )
    base, arm = (build(crossroads, p, "am", tmp_path) for p in (applied_of(crossroads, ()), policy))
    prove(base, arm, policy.footprint, policy.edits)
    (program,) = arm.controls["J1"].programs.values()
    assert program.cycle_s == 85


@pytest.mark.parametrize("name", ["J1", "J2"])
def test_a_plain_plan_serves_everybody_and_lets_nobody_meet(crossroads: Site, site: Site, name: str) -> None:
    """Two stages at crossroads, two at a T; crossings walk beside who goes straight on."""
    for place in (crossroads, site):
        network = with_control(place.network, name, "signals")
        plan = plain_plan(network.junctions[name], network, timing_rules(SOURCE.parent))
        ways = {f"{a.name}.{m.direction}" for a in network.junctions[name].approaches for m in a.movements}
        served = {way for stage in plan.stages.values() for way in (*stage.green, *stage.permissive)}
        assert served == ways
        assert len(plan.stages) == 2
        if place is site:
            walked = {leg for stage in plan.stages.values() for leg in stage.crossings}
            assert walked == {a.name for a in network.junctions[name].approaches}
            assert all(stage.green_s >= 7 + stage.pedestrian_flash_s for stage in plan.stages.values())


def test_without_demand_a_plan_is_asked_for(crossroads: Site) -> None:
    with pytest.raises(ConfigError, match="state a plan"):
        applied(crossroads, {key: value for key, value in SIGNALISE.items() if key != "plan"})


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"junction": "J9"}, "no junction named 'J9'.*J1"),
        ({"junction": "J2", "expect": {"control": "allway_stop"}}, "expected 'allway_stop'; found 'signals'"),
        ({"expect": {"control": "priority"}}, "expected 'priority'; found 'signals'"),
        ({"major": []}, "say which approaches have the right of way"),
        ({"major": list(LEGS)}, "leave at least one"),
        ({"major": ["east", "wset"]}, "no approach 'wset'.*west"),
        ({"to": "allway_stop"}, "nobody has the right of way under 'allway_stop'"),
        ({"to": "roundabout"}, "allway_stop"),
    ],
)
def test_a_conversion_that_cannot_be_is_refused(site: Site, fields: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=rf"(?s){told}"):
        applied(site, CONVERT, **fields)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"junction": "J9"}, "no junction named 'J9'"),
        ({"expect": {"control": "signals"}}, "expected 'signals'; found 'priority'"),
        ({"plan": {"stages": {}}}, "stages"),
        ({"plan": {"stages": {"main": {"green": ["east.through"], "green_s": 30}}}}, "no stage serves"),
        (
            {"plan": {"stages": {"all": {"green": [f"{leg}.{way}" for leg in LEGS for way in
                                                   ("left", "through", "right")], "green_s": 30}}}},
            "cross each other and are both green",
        ),
        ({"plan": {"stages": {"main": {"green": ["east.trough"], "green_s": 30}}}}, "no movement 'east.t"),
    ],
)  # fmt: skip
def test_a_signal_that_cannot_be_is_refused(crossroads: Site, change: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=rf"(?s){told}"):
        applied(crossroads, SIGNALISE, **change)


def test_signals_where_there_are_some_are_refused(site: Site) -> None:
    with pytest.raises(ConfigError, match="has signals already"):
        applied(site, SIGNALISE, expect={"control": "signals"})


def test_a_junction_with_a_waiting_area_keeps_its_signal(repo_root: Path, tmp_path: Path) -> None:
    """The area has lights of its own; on the place of the reference page there is room for one."""
    place = load(repo_root / "docs" / "interventions" / "place", tmp_path)
    area = {"kind": "left_waiting_area", "movement": "J1.north.left", "expect": {"lanes": 1}, "storage_m": 9}
    with pytest.raises(ConfigError, match="has a waiting area inside the junction"):
        apply(policy_of(a=area, b={**CONVERT, "after": ["a"]}), place, "policy")


def test_two_that_touch_one_junction_need_an_order(site: Site) -> None:
    retime = {"kind": "retime_signal", "junction": "J1", "expect": {"cycle_s": 90}, "offset_s": 5}
    with pytest.raises(ConfigError, match=r"which 'a' touches too"):
        apply(policy_of(a=CONVERT, b=retime), site, "policy")


def test_a_computed_plan_is_made_for_the_demand_of_each_period(shiqiaopu: Site) -> None:
    """A drawn junction loses its signal and gets another one with a computed plan."""
    gone = {**CONVERT, "junction": "J1", "major": ["north"]}
    again = {"kind": "signalise", "junction": "J1", "expect": {"control": "priority"}, "after": ["a"]}
    policy = apply(policy_of(a=gone, b=again), shiqiaopu, "policy")
    then = edited(shiqiaopu, policy.edits)
    programs = [controls["J1"].programs["new"] for controls in then.signals.values()]
    links = range(len(programs[0].intervals[0].state))
    for program in programs:
        assert 40 <= program.cycle_s <= 180
        assert all(any(i.state[link] in GREEN for i in program.intervals) for link in links)
    morning, evening = ([stage.green_s for stage in program.stages()] for program in programs)
    assert len(morning) == len(evening)
    assert morning != evening
