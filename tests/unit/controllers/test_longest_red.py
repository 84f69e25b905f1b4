"""Nobody waits longer than a stated red, however heavy the others are: three stages, stepped by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sim.controllers import make_controller
from sim.controllers.base import Jump, SignalView

CHANGE_S = 5.0
LANES = ("a_0", "b_0", "c_0")
STATES = ("Grr", "rGr", "rrG")
LEAST_S = (7.0, 10.0, 16.0)
INTERVALS: list[list[Any]] = [
    *([state, 60.0] for state in STATES),
    *([f"{a}{b}y", CHANGE_S] for a in range(3) for b in range(3) if a != b),
]
WAYS = {
    str(a): {
        str(b): 3 + [(x, y) for x in range(3) for y in range(3) if x != y].index((a, b))
        for b in range(3)
        if b != a
    }
    for a in range(3)
}


def reds_s(limit_s: float | None, queues: Mapping[str, int], seconds: int = 1200) -> list[list[float]]:
    """Run the law against queues that never shrink; return each stage's reds, the last one unfinished."""
    plan: dict[str, Any] = {
        "signal": "S",
        "intervals": INTERVALS,
        "stages": [
            {"interval": n, "min_s": LEAST_S[n], "max_s": 60.0, "lanes": {LANES[n]: 1.0}} for n in range(3)
        ],
        "feeds": {lane: [[lane, 1.0, 1.0]] for lane in LANES},
        "exits": {lane: ["out_0"] for lane in LANES},
        "ways": WAYS,
        "reach_m": dict.fromkeys(LANES, 80.0),
    }
    if limit_s is not None:
        plan["longest_red_s"] = limit_s
    law = make_controller({"kind": "max_pressure_paid_change", "plans": [plan]}, "c")
    counts = {**dict.fromkeys(LANES, 0), **queues, "out_0": 0}
    interval, began_s, leads_to = 0, 0, 0
    ended_s = [1, 1, 1]  # the law's first look
    found: list[list[float]] = [[], [], []]
    for now_s in range(1, seconds):
        if interval >= 3 and now_s - began_s >= CHANGE_S:
            interval, began_s = leads_to, now_s
            found[interval].append(now_s - ended_s[interval])
        if law.due(now_s):
            view = SignalView("S", interval, now_s - began_s, INTERVALS[interval][0], LANES, counts, counts)
            command = law.decide({"S": view}, now_s).get("S")
            if isinstance(command, Jump):
                ended_s[interval] = now_s
                leads_to = next(
                    int(b)
                    for leads in WAYS.values()
                    for b, index in leads.items()
                    if index == command.interval
                )
                interval, began_s = command.interval, now_s
    for stage in {0, 1, 2} - {interval}:
        found[stage].append(seconds - ended_s[stage])
    return found


def test_without_a_limit_somebody_waits_for_ever() -> None:
    assert max(reds_s(None, {"a_0": 50})[2]) > 1100


@pytest.mark.parametrize("queues", [{"a_0": 50}, {"b_0": 50, "c_0": 9}, {"a_0": 20, "b_0": 20, "c_0": 1}, {}])
@pytest.mark.parametrize("limit_s", [50.0, 90.0, 120.0])
def test_nobody_waits_longer_than_stated(queues: Mapping[str, int], limit_s: float) -> None:
    # The shortest cycle has 7 + 10 + 16 s of green and 15 s of changes.
    found = reds_s(limit_s, queues)
    assert max(red for reds in found for red in reds) <= limit_s
    assert all(len(reds) > 5 for reds in found)


def test_it_uses_the_room_that_the_limit_leaves() -> None:
    # One street alone has a queue: the others come in turn, with their shortest greens, as late as may be.
    reds = reds_s(120.0, {"a_0": 50})
    assert min(reds[1][1:-1] + reds[2][1:-1]) > 90
