"""From the difference between two networks to one netconvert patch, and what to look for in its result."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from sim.edits.base import LaneLink, connection_key, lane_link
from sim.edits.control import precedences
from sim.errors import BuildError
from sim.labels import Message
from sim.site.network import CONNECTION_RULES, Connection, Edge, Network
from sim.sumo.net_file import read_net_file
from sim.sumo.plain import NODE_TYPES
from sim.sumo.vehicle_classes import ALL, permission
from sim.sumo.xml_file import element, numbers, opening

Links = Mapping[str, frozenset[LaneLink]]


def patch_files(base: Network, target: Network, net_file: Path) -> dict[str, str]:
    """Return the patch that turns `base` into `target` in one pass: name -> content; empty without one.

    `net_file` is the base's: junctions at the ends of edges that get other lanes keep their outlines. Where
    an edge is only cut they stay as they are anyhow, and holding them would draw their neighbours anew.
    """
    reshaped = _reshaped(base, target)
    connections = "".join(
        (*_connections(base, target), *_crossings(base, target), *_precedences(base, target))
    )
    built = sorted(target.edges.keys() - base.edges.keys() - target.whole.keys())
    wider = [id for id in reshaped if len(target.edges[id].lanes) != len(base.edges[id].lanes)]
    changed = [*(base.edges[id] for id in wider), *(target.edges[id] for id in built)]
    outlines = _pinned(changed, net_file) if changed else {}
    controls = _controls(base, target)
    nodes = "".join(
        element("node", {"id": id, **outlines.get(id, {}), **controls.get(id, {})})
        for id in sorted({*outlines, *controls})
    )
    edges = "".join(_edge(base, target, id) for id in reshaped)
    edges += "".join(_built(target.edges[id]) for id in built)
    found = {
        "patch.nod.xml": f"<nodes>\n{nodes}</nodes>\n" if nodes else "",
        "patch.edg.xml": f"<edges>\n{edges}</edges>\n" if edges else "",
        "patch.con.xml": f"<connections>\n{connections}</connections>\n" if connections else "",
    }
    return {name: content for name, content in found.items() if content}


def _reshaped(base: Network, target: Network) -> list[str]:
    """Edges of the site that are cut or get another number of lanes."""
    return sorted(
        id
        for id, edge in base.edges.items()
        if id in target.parts or len(target.edges[id].lanes) != len(edge.lanes)
    )


def _pinned(edges: Sequence[Edge], net_file: Path) -> dict[str, dict[str, str]]:
    """Return the nodes at the ends of edges with the outlines they have; a cut made now has none yet."""
    nodes = read_net_file(net_file).nodes
    ends = {node for edge in edges for node in (edge.from_node, edge.to_node)}
    outlines = {id: nodes[id].outline for id in ends & nodes.keys()}
    return {
        id: outline
        for id, outline in outlines.items()
        if len(numbers(outline.get("shape", ""))) > 2  # noqa: PLR2004 - a line is no outline
    }


def _controls(base: Network, target: Network) -> dict[str, dict[str, str]]:
    """Return the nodes whose junction gets another control."""
    found = {}
    for id, junction in target.junctions.items():
        if junction.control != base.junctions[id].control:
            found[junction.node] = {"type": NODE_TYPES.get(junction.control, junction.control)}
            if junction.signal is not None:
                found[junction.node]["tl"] = junction.signal
    return found


def _precedences(base: Network, target: Network) -> Iterator[str]:
    """Yield who gives way to whom at junctions that say which of their approaches are major."""
    for id, junction in sorted(target.junctions.items()):
        if junction.major != base.junctions[id].major:
            for first, second in sorted(precedences(target, junction)):
                pair = {"prohibitor": "->".join(first), "prohibited": "->".join(second)}
                yield element("prohibition", pair)


def _built(edge: Edge) -> str:
    """Write a new street; its priority is that of a street nobody favours."""
    shape = " ".join(f"{x:.2f},{y:.2f}" for x, y in edge.shape)
    lane = edge.lanes[0]
    said = {"id": edge.id, "from": edge.from_node, "to": edge.to_node, "numLanes": len(edge.lanes)}
    return element(
        "edge", {**said, "speed": f"{lane.speed_mps:.2f}", "shape": shape, **permission(lane.allow)}
    )


def _edge(base: Network, target: Network, id: str) -> str:
    """Write an edge with another number of lanes, or its cuts; the first part is never widened."""
    parts = target.parts.get(id, ())
    if not parts:
        return element("edge", {"id": id, "numLanes": len(target.edges[id].lanes)})
    before, after = (target.edges[part] for part in parts)
    lanes = " ".join(str(lane.index) for lane in after.lanes)
    whole_m = sum(math.dist(a, b) for a, b in pairwise(base.edges[id].shape))
    after_m = sum(math.dist(a, b) for a, b in pairwise(after.shape))
    split = {
        "pos": f"{whole_m - after_m:.2f}", "id": after.from_node, "lanes": lanes,
        "idBefore": before.id, "idAfter": after.id,
    }  # fmt: skip
    return f"{opening('edge', {'id': id})}{element('split', split, 2)}    </edge>\n"


def surplus(target: Network, patched: Network) -> list[Connection]:
    """Return the connections between the parts of a cut edge that netconvert makes and nobody asked for.

    It joins the parts lane by lane after it has read what to delete: they can only go in a second pass.
    """
    before = [parts[0] for parts in target.parts.values()]
    return [c for edge in before for c in _of(patched, edge) if lane_link(c) not in _links(target, edge)]


def controlled_xml(connections: Sequence[Connection], surplus: Sequence[Connection]) -> str:
    """Write the patch that lets a signal control connections (programs name links), and deletes some."""
    lines = [
        element("connection", {**_attributes(c.from_edge, lane_link(c)), "uncontrolled": 0})
        for c in connections
    ]
    lines += [element("delete", _attributes(c.from_edge, lane_link(c))) for c in surplus]
    return "".join(["<connections>\n", *lines, "</connections>\n"])


def changed_links(base: Network, target: Network) -> Links:
    """Edge -> the links that shall leave it, for edges where that differs."""
    edges = sorted({*base.connections_from, *target.connections_from})
    return {edge: _links(target, edge) for edge in edges if _links(target, edge) != _links(base, edge)}


def _connections(base: Network, target: Network) -> Iterator[str]:
    """Yield what to delete, to add and to limit, and not a word on the rest.

    A lane that is new to a movement which the signal leaves uncontrolled today is left uncontrolled too.
    """
    free = _free_movements(base, target)
    known = {(c.from_edge, c.to_edge) for c in base.connections}
    known |= {(parts[0], parts[1]) for parts in target.parts.values()}
    known |= {(a, _first_part(target, b)) for a, b in known}
    edges = {*base.connections_from, *target.connections_from}
    # Cutting an edge takes the connections from its end, and leads those into it to the first part.
    cut = {part for parts in target.parts.values() for part in parts}
    for edge in sorted(edge for edge in edges if edge in cut or _of(base, edge) != _of(target, edge)):
        today = {} if edge in cut else {lane_link(c): c for c in _led_on(base, target, edge)}
        then = {lane_link(c): c for c in _of(target, edge)}
        for link in sorted(today.keys() - then.keys()):
            yield element("delete", _attributes(edge, link))
        for link, connection in sorted(then.items()):
            before = today.get(link)
            said = _rules(connection, before)
            if before is None and (edge, link[1]) in free:
                said["uncontrolled"] = 1
            if before is None and (edge, link[1]) not in known:
                said = {"keepClear": CONNECTION_RULES["keepClear"], **said}  # else netconvert decides
            if before is None or said:
                yield element("connection", {**_attributes(edge, link), **said})


def _crossings(base: Network, target: Network) -> Iterator[str]:
    """Yield crossings that go, that come, and those over edges that are cut: they went with the edge."""
    cut = {part for parts in target.parts.values() for part in parts}
    today, then = ({crossing.key for crossing in network.crossings} for network in (base, target))
    for crossing in base.crossings:
        if crossing.key not in then and not cut & set(crossing.edges):
            edges = " ".join(crossing.edges)
            yield element("crossing", {"node": crossing.node, "edges": edges, "discard": "true"})
    for crossing in target.crossings:
        if crossing.key not in today or cut & set(crossing.edges):
            edges = " ".join(crossing.edges)
            yield element("crossing", {"node": crossing.node, "edges": edges, "width": crossing.width_m})


def _lanes(network: Network, edge: str) -> set[int]:
    return {lane.index for lane in network.edges[edge].lanes} if edge in network.edges else set()


def _led_on(base: Network, target: Network, edge: str) -> tuple[Connection, ...]:
    """Return today's connections of an edge, those into edges that are cut under their new names."""
    return tuple(replace(c, to_edge=_first_part(target, c.to_edge)) for c in _of(base, edge))


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
            Message("{key} was asked for and is not there", key=connection_key(edge, link))
            for link in sorted(links - found)
        ]
        wrong += [
            Message("{key} was to go and is still there", key=connection_key(edge, link))
            for link in sorted(found - links)
        ]
        served_today = {lane for lane, _, _ in _links(base, edge)}
        new = _lanes(arm, edge) - _lanes(base, edge)
        dead = ((served_today & _lanes(target, edge)) | new) - {lane for lane, _, _ in found}
        wrong += [Message("lane {lane} leads nowhere", lane=f"{edge}_{lane}") for lane in sorted(dead)]
    free = _free_movements(base, target)
    known = {replace(c, to_edge=_first_part(target, c.to_edge)).key for c in _uncontrolled(base)}
    wrong += [
        Message("{key} passes a signal that does not control it", key=c.key)
        for c in _uncontrolled(arm)
        if c.key not in known and (c.from_edge, c.to_edge) not in free
    ]
    if wrong:
        raise BuildError(Message("the network did not come out as asked:\n- {wrong:-}", wrong=wrong))


