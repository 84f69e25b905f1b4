"""Routes by turning shares, and the balance of counts."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from sim.demand import balance, geh, imbalance
from sim.demand.turning import Turning
from sim.errors import ConfigError
from tests.drawn_sites import balanced_rows, row, site


def test_geh_of_known_values() -> None:
    found = geh(pd.Series([110.0, 0.0, 500.0]), pd.Series([100.0, 0.0, 500.0]))
    assert list(found) == pytest.approx([math.sqrt(2 * 100 / 210), 0.0, 0.0])


def test_entries_are_the_legs_that_are_no_street(tmp_path: Path) -> None:
    entries = [entry.id for entry in Turning(site(tmp_path), "am").entries]
    assert entries == ["J1.north", "J1.south", "J1.west", "J2.east", "J2.north", "J2.south"]


def test_probabilities_are_products_of_shares_and_add_up(tmp_path: Path) -> None:
    turning = Turning(site(tmp_path), "am")
    routes = turning.routes(turning.site.network.approaches["J1.west"], "car", 27000)
    assert sum(route.probability for route in routes) == pytest.approx(1)
    by_edges = {route.edges: route.probability for route in routes}
    assert by_edges["J1.west", "J1.north.exit"] == pytest.approx(1 / 3)
    assert by_edges["J1.west", "J2.west", "J2.east.exit"] == pytest.approx(1 / 9)
    assert len(routes) == 2 + 3


def test_no_route_enters_an_approach_twice(tmp_path: Path) -> None:
    turning = Turning(site(tmp_path), "am")
    for entry in turning.entries:
        for route in turning.routes(entry, "car", 27900):
            assert len(set(route.edges)) == len(route.edges)


def test_balanced_counts_are_met_exactly(tmp_path: Path) -> None:
    table = balance(site(tmp_path), "am")
    assert len(table) == 24
    assert table["geh"].max() == pytest.approx(0, abs=1e-9)
    assert set(table["counted_vph"]) == {80.0}


def test_counts_that_do_not_fit_show_at_the_inner_approach(tmp_path: Path) -> None:
    # 30 too many turn into the street at J1; J2.west was counted with 60.
    rows = [line.replace(",20,", ",50,") if "J1.west,through" in line else line for line in balanced_rows()]
    sums = imbalance(balance(site(tmp_path, rows), "am")).set_index("approach")
    assert sums.loc["J1.west", "relative"] == pytest.approx(0)
    assert sums.loc["J2.west", "modelled_vph"] == pytest.approx(90 * 4)
    assert sums.loc["J2.west", "relative"] == pytest.approx(0.5)
    assert sums.loc["J2.west", "geh"] == pytest.approx(math.sqrt(2 * 120**2 / 600))


def test_parkers_come_on_top_of_the_counts(tmp_path: Path) -> None:
    parking = {
        "parking": {
            "lot": {
                "title": {"zh": "场", "en": "Lot"},
                "kind": "kerb",
                "on": "J2.west",
                "at_m": 10,
                "stalls": 5,
            }
        },
        "parking_demand": {
            "shop": {
                "origin": "J1.west",
                "lot": "lot",
                "exit": "J2.north",
                "vehicles_per_h": 12,
                "stay_min": 10,
            }
        },
    }
    found = balance(site(tmp_path, **parking), "am").set_index(["approach", "movement"])
    assert found.loc[("J1.west", "through"), "modelled_vph"] == pytest.approx(92)
    assert found.loc[("J2.west", "left"), "modelled_vph"] == pytest.approx(92)
    assert found.loc[("J2.west", "right"), "modelled_vph"] == pytest.approx(80)


def test_thin_counts_of_a_class_are_pooled_at_inner_approaches_only(tmp_path: Path) -> None:
    trucks = [row("J1.west", "through", 2, kind="truck"), row("J2.west", "left", 1, kind="truck")]
    turning = Turning(site(tmp_path, [*balanced_rows(), *trucks]), "am")
    routes = turning.routes(turning.site.network.approaches["J1.west"], "truck", 27000)
    assert {route.movements[0] for route in routes} == {"J1.west.through"}, (
        "its own two counts decide at the entry"
    )
    assert {route.movements[1] for route in routes} == {"J2.west.left", "J2.west.through", "J2.west.right"}


def test_an_inner_approach_without_any_vehicle_is_refused(tmp_path: Path) -> None:
    rows = [line.replace(",20,", ",0,") if "J2.west" in line else line for line in balanced_rows()]
    with pytest.raises(ConfigError, match=r"no vehicle counted at J2\.west in 'am'"):
        balance(site(tmp_path, rows), "am")
