"""The content of a `.net.xml` file, as it stands there: no meaning added beyond resolving its references."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sim.errors import ConfigError, Problem
from sim.labels import Message
from sim.site.network import CONNECTION_RULES, Connection, CrossingLink, Edge, Lane
from sim.sumo.vehicle_classes import allowed
from sim.sumo.xml_file import numbers, scan

GIVES_WAY = frozenset("m=sw")
"""States of ways that let others go first: minor, equal (the right goes first), stop, all-way stop."""
DIRECTIONS = {
    "s": "through", "l": "left", "L": "left", "r": "right", "R": "right", "t": "uturn", "T": "uturn",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Node:
    """One junction element; `links`: keys of what crosses it, in the order of its right-of-way table."""

    id: str
    type: str
    position_m: tuple[float, float]
    links: tuple[str | None, ...]
    foes: tuple[str, ...]
    """Per link a string of 0/1, last character = link 0."""
    outline: dict[str, str]
    """Its `x`, `y`, `z` and `shape`, as written."""


@dataclass(frozen=True, slots=True)
class NetFile:
    """Edges, nodes, connections (with SUMO's direction letter) and crossings of one network file."""

    edges: dict[str, Edge]
    nodes: dict[str, Node]
    connections: tuple[Connection, ...]
    letters: dict[str, str]
    """Connection key -> SUMO's direction letter (`l` a full left turn, `L` a partial one)."""
    crossings: tuple[CrossingLink, ...]
    sha256: str
    paths: dict[str, tuple[str, ...]]
    """Connection key -> the lanes inside the junction that it runs over."""


def read_net_file(path: Path) -> NetFile:
    """Read a `.net.xml[.gz]`; ConfigError where it is missing, truncated or does not hold together."""
    gather = _Gather()
    scan(path, "net", gather.start)
    try:
        return gather.net_file(hashlib.sha256(path.read_bytes()).hexdigest())
    except KeyError as error:
        what = Message("not a usable network: it refers to {error}, which it lacks", error=error)
        raise ConfigError([Problem(str(path), what)]) from None


@dataclass(slots=True)
class _RawNode:
    attributes: dict[str, str]
    foes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _RawEdge:
    attributes: dict[str, str]
    lanes: list[Lane] = field(default_factory=list)


class _Gather:
    """Collects while the file streams past."""

    def __init__(self) -> None:
        self.edges: list[_RawEdge] = []
        self.crossings: dict[str, tuple[str, list[str]]] = {}
        self.crossing_length_m: dict[str, float] = {}
        self.crossing_width_m: dict[str, float] = {}
        self.nodes: list[_RawNode] = []
        self.connections: list[dict[str, str]] = []
        self.next_internal: dict[str, str] = {}
        self.internal_s: dict[str, float] = {}
        """Lane within a node -> time to drive it at its limit."""
        self.crossing_links: dict[str, tuple[str, int]] = {}
        self.signals: set[str] = set()
        """Signals that run a program: railway signals, which have none, are not ours."""
        self._inside: str | None = None

    def start(self, tag: str, a: dict[str, str]) -> None:
        match tag:
            case "edge":
                self._edge(a)
            case "lane" if self._inside is not None:
                self.crossing_length_m[self._inside] = float(a["length"])
                self.crossing_width_m[self._inside] = float(a["width"])
            case "lane" if a["id"].startswith(":"):
                self.internal_s[a["id"]] = float(a["length"]) / float(a["speed"])
            case "lane" if self.edges and a["id"].startswith(self.edges[-1].attributes["id"] + "_"):
                self._lane(a)
            case "junction" if a.get("type") != "internal":
                self.nodes.append(_RawNode(a))
            case "request" if self.nodes:
                self.nodes[-1].foes.append(a["foes"])
            case "connection":
                self._connection(a)
            case "tlLogic":
                self.signals.add(a["id"])

    def _edge(self, a: dict[str, str]) -> None:
        function = a.get("function", "normal")
        self._inside = a["id"] if function == "crossing" else None
        if function == "crossing":
            node = a["id"][1:].rpartition("_c")[0]
            self.crossings[a["id"]] = (node, a["crossingEdges"].split())
        elif function in ("normal", "connector"):
            self.edges.append(_RawEdge(a))

    def _lane(self, a: dict[str, str]) -> None:
        edge = self.edges[-1]
        edge.lanes.append(
            Lane(
                edge=edge.attributes["id"],
                index=int(a["index"]),
                length_m=float(a["length"]),
                width_m=float(a.get("width", 3.2)),
                speed_mps=float(a["speed"]),
                allow=allowed(a.get("allow"), a.get("disallow")),
                ends_m=_ends(numbers(a["shape"])) if "shape" in a else None,
            )
        )

    def _connection(self, a: dict[str, str]) -> None:
        if not a["from"].startswith(":"):
            if not a["to"].startswith(":") and a["dir"] in DIRECTIONS:  # sidewalks lead to walking areas
                self.connections.append(a)
            return
        if "via" in a:
            self.next_internal[f"{a['from']}_{a['fromLane']}"] = a["via"]
        if a["to"] in self.crossings and a.get("tl") in self.signals:
            self.crossing_links[a["to"]] = (a["tl"], int(a["linkIndex"]))

    def net_file(self, sha256: str) -> NetFile:
        position = {raw.attributes["id"]: _position(raw) for raw in self.nodes}
        edges = {raw.attributes["id"]: _edge(raw, position) for raw in self.edges if raw.lanes}
        crossings = {id: self._crossing_link(id) for id in self.crossings}
        key_of_internal = {f"{id}_0": crossing.key for id, crossing in crossings.items()}
        connections = []
        letters = {}
        links_from: dict[str, list[str]] = {}
        paths: dict[str, tuple[str, ...]] = {}
        for a in self.connections:
            inside = list(self._inside_lanes(a))
            connection = Connection(
                from_edge=edges[a["from"]].id,
                from_lane=int(a["fromLane"]),
                to_edge=edges[a["to"]].id,
                to_lane=int(a["toLane"]),
                direction=DIRECTIONS[a["dir"]],
                signal=a["tl"] if a.get("tl") in self.signals else None,
                link=int(a.get("linkIndex2", a["linkIndex"])) if a.get("tl") in self.signals else None,
                entry_link=int(a["linkIndex"]) if a.get("tl") in self.signals and "linkIndex2" in a else None,
                allow=allowed(a.get("allow"), a.get("disallow")) if {"allow", "disallow"} & set(a) else None,
                rules=tuple((name, a[name]) for name in sorted(CONNECTION_RULES) if name in a),
                free_time_s=sum(self.internal_s.get(lane, 0.0) for lane in inside),
                gives_way=a.get("state", "") in GIVES_WAY,
            )
            connections.append(connection)
            letters[connection.key] = a["dir"]
            links_from.setdefault(f"{connection.from_edge}_{connection.from_lane}", []).append(connection.key)
            paths[connection.key] = tuple(inside)
            key_of_internal |= dict.fromkeys(inside, connection.key)
        nodes = {raw.attributes["id"]: _node(raw, key_of_internal, links_from) for raw in self.nodes}
        return NetFile(edges, nodes, tuple(connections), letters, tuple(crossings.values()), sha256, paths)

    def _inside_lanes(self, connection: dict[str, str]) -> Iterator[str]:
        """Yield the lanes within the node that a connection leads over."""
        lane = connection.get("via")
        while lane is not None:
            yield lane
            lane = self.next_internal.get(lane)

    def _crossing_link(self, id: str) -> CrossingLink:
        node, edges = self.crossings[id]
        signal, link = self.crossing_links.get(id, (None, None))
        return CrossingLink(
            node, tuple(edges), self.crossing_length_m[id], signal, link, self.crossing_width_m[id]
        )


def _ends(shape: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], tuple[float, float]]:
    return shape[0], shape[-1]


def _position(raw: _RawNode) -> tuple[float, float]:
    return (float(raw.attributes["x"]), float(raw.attributes["y"]))


def _edge(raw: _RawEdge, position: dict[str, tuple[float, float]]) -> Edge:
    a = raw.attributes
    shape = numbers(a["shape"]) if "shape" in a else (position[a["from"]], position[a["to"]])
    return Edge(
        id=a["id"],
        from_node=a["from"],
        to_node=a["to"],
        lanes=tuple(sorted(raw.lanes, key=lambda lane: lane.index)),
        shape=shape,
        name=a.get("name", ""),
        type=a.get("type", ""),
    )


def _node(raw: _RawNode, key_of_internal: dict[str, str], links_from: dict[str, list[str]]) -> Node:
    a = raw.attributes
    internal = a.get("intLanes", "").split()
    if internal:
        links = [key_of_internal.get(lane) for lane in internal]
    else:  # built without internal lanes: the table follows the incoming lanes
        links = [key for lane in a.get("incLanes", "").split() for key in links_from.get(lane, ())]
    outline = {name: a[name] for name in ("x", "y", "z", "shape") if a.get(name)}
    return Node(a["id"], a.get("type", ""), _position(raw), tuple(links), tuple(raw.foes), outline)
