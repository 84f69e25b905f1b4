"""Edits of the ways through a junction: which lane leads where."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import ClassVar

from sim.edits.base import Edit, LaneLink, ObjectKey, connection_key, lane_link
from sim.edits.lights import link_of, model_of, with_links
from sim.labels import Message
from sim.site.model import Site
from sim.site.network import Approach, Connection, Movement, Network


@dataclass(frozen=True, slots=True)
class NewWay:
    """A movement that an approach does not have yet.

    `direction` is one of left, through, right, uturn. `like`: key of a connection or crossing of the same
    signal whose lights it shows; without it red until a program says more.
    """

    to_edge: str
    direction: str
    like: str | None = None


@dataclass(frozen=True, slots=True)
class SetConnections(Edit):
    """Re-mark an approach: replace the connections that leave `edge`. Its signal's programs follow.

    `new`: what is to be known of each movement among `wanted` that the approach does not have today.
    """

    edge: str
    expected: frozenset[LaneLink]
    wanted: frozenset[LaneLink]
    new: tuple[NewWay, ...] = ()

    structural: ClassVar[bool] = True

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the edge's connections, what signals show them, and how the junction's paths yield."""
        keys = {connection_key(self.edge, link) for link in self.expected | self.wanted}
        return frozenset(
            {("right_of_way", network.edges[self.edge].to_node)}
            | {("connection", key) for key in keys}
            | {("signal_link", key) for key in keys}
        )

    def applied(self, site: Site) -> Site:
        """Replace the connections; a lane that is new to a movement shows the lights of that movement."""
        network = site.network
        present = {lane_link(c): c for c in network.connections_from.get(self.edge, ())}
        if present.keys() != self.expected:
            expected, found = _said(self.edge, self.expected), _said(self.edge, present.keys())
            raise ValueError(
                Message(
                    "edge {edge!r}: expected {expected}; found {found}",
                    edge=self.edge,
                    expected=expected,
                    found=found,
                )
            )
        ways = {way.to_edge: way for way in self.new}
        added = [
            _new(self.edge, link, tuple(present.values()), ways, network)
            for link in sorted(self.wanted - present.keys())
        ]
        signals = site.signals
        for signal in sorted({c.signal for c, _ in added if c.signal is not None}):
            own = [n for n, (c, _) in enumerate(added) if c.signal == signal]
            signals, links = with_links(site, signal, [added[n][1] for n in own])
            for n, link in zip(own, links, strict=True):
                added[n] = (replace(added[n][0], link=link), added[n][1])
            site = replace(site, signals=signals)
        kept = [c for link, c in present.items() if link in self.wanted]
        return replace(site, network=reconnected(network, self.edge, [*kept, *(c for c, _ in added)]))


def reconnected(network: Network, edge: str, connections: Sequence[Connection]) -> Network:
    """Return the network with other connections leaving `edge`; its approach's movements follow."""
    own = sorted(connections, key=lane_link)
    junctions = {
        id: replace(
            junction,
            approaches=tuple(_remarked(a, own) if a.edge == edge else a for a in junction.approaches),
        )
        for id, junction in network.junctions.items()
    }
    others = [c for c in network.connections if c.from_edge != edge]
    return replace(network, connections=(*others, *own), junctions=junctions)


def _new(
    edge: str, link: LaneLink, present: Sequence[Connection], ways: dict[str, NewWay], network: Network
) -> tuple[Connection, int | None]:
    """Return a new connection, without its link number yet, and the link whose lights it shows."""
    from_lane, to_edge, to_lane = link
    if to_edge in ways:
        way = ways[to_edge]
        bare = Connection(edge, from_lane, to_edge, to_lane, way.direction)
        node = network.edges[edge].to_node
        at_node = (c for c in network.connections if network.edges[c.from_edge].to_node == node)
        signal = next((c.signal for c in (*present, *at_node) if c.signal is not None), None)
        if way.like is None or signal is None:
            return replace(bare, signal=signal), None
        lights = link_of(network, signal)
        if way.like not in lights:
            raise ValueError(
                Message(
                    "signal {signal!r} shows nothing to {like!r}, whose lights are asked for",
                    signal=signal,
                    like=way.like,
                )
            )
        return replace(bare, signal=signal), lights[way.like]
    movement = sorted((c for c in present if c.to_edge == to_edge), key=lambda c: c.link is None)
    if not movement:
        raise ValueError(
            Message("no movement leads from {edge!r} to {to_edge!r} yet", edge=edge, to_edge=to_edge)
        )
    bare = replace(
        movement[0], from_lane=from_lane, to_lane=to_lane, link=None, entry_link=None, allow=None, rules=()
    )
    model = model_of(bare, [c for c in present if c.link is not None])
    return bare, None if model is None else model.link


def _said(edge: str, links: Set[LaneLink]) -> str:
    return ", ".join(connection_key(edge, link) for link in sorted(links)) or Message("no connection")


def _remarked(approach: Approach, connections: Sequence[Connection]) -> Approach:
    """Let the movements of an approach follow its connections; one that is new is named by its direction."""
    movements = []
    for movement in approach.movements:
        own = tuple(c for c in connections if c.to_edge == movement.to_edge)
        if own:
            movements.append(replace(movement, connections=own))
    known = {movement.to_edge for movement in approach.movements}
    for to_edge in dict.fromkeys(c.to_edge for c in connections if c.to_edge not in known):
        own = tuple(c for c in connections if c.to_edge == to_edge)
        name = _free_name(own[0].direction, {movement.direction for movement in movements})
        movements.append(Movement(approach.junction, approach.name, name, to_edge, own))
    return replace(approach, movements=tuple(movements))


def _free_name(direction: str, taken: set[str]) -> str:
    names = (direction, *(f"{direction}_{number}" for number in range(2, 99)))
    return next(name for name in names if name not in taken)
