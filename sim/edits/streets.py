"""Edits that build new streets."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

from sim.edits.base import Edit, ObjectKey
from sim.edits.geometry import around, driven
from sim.edits.lanes import with_edge
from sim.labels import Message
from sim.site.model import Site
from sim.site.network import Approach, Edge, Lane, Network


def dead_end(network: Network, node: str) -> bool:
    """Whether all streets at a node come from one other node, or the only one that comes leads nowhere."""
    into = [edge for edge in network.edges.values() if edge.to_node == node]
    out = [edge for edge in network.edges.values() if edge.from_node == node]
    if len({edge.from_node for edge in into} | {edge.to_node for edge in out}) == 1:
        return True
    # A leg with short lanes is cut in two towards its junction and whole in the other direction.
    return len(into) == 1 and len(out) == 1 and not network.connections_from.get(into[0].id)


@dataclass(frozen=True, slots=True)
class AddStreet(Edit):
    """Build one direction of a street between two nodes that are there, not connected to anything yet.

    `shape` are the points between the nodes' centres, in the network's metres; none: straight. `junction` and
    `approach` name it where it ends at a junction. Its ways in and out are said by `SetConnections` (with
    `NewWay`) of the edges before it and of itself, in the same intervention. The junctions at its ends keep
    their outlines.
    """

    edge: str
    from_node: str
    to_node: str
    lanes: int
    speed_mps: float
    allow: frozenset[str]
    shape: tuple[tuple[float, float], ...] = ()
    junction: str | None = None
    approach: str | None = None

    structural: ClassVar[bool] = True

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the street, and the geometry at its ends; a dead end becomes a junction."""
        nodes = (self.from_node, self.to_node)
        keys = {("lane", f"{self.edge}_{index}") for index in range(self.lanes)} | {("edge", self.edge)}
        for node in nodes:
            if dead_end(network, node):
                ends = [edge for edge in network.edges.values() if edge.to_node == node]
                walks = [lane.id for edge in ends for lane in edge.lanes if not driven(lane)]
                keys |= {("junction", node)} | {("connection", f"{lane}->walk:{node}") for lane in walks}
        return frozenset(keys) | around(network, nodes)

    def applied(self, site: Site) -> Site:
        """Add the edge, and its approach where it is named."""
        network = site.network
        if self.edge in network.edges:
            raise ValueError(Message("there is an edge {edge!r} already", edge=self.edge))
        nodes = {edge.from_node: edge.shape[0] for edge in network.edges.values()}
        nodes |= {edge.to_node: edge.shape[-1] for edge in network.edges.values()}
        for node in (self.from_node, self.to_node):
            if node not in nodes:
                raise ValueError(Message("there is no node {node!r}", node=node))
        shape = (nodes[self.from_node], *self.shape, nodes[self.to_node])
        length_m = round(sum(math.dist(a, b) for a, b in pairwise(shape)), 2)
        lanes = tuple(
            Lane(self.edge, index, length_m, 3.2, self.speed_mps, self.allow) for index in range(self.lanes)
        )
        network = with_edge(network, Edge(self.edge, self.from_node, self.to_node, lanes, shape))
        if self.junction is not None and self.approach is not None:
            junction = network.junctions[self.junction]
            if any(a.name == self.approach for a in junction.approaches):
                raise ValueError(
                    Message(
                        "junction {junction!r} has an approach {approach!r} already",
                        junction=self.junction,
                        approach=self.approach,
                    )
                )
            before, end = shape[-2], shape[-1]
            bearing_deg = math.degrees(math.atan2(before[0] - end[0], before[1] - end[1])) % 360
            own = Approach(self.junction, self.approach, self.edge, (self.edge,), round(bearing_deg, 1), ())
            junctions = {
                **network.junctions,
                self.junction: replace(junction, approaches=(*junction.approaches, own)),
            }
            network = replace(network, junctions=junctions)
        return replace(site, network=network)
