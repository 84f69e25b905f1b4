"""Kinds that close a way, a direction or a lane, or set another limit: what they change and refuse."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from sim.demand import VEHICLES, WALKS, Demand
from sim.demand.closed_ways import stopped_by_closures
from sim.edits.vocabulary import AddClosure, SetLane, SetTurnRules, SplitEdge
from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.model import Site
from tests.sites import policy_of

LEFT = {"kind": "ban_turn", "movement": "J1.west.left", "expect": {"lanes": 1}}
SLOW = {"kind": "speed_limit", "on": ["J1.west"], "expect": {"speed_kmh": 50}, "speed_kmh": 40}
BUS = {"kind": "bus_lane", "on": ["J1.west"], "expect": {"lanes": 3}}
ONE = {"kind": "one_way", "close": ["J1_J2"], "expect": {"lanes": 2}}
SCHOOL = {"kind": "school_hours", "close": ["J1_J2"], "expect": {"lanes": 2}, "hours": ["07:20-08:00"]}
Fields = dict[str, object]


def applied(site: Site, base: Fields, **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={**base, **fields}), site, "policy")


def test_a_ban_limits_the_connections_of_the_movement_and_lets_the_police_through(site: Site) -> None:
    (edit,) = applied(site, LEFT, exempt=["bus"]).edits
    assert isinstance(edit, SetTurnRules)
    assert edit.allow is not None
    assert {"bus", "emergency", "authority", "bicycle"} <= edit.allow
    assert not {"passenger", "truck", "coach"} & edit.allow


def test_a_ban_of_trucks_leaves_cars_alone(site: Site) -> None:
    (edit,) = applied(site, LEFT, vehicles=["truck"]).edits
    assert isinstance(edit, SetTurnRules)
    assert edit.allow is not None
    assert "passenger" in edit.allow
    assert "truck" not in edit.allow


def test_a_ban_by_the_clock_is_a_closure_for_each_time(site: Site) -> None:
    edits = applied(site, LEFT, hours=["07:00-08:00", "08:10-09:00"]).edits
    assert [e.closure.begin_s for e in edits if isinstance(e, AddClosure)] == [25200.0, 29400.0]
    assert all(isinstance(e, AddClosure) and e.closure.connections == ("W_J1_3->J1_N1_2",) for e in edits)


def test_a_lane_that_lies_idle_after_a_ban_is_warned_of(site: Site) -> None:
    assert "1 lanes would serve nothing" in applied(site, LEFT).warnings[0].en
    assert not applied(site, LEFT, vehicles=["truck"]).warnings


def test_bans_that_together_leave_no_way_are_refused(site: Site) -> None:
    bans = {
        move: {**LEFT, "movement": f"J1.west.{move}", "expect": {"lanes": lanes}}
        for move, lanes in (("left", 1), ("through", 2), ("right", 1))
    }
    with pytest.raises(ConfigError, match="cars that come along 'W_J1' could not go on"):
        apply(policy_of(**bans), site, "policy")
    by_turns = {
        move: {**ban, "hours": [f"07:{minute}-07:{minute + 9}"]}
        for minute, (move, ban) in zip((30, 40, 50), bans.items(), strict=True)
    }
    assert len(apply(policy_of(**by_turns), site, "policy").edits) == 3


def test_a_limit_leaves_the_sidewalk_alone(site: Site) -> None:
    edits = applied(site, SLOW).edits
    assert [(e.lane, e.speed_mps) for e in edits if isinstance(e, SetLane)] == [(n, 11.11) for n in (1, 2, 3)]
    assert applied(site, SLOW).change_log[0].zh == "路口 J1 西进口 限速 50→40 km/h"


def test_a_bus_lane_opens_before_the_stop_line(site: Site) -> None:
    split, lane = applied(site, BUS, opens_m=60).edits
    assert isinstance(split, SplitEdge)
    assert isinstance(lane, SetLane)
    assert lane.edge == split.upstream
    assert lane.allow is not None
    assert "bus" in lane.allow
    assert "passenger" not in lane.allow


def test_a_one_way_street_keeps_bicycles_and_sidewalks(site: Site) -> None:
    edits = [e for e in applied(site, ONE).edits if isinstance(e, SetLane)]
    assert [e.lane for e in edits] == [1, 2]
    assert all(e.allow is not None and "bicycle" in e.allow and "passenger" not in e.allow for e in edits)


def test_school_hours_say_what_they_assume(site: Site) -> None:
    policy = applied(site, SCHOOL)
    assert "stop illegally" in policy.assumptions[0].en
    (edit,) = policy.edits
    assert isinstance(edit, AddClosure)
    assert edit.closure.lanes == ("J1_J2_1", "J1_J2_2")


@pytest.mark.parametrize(
    ("base", "fields", "told"),
    [
        (LEFT, {"movement": "J1.west.lft"}, "no movement named 'J1.west.lft' (did you mean J1.west.left"),
        (LEFT, {"expect": {"lanes": 2}}, "expected cars to turn from 2 lanes, found 1"),
        (LEFT, {"hours": ["20:00-21:00"]}, "20:00-21:00 meets no period of the site (its periods: 07:30-"),
        (LEFT, {"hours": ["07:30-08:00", "07:50-09:00"]}, "07:30-08:00 and 07:50-09:00 overlap"),
        (LEFT, {"hours": ["09:00-07:00"]}, "hours '09:00-07:00' end before they begin"),
        (LEFT, {"hours": ["7-9"]}, "hours '7-9': write \"HH:MM-HH:MM\" in quotes"),
        (LEFT, {"exempt": ["buss"]}, "no vehicle class 'buss' (did you mean bus"),
        (SLOW, {"on": ["J1.wst"]}, "no edge or approach named 'J1.wst' (did you mean J1.west"),
        (SLOW, {"on": ["J1.west", "W_J1"]}, "'W_J1' is named twice"),
        (SLOW, {"expect": {"speed_kmh": 60}}, "expected 60 km/h on 'W_J1', found 50"),
        (SLOW, {"speed_kmh": 50}, "50 km/h is the limit today"),
        (
            SLOW,
            {"works_period": ["2027-04-01", "2027-03-01"]},
            "works_period: ends (2027-03-01) before it begins",
        ),
        (
            BUS,
            {},
            "cars could not go from 'W_J1' to 'J1_S1' any more: only the bus lane leads there (open it",
        ),
        (BUS, {"expect": {"lanes": 2}}, "expected 2 lanes for cars on 'W_J1', found 3"),
        (BUS, {"opens_m": 400}, "nothing is left of the bus lane"),
        (ONE, {"close": ["J1_J2", "J2_J1"]}, "'J1_J2' has no open direction beside it"),
        (ONE, {"expect": {"lanes": 3}}, "expected 3 lanes for cars on 'J1_J2', found 2"),
        (SCHOOL, {"hours": []}, "hours"),
        (SCHOOL, {"hours": ["12:00-13:00"]}, "meets no period of the site"),
    ],
)
def test_what_cannot_be_is_refused_in_words(site: Site, base: Fields, fields: Fields, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        applied(site, base, **fields)
    assert told in str(error.value)


def test_closing_the_last_way_on_is_refused(site: Site) -> None:
    names = ["J1_W", "J1_S1", "J1_J2", "J1_N1"]
    with pytest.raises(ConfigError, match="cars that come along 'N1_J1' could not go on"):
        applied(site, SCHOOL, close=names)


@pytest.mark.parametrize(
    ("depart_s", "stopped"),
    [(26000.0, 0), (26990.0, 1), (27000.0, 1), (28799.0, 1), (28800.0, 0)],
    ids=["before", "comes in", "during", "leaves in", "after"],
)
def test_who_comes_to_a_closed_way_is_told(
    site: Site, vehicles: Callable[[float], pd.DataFrame], depart_s: float, stopped: int
) -> None:
    (edit,) = applied(site, LEFT, hours=["07:30-08:00"]).edits
    assert isinstance(edit, AddClosure)
    demand = Demand(vehicles(depart_s), pd.DataFrame(columns=list(WALKS)), {"car": {"vClass": "passenger"}})
    found = stopped_by_closures(demand, site.network, [edit.closure])
    assert len(found) == stopped
    if stopped:
        assert found.loc[0, ["id", "from_edge", "to_edge"]].tolist() == ["v", "W_J1", "J1_N1"]


@pytest.fixture
def vehicles() -> Callable[[float], pd.DataFrame]:
    def made(depart_s: float) -> pd.DataFrame:
        row = dict.fromkeys(VEHICLES, "") | {
            "id": "v",
            "type": "car",
            "scheduled_s": depart_s,
            "edges": "W_J1 J1_N1",
        }
        return pd.DataFrame([row])

    return made
