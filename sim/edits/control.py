"""Edits of how a junction is controlled: by a signal, by signs, or by the rule of the right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from sim.edits.base import Edit, ObjectKey, timing_key
from sim.edits.programs import KeyedControl, indexed
from sim.labels import Message
from sim.signals.program import SignalControl
from sim.site.model import Site
from sim.site.network import Connection, CrossingLink, Junction, Movement, Network

SIGNALS = "signals"
NETWORKS_OWN = "0"
"""Id of the program that a network holds of a signal itself."""

Way = tuple[str, str]
"""(from edge, to edge) through a junction."""


@dataclass(frozen=True, slots=True)
class SetControl(Edit):
    """Give a junction another control: `signals` with their `programs`, or one without a signal.

    `wanted` is as in `Junction.control`. `periods` are all periods of the site; with signals `programs` has
    one control for each of them. `major` are the stop-line edges of the approaches that have the right of
    way; without any the ranks of the streets decide.
    """

    junction: str
    expected: str
    wanted: str
    periods: tuple[str, ...]
    programs: tuple[tuple[str, KeyedControl], ...] = ()
    major: tuple[str, ...] = ()

    structural: ClassVar[bool] = True

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the junction, its ways and how they yield, its signal, and what that shows to whom."""
        junction = network.junctions[self.junction]
        keys = {("junction", junction.node), ("right_of_way", junction.node)}
        for item in _controlled(network, junction.node):
            keys |= {("signal_link", item.key)}
            keys |= {("connection", item.key)} if isinstance(item, Connection) else {("crossing", item.key)}
        signals = [junction.signal, new_signal(network, junction) if self.wanted == SIGNALS else None]
        keys |= {timing_key(period, id) for id in signals if id is not None for period in self.periods}
        then = replace(junction, major=self.major)
        keys |= {("precedence", f"{'->'.join(a)} over {'->'.join(b)}") for a, b in precedences(network, then)}
        return frozenset(keys)

    def applied(self, site: Site) -> Site:
        """Take the present signal away, or put one there, in every period."""
        network = site.network
        junction = network.junctions[self.junction]
        if junction.control != self.expected:
            raise ValueError(
                Message(
                    "junction {id!r}: expected {expected!r}; found {found!r}",
                    id=self.junction,
                    expected=self.expected,
                    found=junction.control,
                )
            )
        shared = sorted(
            id for id, j in network.junctions.items() if j.signal == junction.signal and j is not junction
        )
        if junction.signal is not None and shared:
            raise ValueError(
                Message(
                    "signal {signal!r} controls {shared:and} too: it cannot go at {id!r} alone",
                    signal=junction.signal,
                    shared=shared,
                    id=self.junction,
                )
            )
        waiting = [
            c.key for c in network.connections if c.entry_link is not None and c.signal == junction.signal
        ]
        if waiting:
            raise ValueError(Message("{keys} has a waiting area inside the junction", keys=waiting))
        signals = {
            period: {id: control for id, control in controls.items() if id != junction.signal}
            for period, controls in site.signals.items()
        }
        then = with_control(network, self.junction, self.wanted, self.major)
        if self.wanted == SIGNALS:
            signal = then.junctions[self.junction].signal or ""
            given = self._controls(then, signal)
            whole = _strung(given, signal)
            signals = {p: {**controls, signal: given.get(p, whole)} for p, controls in signals.items()}
        return replace(site, network=then, signals=signals)

    def _controls(self, network: Network, signal: str) -> dict[str, SignalControl]:
        links = {key: link for link, keys in network.links.get(signal, {}).items() for key in keys}
        found = {}
        for period, control in self.programs:
            programs = {program.id: indexed(program, links) for program in control.programs}
            found[period] = SignalControl(signal, programs, control.active, control.switches)
        return found


def with_control(network: Network, id: str, wanted: str, major: tuple[str, ...] = ()) -> Network:
    """Return the network with another control of one junction; a new signal has a link for each way."""
    junction = network.junctions[id]
    signal = new_signal(network, junction) if wanted == SIGNALS else None
    items = _controlled(network, junction.node)
    links = {item.key: link if signal else None for link, item in enumerate(items)}

    def connection(c: Connection) -> Connection:
        return replace(c, signal=signal, link=links[c.key]) if c.key in links else c

    def crossing(c: CrossingLink) -> CrossingLink:
        return replace(c, signal=signal, link=links[c.key]) if c.key in links else c

    def movement(m: Movement) -> Movement:
        return replace(m, connections=tuple(map(connection, m.connections)))

    approaches = tuple(
        replace(
            a,
            movements=tuple(map(movement, a.movements)),
            crossing=None if a.crossing is None else crossing(a.crossing),
            exit_crossing=None if a.exit_crossing is None else crossing(a.exit_crossing),
        )
        for a in junction.approaches
    )
    then = replace(junction, control=wanted, signal=signal, approaches=approaches, major=major)
    return replace(
        network,
        connections=tuple(map(connection, network.connections)),
        crossings=tuple(map(crossing, network.crossings)),
        junctions={**network.junctions, id: then},
    )


def new_signal(network: Network, junction: Junction) -> str:
    """Return the id of the signal that a junction gets: its node's, unless another signal is called so."""
    taken = {c.signal for c in network.connections if network.edges[c.from_edge].to_node != junction.node}
    return f"{junction.node}.signal" if junction.node in taken else junction.node


def precedences(network: Network, junction: Junction) -> Iterator[tuple[Way, Way]]:
    """Yield (who goes first, who gives way) where a junction says which approaches are major.

    Only pairs that meet. A U-turn from a major approach goes before nobody.
    """
    major = [a for a in junction.approaches if a.edge in junction.major]
    minor = [a for a in junction.approaches if junction.major and a.edge not in junction.major]
    for first in (m for a in major for m in a.movements if not m.direction.startswith("uturn")):
        foes = frozenset[str]().union(*(network.foes.get(c.key, frozenset()) for c in first.connections))
        for second in (m for a in minor for m in a.movements):
            if any(c.key in foes for c in second.connections):
                yield _way(first), _way(second)


def _way(movement: Movement) -> Way:
    return movement.connections[0].from_edge, movement.to_edge


def _controlled(network: Network, node: str) -> list[Connection | CrossingLink]:
    """Return all ways through a node, those on foot included."""
    found: list[Connection | CrossingLink] = [
        c for c in network.connections if network.edges[c.from_edge].to_node == node
    ]
    return [*found, *(c for c in network.crossings if c.node == node)]


def _strung(controls: Mapping[str, SignalControl], signal: str) -> SignalControl:
    """Put all programs one after the other: who gives way in any of them has a place to wait.

    For the network itself, which never runs it (`sim.sumo.build`).
    """
    programs = dict.fromkeys(p for c in controls.values() for p in c.programs.values())
    intervals = tuple(interval for program in programs for interval in program.intervals)
    first = replace(next(iter(programs)), id=NETWORKS_OWN, offset_s=0.0, intervals=intervals, kind="static")
    return SignalControl(signal, {NETWORKS_OWN: first}, NETWORKS_OWN)
