"""Winners and losers, displacement and the panel, on runs made up so that every number follows by hand."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from sim.comparison.compare import compare
from sim.comparison.displacement import CORDON, DISPLACEMENT, PANEL, cordon, displacement, panel
from sim.comparison.people import CHANGES, PEOPLE, changes, winners_and_losers
from sim.tables import TRIPS, RunFacts, empty
from tests.comparison_tables import findings_table, measures_table, spec

FACTS = RunFacts(0, 100, 200, 300, 0, 0, 0)


def trips(took_s: dict[str, float], **changed: dict[str, object]) -> pd.DataFrame:
    """Lay out trips A > B of 600 m that left at 150 s; `changed`: other columns by trip."""
    table = empty(TRIPS).reindex(range(len(took_s)))
    table["id"] = list(took_s)
    for name, value in {
        "origin": "A", "destination": "B", "scheduled_s": 150.0,
        "route_m": 600.0, "fate": "arrived",
    }.items():  # fmt: skip
        table[name] = value
    table["fair_s"] = list(took_s.values())
    for trip, columns in changed.items():
        for name, value in columns.items():
            table.loc[table["id"] == trip, name] = value
    return table


def test_the_same_person_before_and_after() -> None:
    before = trips({"a": 100, "b": 50, "late": 10}, late={"scheduled_s": 200.0}, b={"fair_s": 55.0})
    after = trips({"b": 80, "late": 10, "a": 60}, late={"scheduled_s": 200.0}, a={"fate": "inside"})
    got = changes(before, after, FACTS).set_index("id")
    assert list(changes(before, after, FACTS).columns) == list(CHANGES)
    assert dict(got["change_s"]) == {"a": -40.0, "b": 25.0}
    assert dict(got["finished"]) == {"a": False, "b": True}


@pytest.mark.parametrize("lacking", ["before", "after"])
def test_a_broken_pairing_is_refused(lacking: str) -> None:
    whole, part = trips({"a": 1, "b": 2}), trips({"a": 1})
    sides = (part, whole) if lacking == "before" else (whole, part)
    with pytest.raises(ValueError, match="1 people travel in one arm only"):
        changes(*sides, FACTS)


def test_winners_and_losers_by_hand() -> None:
    replicates = []
    for shift in (0.0, 2.0):
        before = trips({"a": 100, "b": 100, "c": 100}, c={"route_m": 3000.0, "destination": "C"})
        after = trips({"a": 60 + shift, "b": 105, "c": 120}, c={"route_m": 3000.0, "destination": "C"})
        replicates.append(changes(before, after, FACTS))
    table = winners_and_losers("retime", "am", replicates, confidence=0.95)
    assert list(table.columns) == list(PEOPLE)
    rows = table.set_index(["group", "name"])
    everyone = rows.loc["all", ""]
    counts = ["replicates", "trips", "winners", "losers", "unchanged", "unfinished"]
    assert list(everyone[counts]) == [2, 6, 2, 2, 2, 0]
    assert everyone["gained_h"] == pytest.approx(78 / 3600)
    assert everyone["lost_h"] == pytest.approx(40 / 3600)
    assert everyone["small_h"] == pytest.approx(-50 / 3600), "b and c, who lost less than 30 s"
    # Mean changes -5 and -13/3: t(.975, 1) = 12.706 on half their distance.
    assert everyone["change_s"] == pytest.approx(-14 / 3)
    assert everyone["ci_high"] - everyone["ci_low"] == pytest.approx(2 * 12.7062 * (1 / 3), rel=1e-4)
    assert set(rows.loc["length"].index) == {"500-1000 m", "2000-5000 m"}
    assert rows.loc["length", "2000-5000 m"]["losers"] == 2
    # Fewer than ten trips in the first replicate: one group.
    assert list(rows.loc["od"].index) == ["other"]
    assert winners_and_losers("retime", "am", [], confidence=0.95).empty


SPECS = {
    "control_delay": spec("control_delay"),
    "demand_flow": spec("demand_flow", direction="none", unit="veh/h"),
    "fair_travel_time": spec("fair_travel_time"),
    "vehicle_hours": spec("vehicle_hours", unit="h"),
}


def scenario() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A main road that gains, a side road that is starved, a neighbour that gets the queue."""
    demand = np.array([-4.0, 3.0, -1.0, 5.0, 0.0, -5.0, 1.0, 4.0, -3.0, 0.0])
    noise = np.array([1.0, -1.0, 2.0, 0.0, -2.0, 1.0, 0.0, -1.0, 2.0, -2.0])
    effects = {
        "approach:J1.west": (60, -20), "approach:J1.north": (50, 30),
        "movement:J1.west.through": (60, -20), "movement:J1.north.through": (50, 30),
        "movement:J2.west.through": (40, 10), "movement:J2.east.through": (40, 0.1),
        "junction:J1": (58, -15), "junction:J2": (40, 5),
    }  # fmt: skip
    flows = {"west": 900.0, "north": 100.0, "east": 300.0}
    values = {}
    for arm in ("baseline", "retime"):
        on = arm == "retime"
        for scope, (level, effect) in effects.items():
            values[arm, "am", "control_delay", scope] = level + demand + on * (effect + noise)
            name = next((flow for leg, flow in flows.items() if f".{leg}" in scope), 1000.0)
            values[arm, "am", "demand_flow", scope] = [name] * 10
        values[arm, "am", "fair_travel_time", "network"] = 200 + demand + on * (-15 + noise)
        values[arm, "am", "fair_travel_time", "class:bus"] = 300 + demand + on * noise
        values[arm, "am", "vehicle_hours", "network"] = 80 + demand + on * (-6 + noise / 10)
    table = measures_table(values)
    return table, compare(table, findings_table(), SPECS, primary="fair_travel_time")


