"""From a network file to junctions, approaches and movements as people name them.

A junction is a node that is signalised or where at least three legs carry motor traffic. Its approaches are
named by the eight bearings they come from; where two share an octant the one with more lanes has the plain
name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from sim.site.facts import DIRECTIONS
from sim.site.network import Approach, Connection, CrossingLink, Edge, Junction, Movement, Network
from sim.sumo.net_file import NetFile, Node, read_net_file
from sim.sumo.vehicle_classes import MOTOR

OCTANTS = ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")
LOOK_BACK_M = 30.0
"""An approach's bearing is that of the point this far upstream of its end; bends beyond do not count."""
SAME_LEG_DEG = 45.0
"""An exit belongs to the leg of an approach if their bearings differ by at most this much."""

Names = Mapping[str, tuple[str, str]]
"""Stop-line edge -> (junction, approach)."""
Turns = Mapping[tuple[str, str], str]
"""(from edge, to edge) -> left, through, right, uturn."""


def read_network(net: Path, names: Names | None = None, turns: Turns | None = None) -> Network:
    """Read a `.net.xml[.gz]`.

    `names` gives junctions and approaches their names, for a drawn site and for every arm of any site (so
    that a change of geometry renames nothing); edges it does not list are no approaches. Else the geometry
    decides.

    `turns` says what people call a way through a junction; the file's own direction holds for every other
    way. Netconvert decides by angles alone, at forks against the drawing, and anew for every arm.

    Raises ConfigError where the file is missing, truncated, or refers to what it does not hold.
    """
    content = _with_turns(read_net_file(net), turns or {})
    reader = _Reader(content)
    by_node = reader.named(names) if names is not None else reader.derived()
    junctions = {id: reader.junction(id, node, approaches) for id, node, approaches in by_node}
    nodes = {junction.node for junction in junctions.values()}
    return Network(
        edges=content.edges,
        connections=content.connections,
        junctions=junctions,
        crossings=content.crossings,
        foes=_foes(content.nodes[node] for node in sorted(nodes)),
        sha256=content.sha256,
    )


def _with_turns(content: NetFile, turns: Turns) -> NetFile:
    connections = tuple(
        replace(c, direction=turns.get((c.from_edge, c.to_edge), c.direction)) for c in content.connections
    )
    return replace(content, connections=connections) if turns else content


