"""Edits of one way through a junction: who may use it, and how vehicles behave on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from sim.edits.base import Edit, LaneLink, ObjectKey, connection_key, lane_link
from sim.edits.connections import reconnected
from sim.edits.lights import with_links
from sim.labels import Message
from sim.site.model import Site
from sim.site.network import CONNECTION_RULES, Connection, Network, entry_of

MOVES_PATHS = frozenset({"contPos", "speed"})
"""Rules that also change how the path through the junction runs."""


@dataclass(frozen=True, slots=True)
class SetTurnRules(Edit):
    """Set the classes that a connection is limited to, and its rules.

    `allow`: None lets everyone who may use both lanes; {"bus", "emergency"} is a ban with exemptions; an
    empty set a ban for all. `rules`: pairs of a name in `CONNECTION_RULES` and its value as written there,
    complete: a rule that is left out has its default.
    """

    edge: str
    link: LaneLink
    expected_allow: frozenset[str] | None
    expected_rules: tuple[tuple[str, str], ...]
    allow: frozenset[str] | None
    rules: tuple[tuple[str, str], ...]

    structural: ClassVar[bool] = True

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the connection; the junction's paths where classes change or a rule moves them."""
        key = connection_key(self.edge, self.link)
        moved = {name for name, _ in set(self.rules) ^ set(self.expected_rules)} & MOVES_PATHS
        if not moved and self.allow == self.expected_allow:
            return frozenset({("connection", key)})
        return frozenset({("connection", key), ("right_of_way", network.edges[self.edge].to_node)})

    def applied(self, site: Site) -> Site:
        """Set the connection's classes and rules."""
        unknown = sorted({name for name, _ in self.rules} - CONNECTION_RULES.keys())
        if unknown:
            raise ValueError(Message("no rule of a connection: {unknown}", unknown=unknown))
        present = site.network.connections_from.get(self.edge, ())
        own = next((c for c in present if lane_link(c) == self.link), None)
        key = connection_key(self.edge, self.link)
        if own is None:
            raise ValueError(Message("there is no connection {key}", key=key))
        if (own.allow, own.rules) != (self.expected_allow, tuple(sorted(self.expected_rules))):
            expected = _said(self.expected_allow, self.expected_rules)
            raise ValueError(
                Message(
                    "connection {key}: expected {expected}; found {allow}",
                    key=key,
                    expected=expected,
                    allow=_said(own.allow, own.rules),
                )
            )
        new = replace(own, allow=self.allow, rules=tuple(sorted(self.rules)))
        others: list[Connection] = [c for c in present if c is not own]
        return replace(site, network=reconnected(site.network, self.edge, [*others, new]))


@dataclass(frozen=True, slots=True)
class AddWaitingLine(Edit):
    """Let a turning lane wait inside the junction, `at_m` beyond its stop line, with lights of its own there.

    Both lights show what the connection shows today; `SetProgram` tells them apart. The connection's key
    stands for the lights at the waiting line, `entry_key` for those at the stop line.
    """

    edge: str
    link: LaneLink
    at_m: float

    structural: ClassVar[bool] = True

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the connection, both its lights, and the junction's paths."""
        key = connection_key(self.edge, self.link)
        lights = {("signal_link", key), ("signal_link", entry_of(key))}
        return frozenset({("connection", key), ("right_of_way", network.edges[self.edge].to_node)} | lights)

    def applied(self, site: Site) -> Site:
        """Move the waiting point of the connection and give it a second light."""
        present = site.network.connections_from.get(self.edge, ())
        own = next((c for c in present if lane_link(c) == self.link), None)
        key = connection_key(self.edge, self.link)
        if own is None:
            raise ValueError(Message("there is no connection {key}", key=key))
        if own.signal is None or own.link is None or own.entry_link is not None:
            raise ValueError(Message("connection {key}: expected one light, at its stop line", key=key))
        signals, links = with_links(site, own.signal, [own.link])
        rules = {**dict(own.rules), "contPos": f"{self.at_m:.2f}"}
        new = replace(own, entry_link=links[0], rules=tuple(sorted(rules.items())))
        others = [c for c in present if c is not own]
        network = reconnected(site.network, self.edge, [*others, new])
        return replace(site, network=network, signals=signals)


def _said(allow: frozenset[str] | None, rules: tuple[tuple[str, str], ...]) -> Message:
    who = Message("everyone") if allow is None else " ".join(sorted(allow)) or Message("nobody")
    parts = [Message("for {who}", who=who), *(f"{name} {value}" for name, value in sorted(rules))]
    return Message("{parts}", parts=parts)
