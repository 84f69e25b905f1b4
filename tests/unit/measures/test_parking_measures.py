"""Parking measures on a day that can be worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from sim.measures import parking_above_85, parking_above_95, search_share, search_time, walking_p50
from sim.measures.base import RunView
from sim.measures.parking_use import above, occupied
from sim.site.parking import ParkingArea
from tests import tiny_run

TITLE = {"zh": "场", "en": "Lot"}
DEMAND = {"origin": "w.up", "exit": "e", "lot": "P", "vehicles_per_h": 10, "stay_min": 20}


def stay(vehicle: str, started_s: float, ended_s: float, area: str = "P") -> dict[str, object]:
    return {"vehicle": vehicle, "area": area, "edge": "w.up", "started_s": started_s, "ended_s": ended_s}


@pytest.fixture
def view() -> RunView:
    """P holds 2: full from 1500 to 2000, and from 4500 on. One parker searched 100 s and 300 m."""
    people = [
        tiny_run.trip(f"parking.shop.{i}", 1200 + i, "w.up w e", purpose="parking", route_m=1000.0)
        for i in range(2)
    ]
    people[1]["fate"] = "gave_up"
    tables = tiny_run.tables(
        trips=tiny_run.table("trips", people),
        parked=tiny_run.table(
            "parked",
            [
                stay("parking.shop.0", 1300, 2000),
                stay("b", 1500, 2500),
                stay("c", 4400, float("nan")),
                stay("d", 4500, 9000),
            ],
        ),
        searches=tiny_run.table(
            "searches",
            [
                {"vehicle": "parking.shop.1", "began_s": 1300.0, "ended_s": 1400.0, "driven_m": 300.0,
                 "full_areas": 2, "outcome": "gave_up"},
            ],
        ),
    )  # fmt: skip
    return tiny_run.view(tables=tables, site=tiny_run.site(parking_demand={"shop": DEMAND}, parking=P))


P = {"P": {"title": TITLE, "kind": "off_street", "on": "w.up", "at_m": 100, "stalls": 2}}


def test_occupancy_steps_cover_the_window(view: RunView) -> None:
    lengths_s, vehicles = occupied(view, "P")
    assert lengths_s.sum() == 3600
    assert (lengths_s * vehicles).sum() == 700 + 1000 + 200 + 100
    assert above(view, "P", 2, 0.85) == pytest.approx((500 + 100) / 3600)
    for measure in (parking_above_85, parking_above_95):  # 85 and 95 % of two stalls are both of them
        assert next(iter(measure.compute(view))).value == pytest.approx(600 / 3600)


def test_search_counts_zero_for_who_finds_a_stall_at_once(view: RunView) -> None:
    assert next(iter(search_time.compute(view))) == ("network", 50.0, 2)
    assert next(iter(search_share.compute(view))).value == pytest.approx(300 / 2000)


def test_walks_go_from_the_stall_to_the_lot_that_was_wished_for(view: RunView) -> None:
    assert next(iter(walking_p50.compute(view))) == ("network", 0.0, 1)
    elsewhere = view.tables["parked"].assign(area=pd.Series(["Q"] * 4, dtype="string"))
    further = ParkingArea.model_validate({**P["P"], "at_m": 160})
    moved = tiny_run.view(
        tables={**view.tables, "parked": elsewhere}, site=view.site, parking={**view.parking, "Q": further}
    )
    assert next(iter(walking_p50.compute(moved))).value == pytest.approx(1.3 * 60)
