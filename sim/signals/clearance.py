"""Who meets whom inside a junction, and the intergreen that they need. Pure.

A way through a junction is taken as the straight line from its stop line to where its exit lane begins; turns
are shorter than they are driven, so the clearance is at its least.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sim.signals.program import SignalProgram
from sim.signals.reading import of_signal
from sim.signals.rules import TimingRules
from sim.signals.windows import Window, green_windows
from sim.site.network import Connection, Movement, Network

Point = tuple[float, float]
STARTS_LAST = ("right", "uturn")
"""Turns that give way when they begin: nobody needs a green time to clear for them."""


class Clearing(NamedTuple):
    """Movement `ends` loses green at `at_s` and `begins` gets it `intergreen_s` later."""

    ends: str
    begins: str
    at_s: float
    intergreen_s: float
    required_s: float


def clearings(program: SignalProgram, network: Network, rules: TimingRules) -> Iterator[Clearing]:
    """Yield, per pair of conflicting movements, the change of right of way that is shortest for its need."""
    pairs: dict[tuple[str, str], Clearing] = {}
    movements = [m for j in of_signal(network, program.signal) for a in j.approaches for m in a.movements]
    greens = {
        c.key: green_windows(program, c.link)
        for m in movements
        for c in m.connections
        if c.link is not None and c.signal == program.signal
    }
    for ends in movements:
        for begins in movements:
            if begins is ends or begins.direction.startswith(STARTS_LAST):
                continue
            for found in _changes(ends, begins, greens, network, rules, program.cycle_s):
                known = pairs.get((ends.id, begins.id))
                if known is None or _spare_s(found) < _spare_s(known):
                    pairs[ends.id, begins.id] = found
    yield from pairs.values()


def _spare_s(clearing: Clearing) -> float:
    return clearing.intergreen_s - clearing.required_s


def _changes(
    ends: Movement,
    begins: Movement,
    greens: Mapping[str, tuple[Window, ...]],
    network: Network,
    rules: TimingRules,
    cycle_s: float,
) -> Iterator[Clearing]:
    for one in ends.connections:
        foes = network.foes.get(one.key, frozenset())
        for other in begins.connections:
            if other.key not in foes or one.key not in greens or other.key not in greens:
                continue
            difference_m = conflict_difference_m(one, other, network)
            if difference_m is None:
                continue
            required_s = rules.intergreen_s(network.edges[one.from_edge].speed_mps, difference_m)
            for window in greens[one.key]:
                if window.length_s >= cycle_s:
                    continue
                wait_s = next_start_s(window.end_s, greens[other.key], cycle_s)
                if wait_s is not None:
                    yield Clearing(ends.id, begins.id, window.end_s % cycle_s, wait_s, required_s)


def next_start_s(at_s: float, windows: tuple[Window, ...], cycle_s: float) -> float | None:
    """Seconds from `at_s` until the next of the windows begins; None where one is open then (or none is)."""
    waits_s = []
    for window in windows:
        into_s = (at_s - window.begin_s) % cycle_s
        if 0 < into_s < window.length_s or window.length_s >= cycle_s:
            return None
        waits_s.append((window.begin_s - at_s) % cycle_s)
    return min(waits_s, default=None)


def conflict_difference_m(clears: Connection, enters: Connection, network: Network) -> float | None:
    """How much farther the conflict point lies behind the stop line of who clears than of who enters, m.

    Ways that do not cross meet where the exit lane of the one that clears begins. None where the network does
    not draw its lanes.
    """
    ways = [_way(connection, network) for connection in (clears, enters)]
    if ways[0] is None or ways[1] is None:
        return None
    (a, b), (c, d) = ways[0], ways[1]
    meeting = _crossing(a, b, c, d) or b
    return math.dist(a, meeting) - math.dist(c, meeting)


def _way(connection: Connection, network: Network) -> tuple[Point, Point] | None:
    found = []
    for edge, index, end in (
        (connection.from_edge, connection.from_lane, 1),
        (connection.to_edge, connection.to_lane, 0),
    ):
        lane = next((lane for lane in network.edges[edge].lanes if lane.index == index), None)
        if lane is None or lane.ends_m is None:
            return None
        found.append(lane.ends_m[end])
    return found[0], found[1]


def _crossing(a: Point, b: Point, c: Point, d: Point) -> Point | None:
    """Where two straight lines a-b and c-d cross; None where they do not."""
    (rx, ry), (sx, sy) = (b[0] - a[0], b[1] - a[1]), (d[0] - c[0], d[1] - c[1])
    cross = rx * sy - ry * sx
    if abs(cross) < 1e-9:  # noqa: PLR2004 - parallel
        return None
    t = ((c[0] - a[0]) * sy - (c[1] - a[1]) * sx) / cross
    u = ((c[0] - a[0]) * ry - (c[1] - a[1]) * rx) / cross
    return (a[0] + t * rx, a[1] + t * ry) if 0 <= t <= 1 and 0 <= u <= 1 else None
