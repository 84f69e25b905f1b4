"""What cannot be built, driven or run is refused by every kind, with the field and what is possible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sim.errors import ConfigError
from sim.interventions import REGISTRY
from sim.policy import apply
from sim.site.model import Site
from tests.contract.test_unknown_places import placed, sites
from tests.sites import policy_of

__all__ = ["sites"]

BACKWARDS = {"hours": ["08:00-07:30"]}
END_FIRST = "hours '08:00-07:30' end before they begin"
ONE_STAGE = {"stages": {"A": {"green": ["north.through"], "green_s": 20.0}}}
GAP = [{"hours": "07:00-07:30"}, {"hours": "08:00-09:00"}]

REFUSED: Mapping[str, list[tuple[Mapping[str, Any], str]]] = {
    # fields that replace those of a use that holds -> what is said
    "actuate_signal": [({"max_greens_s": {"S1": 1}}, "too short for vehicles and pedestrians of stage 'S1'")],
    "adaptive_control": [({"max_green_s": 0}, "max_green_s: input should be greater than 0")],
    "add_link": [
        ({"between": ["J1", "J1"]}, "both ends are the same place"),
        ({"speed_kmh": 0}, "speed_kmh: input should be greater than 0"),
        ({"lanes": 0}, "lanes: input should be greater than or equal to 1"),
    ],
    "add_stage": [
        ({"green_s": 0}, "green_s: input should be greater than or equal to 5"),
        ({"behind": "S9"}, "no stage 'S9' (known: S1, S2, S3)"),
    ],
    "add_turn_bay": [({"length_m": 5000}, "a bay of 5000 m does not fit on 'N1_J1', 240 m long")],
    "ban_turn": [(BACKWARDS, END_FIRST)],
    "box_junction": [({"enters_full_exit_share": 0.6}, "a box lowers the share: it is 40% today")],
    "bus_lane": [
        ({"opens_m": 5000}, "'S2_J2' is 240 m long: nothing is left of the bus lane"),
        (BACKWARDS, END_FIRST),
    ],
    "channelise_right": [({"movement": "J1.east.left"}, "J1.east.left is no right turn")],
    "close_opening": [
        ({"approach": "J1.north"}, "expected vehicles to turn back from 1 lanes, found 0"),
    ],
    "convert_junction": [({"major": ["north", "moon"]}, "junction 'J1' has no approach 'moon'")],
    "coordinate": [({"cycle_s": 5}, "J2: a cycle of 5 s leaves -1 s of green")],
    "enforce": [({"per_km_h": 30}, "30 is more than today's 20")],
    "grade_separate": [
        ({"leaves_m": 5000}, "5000 m does not lie on 'N1_J1', 240 m long (10 to 230 m)"),
        ({"joins_m": 5000}, "5000 m does not lie on 'J1_S1', 236 m long (10 to 226 m)"),
    ],
    "kerb_parking_hours": [
        ({"open": "16:30", "close": "09:30"}, "opens at 16:30, not before it closes at 09:30"),
    ],
    "left_waiting_area": [({"storage_m": 500}, "storage_m: input should be less than or equal to 40")],
    "merge_alternation": [({"junction": "J1"}, "expected 'priority'; found 'signals'")],
    "move_bus_stop": [({"at_m": 9999}, "the stop would end at 10019 m, but 'W_J1' is 239.6 m long")],
    "one_way": [({"close": ["J1_J2", "J2_J1"]}, "the street would be closed, not one-way")],
    "open_road": [({"between": ["N2", "N2"]}, "both ends are the same place")],
    "optimise_splits": [({"cycle_s": 0}, "cycle_s: input should be greater")],
    "parking_guidance": [({"areas": []}, "areas: tuple should have at least 1 item")],
    "parking_price": [({"yuan_per_h": -1}, "yuan_per_h: input should be greater than or equal to 0")],
    "pedestrian_refuge": [({"approach_stages": ["XX"]}, "no stage 'XX' (known: EW, EW_left, NS, NS_left)")],
    "remove_kerb_parking": [
        ({"keeps": 99}, "99 of 10 stalls: none would go"),
        ({"stops_illegally": 1.5}, "stops_illegally: input should be less than or equal to 1"),
    ],
    "reorder_stages": [({"order": ["S2", "S1"]}, "stages left out: S3")],
    "retime_signal": [
        ({"cycle_s": 5}, "a cycle of 5 s leaves no green"),
        ({"cycle_s": None, "greens_s": {"S1": 0}}, "stage 'S1' serves vehicles and would be green 0 s"),
    ],
    "school_hours": [(BACKWARDS, END_FIRST)],
    "set_lane_use": [
        (
            {"expect": ["left", "through", "through+right"], "lanes": ["left", "left", "left"]},
            "3 lanes are to go left, but its exit 'J1_N1' has 2 for cars",
        ),
    ],
    "signalise": [({"plan": ONE_STAGE}, "no stage serves the movement 'east.left'")],
    "speed_limit": [({"speed_kmh": 0}, "speed_kmh: input should be greater than or equal to 5")],
    "tidal_lane": [
        (BACKWARDS, END_FIRST),
        ({"uses": ["left"]}, "1 lanes are listed, but J1.north is to have 3"),
    ],
    "timetable": [({"plans": GAP}, "nothing runs between 07:00-07:30 and 08:00-09:00")],
    "uturn_opening": [({"expect": {"lanes": 2}}, "expected vehicles to turn back from 2 lanes, found 0")],
    "variable_lane": [({"lane": 9}, "lane 9 of 3 that are expected"), (BACKWARDS, END_FIRST)],
    "widen_road": [({"lanes": 99}, "lanes: input should be less than or equal to 8")],
    "work_zone": [
        ({"closed": 2}, "no lane would be left open"),
        ({"opens_m": 5000}, "'S2_J2' is 240 m long: nothing is left of the work zone"),
        ({"dates": ["2026-06-30", "2026-03-01"]}, "ends (2026-03-01) before it begins (2026-06-30)"),
    ],
}
ELSEWHERE = {
    "add_parking_area": "tests/contract/test_refusals.py: what does not fit on its street, and all else",
    "unlimited_parking": "it has no size, place or hours",
}


@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_what_is_impossible_is_refused_with_its_field(sites: tuple[Site, Site], kind: str) -> None:
    site, fields = placed(sites, kind)
    for change, told in REFUSED[kind]:
        with pytest.raises(ConfigError) as error:
            apply(policy_of(a={"kind": kind, **fields, **change}), site, "policy")
        assert told in str(error.value)
        assert str(error.value).startswith("- policy.interventions.a")


def test_every_kind_is_among_them() -> None:
    assert REGISTRY.keys() == REFUSED.keys() | ELSEWHERE.keys()


def test_an_approach_with_every_movement_banned_is_refused(sites: tuple[Site, Site]) -> None:
    lanes = {"left": 1, "through": 2, "right": 1}
    bans = {
        turn: {"kind": "ban_turn", "movement": f"J1.north.{turn}", "expect": {"lanes": number}}
        for turn, number in lanes.items()
    }
    with pytest.raises(ConfigError) as error:
        apply(policy_of(**bans), sites[0], "policy")
    assert "cars that come along 'N1_J1' could not go on from there" in str(error.value)
