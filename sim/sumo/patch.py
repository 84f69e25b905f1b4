"""From the difference between two networks to one netconvert patch, and what to look for in its result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sim.edits.base import LaneLink, connection_key, lane_link
from sim.errors import BuildError
from sim.site.network import CONNECTION_RULES, Connection, Network
from sim.sumo.vehicle_classes import ALL, permission
from sim.sumo.xml_file import element

Links = Mapping[str, frozenset[LaneLink]]


def patch_files(base: Network, target: Network) -> dict[str, str]:
    """Return the patch that turns `base` into `target` in one pass: name -> content; empty without one."""
    connections = "".join(_connections(base, target))
    return {"patch.con.xml": f"<connections>\n{connections}</connections>\n"} if connections else {}


def changed_links(base: Network, target: Network) -> Links:
    """Edge -> the links that shall leave it, for edges where that differs."""
    edges = sorted({*base.connections_from, *target.connections_from})
    return {edge: _links(target, edge) for edge in edges if _links(target, edge) != _links(base, edge)}


def _connections(base: Network, target: Network) -> Iterator[str]:
    """Yield what to delete, to add and to limit, and not a word on the rest.

    A lane that is new to a movement which the signal leaves uncontrolled today is left uncontrolled too.
    """
    free = _free_movements(base)
    edges = {*base.connections_from, *target.connections_from}
    for edge in sorted(edge for edge in edges if _of(base, edge) != _of(target, edge)):
        today = {lane_link(c): c for c in _of(base, edge)}
        then = {lane_link(c): c for c in _of(target, edge)}
        for link in sorted(today.keys() - then.keys()):
            yield element("delete", _attributes(edge, link))
        for link, connection in sorted(then.items()):
            before = today.get(link)
            said = _rules(connection, before)
            if before is None and (edge, link[1]) in free:
                said["uncontrolled"] = 1
            if before is None or said:
                yield element("connection", {**_attributes(edge, link), **said})


def _rules(connection: Connection, before: Connection | None) -> dict[str, object]:
    """Say what is new of a connection's classes and rules."""
    said: dict[str, object] = {}
    if connection.allow != (before.allow if before else None):
        said |= permission(ALL if connection.allow is None else connection.allow)
    today, then = dict(before.rules) if before else {}, dict(connection.rules)
    for name in sorted({*today, *then}):
        if today.get(name) != then.get(name):
            said[name] = then.get(name, CONNECTION_RULES[name])
    return said


def check_patched(base: Network, target: Network, arm: Network) -> None:
    """Hold the patched network against the wish; BuildError with all that is missing.

    netconvert fails silently in three ways: a connection left out, a new link at a signal that no signal
    controls, and a lane that leads nowhere.
    """
    wrong = []
    for edge, links in changed_links(base, target).items():
        found = _links(arm, edge)
        wrong += [
            f"{connection_key(edge, link)} was asked for and is not there" for link in sorted(links - found)
        ]
        wrong += [
            f"{connection_key(edge, link)} was to go and is still there" for link in sorted(found - links)
        ]
        served_today = {lane for lane, _, _ in _links(base, edge)}
        dead = served_today - {lane for lane, _, _ in found}
        wrong += [f"lane {edge}_{lane} leads nowhere" for lane in sorted(dead)]
    free = _free_movements(base)
    known = {c.key for c in _uncontrolled(base)}
    wrong += [
        f"{c.key} passes a signal that does not control it"
        for c in _uncontrolled(arm)
        if c.key not in known and (c.from_edge, c.to_edge) not in free
    ]
    if wrong:
        raise BuildError(
            "\n".join(["the network did not come out as asked:", *(f"- {line}" for line in wrong)])
        )


def _uncontrolled(network: Network) -> list[Connection]:
    """Return the connections through a signalised node that no signal controls."""
    signalised = {network.edges[c.from_edge].to_node for c in network.connections if c.signal is not None}
    return [
        c
        for c in network.connections
        if (c.signal is None or c.link is None) and network.edges[c.from_edge].to_node in signalised
    ]


def _free_movements(network: Network) -> set[tuple[str, str]]:
    """Return the (edge, exit edge) pairs whose connections all pass a signal that controls none of them."""
    uncontrolled = _uncontrolled(network)
    keys = {c.key for c in uncontrolled}
    pairs = {(c.from_edge, c.to_edge) for c in uncontrolled}
    return pairs - {(c.from_edge, c.to_edge) for c in network.connections if c.key not in keys}


def _of(network: Network, edge: str) -> tuple[Connection, ...]:
    return tuple(sorted(network.connections_from.get(edge, ()), key=lane_link))


def _links(network: Network, edge: str) -> frozenset[LaneLink]:
    return frozenset(map(lane_link, network.connections_from.get(edge, ())))


def _attributes(edge: str, link: LaneLink) -> dict[str, object]:
    return {"from": edge, "to": link[1], "fromLane": link[0], "toLane": link[2]}
