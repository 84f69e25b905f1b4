"""Streets as plain data, and run tables as links' delays."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from sim.street_map import _in_window, _moved, geometry, touched_by
from tests.synthetic_streets import streets


def test_geometry_is_plain_data_with_a_line_per_lane() -> None:
    network = streets()
    new, lots = {"p": [network.edges["J1.west"]]}, {"p": {"lot": (1.23, 4.0)}}
    data = json.loads(json.dumps(geometry(network, {"p": (["J1.west"], ["J1"])}, new, lots)))
    west = data["edges"]["J1.west"]
    assert len(west["lanes"]) == 3 == len(west["width_m"])
    assert [lane[-1] for lane in west["lanes"]] == [[-15.0, -8.1], [-15.0, -4.9], [-15.0, -1.6]]
    assert west["line"][-1] == [-15.0, -4.9], "the middle of the lanes"
    assert data["junctions"]["J1"]["approaches"]["west"] == "J1.west"
    assert data["new"]["p"]["J1.west"] == west
    assert data["touched"]["p"] == {"edges": ["J1.west"], "junctions": ["J1"], "parking": {"lot": [1.2, 4.0]}}


def test_a_bent_line_is_moved_to_its_right_with_mitred_corners() -> None:
    moved = _moved([(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)], 2.0)
    assert moved == [(0.0, -2.0), (12.0, -2.0), (12.0, 10.0)]


def test_what_a_footprint_touches() -> None:
    keys = [
        ("lane", "J1.west_2"),
        ("connection", "J1.north_0->J2.south.exit_1"),
        ("signal_timing", "J2@am_peak"),
        ("box", "J3"),
        ("geometry", "J1.south"),
        ("right_of_way", "J1"),
        ("illegal_stopping", "shops"),
    ]
    assert touched_by(keys, streets(), {"shops": "J2.east"}) == (
        ["J1.north", "J1.west", "J2.east"],
        ["J2", "J3"],
    )


def test_intervals_are_joined_within_the_window_and_parts_to_edges() -> None:
    rows = [
        ("a", 840.0, 900.0, 9, 9, 50.0, 10.0),  # before the window
        ("a", 900.0, 960.0, 4, 3, 40.0, 10.0),
        ("a", 960.0, 1020.0, 6, 9, 60.0, 20.0),
        ("a.up", 900.0, 1800.0, 14, 11, 30.0, 5.0),
        ("a", 1800.0, 2700.0, 5, 0, 400.0, 399.0),  # a queue that never left
    ]
    columns = ["edge", "begin_s", "end_s", "entered", "left", "vehicle_s", "time_loss_s"]
    found = _in_window(pd.DataFrame(rows, columns=columns), 900.0, 2700.0, {"a.up": "a", "a": "a"})
    first, second = found.to_dict("records")
    assert (first["begin_s"], first["vehicles"]) == (900.0, 14.0)
    assert first["time_loss_s"] == pytest.approx(35.0) and first["vehicle_s"] == pytest.approx(130.0)
    assert (second["begin_s"], second["vehicles"], second["time_loss_s"]) == (1800.0, 5.0, 399.0)
