"""Findings about counts, on the tiny junction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.checks.counts import find_in_counts
from sim.checks.findings import Gates, read_gates
from sim.signals.greens import Discharge, Greens
from sim.site.network import Approach, Connection, Edge, Junction, Movement, Network
from sim.site.parking import ParkingArea
from tests import tiny_run


@pytest.fixture(scope="module")
def gates(repo_root: Path) -> Gates:
    return read_gates(repo_root / "configs" / "standards" / "gates.yaml")


def counted(name: str, movement: str, per_quarter: float, **other: Any) -> list[dict[str, Any]]:
    """Make four quarter hours of one movement's cars."""
    row = {
        "approach": name,
        "movement": movement,
        "class": "car",
        "count": per_quarter,
        "taken_at": "stop_line",
        "queue_start_veh": float("nan"),
        "queue_end_veh": float("nan"),
        **other,
    }
    return [{"start": start, **row} for start in ("07:30", "07:45", "08:00", "08:15")]


def found(
    rows: list[dict[str, Any]],
    gates: Gates,
    network: Network | None = None,
    parking: dict[str, ParkingArea] | None = None,
) -> list[tuple[str, str, float]]:
    streets = network or tiny_run.network()
    table = find_in_counts(
        pd.DataFrame(rows),
        streets,
        Greens(streets, {"J1": tiny_run.control()}, 0, 3600),
        gates,
        discharge=Discharge(1800.0),
        pce={"bus": 2.0},
        parking=parking or {},
    )
    return list(zip(table["finding"], table["scope"], table["value"].round(6), strict=True))


def test_stop_line_counts_near_capacity_are_flagged(gates: Gates) -> None:
    # Capacity of the west through lane: 1800 * 30 / 60 = 900 pcu/h; 225 in a quarter hour.
    finding = [("stop_line_counts_at_saturation", "approach:J1.west", round(203 / 225, 6))]
    assert found(counted("J1.west", "through", 203), gates) == finding
    assert found(counted("J1.west", "through", 202), gates) == []
    buses = counted("J1.west", "through", 102, **{"class": "bus"})
    assert found(buses, gates) == [(*finding[0][:2], round(204 / 225, 6))]


@pytest.mark.parametrize("cure", [{"taken_at": "upstream"}, {"queue_start_veh": 0.0, "queue_end_veh": 12.0}])
def test_counts_that_do_not_hide_a_jam_are_not_flagged(gates: Gates, cure: dict[str, Any]) -> None:
    assert found(counted("J1.west", "through", 230, **cure), gates) == []


def test_a_queue_written_on_one_class_counts_for_the_movement(gates: Gates) -> None:
    cars = counted("J1.west", "through", 200, queue_start_veh=0.0, queue_end_veh=12.0)
    buses = counted("J1.west", "through", 10, **{"class": "bus"})
    assert found([*cars, *buses], gates) == []
    assert found([*counted("J1.west", "through", 200), *buses], gates) != []


def test_an_imported_site_has_no_counts_to_check(gates: Gates) -> None:
    assert found([], gates) == []


def street() -> Network:
    """Build the tiny junction and a second one, J2, that its east exit leads to."""
    one = tiny_run.network(e=Edge("e", "J1", "J2", tiny_run.edge("e", "J1-J2", 100).lanes, ((0, 0), (1, 0))))
    on = Connection("e", 0, "f", 0, "through")
    approach = Approach("J2", "west", "e", ("e",), 270.0, (Movement("J2", "west", "through", "f", (on,)),))
    return Network(
        edges={**one.edges, "f": tiny_run.edge("f", "J2-G", 100)},
        connections=(*one.connections, on),
        junctions={**one.junctions, "J2": Junction("J2", "J2", "priority", (100, 0), (approach,))},
    )


def test_counts_of_two_ends_of_a_street_must_fit(gates: Gates) -> None:
    into = [*counted("J1.west", "through", 75), *counted("J1.south", "right", 25)]  # 400 veh/h
    scope = "approach:J2.west"
    assert found([*into, *counted("J2.west", "through", 80)], gates, street()) == [
        ("counts_unbalanced", scope, 0.2)
    ]
    assert found([*into, *counted("J2.west", "through", 86)], gates, street()) == []  # 14 %
    without_south = [*into[:4], *counted("J2.west", "through", 10)]
    assert found(without_south, gates, street()) == []


def test_small_gaps_and_streets_with_parking_are_left_out(gates: Gates) -> None:
    small = [*counted("J1.west", "through", 20), *counted("J1.south", "right", 0)]
    assert found([*small, *counted("J2.west", "through", 10)], gates, street()) == []  # 40 veh/h
    large = [*counted("J1.west", "through", 100), *counted("J1.south", "right", 0)]
    rows = [*large, *counted("J2.west", "through", 50)]
    assert found(rows, gates, street()) != []
    lot = tiny_run.PARKING["P"].model_copy(update={"on": "J2.west"})
    assert found(rows, gates, street(), {"P": lot}) == []
