"""The signal check: each rule is found where it is broken, and a legal plan has nothing to show."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sim.labels import catalogue
from sim.loading import parse
from sim.signals.findings import SOURCES, LintFinding, Rule, dangers_added
from sim.signals.from_plan import program_of
from sim.signals.legal import breaks_a_minimum, legalised
from sim.signals.lint import lint, lint_controls
from sim.signals.lint_words import listing, source, words
from sim.signals.plan import SignalPlan
from sim.signals.program import SignalControl, SignalProgram
from sim.signals.rules import TimingRules
from sim.site.network import Network
from tests.crossroads import STAGES

CROSSING_M = dict.fromkeys(("J1.north", "J1.east", "J1.south", "J1.west"), 16.0)
LEGAL_FLASH_S = 12
"""16 m at 1.0 m/s, less 3 s of yellow and 2 s of red, rounded up."""


def program(
    network: Network, change: Callable[[dict[str, Any]], object] | None = None, **more: Any
) -> SignalProgram:
    """Return the program of the crossroads with pedestrian times that keep the rules, then changed."""
    stages = copy.deepcopy(STAGES)
    for name in ("A", "C"):
        stages[name]["pedestrian_flash_s"] = LEGAL_FLASH_S
    if change is not None:
        change(stages)
    plan = parse(SignalPlan, {"stages": stages}, "plan")
    return replace(program_of(plan, network.junctions["J1"], network, "plan"), **more)


def restated(found: SignalProgram, link: int, old: str, new: str) -> SignalProgram:
    """Change one link's letter wherever it is `old`."""
    intervals = (
        replace(i, state=i.state[:link] + new + i.state[link + 1 :]) if i.state[link] == old else i
        for i in found.intervals
    )
    return replace(found, intervals=tuple(intervals))


def link(network: Network, movement: str) -> int:
    return next(c.link for c in network.movements[movement].connections if c.link is not None)


def check(found: SignalProgram, network: Network, rules: TimingRules) -> dict[Rule, list[LintFinding]]:
    by_rule: dict[Rule, list[LintFinding]] = {}
    for item in lint(found, network, rules, CROSSING_M):
        by_rule.setdefault(item.rule, []).append(item)
    return by_rule


@pytest.fixture
def network(crossroads_network: Network) -> Network:
    return crossroads_network


def test_a_legal_plan_has_neither_danger_nor_breach(network: Network, rules: TimingRules) -> None:
    found = check(program(network), network, rules)
    assert not [item for items in found.values() for item in items if item.severity != "caution"], found


def test_walkers_need_the_length_of_the_crossing_in_seconds(network: Network, rules: TimingRules) -> None:
    short = program(network, lambda s: s["A"].update(pedestrian_flash_s=8))
    found = check(short, network, rules)
    # 8 s of clearance, 3 s of yellow, 2 s of red until the left turns of stage B: 13 s for 16 m.
    cleared = found[Rule.PEDESTRIAN_CLEARANCE]
    assert {(f.movement, f.stage, f.value, f.limit) for f in cleared} == {
        ("J1.north", "A", 13, 16),
        ("J1.south", "A", 13, 16),
    }
    assert {f.severity for f in cleared} == {"danger"}
    assert Rule.PEDESTRIAN_TIME not in found, "30 + 5 s are more than 7 + 16 s"


def test_walkers_need_time_to_start(network: Network, rules: TimingRules) -> None:
    found = check(program(network, lambda s: s["A"].update(green_s=16)), network, rules)
    assert {(f.movement, f.value, f.limit) for f in found[Rule.PEDESTRIAN_TIME]} == {
        ("J1.north", 21, 23),
        ("J1.south", 21, 23),
    }


