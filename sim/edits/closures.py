"""Edits that close lanes or ways through a junction for a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sim.edits.base import Edit, ObjectKey
from sim.edits.lanes import with_edge
from sim.labels import Message
from sim.site.model import Closure, Site
from sim.site.network import Network


@dataclass(frozen=True, slots=True)
class AddClosure(Edit):
    """Close lanes and connections for a time, with exempt classes. Nothing in the network changes."""

    id: str
    closure: Closure

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the one closure."""
        return frozenset({("closure", self.id)})

    def applied(self, site: Site) -> Site:
        """Add the closure."""
        if self.id in site.closures:
            raise ValueError(Message("there is a closure {id!r} already", id=self.id))
        if self.closure.end_s <= self.closure.begin_s:
            raise ValueError(Message("closure {id!r} ends before it begins", id=self.id))
        lanes = {lane.id for edge in site.network.edges.values() for lane in edge.lanes}
        keys = {connection.key for connection in site.network.connections}
        unknown = [Message("lane {lane}", lane=lane) for lane in self.closure.lanes if lane not in lanes]
        unknown += [
            Message("connection {key}", key=key) for key in self.closure.connections if key not in keys
        ]
        if unknown or not (self.closure.lanes or self.closure.connections):
            raise ValueError(
                Message(
                    "closure {id!r}: there is no {unknown:or}",
                    id=self.id,
                    unknown=unknown or [Message("lane to close")],
                )
            )
        return replace(site, closures={**site.closures, self.id: self.closure})


def while_closed(network: Network, closures: Iterable[Closure], begin_s: float, end_s: float) -> Network:
    """Return the network as it is while all closures hold that meet [begin_s, end_s).

    Who finds no way here may meet a closed one in that time.
    """
    for closure in closures:
        if closure.begin_s >= end_s or closure.end_s <= begin_s:
            continue
        for name in closure.lanes:
            edge_id, _, index = name.rpartition("_")
            edge = network.edges[edge_id]
            lanes = tuple(
                replace(lane, allow=lane.allow & closure.exempt) if lane.index == int(index) else lane
                for lane in edge.lanes
            )
            network = with_edge(network, replace(edge, lanes=lanes))
        limited = tuple(
            replace(c, allow=closure.exempt if c.allow is None else c.allow & closure.exempt)
            if c.key in closure.connections
            else c
            for c in network.connections
        )
        network = replace(network, connections=limited)
    return network
