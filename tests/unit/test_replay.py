"""A moving picture: which minutes, which place, and paths that come back from their bytes."""

from __future__ import annotations

import base64
import zlib
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd

from sim.replay import (
    CLIP_S,
    LEAST_M,
    MARGIN_M,
    MOST_M,
    UNIT_M,
    encoded,
    frame_around,
    fullest,
    without_parked,
)
from sim.runs.store import Store
from sim.sumo.recording import PATHS, Clip
from sim.tables import PARKED, typed
from tests.drawn_sites import network

CLIP = Clip(100.0, 160.0, (-50.0, -20.0, 250.0, 180.0))


def paths(*rows: tuple[str, float, float, float, float]) -> pd.DataFrame:
    return typed(pd.DataFrame(rows, columns=list(PATHS)), PATHS)


def decoded(content: dict[str, Any]) -> list[list[tuple[float, float, float]]]:
    """Undo `encoded` the way the page does: planes of steps, summed vehicle by vehicle."""
    raw = zlib.decompress(base64.b64decode(content["points"]))
    n = len(raw) // 5
    planes = [
        np.frombuffer(raw, kind, n, offset) for kind, offset in (("<i2", 0), ("<i2", 2 * n), ("u1", 4 * n))
    ]
    found, k = [], 0
    for _, _, _, count in content["vehicles"]:
        x, y, turn = (plane[k : k + count].astype("int64").cumsum() for plane in planes)
        found.append(
            [
                (CLIP.frame_m[0] + UNIT_M * a, CLIP.frame_m[1] + UNIT_M * b, (c % 256) * 360 / 256)
                for a, b, c in zip(x, y, turn, strict=True)
            ]
        )
        k += count
    assert k == n
    return found


def test_paths_come_back_from_their_bytes() -> None:
    rng = np.random.default_rng(3)
    table = paths(
        *(("a", 100.0 + t, *rng.uniform(0, 150, 2), float(rng.uniform(0, 360))) for t in range(40)),
        *(("b", 110.0 + t, 200.0 - 9 * t, 0.0, 359.9) for t in range(20)),
    )
    content = encoded(table, CLIP, {"a": 7, "b": 2}, {"b": "bus"})
    assert content["vehicles"] == [[7, "car", 0, 40], [2, "bus", 10, 20]]
    back = [point for track in decoded(content) for point in track]
    assert len(back) == 60
    assert np.abs(np.array(back)[:, 0] - table["x_m"]).max() <= UNIT_M / 2 + 1e-9
    assert np.abs(np.array(back)[:, 1] - table["y_m"]).max() <= UNIT_M / 2 + 1e-9
    turned = (np.array(back)[:, 2] - table["angle_deg"] + 180) % 360 - 180
    assert np.abs(turned).max() <= 360 / 256 / 2 + 1e-9


def test_who_leaves_and_comes_back_is_two_tracks_of_one_person() -> None:
    rows = [("a", 100.0 + t, float(t), 0.0, 90.0) for t in (0, 1, 2, 8, 9)]
    content = encoded(paths(*rows, ("b", 110.0, 0.0, 0.0, 0.0)), CLIP, {"a": 0, "b": 1}, {})
    assert content["vehicles"] == [[0, "car", 0, 3], [0, "car", 8, 2], [1, "car", 10, 1]]
    assert [track[0][0] for track in decoded(content)] == [0.0, 8.0, 0.0]


def test_nobody_is_no_bytes() -> None:
    content = encoded(paths(), CLIP, {}, {})
    assert content["vehicles"] == [] and zlib.decompress(base64.b64decode(content["points"])) == b""


def test_who_stands_in_a_stall_is_left_out_and_a_bus_stop_is_not_a_stall() -> None:
    table = paths(*((id, 100.0 + t, 0.0, 0.0, 0.0) for id in ("bus", "car", "late") for t in range(10)))
    rows = [
        ("car", "lot", "e", 103.0, 106.0),
        ("late", "lot", "e", 105.0, np.nan),
        ("bus", "", "e", 100.0, 109.0),
    ]
    left = without_parked(table, typed(pd.DataFrame(rows, columns=list(PARKED)), PARKED))
    seen = {id: sorted(own["time_s"] - 100) for id, own in left.groupby("vehicle")}
    assert seen == {"bus": list(range(10)), "car": [0, 1, 2, 7, 8, 9], "late": [0, 1, 2, 3, 4]}


def store(*running: list[int], window_s: tuple[float, float]) -> Store:
    tables = {
        str(n): pd.DataFrame({"time_s": 60.0 * np.arange(len(own)), "running": own})
        for n, own in enumerate(running)
    }
    facts = SimpleNamespace(window_begin_s=window_s[0], window_end_s=window_s[1])
    return cast(Store, SimpleNamespace(read=lambda digest, name: tables[digest], facts=lambda digest: facts))


def test_the_minutes_are_those_with_most_vehicles_of_both_sides_inside_the_window() -> None:
    one, other = [9] * 5 + [0] * 20, [0] * 25
    other[12:17] = [5] * 5
    assert fullest(store(one, other, window_s=(300.0, 1500.0)), "01") == (720.0, 720.0 + CLIP_S)
    # Earlier minutes were fuller, but nothing is measured there.
    assert fullest(store(one, other, window_s=(0.0, 1500.0)), "01") == (0.0, CLIP_S)
    assert fullest(store(one, other, window_s=(300.0, 480.0)), "01") == (300.0, 480.0)


def test_the_frame_holds_what_is_touched_with_room_around_and_no_more_than_it_can_show() -> None:
    streets = network()
    left, bottom, right, top = frame_around(streets, [], ["J1", "J2"])
    (x1, y1), (x2, y2) = (streets.junctions[id].position_m for id in ("J1", "J2"))
    assert left <= min(x1, x2) - MARGIN_M and right >= max(x1, x2) + MARGIN_M
    assert bottom <= min(y1, y2) - MARGIN_M and top >= max(y1, y2) + MARGIN_M
    small = frame_around(streets, [], ["J1"])
    assert small[2] - small[0] >= LEAST_M
    everything = frame_around(streets, [], [])
    assert everything[2] - everything[0] <= MOST_M + 0.2
