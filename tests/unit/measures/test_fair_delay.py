"""When fair delay may be the primary measure, and why not."""

from __future__ import annotations

import pytest

from sim.measures.fair_delay import delay_may_be_primary
from sim.site.network import Edge
from tests import tiny_run

TRIPS = tiny_run.tables()["trips"]


def test_it_may_where_routes_lengths_and_limits_are_equal() -> None:
    may, _ = delay_may_be_primary(tiny_run.network(), tiny_run.network(), TRIPS, TRIPS.iloc[::-1])
    assert may


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (tiny_run.edge("w", "B-J1", 50, lanes=2, speed_mps=8.0), "other limits (e.g. w)"),
        (tiny_run.edge("w", "B-J1", 49.9, lanes=2), "other lengths (e.g. w)"),
        (tiny_run.edge("w", "B-J1", 50, lanes=3), "other lengths (e.g. w)"),
    ],
)
def test_it_may_not_where_a_street_in_use_has_changed(changed: Edge, words: str) -> None:
    may, why = delay_may_be_primary(tiny_run.network(), tiny_run.network(w=changed), TRIPS, TRIPS)
    assert not may
    assert words in why.en
    assert "公平出行时间" in why.zh


def test_streets_nobody_uses_do_not_matter() -> None:
    fewer = TRIPS[TRIPS["edges"] == "s e"]
    slower = tiny_run.network(w=tiny_run.edge("w", "B-J1", 50, lanes=2, speed_mps=8.0))
    assert delay_may_be_primary(tiny_run.network(), slower, fewer, fewer)[0]


def test_it_may_not_where_routes_differ_or_people_are_missing() -> None:
    rerouted = TRIPS.copy()
    rerouted.loc[0, "edges"] = "s e"
    for other in (rerouted, TRIPS.iloc[1:]):
        may, why = delay_may_be_primary(tiny_run.network(), tiny_run.network(), TRIPS, other)
        assert not may
        assert why.en.startswith("1 vehicles have different routes")
