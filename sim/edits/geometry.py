"""Edits of how many lanes a street has, and where its short lanes begin."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

from sim.edits.base import Edit, ObjectKey
from sim.edits.lanes import with_edge
from sim.labels import Message
from sim.site.model import Site
from sim.site.network import Approach, Connection, CrossingLink, Edge, Lane, Network

SHORTEST_M = 10.0
"""Neither part of a split edge may be shorter."""
DRAWN_M = 0.5
"""Edges between nodes that overlap are shorter: netconvert gives them 0.2 m."""


@dataclass(frozen=True, slots=True)
class SetLaneCount(Edit):
    """Widen or narrow an edge on the side of the median; new lanes copy the one that was nearest to it.

    The junctions at its ends keep their outlines. A new lane has no connections: say them with
    `SetConnections` of this edge and of those before it. A lane that goes must have none any more.
    """

    edge: str
    expected: int
    lanes: int

    structural: ClassVar[bool] = True

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the lanes that come or go, the one they copy, and the geometry at both ends."""
        edge = network.edges[self.edge]
        changed = range(min(self.expected, self.lanes) - 1, max(self.expected, self.lanes))
        lanes = {("lane", f"{edge.id}_{index}") for index in changed}
        return frozenset(lanes) | around(network, (edge.from_node, edge.to_node))

    def applied(self, site: Site) -> Site:
        """Add or remove lanes."""
        edge = site.network.edges[self.edge]
        if len(edge.lanes) != self.expected:
            raise ValueError(
                Message(
                    "edge {edge!r}: expected {expected} lanes; found {n_lanes}",
                    edge=self.edge,
                    expected=self.expected,
                    n_lanes=len(edge.lanes),
                )
            )
        if self.lanes < 1:
            raise ValueError(Message("edge {edge!r} would have no lane left", edge=self.edge))
        for connection in site.network.connections:
            ends = (
                (connection.from_edge, connection.from_lane),
                (connection.to_edge, connection.to_lane),
            )
            if any(end == self.edge and lane >= self.lanes for end, lane in ends):
                raise ValueError(Message("lane still in use: {key}", key=connection.key))
        last = edge.lanes[-1]
        new = tuple(replace(last, index=index, ends_m=None) for index in range(len(edge.lanes), self.lanes))
        lanes = (*edge.lanes[: self.lanes], *new)
        return replace(site, network=with_edge(site.network, replace(edge, lanes=lanes)))


