"""Every measure on the tiny run, against values worked out by hand (tests/tiny_run.py holds the inputs)."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest

from sim import measures
from sim.measures import VALUES
from sim.tables import ASKED_TABLES
from tests import tiny_run

NAN = math.nan

WEST, SOUTH, JUNCTION = "approach:J1.west", "approach:J1.south", "junction:J1"
THROUGH, LEFT = "movement:J1.west.through", "movement:J1.west.left"
AHEAD, RIGHT = "movement:J1.south.through", "movement:J1.south.right"

# measure -> scope -> (value, n). Every scope of every measure: nothing else may come out.
EXPECTED: dict[str, dict[str, tuple[float, int]]] = {
    # a 52, b 60 (20 s at the stop taken out), c 2000 (never inserted), d 100 (still inside), y 60
    "fair_travel_time": {
        "network": (2272 / 5, 5),
        "class:bus": (60, 1),
        "class:car": (2212 / 4, 4),
        "purpose:bus": (60, 1),
        "purpose:parking": (60, 1),
        "purpose:through": (2152 / 3, 3),
    },
    "fair_delay": {
        "network": ((12 + 20 + 2000 + 64 + 5) / 5, 5),
        "class:bus": (20, 1),
        "class:car": (2081 / 4, 4),
        "purpose:bus": (20, 1),
        "purpose:parking": (5, 1),
        "purpose:through": (2076 / 3, 3),
    },
    "person_time": {
        "network": ((52 + 30 * 60 + 2000 + 100 + 2 * 60) / 3600, 5),
        "class:bus": (0.5, 1),
        "class:car": (2272 / 3600, 4),
        "purpose:bus": (0.5, 1),
        "purpose:parking": (120 / 3600, 1),
        "purpose:through": (2152 / 3600, 3),
    },
    "vehicle_hours": {
        "network": (2272 / 3600, 5),
        "class:bus": (60 / 3600, 1),
        "class:car": (2212 / 3600, 4),
        "purpose:bus": (60 / 3600, 1),
        "purpose:parking": (60 / 3600, 1),
        "purpose:through": (2152 / 3600, 3),
    },
    "vehicle_kilometres": {
        "network": (1.0, 5),
        "class:bus": (0.3, 1),
        "class:car": (0.7, 4),
        "purpose:bus": (0.3, 1),
        "purpose:parking": (0.35, 1),
        "purpose:through": (0.35, 3),
    },
    "co2_emissions": {
        "network": (0.74, 5),
        "class:bus": (0.5, 1),
        "class:car": (0.24, 4),
        "purpose:bus": (0.5, 1),
        "purpose:parking": (0.06, 1),
        "purpose:through": (0.18, 3),
    },
    "co2_per_km": {
        "network": (740 / 1.0, 5),
        "class:bus": (500 / 0.3, 1),
        "class:car": (240 / 0.7, 4),
        "purpose:bus": (500 / 0.3, 1),
        "purpose:parking": (60 / 0.35, 1),
        "purpose:through": (180 / 0.35, 3),
    },
    "nox_emissions": {
        "network": (2.17, 5),
        "class:bus": (2.0, 1),
        "class:car": (0.17, 4),
        "purpose:bus": (2.0, 1),
        "purpose:parking": (0.02, 1),
        "purpose:through": (0.15, 3),
    },
    "pmx_emissions": {
        "network": (0.063, 5),
        "class:bus": (0.05, 1),
        "class:car": (0.013, 4),
        "purpose:bus": (0.05, 1),
        "purpose:parking": (0.001, 1),
        "purpose:through": (0.012, 3),
    },
    "fuel_use": {
        "network": (0.235, 5),
        "class:bus": (0.16, 1),
        "class:car": (0.075, 4),
        "purpose:bus": (0.16, 1),
        "purpose:parking": (0.02, 1),
        "purpose:through": (0.055, 3),
    },
    # a and b are observed, both of them in the one crossing conflict; J1 lies at the origin
    "crossing_conflicts": {"network": (500, 2), "junction:J1": (500, 2)},
    "merging_conflicts": {"network": (0, 2), "junction:J1": (0, 2)},
    "rear_end_conflicts": {"network": (500, 2), "junction:J1": (0, 2)},
    "mean_speed": {
        "network": (3.6 * 1000 / 2272, 5),
        "class:bus": (18, 1),
        "class:car": (3.6 * 700 / 2212, 4),
        "purpose:bus": (18, 1),
        "purpose:parking": (21, 1),
        "purpose:through": (3.6 * 350 / 2152, 3),
    },
    "delay_time_ratio": {"network": ((10 + 20 + 60 + 5) / (50 + 60 + 96 + 60), 4)},
    "arrivals": {"network": (4, 4)},  # x, p, a, b; y arrives after the window
    "insertion_delay": {"network": (2006 / 5, 5), WEST: (2 / 3, 3), SOUTH: (1002, 2)},
    # Past the stop line in the window: x, p (after its stay), a go through, b turns left; y is late.
    "demand_flow": {
        "network": (5, 5),
        THROUGH: (3, 3),
        LEFT: (1, 1),
        WEST: (4, 4),
        AHEAD: (1, 1),
        RIGHT: (1, 1),
        SOUTH: (2, 2),
        JUNCTION: (6, 6),
    },
    "served_flow": {
        THROUGH: (4, 4),
        LEFT: (1, 1),
        WEST: (5, 5),
        AHEAD: (0, 0),
        RIGHT: (0, 0),
        SOUTH: (0, 0),
        JUNCTION: (5, 5),
    },
    "service_ratio": {
        THROUGH: (4 / 3, 3),
        LEFT: (1, 1),
        WEST: (5 / 4, 4),
        AHEAD: (0, 1),
        RIGHT: (0, 1),
        SOUTH: (0, 2),
        JUNCTION: (5 / 6, 6),
    },
    # (1*10 + 3*20) / 4 - 1.5 and 25 - 3; weights are the demand, 3 and 1.
    "control_delay": {
        THROUGH: (16, 4),
        LEFT: (22, 1),
        WEST: (17.5, 5),
        AHEAD: (NAN, 0),
        RIGHT: (NAN, 0),
        SOUTH: (NAN, 0),
        JUNCTION: (17.5, 5),
    },
    "stops_per_vehicle": {
        "network": (1.5, 4),
        THROUGH: (1.75, 4),
        LEFT: (3, 1),
        WEST: (8.25 / 4, 5),
        AHEAD: (NAN, 0),
        RIGHT: (NAN, 0),
        SOUTH: (NAN, 0),
        JUNCTION: (8.25 / 4, 5),
    },
    "back_of_queue_mean": {WEST: ((45 + 225) / 2, 2)},
    "back_of_queue_p95": {WEST: (45 + 0.95 * 180, 2)},
    # The short lane (50 m) is full once, the other (230 m) once, of four lane-intervals.
    "storage_overflow": {WEST: (0.5, 4)},
    # 1800 pcu/h, l1 3 s, e 1 s of 3 s yellow. West: one lane each, g_e = 30 - 3 + 1 = 28 s of 60: 840 pcu/h;
    # the bus is 2 pcu. South: a shared lane, g_e = 20 - 2 = 18 s of the protected one: 540 pcu/h.
    "degree_of_saturation": {
        THROUGH: (3 / 840, 3),
        LEFT: (2 / 840, 1),
        WEST: (3 / 840, 3),
        AHEAD: (2 / 540, 2),
        RIGHT: (2 / 540, 2),
        SOUTH: (2 / 540, 2),
        JUNCTION: (2 / 540, 2),
    },
    # Y = (3 + 2) / 1800 of west through and south; L = 10 s of intergreens and 2 x (3 - 1) s; C = 60 s.
    "critical_saturation": {JUNCTION: (5 / 1800 * 60 / (60 - 14), 6)},
    "arrivals_on_green": {
        THROUGH: (1 / 2, 2),
        LEFT: (1, 1),
        WEST: (2 / 3, 3),
        AHEAD: (0, 1),
        RIGHT: (0, 1),
        SOUTH: (0, 2),
        JUNCTION: (2 / 5, 5),
    },
    "second_green": {
        THROUGH: (0, 2),
        LEFT: (1, 1),
        WEST: (1 / 3, 3),
        AHEAD: (0, 1),
        RIGHT: (1, 1),
        SOUTH: (1 / 2, 2),
        JUNCTION: (2 / 5, 5),
    },
    # Of 60 starts of green: a waits at one, b at two, d at the ten from 4035 on.
    "queue_at_green": {
        THROUGH: (1 / 60, 60),
        LEFT: (2 / 60, 60),
        WEST: (2 / 60, 60),
        AHEAD: (0, 60),
        RIGHT: (10 / 60, 60),
        SOUTH: (10 / 60, 60),
        JUNCTION: (10 / 60, 60),
    },
    # Of a cycle of 60 s the west leg has 30 s of green, the south leg 20 s; n: reds that meet the window.
    "longest_red": {
        THROUGH: (30, 60),
        LEFT: (30, 60),
        WEST: (30, 60),
        AHEAD: (40, 61),
        RIGHT: (40, 61),
        SOUTH: (40, 61),
        JUNCTION: (40, 61),
    },
    "degree_of_saturation_mean": {JUNCTION: ((3 * 3 / 840 + 2 * 2 / 840 + 2 * 2 / 540) / 7, 6)},
    # Served as pcu (the bus is 2) over the same capacities; nobody from the south got through.
    "green_utilisation": {
        THROUGH: (4 / 840, 4),
        LEFT: (2 / 840, 1),
        WEST: (6 / 1680, 5),
        AHEAD: (0, 0),
        RIGHT: (0, 0),
        SOUTH: (0, 0),
        JUNCTION: (6 / (1680 + 540), 5),
    },
    "imbalance": {JUNCTION: (2 / 540 - 3 / 840, 6)},
    # Queues of 6, 1.3, 4 and 30 vehicles in four lane-cycles of 60 s in which 5 left each.
    "cycle_failures": {WEST: (0.5, 4), JUNCTION: (0.5, 4)},
    "pedestrian_delay": {"network": (20, 2), WEST: (20, 2), JUNCTION: (20, 2)},
    # Walking is barred for 33 s (west) and 23 s (south, right turns give way) of 60 s.
    "pedestrian_delay_analytic": {WEST: (33**2 / 120, 0), SOUTH: (23**2 / 120, 0)},
    "route_travel_time": {"route:R": ((90 + 3 * 110) / 4, 4)},
    "parking_occupancy": {"parking:P": ((900 + 600) / (2 * 3600), 2)},
    "parking_stalls": {"parking:P": (2, 2), "network": (2, 2)},
    "parking_turnover": {"parking:P": (0.5, 1)},
    "parking_failed": {"network": (1, 1)},
    # Two stalls off the street: one car until 1900, another from 4000 on; each movement takes 3 s.
    "parking_peak": {"parking:P": (0.5, 2)},
    "parking_above_85": {"parking:P": (0, 2)},
    "parking_above_95": {"parking:P": (0, 2)},
    "lane_blocked": {"parking:P": (6, 2), "network": (6, 0)},
    # y came to park and drove through: every stall was taken, and it met no full area on its way.
    "gave_up_parking": {"network": (1, 1)},
    "search_time": {"network": (0, 1)},
    "search_distance": {"network": (0, 1)},
    "search_share": {"network": (0, 1)},
    "walking_p50": {},
    "walking_p85": {},
}


@pytest.fixture(scope="module")
def computed() -> pd.DataFrame:
    return measures.compute(tiny_run.view())


def test_every_measure_has_a_worked_example() -> None:
    assert set(EXPECTED) == set(measures.SPECS)


@pytest.mark.parametrize("measure", sorted(EXPECTED))
def test_worked_example(computed: pd.DataFrame, measure: str) -> None:
    rows = computed[computed["measure"] == measure]
    values = dict(zip(rows["scope"], zip(rows["value"], rows["n"], strict=True), strict=True))
    assert values == {
        scope: (pytest.approx(value, abs=1e-9, nan_ok=True), n)
        for scope, (value, n) in EXPECTED[measure].items()
    }


def test_table_is_sorted_and_typed(computed: pd.DataFrame) -> None:
    assert list(computed.columns) == list(VALUES)
    keys = list(zip(computed["measure"], computed["scope"], strict=True))
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys))


def test_an_empty_run_has_no_numbers_but_does_not_fail() -> None:
    nothing = {name: tiny_run.table(name, []) for name in tiny_run.tables()}
    found = measures.compute(tiny_run.view(tables=nothing))
    counted = {"demand_flow", "arrivals", "person_time", "vehicle_hours", "vehicle_kilometres"}
    calculated = {"parking_occupancy", "parking_turnover", "pedestrian_delay_analytic", "lane_blocked"}
    calculated |= {"parking_peak", "parking_above_85", "parking_above_95", "parking_stalls"}
    known = found[found["value"].notna()]
    assert set(known["measure"]) == counted | calculated
    assert (known.loc[known["measure"].isin(counted), "value"] == 0).all()


def test_what_was_not_asked_for_has_no_rows() -> None:
    asked = {name for name, spec in measures.SPECS.items() if spec.asked}
    tables = {name: rows for name, rows in tiny_run.tables().items() if name not in ASKED_TABLES}
    assert not asked & set(measures.compute(tiny_run.view(tables=tables))["measure"])
    assert asked <= set(measures.compute(tiny_run.view())["measure"])


def test_unmeasured_junctions_are_left_out() -> None:
    found = measures.compute(tiny_run.view(site=tiny_run.site(measured_junctions=[])))
    assert not found["scope"].str.contains("J1").any()


def test_vehicle_actuated_signals_have_no_calculated_measures() -> None:
    found = measures.compute(tiny_run.view(controls={"J1": tiny_run.control("actuated")}))
    calculated = {"degree_of_saturation", "degree_of_saturation_mean", "pedestrian_delay_analytic"}
    calculated |= {"green_utilisation", "imbalance", "cycle_failures", "critical_saturation"}
    assert not calculated & set(found["measure"])


def test_without_a_saturation_flow_there_is_no_degree_of_saturation() -> None:
    found = measures.compute(tiny_run.view(discharge=None))
    assert "degree_of_saturation" not in set(found["measure"])


def test_a_shared_lane_with_a_left_turn_that_gives_way_has_no_degree_of_saturation() -> None:
    """Its capacity is that of the gaps: S times green would call a jam half empty."""
    plain = tiny_run.network()
    south = plain.junctions["J1"].approaches[1]
    turning = replace(south.movements[1], direction="left")  # the movement that has green only as `g`
    junction = replace(
        plain.junctions["J1"],
        approaches=(
            plain.junctions["J1"].approaches[0],
            replace(south, movements=(south.movements[0], turning)),
        ),
    )
    found = measures.compute(tiny_run.view(network=replace(plain, junctions={"J1": junction})))
    scopes = set(found.loc[found["measure"] == "degree_of_saturation", "scope"])
    assert scopes == {THROUGH, LEFT, WEST, JUNCTION}


def test_movement_without_free_flow_reference_has_no_control_delay() -> None:
    found = measures.compute(tiny_run.view(free_flow=tiny_run.free_flow(**{"J1.west.left": 3.0})))
    delay = found[found["measure"] == "control_delay"].set_index("scope")["value"]
    assert math.isnan(delay[THROUGH])
    assert delay[LEFT] == pytest.approx(22)


def test_finished_only_hides_the_jam_that_fair_travel_time_shows() -> None:
    """A saturated toy: 100 want to pass, 40 get through, the others wait outside until the end."""
    served = [tiny_run.trip(f"s{i}", 1000 + i, "s n.exit", duration_s=60) for i in range(40)]
    waiting = [
        tiny_run.trip(
            f"u{i}",
            1100 + i,
            "s n.exit",
            depart_delay_s=5000 - 1100 - i,
            duration_s=0,
            fate="never_inserted",
        )
        for i in range(60)
    ]
    trips = tiny_run.table("trips", [*served, *waiting])
    found = measures.compute(tiny_run.view(tables=tiny_run.tables(trips=trips)))
    fair = found[(found["measure"] == "fair_travel_time") & (found["scope"] == "network")]["value"].iloc[0]
    finished_only = trips.loc[trips["fate"] == "arrived", "duration_s"].mean()
    assert finished_only == 60
    assert fair == pytest.approx((40 * 60 + sum(3900 - i for i in range(60))) / 100)
    assert fair > 30 * finished_only


def test_pedestrians_who_never_get_across_count_with_their_time_so_far() -> None:
    walks = tiny_run.tables()["walks"].copy()
    walks.loc[walks["id"] == "w2", ["duration_s", "time_loss_s"]] = NAN
    walks.loc[walks["id"] == "w2", "fate"] = "inside"
    found = measures.compute(tiny_run.view(tables=tiny_run.tables(walks=walks)))
    delay = found[(found["measure"] == "pedestrian_delay") & (found["scope"] == "network")]
    assert delay["value"].tolist() == [(10 + 5000 - 1300) / 2]
    assert delay["n"].tolist() == [2]


def test_short_lanes_are_those_that_begin_at_the_stop_line_edge() -> None:
    network = tiny_run.network()
    west, south = network.approaches["J1.west"], network.approaches["J1.south"]
    assert measures.base.short_lanes(network, west) == {1: 50.0}
    assert measures.base.short_lanes(network, south) == {}


def test_ensure_primary_names_the_near_match() -> None:
    measures.ensure_primary("fair_travel_time")
    with pytest.raises(measures.ConfigError, match=r"fair_travel_tme.*did you mean fair_travel_time"):
        measures.ensure_primary("fair_travel_tme")
    with pytest.raises(measures.ConfigError, match="no better or worse"):
        measures.ensure_primary("demand_flow")
    with pytest.raises(measures.ConfigError, match="'co2_emissions' is measured beside others"):
        measures.ensure_primary("co2_emissions")
    with pytest.raises(measures.ConfigError, match="'control_delay' has no value of the whole network"):
        measures.ensure_primary("control_delay")


def test_measures_say_rightly_whether_they_have_a_value_of_the_network() -> None:
    values = measures.compute(tiny_run.view())
    of_network = set(values.loc[values["scope"] == "network", "measure"])
    seen = set(values["measure"])
    assert of_network == {name for name in seen if measures.SPECS[name].of_network}


STOPS = {
    # A bus stop halfway and one past the turn; a stall of a car park that only the imported files know.
    "bus stops": (("", "w.up", 30.0), ("", "w", 20.0), ("", "e", 90.0)),
    "imported car park": (("imported.lot", "w", 50.0),),
}


@pytest.mark.parametrize("case", sorted(STOPS))
def test_planned_dwell_delays_the_passages_after_it_wherever_it_is(case: str) -> None:
    stops, begin_s = STOPS[case], 1050.0
    rows = [
        {"vehicle": "v", "area": area, "edge": edge, "started_s": begin_s, "ended_s": begin_s + stay_s}
        for area, edge, stay_s in stops
    ]
    planned_s = sum(stay_s for _, _, stay_s in stops)
    changed = {
        "trips": tiny_run.table("trips", [tiny_run.trip("v", 1000, "w.up w e", stop_s=planned_s)]),
        "parked": tiny_run.table("parked", rows),
    }
    passages = tiny_run.view(tables=tiny_run.tables(**changed), parking={}).passages
    assert passages["time_s"].tolist() == [1000 + 250 / 10 + 50]


def test_no_more_dwell_than_planned_and_none_before_it() -> None:
    """Kept in the stall 400 s longer by a queue: that is delay. A stop past the turn is none before it."""
    stay = {"vehicle": "v", "area": "P", "started_s": 1050.0, "ended_s": 1550.0}
    for edge, dwell_s in (("w", 100.0), ("e", 0.0)):
        changed = {
            "trips": tiny_run.table("trips", [tiny_run.trip("v", 1000, "w.up w e", stop_s=100.0)]),
            "parked": tiny_run.table("parked", [{**stay, "edge": edge}]),
        }
        passages = tiny_run.view(tables=tiny_run.tables(**changed)).passages
        assert passages["time_s"].tolist() == [1000 + 25 + dwell_s]
