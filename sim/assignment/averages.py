"""Shares of ways on the way to equilibrium: the relative gap, and one step of successive averages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import pandas as pd

from sim.assignment.trips import Shares, Trip
from sim.demand.routing import Router
from sim.edits.closures import while_closed
from sim.site.model import Closure
from sim.site.network import Network

RARE = 1e-6
"""A share below this is nobody."""
FULL_SWAP = 0.5
"""A way that takes this much longer than the best one, as a share of it, loses all that a step moves."""


GREW, FELL = 1.8, 0.2
"""What is added to the number whose inverse is the step, as the gap grew or fell."""


def edge_times_s(edges: pd.DataFrame, network: Network) -> dict[str, float]:
    """Return the mean time that vehicles spent on each edge, never less than in free flow; EDGES in.

    Total time over vehicles, all intervals together. Ways through junctions are not in it.
    """
    sums = edges.groupby("edge")[["vehicle_s", "entered", "left"]].sum()
    vehicles = sums[["entered", "left"]].max(axis=1)
    mean_s = (sums["vehicle_s"] / vehicles.where(vehicles > 0)).to_dict()
    found = {}
    for id, edge in network.edges.items():
        mean = float(mean_s.get(id, edge.free_time_s))
        found[id] = mean if mean > edge.free_time_s else edge.free_time_s
    return found


@dataclass
class Steps:
    """Lengths of steps by self-regulated averaging: 1 over a number that grows much where the gap has grown.

    Liu, He & He 2009, Networks and Spatial Economics 9, "Method of successive weighted averages (MSWA) and
    self-regulated averaging schemes".
    """

    number: float = 2.0
    last: float = math.inf

    def next(self, gap: float) -> float:
        """Return the length of the step after a loading with this gap."""
        if self.last < math.inf:
            self.number += GREW if gap > self.last else FELL
        self.last = gap
        return 1 / self.number


@dataclass
class Ways:
    """What ways cost in a network with these times on its edges, and the best ones."""

    network: Network
    times_s: Mapping[str, float]
    closures: tuple[Closure, ...] = ()
    _routers: dict[tuple[str, tuple[int, ...]], Router] = field(default_factory=dict)

    def cost_s(self, way: str) -> float:
        """Return the time a way takes, ways through junctions aside."""
        return sum(self.times_s[edge] for edge in way.split())

    def best(self, trip: Trip) -> str:
        """Return the fastest way of a trip, which somebody drives: there is one."""
        found = self._router(trip).route(trip.origin, trip.destination)
        assert found is not None, trip
        return " ".join(found)

    def open_to(self, way: str, trip: Trip) -> bool:
        """Whether a way can be driven on that trip."""
        edges = way.split()
        known = all(edge in self.network.edges for edge in edges)
        return known and self._router(trip).links.issuperset(pairwise(edges))

    def _router(self, trip: Trip) -> Router:
        key = (trip.vclass, trip.met)
        if key not in self._routers:
            network = self.network
            if trip.met:
                closed = [self.closures[n] for n in trip.met]
                network = while_closed(network, closed, float("-inf"), float("inf"))
            self._routers[key] = Router(network, trip.vclass, self.times_s)
        return self._routers[key]


def relative_gap(vehicles: Mapping[Trip, float], shares: Shares, ways: Ways) -> float:
    """Return the share of all travel time that people would save if each took the fastest way instead.

    (Sum of flow times cost - sum of trips times lowest cost) / sum of flow times cost, with the costs as they
    are; 0 in a user equilibrium (Boyce et al. 2004, Transportation Research Record 1882).
    """
    spent = least = 0.0
    for trip, n in vehicles.items():
        spent += n * sum(share * ways.cost_s(way) for way, share in shares[trip].items())
        least += n * ways.cost_s(ways.best(trip))
    return (spent - least) / spent if spent > 0 else 0.0


def stepped(shares: Shares, ways: Ways, step: float) -> dict[Trip, dict[str, float]]:
    """Move people to the fastest way of their trip: a way loses `step` of its share.

    It loses less, in proportion, where it takes less than `FULL_SWAP` longer than the best one (Smith 1984's
    swaps), so that ways that are nearly alike do not swing.
    """
    found = {}
    for trip, before in shares.items():
        best = ways.best(trip)
        least_s = ways.cost_s(best)
        after = dict(before)
        for way, share in before.items():
            excess = (ways.cost_s(way) - least_s) / least_s
            moved = share * step * min(1.0, max(0.0, excess) / FULL_SWAP)
            after[way] -= moved
            after[best] = after.get(best, 0.0) + moved
        kept = {way: share for way, share in sorted(after.items()) if share > RARE}
        total = sum(kept.values())
        found[trip] = {way: share / total for way, share in kept.items()}
    return found
