"""Max-pressure by hand: a crossing of two streets, seen at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from sim.controllers import Controller, make_controller
from sim.controllers.base import Advance, Hold, Jump, SignalView
from sim.errors import ConfigError

GREEN_NS, YELLOW_NS, GREEN_EW, YELLOW_EW = "Gr", "yr", "rG", "ry"
STATES = (GREEN_NS, YELLOW_NS, GREEN_EW, YELLOW_EW)
PLAN: dict[str, Any] = {
    "signal": "C",
    "intervals": [[GREEN_NS, 30.0], [YELLOW_NS, 3.0], [GREEN_EW, 30.0], [YELLOW_EW, 3.0]],
    "stages": [
        {"interval": 0, "min_s": 10.0, "max_s": 40.0, "lanes": {"n_0": 1.0}},
        {"interval": 2, "min_s": 12.0, "max_s": 40.0, "lanes": {"e_0": 1.0}},
    ],
    "feeds": {"n_0": [["n_0", 1.0, 1.0], ["n.up_0", 0.5, 0.5]], "e_0": [["e_0", 1.0, 1.0]]},
    "exits": {"n_0": ["s_0"], "e_0": ["w_0"]},
}


def law(**fields: object) -> Controller:
    return make_controller({"kind": "max_pressure", "plans": [PLAN], "persistence": 2.0, **fields}, "c[0]")


def view(
    interval: int, elapsed_s: float, standing: Mapping[str, int], present: Mapping[str, int]
) -> dict[str, SignalView]:
    lanes = ("n_0", "n.up_0", "e_0", "s_0", "w_0")
    queue = {lane: standing.get(lane, 0) for lane in lanes}
    vehicles = {lane: max(queue[lane], present.get(lane, 0)) for lane in lanes}
    return {"C": SignalView("C", interval, elapsed_s, STATES[interval], ("n_0", "e_0"), queue, vehicles)}


def test_no_green_ends_before_its_minimum_and_nobody_looks_before() -> None:
    control = law()
    assert control.due(0) == ("C",)
    assert control.decide(view(0, 4, {"e_0": 9}, {}), 4) == {"C": Hold(7)}
    assert control.due(9) == ()
    assert control.due(10) == ("C",)


def test_a_green_goes_on_while_it_moves_half_of_what_waits_elsewhere() -> None:
    assert law().decide(view(0, 10, {"e_0": 6}, {"n_0": 3}), 10) == {"C": Hold(2)}
    assert law().decide(view(0, 10, {"e_0": 7}, {"n_0": 3}), 10) == {"C": Advance()}


def test_vehicles_upstream_count_by_their_share_and_the_part_of_the_lane_in_reach() -> None:
    # Four moving vehicles upstream: half of them come this way, half of those are near.
    assert law().decide(view(0, 10, {"e_0": 2}, {"n.up_0": 4}), 10) == {"C": Hold(2)}
    assert law().decide(view(0, 10, {"e_0": 3}, {"n.up_0": 4}), 10) == {"C": Advance()}


def test_a_queue_that_does_not_move_is_let_go_to_no_avail() -> None:
    assert law().decide(view(0, 10, {"n_0": 8, "e_0": 1}, {}), 10) == {"C": Advance()}
    assert law().decide(view(0, 10, {"n_0": 7, "e_0": 1}, {"n_0": 8}), 10) == {"C": Hold(2)}


def test_vehicles_that_stand_where_it_leads_take_the_pressure_away() -> None:
    assert law().decide(view(0, 10, {"e_0": 3}, {"n_0": 4}), 10) == {"C": Hold(2)}
    assert law().decide(view(0, 10, {"e_0": 3, "s_0": 3}, {"n_0": 4}), 10) == {"C": Advance()}
    assert law().decide(view(0, 10, {"e_0": 3, "s_0": 3, "w_0": 3}, {"n_0": 4}), 10) == {"C": Hold(2)}


def test_a_green_ends_at_its_maximum_whatever_moves_and_rests_while_nobody_waits() -> None:
    assert law().decide(view(0, 40, {"e_0": 1}, {"n_0": 30}), 40) == {"C": Advance()}
    assert law().decide(view(0, 30, {}, {}), 30) == {"C": Hold(2)}


def test_after_a_change_it_looks_again_when_the_next_minimum_is_over() -> None:
    control = law()
    control.decide(view(0, 10, {"e_0": 9}, {}), 10)
    assert control.due(24) == ()
    assert control.due(25) == ("C",)  # 3 s of yellow, 12 s of green


def test_yellows_and_programs_of_others_are_left_alone() -> None:
    assert law().decide(view(1, 1, {"e_0": 9}, {}), 11) == {}
    other = view(0, 20, {"e_0": 9}, {})["C"]
    strange = SignalView("C", 0, 20, "rr", other.lanes, other.queue_veh, other.vehicles)
    assert law().decide({"C": strange}, 20) == {}


def test_a_lane_that_the_next_stage_serves_too_is_no_reason_to_stay() -> None:
    stages = [PLAN["stages"][0], {**PLAN["stages"][1], "lanes": {"e_0": 1.0, "n_0": 1.0}}]
    control = law(plans=[{**PLAN, "stages": stages}])
    assert control.decide(view(0, 10, {"e_0": 1}, {"n_0": 9}), 10) == {"C": Advance()}


def test_without_order_it_jumps_to_the_largest_pressure() -> None:
    fields = {
        "kind": "max_pressure_free_order",
        "plans": [{**PLAN, "ways": {"0": {"2": 1}, "2": {"0": 3}}}],
    }
    control = make_controller(fields, "c[0]")
    assert control.decide(view(0, 10, {"e_0": 3}, {"n_0": 2}), 10) == {"C": Jump(1)}
    control = make_controller(fields, "c[0]")
    assert control.decide(view(0, 10, {"e_0": 2}, {"n_0": 2}), 10) == {"C": Hold(6)}
    assert control.due(14) == ()
    assert control.due(15) == ("C",)


def paid(**fields: object) -> Controller:
    ways = {"ways": {"0": {"2": 1}, "2": {"0": 3}}, "reach_m": {"n_0": 80.0, "e_0": 60.0}}
    return make_controller(
        {"kind": "max_pressure_paid_change", "plans": [{**PLAN, **ways, **fields}], "persistence": 1.5},
        "c[0]",
    )


def test_a_change_is_made_only_where_it_gains_half_as_much_again_as_it_costs() -> None:
    assert paid().decide(view(0, 10, {"e_0": 6}, {"n_0": 4}), 10) == {"C": Hold(2)}
    assert paid().decide(view(0, 10, {"e_0": 7}, {"n_0": 4}), 10) == {"C": Jump(1)}
    assert paid().decide(view(2, 12, {"n_0": 7}, {"e_0": 4}), 12) == {"C": Jump(3)}
    assert paid().decide(view(0, 9, {"e_0": 7}, {}), 9) == {"C": Hold(2)}  # its shortest green is not over


def test_a_lane_that_stays_green_through_a_change_costs_nothing() -> None:
    stages = [PLAN["stages"][0], {**PLAN["stages"][1], "lanes": {"e_0": 1.0, "n_0": 1.0}}]
    assert paid(stages=stages).decide(view(0, 10, {"e_0": 1}, {"n_0": 9}), 10) == {"C": Jump(1)}
    stages[1] = {**PLAN["stages"][1], "lanes": {"e_0": 1.0, "n_0": 0.5}}  # 4 vehicles at half: 2 x 1.5
    assert paid(stages=stages).decide(view(0, 10, {"e_0": 3}, {"n_0": 4}), 10) == {"C": Hold(2)}
    assert paid(stages=stages).decide(view(0, 10, {"e_0": 4}, {"n_0": 4}), 10) == {"C": Jump(1)}


def test_with_paid_changes_only_the_end_of_a_lane_is_looked_at() -> None:
    assert paid().reach_m("C") == {"n_0": 80.0, "e_0": 60.0}
    assert law().reach_m("C") == {}


def test_lanes_are_counted_only_where_the_law_can_use_it() -> None:
    def looked(interval: int, elapsed_s: float) -> SignalView:
        return replace(view(interval, elapsed_s, {}, {})["C"], queue_veh={}, vehicles={})

    assert law().decide({"C": looked(0, 4)}, 4) == {"C": Hold(7)}
    assert law().decide({"C": looked(1, 1)}, 1) == {}
    with pytest.raises(KeyError):
        law().decide({"C": looked(0, 10)}, 10)


def test_paid_changes_need_a_price() -> None:
    with pytest.raises(ConfigError, match="persistence"):
        make_controller({"kind": "max_pressure_paid_change", "plans": [], "persistence": 0.0}, "c[0]")


@pytest.mark.parametrize(
    "fields", [{"plans": []}, {"persistence": 0.0}, {"interval_s": -1.0}, {"patience": 3.0}]
)
def test_bad_fields_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        law(**fields)
