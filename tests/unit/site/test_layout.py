"""Which leg lies where, and which lane leads to which."""

from __future__ import annotations

from typing import Any

import pytest

from sim.errors import Problems
from sim.site.layout import Layout, sides, turn_deg
from tests.crossroads import Facts, crossroads, leg


def layout(bearings: dict[str, float], **fields: Any) -> Layout:
    """Lay out a junction with one lane for everything on each leg."""

    def draw(data: Facts) -> None:
        legs = {name: leg(b, ["left+through+right"], **fields) for name, b in bearings.items()}
        data["junctions"]["J1"]["approaches"] = legs

    return Layout(crossroads(draw))


@pytest.mark.parametrize(
    ("coming_from", "leaving_on", "turned"),
    [(0, 180, 0), (0, 270, 90), (0, 90, -90), (350, 170, 0), (350, 80, -90), (90, 0, 90), (0, 0, -180)],
)
def test_the_angle_turned(coming_from: float, leaving_on: float, turned: float) -> None:
    assert turn_deg(coming_from, leaving_on) == turned


@pytest.mark.parametrize(
    ("bearings", "ahead"),
    [
        ({"a": 0, "b": 90, "c": 180, "d": 270}, {"a": "uturn", "b": "left", "c": "through", "d": "right"}),
        ({"a": 0, "b": 90, "d": 270}, {"a": "uturn", "b": "left", "d": "right"}),
        ({"a": 0, "b": 120, "c": 240}, {"a": "uturn", "b": "left", "c": "right"}),
        # Of two legs ahead the straighter one is through.
        ({"a": 0, "b": 160, "c": 210}, {"a": "uturn", "b": "through", "c": "right"}),
        ({"a": 0, "b": 140, "c": 190}, {"a": "uturn", "b": "left", "c": "through"}),
        ({"a": 0, "b": 134}, {"a": "uturn", "b": "left"}),
        ({"a": 0, "b": 136}, {"a": "uturn", "b": "through"}),
        # A fork has no leg straight ahead; a bend beside the straight road is none.
        ({"a": 0, "b": 142, "c": 216}, {"a": "uturn", "b": "left", "c": "right"}),
        ({"a": 0, "b": 175, "c": 216}, {"a": "uturn", "b": "through", "c": "right"}),
    ],
)
def test_what_lies_ahead(bearings: dict[str, float], ahead: dict[str, str]) -> None:
    assert layout(bearings).ahead(("J1", "a")) == ahead


def ways(uses: list[str], exits: int) -> tuple[list[tuple[int, str, int]], list[str]]:
    """Lay out the crossroads with these lanes from the east and so many exit lanes on every leg."""

    def draw(data: Facts) -> None:
        for approach in data["junctions"]["J1"]["approaches"].values():
            approach["exit_lanes"] = exits
        data["junctions"]["J1"]["approaches"]["east"]["lanes"] = [{"use": use} for use in uses]

    problems = Problems()
    found = Layout(crossroads(draw)).lane_ways(("J1", "east"), problems, "east")
    return [(w.from_lane, w.direction, w.to_lane) for w in found], [str(p) for p in problems.found]


@pytest.mark.parametrize(
    ("uses", "exits", "expected"),
    [
        (["left", "through", "right"], 1, [(0, "left", 0), (1, "through", 0), (2, "right", 0)]),
        (["left", "through", "right"], 3, [(0, "left", 0), (1, "through", 1), (2, "right", 2)]),
        (["left", "left", "through", "through"], 3,
         [(0, "left", 0), (1, "left", 1), (2, "through", 1), (3, "through", 2)]),
        (["uturn+left", "through", "through+right"], 2,
         [(0, "uturn", 0), (0, "left", 0), (1, "through", 0), (2, "through", 1), (2, "right", 1)]),
        (["through", "right", "right"], 3, [(0, "through", 0), (1, "right", 1), (2, "right", 2)]),
    ],
)  # fmt: skip
def test_lanes_lead_on(uses: list[str], exits: int, expected: list[tuple[int, str, int]]) -> None:
    assert ways(uses, exits) == (expected, [])


def test_more_lanes_than_exit_lanes_is_a_problem() -> None:
    assert ways(["left", "left", "through"], 1)[1] == [
        "east.lanes: 2 lanes go left, J1.south has only 1 exit lanes (each needs an exit lane of its own)"
    ]


def test_short_lanes_lie_at_the_sides() -> None:
    def bays(data: Facts) -> None:
        lengths = [40, 40, None, None, 40]
        lanes = [{"use": "through", **({"length_m": m} if m else {})} for m in lengths]
        data["junctions"]["J1"]["approaches"]["east"]["lanes"] = lanes

    parts = sides(crossroads(bays).junctions["J1"].approaches["east"].lanes)
    assert [len(part) for part in (parts.left, parts.full, parts.right)] == [2, 2, 1]