def test_a_short_green_is_found_and_one_that_goes_on_is_not(network: Network, rules: TimingRules) -> None:
    found = check(program(network, lambda s: s["B"].update(green_s=6)), network, rules)
    assert {(f.movement, f.stage, f.value) for f in found[Rule.MINIMUM_GREEN]} == {
        ("J1.east.left", "B", 6),
        ("J1.west.left", "B", 6),
    }

    def overlap(stages: dict[str, Any]) -> None:
        stages["A"]["permissive"] = ["east.left", "west.left"]
        stages["B"]["green_s"] = 6

    assert Rule.MINIMUM_GREEN not in check(program(network, overlap), network, rules), (
        "30 + 5 + 6 s in one run"
    )


def test_yellow_is_held_against_the_rule_and_the_approach_speed(network: Network, rules: TimingRules) -> None:
    found = check(program(network, lambda s: s["B"].update(yellow_s=2, all_red_s=3)), network, rules)
    assert {(f.movement, f.value, f.limit) for f in found[Rule.YELLOW]} == {
        ("J1.east.left", 2, 3),
        ("J1.west.left", 2, 3),
    }
    fast = {
        id: replace(edge, lanes=tuple(replace(lane, speed_mps=70 / 3.6) for lane in edge.lanes))
        for id, edge in network.edges.items()
    }
    found = check(program(network), replace(network, edges=fast), rules)
    assert {(f.value, f.limit) for f in found[Rule.STOPPING_YELLOW]} == {(3, 4.19)}
    assert "J1.east.through" in {f.movement for f in found[Rule.STOPPING_YELLOW]}
    assert rules.stopping_yellow_s(50 / 3.6) == pytest.approx(3.28, abs=0.01)
    assert rules.stopping_yellow_s(70 / 3.6) == pytest.approx(4.19, abs=0.01)


def test_the_intergreen_follows_speed_and_clearance_distance(network: Network, rules: TimingRules) -> None:
    assert rules.intergreen_s(10, 0) == 3, "never less than the yellow"
    assert rules.intergreen_s(50 / 3.6, 20) == pytest.approx(20 / 13.889 + 13.889 / 6.1, abs=0.01)
    hasty = program(network, lambda s: s["B"].update(yellow_s=2, all_red_s=0))
    found = check(hasty, network, rules)[Rule.INTERGREEN]
    assert {f.movement for f in found} == {"J1.east.left", "J1.west.left"}
    assert {f.value for f in found} == {2}
    farther = {(f.movement, f.other): f.limit for f in found}
    # The left turn from the east is met late by who comes from the south, early by who comes from the north.
    assert farther["J1.east.left", "J1.south.left"] > farther["J1.east.left", "J1.north.left"] == 3


def test_conflicting_greens(network: Network, rules: TimingRules) -> None:
    legal = program(network)
    both = restated(legal, link(network, "J1.north.through"), "r", "G")
    found = check(both, network, rules)[Rule.CONFLICTING_GREENS]
    assert ("J1.east.through", "J1.north.through") in {(f.movement, f.other) for f in found}
    assert {f.severity for f in found} == {"breach"}


def test_a_crossing_that_walks_against_protected_green(network: Network, rules: TimingRules) -> None:
    crossing = network.approaches["J1.east"].crossing
    assert crossing is not None and crossing.link is not None
    against = restated(program(network), crossing.link, "r", "G")
    assert Rule.PEDESTRIAN_CONFLICT not in check(against, network, rules), (
        "it never stops: no signal for walkers"
    )
    stage_b = [i for i in program(network).intervals if i.name == "A"]
    intervals = tuple(
        replace(i, state=i.state[: crossing.link] + "G" + i.state[crossing.link + 1 :]) if i in stage_b else i
        for i in program(network).intervals
    )
    found = check(replace(program(network), intervals=intervals), network, rules)[Rule.PEDESTRIAN_CONFLICT]
    assert {f.other for f in found} >= {"J1.east.through"}
    assert {f.severity for f in found} == {"danger"}