class _Reader:
    def __init__(self, content: NetFile) -> None:
        self.content = content
        self.entering: dict[str, list[Edge]] = {}
        self.leaving: dict[str, list[Edge]] = {}
        for edge in content.edges.values():
            if any(lane.allow & MOTOR for lane in edge.lanes):
                self.entering.setdefault(edge.to_node, []).append(edge)
                self.leaving.setdefault(edge.from_node, []).append(edge)
        self.out: dict[str, list[Connection]] = {}
        self.into: dict[str, list[Connection]] = {}
        self.signals: dict[str, str] = {}
        for connection in content.connections:
            if connection.signal is not None:
                self.signals.setdefault(content.edges[connection.from_edge].to_node, connection.signal)
            if self._for_motor(connection):
                self.out.setdefault(connection.from_edge, []).append(connection)
                self.into.setdefault(connection.to_edge, []).append(connection)
        self.between: dict[tuple[str, str], list[Connection]] = {}
        for connection in content.connections:
            self.between.setdefault((connection.from_edge, connection.to_edge), []).append(connection)
        self.crossings: dict[str, list[CrossingLink]] = {}
        for crossing in content.crossings:
            self.crossings.setdefault(crossing.node, []).append(crossing)

    def _for_motor(self, connection: Connection) -> bool:
        lanes = self.content.edges[connection.from_edge].lanes, self.content.edges[connection.to_edge].lanes
        classes = lanes[0][connection.from_lane].allow & lanes[1][connection.to_lane].allow & MOTOR
        return bool(classes if connection.allow is None else classes & connection.allow)

    def is_junction(self, node: str) -> bool:
        legs = {edge.from_node for edge in self.entering.get(node, ())}
        legs |= {edge.to_node for edge in self.leaving.get(node, ())}
        return node in self.signals or len(legs) >= 3  # noqa: PLR2004 - the definition

    def derived(self) -> Iterable[tuple[str, Node, dict[str, Edge]]]:
        """Junctions found in the geometry, with their approaches by name."""
        for id, node in sorted(self.content.nodes.items()):
            edges = [edge for edge in self.entering.get(id, ()) if edge.id in self.out]
            if edges and self.is_junction(id):
                yield id, node, _by_bearing(edges)

    def named(self, names: Names) -> Iterable[tuple[str, Node, dict[str, Edge]]]:
        """Junctions and approaches that somebody named."""
        found: dict[str, tuple[Node, dict[str, Edge]]] = {}
        for edge_id, (junction, approach) in names.items():
            edge = self.content.edges[edge_id]
            found.setdefault(junction, (self.content.nodes[edge.to_node], {}))[1][approach] = edge
        for id, (node, approaches) in sorted(found.items()):
            yield id, node, approaches

    def junction(self, id: str, node: Node, approaches: Mapping[str, Edge]) -> Junction:
        exits = self._exits(node.id, approaches.values())
        signal = self.signals.get(node.id)
        return Junction(
            id=id,
            node=node.id,
            control=_control(node, signal),
            position_m=node.position_m,
            approaches=tuple(
                self._approach(id, node, name, edge, exits.get(edge.id)) for name, edge in approaches.items()
            ),
            signal=signal,
        )

    def _approach(self, junction: str, node: Node, name: str, edge: Edge, exit_edge: str | None) -> Approach:
        return Approach(
            junction=junction,
            name=name,
            edge=edge.id,
            chain=self._chain(edge),
            bearing_deg=round(_bearing_in(edge), 1),
            movements=self._movements(junction, name, edge),
            exit_edge=exit_edge,
            crossing=(crossing := self._crossing(node.id, edge.id, exit_edge)),
            exit_crossing=self._other_half(crossing, edge.id, exit_edge),
        )

    def _crossing(self, node: str, edge: str, exit_edge: str | None) -> CrossingLink | None:
        for wanted in (edge, exit_edge):
            for crossing in self.crossings.get(node, ()):
                if wanted in crossing.edges:
                    return crossing
        return None

    def _other_half(
        self, crossing: CrossingLink | None, edge: str, exit_edge: str | None
    ) -> CrossingLink | None:
        """Return what people cross besides `crossing` where it leads over `edge` alone."""
        if crossing is None or exit_edge is None or crossing.edges != (edge,):
            return None
        at_node = self.crossings[crossing.node]
        return next((other for other in at_node if other.edges == (exit_edge,)), None)

    def _movements(self, junction: str, approach: str, edge: Edge) -> tuple[Movement, ...]:
        targets = {connection.to_edge for connection in self.out.get(edge.id, ())}
        groups = [tuple(self.between[edge.id, target]) for target in sorted(targets)]
        # A full turn (`l`) before a half turn (`L`), the wide before the narrow: the first has the plain
        # name.
        groups.sort(key=lambda group: (self.content.letters[group[0].key].isupper(), -len(group)))
        taken: dict[str, int] = {}
        movements = []
        for group in groups:
            direction = group[0].direction
            taken[direction] = number = taken.get(direction, 0) + 1
            name = direction if number == 1 else f"{direction}_{number}"
            movements.append(Movement(junction, approach, name, group[0].to_edge, group))
        movements.sort(key=lambda m: (DIRECTIONS.index(m.connections[0].direction), m.direction))
        return tuple(movements)

    def _chain(self, edge: Edge) -> tuple[str, ...]:
        """Return the edge preceded by those that can only lead to it; turning back is no choice."""
        chain = [edge]
        while not self.is_junction(chain[0].from_node):
            ways_in = {c.from_edge for c in self.into.get(chain[0].id, ()) if c.direction != "uturn"}
            if len(ways_in) != 1:
                break
            before = self.content.edges[ways_in.pop()]
            ways_on = {c.to_edge for c in self.out[before.id] if c.direction != "uturn"}
            if ways_on != {chain[0].id} or before in chain:
                break
            chain.insert(0, before)
        return tuple(link.id for link in chain)

    def _exits(self, node: str, approaches: Iterable[Edge]) -> dict[str, str]:
        """Approach edge -> the edge that leaves on the same leg: its reverse, else the nearest by bearing."""
        candidates = sorted(
            (out.to_node != edge.from_node, _angle(_bearing_in(edge), _bearing_out(out)), edge.id, out.id)
            for edge in approaches
            for out in self.leaving.get(node, ())
        )
        found: dict[str, str] = {}
        for _, angle, edge_id, exit_id in candidates:
            if angle <= SAME_LEG_DEG and edge_id not in found and exit_id not in found.values():
                found[edge_id] = exit_id
        return found


def _control(node: Node, signal: str | None) -> str:
    if signal is not None:
        return "signals"
    return (
        "priority" if node.type.startswith("traffic_light") else node.type
    )  # a signal that controls nothing


def _by_bearing(edges: Sequence[Edge]) -> dict[str, Edge]:
    """Name edges that end at one node by the octant they come from, clockwise from the north."""
    groups: dict[int, list[Edge]] = {}
    for edge in edges:
        groups.setdefault(round(_bearing_in(edge) / 45) % 8, []).append(edge)
    named = {}
    for octant, group in sorted(groups.items()):
        for number, edge in enumerate(sorted(group, key=lambda e: (-len(e.lanes), e.id)), 1):
            named[OCTANTS[octant] + (f"_{number}" if number > 1 else "")] = edge
    return named


def _bearing_in(edge: Edge) -> float:
    return _bearing(tuple(reversed(edge.shape)))


def _bearing_out(edge: Edge) -> float:
    return _bearing(edge.shape)


def _bearing(shape: Sequence[tuple[float, float]]) -> float:
    """Bearing (clockwise from north, degrees) from the first point to the one LOOK_BACK_M along the shape."""
    x0, y0 = shape[0]
    x, y = shape[-1]
    walked_m = 0.0
    for (ax, ay), (bx, by) in pairwise(shape):
        step_m = math.hypot(bx - ax, by - ay)
        if walked_m + step_m >= LOOK_BACK_M:
            share = (LOOK_BACK_M - walked_m) / step_m
            x, y = ax + share * (bx - ax), ay + share * (by - ay)
            break
        walked_m += step_m
    return math.degrees(math.atan2(x - x0, y - y0)) % 360


def _angle(a_deg: float, b_deg: float) -> float:
    """Smallest angle between two bearings, degrees."""
    return abs((a_deg - b_deg + 180) % 360 - 180)


def _foes(nodes: Iterable[Node]) -> dict[str, frozenset[str]]:
    foes = {}
    for node in nodes:
        for key, bits in zip(node.links, node.foes, strict=False):
            if key is not None:
                foes[key] = frozenset(
                    other
                    for other, bit in zip(node.links, reversed(bits), strict=False)
                    if bit == "1" and other is not None
                )
    return foes
