"""What is in a trip's time: a parker's search and walk, never the stay; through traffic as it drove."""

from __future__ import annotations

import pandas as pd
import pytest

from sim.comparison.people import changes
from sim.measures import fair_travel_time, mean_speed, person_time, vehicle_hours
from sim.measures.base import RunView
from sim.site.parking import ParkingArea
from sim.tables import RunFacts
from tests import tiny_run

TITLE = {"zh": "场", "en": "Lot"}
LOT = {"title": TITLE, "kind": "off_street", "on": "w.up", "at_m": 10, "stalls": 2}
WALK_M = 144.0
"""At 1.2 m/s 120 s; 1.3 times the straight line."""
DEMAND = {
    "shop": {
        "origin": "w.up", "exit": "e", "destination": "w.up", "destination_at_m": 10 + WALK_M / 1.3,
        "vehicles_per_h": 10, "stay_min": 60,
    },
}  # fmt: skip


@pytest.fixture
def view() -> RunView:
    """Three trips: one parks after a search, one gives up, one drives by.

    The first drives 300 s, 60 of them in search, stands 3,600 s and walks 120 s.
    """
    people = [
        tiny_run.trip(
            "parking.shop.0", 1000, "w.up w e", purpose="parking", duration_s=3900, stop_s=3600,
            route_m=1500, occupancy=2,
        ),
        tiny_run.trip(
            "parking.shop.1", 1100, "w.up w e", purpose="parking", duration_s=250, route_m=900, fate="gave_up"
        ),
        tiny_run.trip("by", 1200, "w.up w e", duration_s=90, route_m=600),
    ]  # fmt: skip
    stays = [{"vehicle": "parking.shop.0", "area": "P", "edge": "w.up", "started_s": 1280, "ended_s": 4880}]
    search = {
        "vehicle": "parking.shop.0", "began_s": 1220, "ended_s": 1280, "driven_m": 300, "full_areas": 1,
        "outcome": "parked",
    }  # fmt: skip
    tables = tiny_run.tables(
        trips=tiny_run.table("trips", people),
        parked=tiny_run.table("parked", stays),
        searches=tiny_run.table("searches", [search]),
    )
    site = tiny_run.site(parking_demand=DEMAND, parking={"P": LOT})
    return tiny_run.view(tables=tables, site=site, parking={"P": ParkingArea.model_validate(LOT)})


def by_scope(measure: object, view: RunView) -> dict[str, float]:
    return {found.scope: found.value for found in measure.compute(view)}  # type: ignore[attr-defined]


def test_search_and_walk_are_travel_time_the_stay_is_not(view: RunView) -> None:
    assert view.cohort["fair_s"].tolist() == pytest.approx([300 + 120, 250, 90])
    found = by_scope(fair_travel_time, view)
    assert found["purpose:parking"] == pytest.approx((420 + 250) / 2)
    assert found["purpose:through"] == 90
    assert by_scope(person_time, view)["network"] == pytest.approx((2 * 420 + 250 + 90) / 3600)


def test_vehicles_do_not_walk(view: RunView) -> None:
    assert by_scope(vehicle_hours, view)["network"] == pytest.approx((300 + 250 + 90) / 3600)
    assert by_scope(mean_speed, view)["network"] == pytest.approx(3.6 * 3000 / 640)


def test_a_lot_nearer_by_saves_the_walk_and_makes_a_winner(view: RunView) -> None:
    near = ParkingArea.model_validate({**LOT, "at_m": 10 + WALK_M / 1.3 - 12})
    after = tiny_run.view(tables=view.tables, site=view.site, parking={"P": near})
    table = changes(view.cohort, after.cohort, view.facts).set_index("id")
    assert table["change_s"].to_dict() == pytest.approx(
        {"parking.shop.0": 13 - 120, "parking.shop.1": 0, "by": 0}
    )


def test_without_parking_demand_nobody_walks(view: RunView) -> None:
    plain = tiny_run.view(tables=view.tables)
    assert plain.walks == {}
    pd.testing.assert_series_equal(plain.cohort["fair_s"], plain.cohort["drive_s"], check_names=False)
    assert isinstance(plain.facts, RunFacts)