def test_unserved_movements_and_crossings(network: Network, rules: TimingRules) -> None:
    dark = program(network)
    for old in "Gy":
        dark = restated(dark, link(network, "J1.east.left"), old, "r")
    crossing = network.approaches["J1.east"].crossing
    assert crossing is not None and crossing.link is not None
    found = check(restated(dark, crossing.link, "G", "r"), network, rules)
    assert [f.movement for f in found[Rule.MOVEMENT_UNSERVED]] == ["J1.east.left"]
    assert [f.movement for f in found[Rule.CROSSING_UNSERVED]] == ["J1.east"]


def test_arrows_over_shared_lanes(network: Network, rules: TimingRules) -> None:
    """On the crossroads the through lanes of every leg serve right turns or lefts as well."""
    red_right = restated(program(network), link(network, "J1.north.right"), "g", "r")
    found = check(red_right, network, rules)
    assert {(f.movement, f.other) for f in found[Rule.RIGHT_TURN_ARROW]} == {
        ("J1.north.through", "J1.north.right")
    }
    assert {f.severity for f in found[Rule.RIGHT_TURN_ARROW]} == {"caution"}
    assert Rule.SHARED_LANE not in found
    red_left = program(network)
    for old in "gy":
        red_left = restated(red_left, link(network, "J1.north.left"), old, "r")
    assert check(red_left, network, rules)[Rule.SHARED_LANE]


def test_cycle_bounds_and_long_waits(network: Network, rules: TimingRules) -> None:
    found = check(program(network, lambda s: s["A"].update(green_s=140)), network, rules)
    assert [(f.value, f.limit) for f in found[Rule.CYCLE_LONG]] == [(200, 180)]
    assert {f.movement for f in found[Rule.PEDESTRIAN_WAIT]} >= {"J1.east", "J1.west"}

    def tiny(stages: dict[str, Any]) -> None:
        for name in "ABC":
            stages[name].update(green_s=8, pedestrian_flash_s=0)

    assert [(f.value, f.limit) for f in check(program(network, tiny), network, rules)[Rule.CYCLE_SHORT]] == [
        (39, 40)
    ]


def test_adaptive_programs_are_held_at_their_shortest(network: Network, rules: TimingRules) -> None:
    legal = program(network)
    intervals = (replace(i, min_s=5, max_s=40) if i.name == "B" else i for i in legal.intervals)
    actuated = replace(legal, kind="actuated", intervals=tuple(intervals))
    assert {f.value for f in check(actuated, network, rules)[Rule.MINIMUM_GREEN]} == {5}
    mended = legalised(actuated, network, rules, CROSSING_M)
    assert Rule.MINIMUM_GREEN not in check(mended, network, rules)
    assert [i.duration_s for i in mended.intervals] == [i.duration_s for i in legal.intervals]


def test_a_crossing_beyond_sixteen_metres(network: Network, rules: TimingRules) -> None:
    found = lint(program(network), network, rules, {**CROSSING_M, "J1.east": 17.0})
    assert {(f.movement, f.value, f.limit) for f in found if f.rule is Rule.LONG_CROSSING} == {
        ("J1.east", 17, 16)
    }


def test_switching(network: Network, rules: TimingRules) -> None:
    one = program(network)
    two = replace(one, id="night")

    def rules_of(control: SignalControl) -> set[Rule]:
        found = lint_controls({"J1": control}, network, rules, (27000, 30600), "am", CROSSING_M)
        return {f.rule for f in found if f.period == "am"}

    programs = {"plan": one, "night": two}
    switches = ((0, "plan"), (28000, "night"))
    assert Rule.SWITCHES_WITHIN in rules_of(SignalControl("J1", programs, "plan", switches))
    assert Rule.SWITCHED_OFF in rules_of(SignalControl("J1", programs, "plan", ((28000, "off"),)))
    quiet = SignalControl("J1", programs, "plan", ((0, "plan"), (40000, "off")))
    assert not {Rule.SWITCHES_WITHIN, Rule.SWITCHED_OFF, Rule.TIME_OF_DAY_GAP} & rules_of(quiet)
    late = SignalControl("J1", programs, "plan", ((28000, "night"),))
    (gap,) = (
        f
        for f in lint_controls({"J1": late}, network, rules, (27000, 30600), "am", CROSSING_M)
        if f.rule is Rule.TIME_OF_DAY_GAP
    )
    assert (gap.program, gap.value, gap.severity) == ("plan", 1000, "caution")