def _uncontrolled(network: Network) -> list[Connection]:
    """Return the connections through a signalised node that no signal controls."""
    signalised = {network.edges[c.from_edge].to_node for c in network.connections if c.signal is not None}
    return [
        c
        for c in network.connections
        if (c.signal is None or c.link is None) and network.edges[c.from_edge].to_node in signalised
    ]


def _free_movements(base: Network, target: Network) -> set[tuple[str, str]]:
    """Return the (edge, exit edge) pairs whose connections all pass a signal that controls none of them.

    Exit edges that `target` cuts are called as their first parts.
    """
    uncontrolled = _uncontrolled(base)
    keys = {c.key for c in uncontrolled}
    pairs = {(c.from_edge, c.to_edge) for c in uncontrolled}
    pairs -= {(c.from_edge, c.to_edge) for c in base.connections if c.key not in keys}
    return {(a, _first_part(target, b)) for a, b in pairs}


def _first_part(target: Network, edge: str) -> str:
    """Return what an edge of the site is called where it begins."""
    return target.parts.get(edge, (edge,))[0]


def _of(network: Network, edge: str) -> tuple[Connection, ...]:
    return tuple(sorted(network.connections_from.get(edge, ()), key=lane_link))


def _links(network: Network, edge: str) -> frozenset[LaneLink]:
    return frozenset(map(lane_link, network.connections_from.get(edge, ())))


def _attributes(edge: str, link: LaneLink) -> dict[str, object]:
    return {"from": edge, "to": link[1], "fromLane": link[0], "toLane": link[2]}
