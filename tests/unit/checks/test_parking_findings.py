"""Drivers who circle, and parking books that do not balance."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from sim.checks.parking import circling, little
from sim.measures.base import RunView
from tests import tiny_run

DEMAND = {"origin": "w.up", "exit": "e", "lot": "P", "vehicles_per_h": 10, "stay_min": 20}
P = {"P": {"title": {"zh": "场", "en": "Lot"}, "kind": "off_street", "on": "w.up", "at_m": 100, "stalls": 2}}


def view(
    stays: list[tuple[str, float, float]], planned_s: float, searched_s: float = 0.0, lost_s: float = 0.0
) -> RunView:
    ids = [f"parking.shop.{i}" for i, _ in enumerate(stays)]
    trips = [
        tiny_run.trip(id, 1000, "w.up w e", purpose="parking", stop_s=planned_s, time_loss_s=lost_s)
        for id in ids
    ]
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


STAYS = [("P", 1100.0, 1700.0), ("P", 1200.0, 1900.0)]
"""600 s as planned, and 700 s: kept in by 100 s of traffic, which the trips lost."""


def test_books_balance_also_where_drivers_are_kept_in() -> None:
    assert list(little(view(STAYS, 600, lost_s=50))) == []


def test_a_stay_longer_than_the_trip_could_lose_is_found() -> None:
    assert list(little(view(STAYS, 600, lost_s=40))) == [("P", pytest.approx(100 / 1200))]


def test_a_stay_that_was_charged_but_not_stood_is_found() -> None:
    found = list(little(view([("P", 1100, 1400), ("P", 1200, 1500)], 600)))
    assert found == [("P", pytest.approx(600 / 1200))]


@pytest.mark.parametrize("doctored", ["twice", "lost", "endless"])
def test_doctored_books_are_found(doctored: str) -> None:
    """A stay noted twice, not at all, or without its end."""
    fine = view(STAYS, 600, lost_s=50)
    parked = fine.tables["parked"]
    changed, found = {
        "twice": (
            pd.concat([parked, parked.tail(1).assign(started_s=1950.0, ended_s=2650.0)]),
            [("P", 800 / 1200)],
        ),
        "lost": (parked.head(1), [("", 0.5)]),
        "endless": (parked.assign(ended_s=[1700.0, float("nan")]), [("P", 600 / 1200)]),
    }[doctored]
    assert list(little(replace(fine, tables={**fine.tables, "parked": changed}))) == [
        (area, pytest.approx(gap)) for area, gap in found
    ]


def test_more_cars_than_stalls_are_found() -> None:
    stays = [("P", 1100.0 + i, 1700.0 + i) for i in range(3)]
    assert list(little(view(stays, 600))) == [("P", pytest.approx(0.5))]


def test_a_search_beyond_patience_says_when_it_began() -> None:
    assert list(circling(view([("P", 1100, 1700)], 600, searched_s=899))) == []
    assert list(circling(view([("P", 1100, 1700)], 600, searched_s=901))) == [(0.5, 15.0)]
