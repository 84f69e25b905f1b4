"""Drivers who give up the search for a stall by the clock, in the runs in which somebody would.

The simulator knows no such clock: on its own a driver gives up when no lot is left to try. A run is simulated
plainly; where somebody has searched for longer than their patience it is simulated again with this look at
those who drive to a stall, every few seconds. Where drivers of several demands search, in districts of many
lots, it is simulated with it at once. What the clock says to nobody changes nothing, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

LEAVE = "leave."
"""Before the exit edge: the area at which those arrive who have given up, on their way out."""
EVERY_S = 5.0
"""Between two looks; who gives up does so at most twice that before the patience is over."""
PARKING_AREA = 65
"""Flags of a stop in a parking area, off the road (`tc.STOP_PARKING_AREA | tc.STOP_PARKING`)."""

Patience = Mapping[str, tuple[float, str, str]]
"""Driver -> seconds of searching, the area wished for, the area at the exit that stands for giving up."""


def clock(api: Any, limits: Patience) -> Callable[[float], None]:
    """Return what is called every `EVERY_S` with the time: who has searched long enough makes for the exit.

    A search begins when the next stall is no longer the one the driver came for. Who still drives the
    route of the first look is not asked for it again: that costs some ten times as much.
    """
    since_s: dict[str, float] = {}
    settled: set[str] = set()
    came_by: dict[str, str] = {}

    def look(time_s: float) -> None:
        for id in api.vehicle.getIDList():
            if id not in limits or id in settled:
                continue
            route = api.vehicle.getRouteID(id)
            if id not in since_s and came_by.get(id) == route:
                continue
            came_by.setdefault(id, route)
            patience_s, wished, leaves = limits[id]
            stops = api.vehicle.getStops(id, 1)
            aim = stops[0].stoppingPlaceID if stops else LEAVE
            if aim.startswith(LEAVE) or stops[0].arrival >= 0:
                settled.add(id)
                continue
            if aim != wished:
                since_s.setdefault(id, time_s - EVERY_S)
            if id in since_s and time_s + EVERY_S - since_s[id] > patience_s:
                api.vehicle.replaceStop(id, 0, leaves, duration=1.0, flags=PARKING_AREA)
                settled.add(id)

    return look
