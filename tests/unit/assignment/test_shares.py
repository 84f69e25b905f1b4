"""Shares of ways: the gap, the steps towards none, and who takes which way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.assignment.averages import Steps, Ways, edge_times_s, relative_gap, stepped
from sim.assignment.trips import Trip, counted, drawn, shares_of, trips_of
from sim.comparison.gaps import beyond_the_gap
from sim.errors import ConfigError
from sim.loading import parse
from sim.runs.equilibrium import Choosing, settle
from sim.site.model import Site
from sim.study import Assignment, Horizon
from sim.sumo.build import ArmBuild, build
from sim.tables import ASSIGNMENT, empty
from tests.sites import applied_of
from tests.unit.demand.test_detours import MAIN, PARK, ROUND, people, site

__all__ = ["site"]
TRIP = Trip("passenger", "W_J1", "J2_E")
EDGES = ("W_J1", "J1_J2", "J2_E", "J1_P", "P_J2")


def ways(site: Site, main_s: float, round_s: float) -> Ways:
    times = {id: edge.free_time_s for id, edge in site.network.edges.items()}
    own = {"W_J1": 10.0, "J1_J2": main_s, "J2_E": 10.0, "J1_P": round_s / 2, "P_J2": round_s / 2}
    return Ways(site.network, {**times, **own})


def test_edge_times_are_time_spent_per_vehicle_and_never_below_free_flow(site: Site) -> None:
    rows = [
        {"edge": "J1_J2", "vehicle_s": 600.0, "entered": 8, "left": 10},
        {"edge": "J1_J2", "vehicle_s": 400.0, "entered": 2, "left": 0},
        {"edge": "J1_P", "vehicle_s": 1.0, "entered": 5, "left": 5},
    ]
    found = edge_times_s(pd.DataFrame(rows), site.network)
    assert found["J1_J2"] == 100.0
    assert found["J1_P"] == site.network.edges["J1_P"].free_time_s
    assert found["W_J1"] == site.network.edges["W_J1"].free_time_s


def test_the_gap_is_what_the_fastest_ways_would_save(site: Site) -> None:
    found = ways(site, 30, 60)
    assert relative_gap({TRIP: 10}, {TRIP: {MAIN: 1.0}}, found) == 0
    # Half of them drive 80 s instead of 50 s: 15 s of 65 s.
    assert relative_gap({TRIP: 10}, {TRIP: {MAIN: 0.5, ROUND: 0.5}}, found) == pytest.approx(15 / 65)


def test_a_step_moves_more_from_a_way_that_is_much_slower(site: Site) -> None:
    before = {TRIP: {MAIN: 0.5, ROUND: 0.5}}
    # 80 s against 50 s is 60 % more: the whole step.
    assert stepped(before, ways(site, 30, 60), 0.5)[TRIP] == pytest.approx({MAIN: 0.75, ROUND: 0.25})
    # 55 s against 50 s is a tenth more: a fifth of it.
    assert stepped(before, ways(site, 30, 35), 0.5)[TRIP] == pytest.approx({MAIN: 0.55, ROUND: 0.45})
    assert stepped({TRIP: {MAIN: 1.0}}, ways(site, 60, 30), 1.0)[TRIP] == pytest.approx({ROUND: 1.0})


def test_steps_shrink_faster_after_the_gap_has_grown() -> None:
    steps = Steps()
    first, fell, grew = (steps.next(gap) for gap in (0.5, 0.3, 0.4))
    assert first == 0.5 and fell == 1 / 2.2 and grew == 1 / 4


def test_buses_and_parkers_do_not_choose() -> None:
    demand = people({"edges": MAIN}, {"edges": MAIN, "purpose": "bus"}, {"edges": MAIN, **PARK})
    assert trips_of(demand, [()] * 3) == [TRIP, None, None]
    assert counted([TRIP, None, TRIP], [MAIN, MAIN, ROUND]) == {TRIP: {MAIN: 1, ROUND: 1}}
    assert shares_of({TRIP: {MAIN: 3, ROUND: 1}}) == {TRIP: {MAIN: 0.75, ROUND: 0.25}}


def test_everyone_keeps_the_way_of_today_unless_shares_ask_for_a_change() -> None:
    table = people(*[{"edges": MAIN}] * 4000).vehicles
    trips, who = [TRIP] * len(table), ("site", 1)
    base = {MAIN: 0.6, ROUND: 0.4}
    today = drawn(table, trips, {TRIP: base}, [None] * len(table), who)["edges"]
    same = drawn(table, trips, {TRIP: base}, [base] * len(table), who)["edges"]
    assert same.tolist() == today.tolist()
    after = {MAIN: 0.3, ROUND: 0.4, "W_J1 fly.there J2_E": 0.3}
    then = drawn(table, trips, {TRIP: after}, [base] * len(table), who)["edges"]
    shares = then.value_counts(normalize=True)
    assert [shares[way] for way in after] == pytest.approx([0.3, 0.4, 0.3], abs=0.03)
    changed = (then != today).to_numpy(dtype=bool)
    assert set(today[changed]) == {MAIN} and set(then[changed]) == {"W_J1 fly.there J2_E"}
    assert np.mean(changed) == pytest.approx(0.3, abs=0.03)


def test_who_makes_a_trip_without_shares_keeps_the_way() -> None:
    table = people({"edges": ROUND}).vehicles
    assert drawn(table, [TRIP], {}, [None], ("site", 1))["edges"].tolist() == [ROUND]


def test_an_arm_that_begins_settled_changes_nothing(site: Site, tmp_path: Path) -> None:
    """Its shares are the baseline's after one loading, whatever its people's ways are."""
    built: ArmBuild = build(site, applied_of(site, ()), "am", tmp_path)
    demand = people({"edges": MAIN}, {"edges": ROUND})
    base = {MAIN: 0.8, ROUND: 0.2}
    start = Choosing(demand, [TRIP, TRIP], [base, base])
    found = settle(start, built, site, Assignment(gap=0.2), lambda people: ("run", free(site)))
    assert found.shares[TRIP] == base and found.iterations == 1 and found.digests == ("run",)


def test_the_best_loading_counts_where_the_target_is_not_met(site: Site, tmp_path: Path) -> None:
    built = build(site, applied_of(site, ()), "am", tmp_path)
    start = Choosing(people({"edges": ROUND}), [TRIP], [None])
    few = Assignment(gap=1e-9, iterations_at_most=4)
    found = settle(start, built, site, few, lambda people: ("run", free(site)))
    assert found.iterations == 4 and 0 < found.gap < 0.2
    assert found.shares[TRIP][MAIN] > 0.8


def free(site: Site) -> pd.DataFrame:
    """Return EDGES of a run in which nobody was delayed."""
    edges = site.network.edges
    rows = [{"edge": id, "vehicle_s": edges[id].free_time_s, "entered": 1, "left": 1} for id in EDGES]
    return pd.DataFrame(rows)


def test_a_change_smaller_than_the_difference_in_gap_is_no_verdict() -> None:
    rows = [
        ("a", "network", -0.02, "improved", ""),
        ("a", "network", -0.05, "improved", ""),
        ("a", "approach:J1.west", -0.02, "improved", ""),
        ("a", "network", -0.02, "not_comparable", "invalid"),
    ]
    table = pd.DataFrame(rows, columns=["arm", "scope", "relative", "verdict", "gate"]).assign(period="am")
    gaps = pd.DataFrame(
        [("baseline", "am", 5, 0.01, 0.03), ("a", "am", 9, 0.04, 0.03)], columns=list(ASSIGNMENT)
    )
    found = beyond_the_gap(table, gaps)
    assert found["verdict"].tolist() == ["inconclusive", "improved", "improved", "not_comparable"]
    assert found["gate"].tolist() == ["caution", "", "", "invalid"]
    pd.testing.assert_frame_equal(beyond_the_gap(table, empty(ASSIGNMENT)), table)


def test_a_horizon_scales_the_demand_of_every_arm() -> None:
    horizon = Horizon(surveyed=2026, year=2030, growth_per_year=0.02)
    assert horizon.factor == pytest.approx(1.02**4)
    with pytest.raises(ConfigError, match="2020 lies before the survey of 2026"):
        parse(Horizon, {"surveyed": 2026, "year": 2020, "growth_per_year": 0.02}, "horizon")
