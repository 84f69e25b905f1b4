"""From the difference between two networks to one netconvert patch, and what to look for in its result."""

from __future__ import annotations

from collections.abc import Mapping

from sim.edits.base import LaneLink, connection_key, lane_link
from sim.errors import BuildError
from sim.site.network import Connection, Network
from sim.sumo.xml_file import element

Links = Mapping[str, frozenset[LaneLink]]


def patch_files(base: Network, target: Network) -> dict[str, str]:
    """Return the patch that turns `base` into `target` in one pass: name -> content; empty without one."""
    wanted = changed_links(base, target)
    return {"patch.con.xml": _connections_xml(base, wanted)} if wanted else {}


def changed_links(base: Network, target: Network) -> Links:
    """Edge -> the links that shall leave it, for edges where that differs."""
    edges = sorted({*base.connections_from, *target.connections_from})
    return {edge: _links(target, edge) for edge in edges if _links(target, edge) != _links(base, edge)}


def _connections_xml(network: Network, wanted: Links) -> str:
    """Write netconvert's connection patch: what to delete and what to add, and not a word on the rest.

    A lane that is new to a movement which the signal leaves uncontrolled today is left uncontrolled too.
    """
    lines = ["<connections>\n"]
    free = _free_movements(network)
    for edge, links in sorted(wanted.items()):
        today = _links(network, edge)
        lines += [element("delete", _attributes(edge, link)) for link in sorted(today - links)]
        for link in sorted(links - today):
            uncontrolled = {"uncontrolled": 1} if (edge, link[1]) in free else {}
            lines.append(element("connection", {**_attributes(edge, link), **uncontrolled}))
    return "".join([*lines, "</connections>\n"])


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


def _links(network: Network, edge: str) -> frozenset[LaneLink]:
    return frozenset(map(lane_link, network.connections_from.get(edge, ())))


def _attributes(edge: str, link: LaneLink) -> dict[str, object]:
    return {"from": edge, "to": link[1], "fromLane": link[0], "toLane": link[2]}
