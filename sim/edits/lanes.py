"""Edits of what a lane may be used for and how fast."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sim.edits.base import Edit, ObjectKey
from sim.labels import Message
from sim.site.model import Site
from sim.site.network import Edge, Network


@dataclass(frozen=True, slots=True)
class SetLane(Edit):
    """Set one lane's speed limit, the classes that may use it, or both; None leaves it as it is.

    The lane's connections stay: a lane that is opened needs some that lead on (`SetConnections`).
    """

    edge: str
    lane: int
    expected_speed_mps: float
    expected_allow: frozenset[str]
    speed_mps: float | None = None
    allow: frozenset[str] | None = None

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the lane; where classes are let in also the paths through the nodes at its ends."""
        edge = network.edges[self.edge]
        opened = self.allow is not None and not self.allow <= self.expected_allow
        nodes = (edge.from_node, edge.to_node) if opened else ()
        return frozenset({("lane", f"{self.edge}_{self.lane}")} | {("right_of_way", node) for node in nodes})

    def applied(self, site: Site) -> Site:
        """Set what is given."""
        edge = site.network.edges[self.edge]
        if self.lane >= len(edge.lanes):
            raise ValueError(
                Message(
                    "edge {edge!r} has no lane {lane}: it has {n_lanes}",
                    edge=self.edge,
                    lane=self.lane,
                    n_lanes=len(edge.lanes),
                )
            )
        lane = edge.lanes[self.lane]
        if (lane.speed_mps, lane.allow) != (self.expected_speed_mps, self.expected_allow):
            raise ValueError(
                Message(
                    "lane {id!r}: expected {expected_speed_mps:g} m/s for {expected_allow}; "
                    "found {speed_mps:g} m/s for {allow}",
                    id=lane.id,
                    expected_speed_mps=self.expected_speed_mps,
                    expected_allow=_listed(self.expected_allow),
                    speed_mps=lane.speed_mps,
                    allow=_listed(lane.allow),
                )
            )
        new = replace(
            lane,
            speed_mps=lane.speed_mps if self.speed_mps is None else self.speed_mps,
            allow=lane.allow if self.allow is None else self.allow,
        )
        lanes = tuple(new if each is lane else each for each in edge.lanes)
        return replace(site, network=with_edge(site.network, replace(edge, lanes=lanes)))


def with_edge(network: Network, edge: Edge) -> Network:
    """Return the network with one edge put in its place, or added."""
    return replace(network, edges={**network.edges, edge.id: edge})


def _listed(classes: frozenset[str]) -> str:
    return " ".join(sorted(classes)) or Message("nobody")