def test_only_a_danger_that_is_new_or_greater_is_refused(network: Network, rules: TimingRules) -> None:
    def flash(seconds: float) -> tuple[LintFinding, ...]:
        changed = program(network, lambda s: s["A"].update(pedestrian_flash_s=seconds))
        return lint(changed, network, rules, CROSSING_M)

    assert {f.movement for f in dangers_added(flash(12), flash(8))} == {"J1.north", "J1.south"}
    assert {f.value for f in dangers_added(flash(8), flash(6))} == {11}
    assert not dangers_added(flash(8), flash(8))
    assert not dangers_added(flash(6), flash(8)), "better than today, though not good"


def test_a_plan_made_legal_keeps_its_cycle_and_its_vehicles_greens(
    network: Network, rules: TimingRules
) -> None:
    illegal = program(network, lambda s: [s[name].update(pedestrian_flash_s=8) for name in "AC"])
    assert breaks_a_minimum(lint(illegal, network, rules, CROSSING_M))
    legal = legalised(illegal, network, rules, CROSSING_M)
    assert not breaks_a_minimum(lint(legal, network, rules, CROSSING_M))
    assert legal.cycle_s == illegal.cycle_s
    assert [s.green_s for s in legal.stages()] == [s.green_s for s in illegal.stages()]
    assert [i.state for i in legal.intervals] == [i.state for i in illegal.intervals], (
        "times alone were changed"
    )


def test_short_greens_are_made_up_from_the_longest(network: Network, rules: TimingRules) -> None:
    illegal = program(network, lambda s: s["B"].update(green_s=4))
    legal = legalised(illegal, network, rules, CROSSING_M)
    assert legal.cycle_s == illegal.cycle_s
    assert [s.green_s for s in legal.stages()] == [28, 7, 29]
    assert legalised(legal, network, rules, CROSSING_M) == legal


def test_a_cycle_grows_where_nothing_can_be_taken(network: Network, rules: TimingRules) -> None:
    def all_short(stages: dict[str, Any]) -> None:
        for name in "ABC":
            stages[name].update(green_s=5, pedestrian_flash_s=0)

    illegal = program(network, all_short)
    legal = legalised(illegal, network, rules, CROSSING_M)
    assert not breaks_a_minimum(lint(legal, network, rules, CROSSING_M))
    assert legal.cycle_s > illegal.cycle_s
    walk = next(i for i in legal.intervals if i.name == "A")
    assert walk.duration_s >= 7, "who steps off has seven seconds to do so"


def test_every_rule_has_words_and_every_number_its_source(rules: TimingRules) -> None:
    for rule in Rule:
        finding = LintFinding(rule, "J1", "peak", "A", "J1.north", "J1.east.left", 3.5, 7)
        assert {f"lint.{rule}", f"lint.severity.{finding.severity}"} <= set(catalogue())
        assert "J1" in words(finding).zh
        assert ("what a signal is" in source(finding, rules).en) == (rule not in SOURCES)
    used = {name for names in SOURCES.values() for name in names}
    assert used == set(type(rules).model_fields), "no number without a rule"


def test_a_listing_counts_what_today_has_too(network: Network, rules: TimingRules) -> None:
    found = lint(program(network, lambda s: s["A"].update(pedestrian_flash_s=8)), network, rules, CROSSING_M)
    lines = listing(found, rules, ("en",))
    assert any("endangers pedestrians" in line and "J1.north" in line for line in lines)
    assert any("1.0" in line or "GB 50647" in line for line in lines)
    again = listing(found, rules, ("en",), known=found)
    assert again == [f"    {len(found)} findings as in the present plan are not listed again"]
    assert listing([], rules, ("en",)) == ["    nothing found"]
