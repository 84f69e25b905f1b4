"""The clock of a corridor by hand: a crossing of two streets, 66 s, seen at one instant."""

from __future__ import annotations

from typing import Any

import pytest

from sim.controllers import Controller, make_controller
from sim.controllers.base import Advance, Hold, SignalView
from sim.errors import ConfigError

STATES = ("Grr", "yrr", "rGr", "ryr", "rrG", "rry")
OFFSET_S = 5.0
PLAN: dict[str, Any] = {
    "signal": "C",
    "intervals": [[state, 19.0 if "G" in state else 3.0] for state in STATES],
    "stages": [
        {"interval": 0, "min_s": 10.0, "max_s": 37.0, "lanes": {"main_0": 1.0}},
        {"interval": 2, "min_s": 10.0, "max_s": 28.0, "lanes": {"side_0": 1.0}},
        {"interval": 4, "min_s": 10.0, "max_s": 28.0, "lanes": {"left_0": 1.0}},
    ],
    "feeds": {
        "main_0": [["main_0", 1.0, 1.0]],
        "side_0": [["side_0", 1.0, 1.0], ["up_0", 0.5, 1.0]],
        "left_0": [["left_0", 1.0, 1.0]],
    },
    "exits": {lane: ["out_0"] for lane in ("main_0", "side_0", "left_0")},
    "clock": {
        "cycle_s": 66.0,
        "offset_s": OFFSET_S,
        "ends_s": {"0": 19.0, "2": 41.0, "4": 63.0},
        "coordinated": [0],
        "reach_m": {"main_0": 60.0, "side_0": 60.0, "left_0": 60.0},
    },
}
CYCLE = 660.0 + OFFSET_S
"""When some cycle begins."""


def law(**fields: object) -> Controller:
    return make_controller({"kind": "coordinated_actuated", "plans": [PLAN], **fields}, "c[0]")


def decided(
    interval: int, elapsed_s: float, at_s: float, control: Controller | None = None, **present: int
) -> object:
    """Return the command for a green that has lasted so long, at a second of the cycle."""
    vehicles = {lane: present.get(lane, 0) for lane in ("main_0", "side_0", "left_0", "up_0", "out_0")}
    queue = dict.fromkeys(vehicles, 0)
    view = SignalView(
        "C", interval, elapsed_s, STATES[interval], ("main_0", "side_0", "left_0"), queue, vehicles
    )
    return (control or law()).decide({"C": view}, CYCLE + at_s)["C"]


def test_the_corridor_keeps_its_green_to_the_planned_end_whoever_waits_elsewhere() -> None:
    assert decided(0, 12, 12, side_0=20, left_0=20) == Hold(7 + 1)
    assert decided(0, 19, 19, main_0=20) == Advance()


def test_a_green_that_began_early_ends_at_the_planned_second_all_the_same() -> None:
    assert decided(0, 24, 14) == Hold(5 + 1)
    assert decided(0, 29, 19) == Advance()


def test_a_side_street_ends_when_nobody_comes_and_not_before_its_shortest_green() -> None:
    assert decided(2, 9, 31) == Hold(1 + 1)
    assert decided(2, 10, 32) == Advance()
    assert decided(2, 10, 32, side_0=1) == Hold(1 + 1)


def test_who_is_upstream_counts_by_their_share() -> None:
    assert law().reach_m("C")["side_0"] == 60
    assert decided(2, 10, 32, up_0=1) == Advance()
    assert decided(2, 10, 32, up_0=2) == Hold(1 + 1)


def test_a_side_street_is_cut_off_at_its_planned_end() -> None:
    assert decided(2, 18, 40, side_0=20) == Hold(1 + 1)
    assert decided(2, 19, 41, side_0=20) == Advance()


def test_what_one_side_street_leaves_over_lengthens_the_next_up_to_its_own_end() -> None:
    # The first ended nine seconds early; the second may last until second 63, longer than planned.
    assert decided(4, 27, 62, left_0=9) == Hold(1 + 1)
    assert decided(4, 28, 63, left_0=9) == Advance()


def test_a_vehicle_that_the_next_stage_lets_go_too_is_no_reason_to_stay() -> None:
    main, side, left = PLAN["stages"]
    left = {**left, "lanes": {"left_0": 1.0, "side_0": 1.0}}
    shared = {**PLAN, "stages": [main, side, left]}
    control = make_controller({"kind": "coordinated_actuated", "plans": [shared]}, "c[0]")
    assert decided(2, 10, 32, control, side_0=8) == Advance()


def test_it_looks_again_when_something_can_happen() -> None:
    control = law()
    decided(0, 12, 12, control)
    assert control.due(CYCLE + 18) == ()
    assert control.due(CYCLE + 19) == ("C",)
    decided(0, 19, 19, control)
    assert control.due(CYCLE + 31) == ()
    assert control.due(CYCLE + 32) == ("C",)


@pytest.mark.parametrize("fields", [{"plans": []}, {"interval_s": 0.0}, {"present_veh": 0.0}])
def test_bad_fields_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        law(**fields)