@dataclass(frozen=True, slots=True)
class SplitEdge(Edit):
    """Cut an edge in two, `downstream_m` before its stop line, so that the parts may differ in lanes.

    The part at the stop line keeps the edge's id, the other one is called `upstream`; every lane leads on as
    it did. Routes that drive the edge drive both parts (`Network.parts`).
    """

    edge: str
    expected_length_m: float
    downstream_m: float
    upstream: str

    structural: ClassVar[bool] = True

    @property
    def node(self) -> str:
        """Id of the node between the parts."""
        return f"{self.upstream}.split"

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return both parts, the ways into the edge under their new names, and the geometry at its ends."""
        edge = network.edges[self.edge]
        into = {c.key for c in network.connections if c.to_edge == self.edge}
        into |= {_renamed(c, self.edge, self.upstream).key for c in network.connections if c.key in into}
        keys = {(kind, key) for key in into for kind in ("connection", "signal_link")}
        for crossing in network.crossings:
            if crossing.node == edge.from_node and self.edge in crossing.edges:
                names = {crossing.key, _led(crossing, self.edge, self.upstream).key}
                keys |= {(kind, key) for key in names for kind in ("crossing", "signal_link")}
        sidewalks = [lane for lane in edge.lanes if not driven(lane)]
        keys |= {("connection", f"{self.upstream}_{lane.index}->walk:{self.node}") for lane in sidewalks}
        keys |= {("connection", c.key) for c in _onward(edge, self.upstream)}
        keys |= {("edge", self.edge), ("edge", self.upstream), ("junction", self.node)}
        keys |= {("lane", f"{id}_{lane.index}") for id in (self.edge, self.upstream) for lane in edge.lanes}
        return (
            frozenset(keys) | around(network, (edge.from_node, edge.to_node)) | {("right_of_way", self.node)}
        )

    def applied(self, site: Site) -> Site:
        """Cut the edge; what lies beside it moves to the part it lies on."""
        network = site.network
        edge = network.edges[self.edge]
        upstream_m = edge.length_m - self.downstream_m
        if abs(edge.length_m - self.expected_length_m) > 0.01:  # noqa: PLR2004 - files have two decimals
            raise ValueError(
                Message(
                    "edge {edge!r}: expected {expected_length_m:g} m, found {length_m:g} m",
                    edge=self.edge,
                    expected_length_m=self.expected_length_m,
                    length_m=edge.length_m,
                )
            )
        if self.edge in network.whole:
            raise ValueError(Message("edge {edge!r} is cut already", edge=self.edge))
        if self.upstream in network.edges:
            raise ValueError(Message("there is an edge {upstream!r} already", upstream=self.upstream))
        if min(upstream_m, self.downstream_m) < SHORTEST_M:
            raise ValueError(
                Message(
                    "edge {edge!r} is {length_m:.1f} m long: it cannot be cut {downstream_m:g} m "
                    "before its end, both parts need {shortest_m:g} m",
                    edge=self.edge,
                    length_m=edge.length_m,
                    downstream_m=self.downstream_m,
                    shortest_m=SHORTEST_M,
                )
            )
        before, after = _cut(edge, self, upstream_m)
        named = {
            c.key: _renamed(c, self.edge, self.upstream)
            for c in network.connections
            if c.to_edge == self.edge
        }
        connections = (
            *(named.get(c.key, c) for c in network.connections),
            *_onward(edge, self.upstream),
        )
        keys = {old: new.key for old, new in named.items()}
        crossings = {
            c.key: _led(c, self.edge, self.upstream) if c.node == edge.from_node else c
            for c in network.crossings
        }
        keys |= {old: new.key for old, new in crossings.items()}
        junctions = {
            id: replace(j, approaches=tuple(self._approach(a, named, crossings) for a in j.approaches))
            for id, j in network.junctions.items()
        }
        network = replace(
            network,
            edges={**network.edges, before.id: before, after.id: after},
            connections=connections,
            junctions=junctions,
            crossings=tuple(crossings.values()),
            foes={
                keys.get(key, key): frozenset(keys.get(foe, foe) for foe in foes)
                for key, foes in network.foes.items()
            },
            parts={**network.parts, self.edge: (self.upstream, self.edge)},
        )
        facts = site.facts
        parking = {}
        for id, area in facts.parking.items():
            if area.on == self.edge and area.at_m + area.length_m > upstream_m:
                raise ValueError(
                    Message(
                        "parking area {id!r} reaches into the last {downstream_m:g} m of {edge!r}",
                        id=id,
                        downstream_m=self.downstream_m,
                        edge=self.edge,
                    )
                )
            on = self.upstream if area.on == self.edge else area.on
            parking[id] = area.model_copy(update={"on": on})
        return replace(site, network=network, facts=facts.model_copy(update={"parking": parking}))

    def _approach(
        self, approach: Approach, named: Mapping[str, Connection], crossings: Mapping[str, CrossingLink]
    ) -> Approach:
        movements = tuple(
            replace(
                m,
                to_edge=self.upstream if m.to_edge == self.edge else m.to_edge,
                connections=tuple(named.get(c.key, c) for c in m.connections),
            )
            for m in approach.movements
        )
        chain = tuple(
            part for id in approach.chain for part in ((self.upstream, id) if id == self.edge else (id,))
        )
        exit_edge = self.upstream if approach.exit_edge == self.edge else approach.exit_edge
        crossing, half = (
            None if c is None else crossings[c.key] for c in (approach.crossing, approach.exit_crossing)
        )
        return replace(
            approach, movements=movements, chain=chain, exit_edge=exit_edge, crossing=crossing,
            exit_crossing=half,
        )  # fmt: skip


def around(network: Network, nodes: Iterable[str]) -> frozenset[ObjectKey]:
    """Return the geometry of nodes and of all edges at them, and how the paths through them run.

    A crossing over such an edge is drawn along it, also at its other end. Where another node begins before a
    node ends, nothing is drawn of the edge between them, and the paths through the other one begin where
    those through this one end: they are drawn anew with them.
    """
    nodes = frozenset(nodes)
    near = [e for e in network.edges.values() if e.from_node in nodes or e.to_node in nodes]
    edges = {edge.id for edge in near}
    lanes = {lane.id for edge in near for lane in edge.lanes} | edges
    crossings = {c.key for c in network.crossings if c.node in nodes or not edges.isdisjoint(c.edges)}
    ways = {c.key for c in network.connections if network.edges[c.from_edge].to_node in nodes}
    overlapping = {n for e in near if e.length_m < DRAWN_M for n in (e.from_node, e.to_node)}
    return frozenset(
        {("geometry", id) for id in (lanes | nodes | crossings | ways | overlapping)}
        | {("right_of_way", node) for node in nodes}
    )


def stop_line_m(edge: Edge) -> float:
    """Return how far along its drawn line an edge's lanes end: the line goes on into the node."""
    ends = edge.lanes[0].ends_m
    return _length_m(edge.shape) if ends is None else _along_m(edge.shape, ends[1])