def test_displacement_is_told_place_by_place_and_added_up() -> None:
    _, comparison = scenario()
    table = displacement(comparison)
    assert list(table.columns) == list(DISPLACEMENT)
    told = table.set_index("scope")["change"]
    assert told["movement:J2.west.through"] == told["movement:J1.north.through"] == "worse"
    assert told["movement:J1.west.through"] == "better"
    assert told["movement:J2.east.through"] == ""
    row = cordon(table, comparison).iloc[0]
    assert list(cordon(table, comparison).columns) == list(CORDON)
    assert (row["worse_places"], row["better_places"]) == (2, 1)
    # 30 s for 100 veh/h and 10 s for 900 veh/h lost, 20 s for 900 veh/h gained.
    assert row["lost_h_per_h"] == pytest.approx((30 * 100 + 10 * 900) / 3600)
    assert row["gained_h_per_h"] == pytest.approx(20 * 900 / 3600)
    assert row["net_h"] == pytest.approx(-6)
    assert row["ci_high"] < 0


def test_the_panel_says_who_was_starved() -> None:
    measures, comparison = scenario()
    table = panel(measures, comparison, SPECS, "fair_travel_time", 0.95)
    assert list(table.columns) == list(PANEL)
    rows = table.set_index("group")
    assert dict(rows["change"]) == {
        "main_road": "better", "side_road": "worse", "worst_movement": "worse", "buses": "",
    }  # fmt: skip
    assert dict(rows["starved"]) == {
        "main_road": False, "side_road": True, "worst_movement": True, "buses": False,
    }  # fmt: skip
    assert rows.loc["worst_movement", "scope"] == "movement:J1.north.through"
    assert rows.loc["side_road", "difference"] == pytest.approx(30)
    # Without an improved mean nobody was starved for it.
    unsure = comparison.assign(verdict="inconclusive")
    assert not panel(measures, unsure, SPECS, "fair_travel_time", 0.95)["starved"].any()
    # Nor by a change that does not matter.
    blunt = {**SPECS, "control_delay": spec("control_delay", mcid_abs=31.0)}
    rows = panel(measures, comparison, blunt, "fair_travel_time", 0.95).set_index("group")
    assert rows.loc["side_road", "change"] == "worse" and not rows["starved"].any()


def test_trips_are_taken_one_replicate_at_a_time() -> None:
    alive: list[int] = []

    def replicates() -> Iterator[pd.DataFrame]:
        for number in range(3):
            table = changes(trips({"a": 100, "b": 50}), trips({"a": 60, "b": 50}), FACTS)
            weakref.finalize(table, alive.remove, number)
            alive.append(number)
            yield table
            del table
            assert len(alive) <= 2  # the one that was given last, and the one being made

    table = winners_and_losers("retime", "am", replicates(), confidence=0.95)
    assert table.loc[0, "trips"] == 6


def test_frequent_pairs_have_rows_of_their_own() -> None:
    people = {f"p{i}": 100.0 for i in range(12)}
    rare = {"p0": {"destination": "C"}, "p1": {"destination": "C"}}
    table = winners_and_losers(
        "retime",
        "am",
        [changes(trips(people, **rare), trips(dict.fromkeys(people, 80.0), **rare), FACTS)] * 2,
        confidence=0.95,
    )
    pairs = table[table["group"] == "od"].set_index("name")["trips"]
    assert dict(pairs) == {"A > B": 20, "other": 4}
