"""Shortest paths on connections, so that banned turns and lane permissions are respected."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sim.site.network import Connection, Network

IGNORING = "ignoring"
"""SUMO's class of vehicles that heed no lane's permissions; some models use it for those let through."""


def usable(network: Network, connection: Connection, vclass: str) -> bool:
    """Tell whether a vehicle of a SUMO class may use a connection: both lanes and the connection allow it."""
    if vclass == IGNORING:
        return True
    lanes = (
        network.edges[connection.from_edge].lanes[connection.from_lane],
        network.edges[connection.to_edge].lanes[connection.to_lane],
    )
    open_to_class = connection.allow is None or vclass in connection.allow
    return open_to_class and all(vclass in lane.allow for lane in lanes)


class Router:
    """Fastest routes of one vehicle class; equal times are broken by the order of edge ids.

    `times_s`: how long each edge takes; in free flow if left out.
    """

    def __init__(
        self, network: Network, vclass: str = "passenger", times_s: Mapping[str, float] | None = None
    ) -> None:
        self.network = network
        self.vclass = vclass
        self.times_s = times_s
        self._ids = sorted(network.edges)
        self._index = {id: i for i, id in enumerate(self._ids)}
        self._from: dict[int, NDArray[np.int32]] = {}

    @cached_property
    def links(self) -> frozenset[tuple[str, str]]:
        """Pairs of edges that some usable connection joins."""
        return frozenset(
            (c.from_edge, c.to_edge) for c in self.network.connections if usable(self.network, c, self.vclass)
        )

    @cached_property
    def _graph(self) -> csr_array:
        # An arc costs the time of the edge it leads to: the first edge is the same for every way.
        links = sorted(self.links)
        rows = [self._index[a] for a, _ in links]
        columns = [self._index[b] for _, b in links]
        free = {id: edge.free_time_s for id, edge in self.network.edges.items()}
        times_s = free if self.times_s is None else self.times_s
        costs = [max(times_s[b], 1e-6) for _, b in links]
        return csr_array((costs, (rows, columns)), shape=(len(self._ids), len(self._ids)))

    def route(self, origin: str, destination: str) -> tuple[str, ...] | None:
        """Return the edges from `origin` to `destination`, both included; None where there is no way."""
        start, end = self._index[origin], self._index[destination]
        if start not in self._from:
            _, self._from[start] = dijkstra(self._graph, indices=start, return_predecessors=True)
        before = self._from[start]
        route = [end]
        while route[-1] != start:
            previous = int(before[route[-1]])
            if previous < 0:
                return None
            route.append(previous)
        return tuple(self._ids[i] for i in reversed(route))

    def through(self, *stations: str) -> tuple[str, ...] | None:
        """Return the edges that pass the stations in turn; None where one cannot be reached."""
        edges: tuple[str, ...] = stations[:1]
        for station in stations[1:]:
            part = self.route(edges[-1], station)
            if part is None:
                return None
            edges += part[1:]
        return edges