def _cut(edge: Edge, split: SplitEdge, upstream_m: float) -> tuple[Edge, Edge]:
    cut_m = stop_line_m(edge) - split.downstream_m
    shape, at_m = [edge.shape[0]], 0.0
    rest: list[tuple[float, float]] = []
    for a, b in pairwise(edge.shape):
        step_m = math.dist(a, b)
        if not rest and at_m + step_m > cut_m:
            share = (cut_m - at_m) / step_m
            point = (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]))
            shape.append(point)
            rest = [point]
        (rest or shape).append(b)
        at_m += step_m

    def lanes(id: str, length_m: float) -> tuple[Lane, ...]:
        return tuple(replace(lane, edge=id, length_m=length_m, ends_m=None) for lane in edge.lanes)

    before = replace(
        edge,
        id=split.upstream,
        to_node=split.node,
        lanes=lanes(split.upstream, round(upstream_m, 2)),
        shape=tuple(shape),
    )
    after = replace(edge, from_node=split.node, lanes=lanes(edge.id, split.downstream_m), shape=tuple(rest))
    return before, after


def _renamed(connection: Connection, edge: str, upstream: str) -> Connection:
    return replace(connection, to_edge=upstream) if connection.to_edge == edge else connection


def _onward(edge: Edge, upstream: str) -> tuple[Connection, ...]:
    return tuple(Connection(upstream, lane.index, edge.id, lane.index, "through") for lane in edge.lanes)


def _led(crossing: CrossingLink, edge: str, upstream: str) -> CrossingLink:
    return replace(crossing, edges=tuple(upstream if id == edge else id for id in crossing.edges))


def driven(lane: Lane) -> bool:
    """Whether vehicles may use a lane: it is no sidewalk."""
    return bool(lane.allow - {"pedestrian", "wheelchair"})


def _length_m(shape: Iterable[tuple[float, float]]) -> float:
    return sum(math.dist(a, b) for a, b in pairwise(shape))


def _along_m(shape: tuple[tuple[float, float], ...], point: tuple[float, float]) -> float:
    """Return the metres along a line to the place nearest to a point."""
    best = (math.inf, 0.0)
    at_m = 0.0
    for a, b in pairwise(shape):
        step_m = math.dist(a, b)
        if step_m:
            share = ((point[0] - a[0]) * (b[0] - a[0]) + (point[1] - a[1]) * (b[1] - a[1])) / step_m**2
            share = min(max(share, 0.0), 1.0)
            near = (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]))
            best = min(best, (math.dist(point, near), at_m + share * step_m))
        at_m += step_m
    return best[1]
