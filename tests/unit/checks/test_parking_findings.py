"""Drivers who circle, and parking books that do not balance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sim.checks.findings import find, read_gates
from sim.checks.parking import circling, little, unsurveyed
from sim.measures.base import RunView
from tests import tiny_run

DEMAND = {"origin": "w.up", "exit": "e", "lot": "P", "vehicles_per_h": 10, "stay_min": 20}
P = {"P": {"title": {"zh": "场", "en": "Lot"}, "kind": "off_street", "on": "w.up", "at_m": 100, "stalls": 2}}


def view(stays: list[tuple[str, float, float]], planned_s: float, searched_s: float = 0.0) -> RunView:
    ids = [f"parking.shop.{i}" for i, _ in enumerate(stays)]
    trips = [tiny_run.trip(id, 1000, "w.up w e", purpose="parking", stop_s=planned_s) for id in ids]
    parked = [
        {"vehicle": id, "area": area, "edge": "w.up", "started_s": begin_s, "ended_s": end_s}
        for id, (area, begin_s, end_s) in zip(ids, stays, strict=True)
    ]
    search = {"vehicle": ids[0], "began_s": 1800.0, "ended_s": 1800.0 + searched_s, "driven_m": 1.0,
              "full_areas": 1, "outcome": "parked"}  # fmt: skip
    tables = tiny_run.tables(
        trips=tiny_run.table("trips", trips),
        parked=tiny_run.table("parked", parked),
        searches=tiny_run.table("searches", [search]),
    )
    return tiny_run.view(tables=tables, site=tiny_run.site(parking=P, parking_demand={"shop": DEMAND}))


def test_books_balance_also_where_drivers_are_kept_in() -> None:
    assert list(little(view([("P", 1100, 1700), ("P", 1200, 1900)], 600))) == []


def test_a_stay_that_was_charged_but_not_stood_is_found() -> None:
    assert list(little(view([("P", 1100, 1400), ("P", 1200, 1500)], 600))) == [("P", pytest.approx(1.0))]


def test_more_cars_than_stalls_are_found() -> None:
    stays = [("P", 1100.0 + i, 1700.0 + i) for i in range(3)]
    assert list(little(view(stays, 600))) == [("P", pytest.approx(0.5))]


def test_a_search_beyond_patience_says_when_it_began() -> None:
    assert list(circling(view([("P", 1100, 1700)], 600, searched_s=899))) == []
    assert list(circling(view([("P", 1100, 1700)], 600, searched_s=901))) == [(0.5, 15.0)]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),  # 15 min of warm-up and an hour: 3.75 stays of 20 min
        ({"stay_min": 25}, []),
        ({"stay_min": 26}, [("shop", pytest.approx(75 / 26))]),
        ({"stay_min": 600, "stock_veh": {"am": 3}}, []),
        ({"stay_min": 600, "stock_veh": {"pm": 3}}, [("shop", pytest.approx(0.125))]),
    ],
)
def test_a_horizon_of_few_stays_wants_a_surveyed_stock(changed: dict[str, Any], found: list[Any]) -> None:
    site = tiny_run.site(parking=P, parking_demand={"shop": {**DEMAND, **changed}})
    assert list(unsurveyed(site, "am")) == found
    began = tiny_run.view(site=site)
    facts = replace(began.facts, window_begin_s=site.periods["am"].begin_s)
    gates = read_gates(Path(__file__).parents[3] / "configs" / "standards" / "gates.yaml")
    rows = find(replace(began, facts=facts), gates)
    said = rows.loc[rows["finding"] == "stock_not_surveyed", ["scope", "severity", "value", "limit"]]
    assert said.to_numpy().tolist() == [["", "caution", covered, 3.0] for _, covered in found]
