"""Pedestrians: what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim.demand.walks import walks
from sim.errors import ConfigError
from sim.site.network import Network
from tests.drawn_sites import network, site


def period(**pedestrians: object) -> dict[str, object]:
    names = {name.replace("_", "."): number for name, number in pedestrians.items()}
    written = {
        "title": {"zh": "早", "en": "AM"},
        "begin": "07:30",
        "end": "08:00",
        "pedestrians_per_15min": names,
    }
    return {"am": written}


def without_crossing(full: Network) -> Network:
    first = full.junctions["J1"]
    approaches = tuple(replace(a, crossing=None) if a.name == "north" else a for a in first.approaches)
    return Network(
        full.edges, full.connections, {**full.junctions, "J1": replace(first, approaches=approaches)}
    )


def test_all_pedestrians_that_do_not_fit_are_named(tmp_path: Path) -> None:
    own = site(tmp_path, periods=period(J1_north=10, J1_nort=10, J2_west=[1, 2, 3]))
    with pytest.raises(ConfigError) as error:
        walks(replace(own, network=without_crossing(network())), 26100, "am", 1, 1.0)
    place = "periods.am.pedestrians_per_15min."
    assert [(p.path.removeprefix(place), p.message) for p in error.value.problems] == [
        ("J1.nort", "no approach named 'J1.nort'"),
        ("J1.north", "J1.north has no crossing from kerb to kerb"),
        ("J2.west", "needs one number, or one per quarter of an hour of the period"),
    ]


def test_without_pedestrians_nobody_walks(tmp_path: Path) -> None:
    assert walks(site(tmp_path), 26100, "am", 1, 1.0).empty


def test_streams_of_legs_are_independent(tmp_path: Path) -> None:
    one = walks(site(tmp_path, periods=period(J1_north=30)), 26100, "am", 1, 1.0)
    two = walks(site(tmp_path, periods=period(J1_north=30, J1_east=50)), 26100, "am", 1, 1.0)
    assert one.equals(two[two["crossing"] == "J1.north"].reset_index(drop=True))
