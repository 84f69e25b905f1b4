"""How long a movement into or out of a stall holds up the lane, said in the simulator's way: by an angle.

SUMO takes manoeuvre times from the vehicle type, by the angle between stall and lane
(`maneuverAngleTimes`), and uses an area's `angle` for nothing else but the drawing. So an area's angle can be
its time in seconds, and each area may have its own. That holds where the lane is straight. In a bend the
angle that SUMO finds is off by the bend, and times would be off by seconds, or by a minute where it comes out
negative: areas in bends therefore have angles above those, as far apart as the number of times allows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise

from sim.site.network import Edge, Network
from sim.site.parking import KERB_MANOEUVRE_S, OFF_STREET_MANOEUVRE_S, ParkingArea

LONGEST_S = 60
STRAIGHT_DEG = 0.4
"""SUMO rounds angles to whole degrees."""
AROUND_M = 10.0
"""A bend so near an area still turns stalls: shapes are rounded where they were drawn wider."""
FIRST_DEG, LAST_DEG = LONGEST_S + 2, 180
"""Angles of areas in bends."""
TABLE = ",".join(f"{s + 1} {s} {s}" for s in range(LONGEST_S + 1))


def angles(
    parking: Mapping[str, ParkingArea],
    network: Network,
    today: Mapping[str, ParkingArea],
    network_today: Network,
) -> dict[str, int]:
    """Return the `angle` of every area, degrees.

    In bends of the times that there are today the nearest counts: no area's angle depends on what a policy
    adds elsewhere.
    """
    bent = _bent(parking, network)
    middle = {s: (first + last) // 2 for s, (first, last) in _spans(today, network_today).items()}
    nearest = {id: min(middle, key=lambda known, s=s: abs(known - s)) for id, s in bent.items()}  # type: ignore[misc]
    return {id: middle[nearest[id]] if id in bent else area.holds_up_s for id, area in parking.items()}


def table(
    parking: Mapping[str, ParkingArea],
    network: Network,
    today: Mapping[str, ParkingArea],
    network_today: Network,
) -> str:
    """Return `maneuverAngleTimes` of every type that parks: largest angle, seconds in, seconds out."""
    spans = _spans(today, network_today) if _bent(parking, network) else {}
    # A movement lasts a second more than written; straight areas are looked up a second lower.
    return ",".join([TABLE, *(f"{last} {max(s - 1, 0)} {max(s - 1, 0)}" for s, (_, last) in spans.items())])


def _bent(parking: Mapping[str, ParkingArea], network: Network) -> dict[str, int]:
    """Return the times of the areas in bends."""
    found = {}
    for id, area in parking.items():
        edge, at_m = network.part_at(network.edge(area.on, f"parking.{id}.on").id, area.at_m)
        reach = (at_m - AROUND_M, at_m + area.length_m + AROUND_M)
        if any(
            reach[0] <= m <= reach[1] and abs(deg) > STRAIGHT_DEG for m, deg in _bends(network.edges[edge])
        ):
            found[id] = area.holds_up_s
    return found


def _spans(today: Mapping[str, ParkingArea], network: Network) -> dict[int, tuple[int, int]]:
    """Share the angles out among the usual times and today's: seconds -> first and last degree."""
    times = sorted({KERB_MANOEUVRE_S, OFF_STREET_MANOEUVRE_S, *_bent(today, network).values()})
    cuts = [FIRST_DEG + round(n * (LAST_DEG - FIRST_DEG) / len(times)) for n in range(len(times) + 1)]
    return {s: (cuts[n], cuts[n + 1]) for n, s in enumerate(times)}


def _bends(edge: Edge) -> Iterator[tuple[float, float]]:
    """Yield where an edge turns, metres along it, and by how many degrees."""
    shape = edge.shape
    drawn_m = sum(math.dist(a, b) for a, b in pairwise(shape))
    scale = edge.length_m / drawn_m if drawn_m else 1.0
    along_m = 0.0
    for a, b, c in zip(shape, shape[1:], shape[2:], strict=False):
        along_m += math.dist(a, b)
        turn = math.atan2(c[1] - b[1], c[0] - b[0]) - math.atan2(b[1] - a[1], b[0] - a[0])
        yield along_m * scale, (math.degrees(turn) + 180) % 360 - 180
