"""Where places along streets lie, and how far it is to walk between them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

from sim.site.network import Network
from sim.site.parking import ParkingArea, ParkingDemand

DETOUR = 1.3
"""Way on foot over the straight line (common value for built-up areas; medium confidence)."""
WALK_MPS = 1.2
"""Speed on foot (HCM pedestrian design speed; high confidence)."""

Point = tuple[float, float]
Walks = Mapping[tuple[str, str], float]
"""Metres on foot by parking demand and area."""


def point(network: Network, edge: str, at_m: float) -> Point:
    """Return where a place along an edge of the site lies, metres in the network's plane."""
    part, at_m = network.part_at(edge, at_m)
    found = network.edges[part]
    drawn_m = sum(math.dist(*pair) for pair in pairwise(found.shape))
    left_m = at_m * (drawn_m / found.length_m if found.length_m else 0.0)
    for start, end in pairwise(found.shape):
        length_m = math.dist(start, end)
        if length_m >= left_m and length_m > 0:
            share = left_m / length_m
            return (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
        left_m -= length_m
    return found.shape[-1]


def walk_m(one: Point, other: Point) -> float:
    """Length of the walk between two points."""
    return DETOUR * math.dist(one, other)


def destination(demand: ParkingDemand, network: Network, today: Mapping[str, ParkingArea]) -> Point | None:
    """Return where the drivers of one demand walk to: what they name, else the lot they wish for today."""
    if demand.destination is not None:
        edge, at_m = network.spot(demand.destination, demand.destination_at_m, "parking_demand.destination")
        return point(network, edge.id, at_m)
    area = today.get(str(demand.lot))
    return None if area is None else point(network, network.edge(area.on, "parking").id, area.at_m)


def walks(
    network: Network,
    areas: Mapping[str, ParkingArea],
    demands: Mapping[str, ParkingDemand],
    today: Mapping[str, ParkingArea],
) -> Walks:
    """Return how far it is from each area of an arm to where each demand goes; `network`: the arm's."""
    goals = {name: destination(demand, network, today) for name, demand in demands.items()}
    spots = {id: point(network, network.whole.get(a.on, a.on), a.at_m) for id, a in areas.items() if goals}
    return {
        (name, id): walk_m(spot, goal)
        for name, goal in goals.items()
        if goal is not None
        for id, spot in spots.items()
    }
