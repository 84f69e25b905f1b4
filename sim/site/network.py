"""The street network of a built site: edges, lanes, connections; on them junctions, approaches, movements.

One description for drawn and imported sites, read from the normalised network by `sim.sumo.read_network`.
Lengths in metres, speeds in m/s. `Lane.index` counts from the kerb (0) as simulators do; users count lanes
from the median (lane 1): `Approach.lanes` is in the users' order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from sim.errors import ConfigError, Problem, near
from sim.labels import Message

Found = TypeVar("Found")

CONNECTION_RULES = {
    "contPos": "-1", "keepClear": "1", "pass": "0", "speed": "-1", "visibility": "-1",
}  # fmt: skip
"""What a connection may say of driving on it, and what holds where it says nothing.

`contPos`: metres into the junction at which a turning vehicle waits; `keepClear`: nobody enters who cannot
leave; `pass`: need not yield; `speed`: limit in m/s; `visibility`: from how many metres others are seen.
"""


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane of an edge; `allow` is the set of vehicle classes that may use it."""

    edge: str
    index: int
    length_m: float
    width_m: float
    speed_mps: float
    allow: frozenset[str]
    ends_m: tuple[tuple[float, float], tuple[float, float]] | None = field(default=None, compare=False)
    """Where its centre line begins and ends (the stop line); None where nobody has drawn it."""

    @property
    def id(self) -> str:
        """The lane's network id."""
        return f"{self.edge}_{self.index}"

    @property
    def for_cars(self) -> bool:
        """Whether private cars may use it."""
        return "passenger" in self.allow


@dataclass(frozen=True, slots=True)
class Edge:
    """A one-directional stretch of street between two nodes; `lanes` from the kerb to the median."""

    id: str
    from_node: str
    to_node: str
    lanes: tuple[Lane, ...]
    shape: tuple[tuple[float, float], ...]
    name: str = ""
    type: str = ""

    @property
    def length_m(self) -> float:
        """Length of its lanes."""
        return self.lanes[0].length_m

    @property
    def speed_mps(self) -> float:
        """Highest limit among its lanes."""
        return max(lane.speed_mps for lane in self.lanes)

    @property
    def free_time_s(self) -> float:
        """Time to drive it at the limit."""
        return self.length_m / self.speed_mps


@dataclass(frozen=True, slots=True)
class Connection:
    """A permitted way from lane to lane through a node; `signal` and its `link` index, if there is one."""

    from_edge: str
    from_lane: int
    to_edge: str
    to_lane: int
    direction: str
    """One of left, through, right, uturn."""
    signal: str | None = None
    link: int | None = None
    """Where there is a waiting area inside the junction (待行区): of the lights at its waiting line."""
    entry_link: int | None = None
    """Of the lights at the stop line that let drivers into a waiting area; None without one."""
    allow: frozenset[str] | None = None
    """Classes the connection is limited to (a turn ban with exemptions); None: whoever may use both lanes."""
    rules: tuple[tuple[str, str], ...] = ()
    """Pairs of `CONNECTION_RULES` that the file says, sorted by name."""
    free_time_s: float = field(default=0.0, compare=False)
    """Time for the way through the node at its limit; 0 where the network does not draw it."""
    gives_way: bool = field(default=False, compare=False)
    """Whether signs or the rule of the right let others go first; of no account at signals."""

    @property
    def key(self) -> str:
        """Stable name: `fromEdge_lane->toEdge_lane`."""
        return f"{self.from_edge}_{self.from_lane}->{self.to_edge}_{self.to_lane}"

    @property
    def entry_key(self) -> str:
        """Name of its lights at the stop line, where those at the waiting line are others."""
        return entry_of(self.key)


def entry_of(key: str) -> str:
    """Name the lights at the stop line of a connection whose waiting line has its own."""
    return f"entry:{key}"


@dataclass(frozen=True, slots=True)
class CrossingLink:
    """A pedestrian crossing at a node, over the given edges. `key` is stable: `crossing:` + sorted edges."""

    node: str
    edges: tuple[str, ...]
    length_m: float
    signal: str | None = None
    link: int | None = None
    width_m: float = 4.0

    @property
    def key(self) -> str:
        """Stable name."""
        return "crossing:" + self.node + ":" + "+".join(sorted(self.edges))


@dataclass(frozen=True, slots=True)
class Movement:
    """All connections from one approach to one exit edge, e.g. `J1.north.left`."""

    junction: str
    approach: str
    direction: str
    """left, through, right, uturn; `left_2` for a second left."""
    to_edge: str
    connections: tuple[Connection, ...]

    @property
    def id(self) -> str:
        """Full name `junction.approach.direction`."""
        return f"{self.junction}.{self.approach}.{self.direction}"


@dataclass(frozen=True, slots=True)
class Approach:
    """A leg seen by those who drive in on it.

    `edge` ends at the stop line; `chain` is that edge preceded by the edges that can only lead to it
    (upstream first). `exit_edge` is the edge leaving the junction on the same leg, if any.
    """

    junction: str
    name: str
    edge: str
    chain: tuple[str, ...]
    bearing_deg: float
    movements: tuple[Movement, ...]
    exit_edge: str | None = None
    crossing: CrossingLink | None = None
    exit_crossing: CrossingLink | None = None
    """The half over `exit_edge` where a refuge parts the crossing (二次过街); `crossing` is the other."""

    @property
    def id(self) -> str:
        """Full name `junction.approach`."""
        return f"{self.junction}.{self.name}"

    @property
    def walked(self) -> Mapping[str, CrossingLink]:
        """Full name -> crossing: one by the approach's name, or two halves, `J1.north_exit` the second."""
        both = {self.id: self.crossing, f"{self.id}_exit": self.exit_crossing}
        return {name: crossing for name, crossing in both.items() if crossing is not None}


@dataclass(frozen=True, slots=True)
class Junction:
    """A node that people call a junction: signalised, or at least three legs."""

    id: str
    node: str
    control: str
    """signals, priority, right_before_left, ..."""
    position_m: tuple[float, float]
    approaches: tuple[Approach, ...]
    signal: str | None = None
    major: tuple[str, ...] = ()
    """Stop-line edges of the approaches with the right of way, where an edit says so; else streets' ranks."""


@dataclass(frozen=True)
class Network:
    """Everything the other rooms may know of the streets; look-ups raise ConfigError with near matches."""

    edges: Mapping[str, Edge]
    connections: tuple[Connection, ...]
    junctions: Mapping[str, Junction]
    crossings: tuple[CrossingLink, ...] = ()
    foes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Connection or crossing key -> keys it conflicts with (only at named junctions)."""
    sha256: str = ""
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Edge of the site that an arm has cut -> its parts, upstream first; the last one has the edge's id."""

    @cached_property
    def whole(self) -> Mapping[str, str]:
        """Part of an edge that was cut -> that edge, as the site has it."""
        return {part: edge for edge, parts in self.parts.items() for part in parts}

    def on_parts(self, edges: Iterable[str]) -> list[str]:
        """Return a route of the site over the parts of edges that were cut."""
        return [part for edge in edges for part in self.parts.get(edge, (edge,))]

    def part_at(self, edge: str, at_m: float) -> tuple[str, float]:
        """Return the part of an edge of the site on which a place lies, and its metres on that part."""
        parts = self.parts.get(edge, (edge,))
        for part in parts[:-1]:
            if at_m < self.edges[part].length_m:
                return part, at_m
            at_m -= self.edges[part].length_m
        return parts[-1], min(at_m, self.edges[parts[-1]].length_m) if len(parts) > 1 else at_m

    @cached_property
    def approaches(self) -> Mapping[str, Approach]:
        """Full name -> approach, of every junction."""
        return {a.id: a for junction in self.junctions.values() for a in junction.approaches}

    @cached_property
    def movements(self) -> Mapping[str, Movement]:
        """Full name -> movement, of every junction."""
        return {m.id: m for approach in self.approaches.values() for m in approach.movements}

    @cached_property
    def approach_of_edge(self) -> Mapping[str, Approach]:
        """Edge at the stop line -> its approach: SUMO ids stay usable as aliases."""
        return {a.edge: a for a in self.approaches.values()}

    @cached_property
    def connections_from(self) -> Mapping[str, tuple[Connection, ...]]:
        """Edge id -> its outgoing connections."""
        found: dict[str, list[Connection]] = {}
        for connection in self.connections:
            found.setdefault(connection.from_edge, []).append(connection)
        return {edge: tuple(group) for edge, group in found.items()}

    @cached_property
    def turn_time_s(self) -> Mapping[tuple[str, str], float]:
        """(from edge, to edge) -> time through the node at the limit, on the fastest of the lanes."""
        found: dict[tuple[str, str], float] = {}
        for c in self.connections:
            turn = (c.from_edge, c.to_edge)
            found[turn] = min(found.get(turn, c.free_time_s), c.free_time_s)
        return found

    @cached_property
    def edge_time_s(self) -> Mapping[str, float]:
        """Edge -> time to drive it at the limit."""
        return {id: edge.free_time_s for id, edge in self.edges.items()}

    def free_times_s(self, edges: Sequence[str]) -> list[float]:
        """Free-flow times from the start of a route to the end of each edge, ways through nodes included."""
        edge_time_s, turn_time_s = self.edge_time_s, self.turn_time_s
        times_s: list[float] = []
        clock_s = 0.0
        for before, edge in zip([None, *edges], edges, strict=False):
            clock_s += edge_time_s[edge]
            clock_s += turn_time_s.get((before, edge), 0.0) if before is not None else 0.0
            times_s.append(clock_s)
        return times_s

    @cached_property
    def links(self) -> Mapping[str, Mapping[int, tuple[str, ...]]]:
        """Signal id -> link index -> keys of the connections, entries and crossings it controls."""
        found: dict[str, dict[int, list[str]]] = {}
        controlled: Iterable[Connection | CrossingLink] = (*self.connections, *self.crossings)
        for item in controlled:
            if item.signal is not None and item.link is not None:
                found.setdefault(item.signal, {}).setdefault(item.link, []).append(item.key)
        for c in self.connections:
            if c.signal is not None and c.entry_link is not None:
                found.setdefault(c.signal, {}).setdefault(c.entry_link, []).append(c.entry_key)
        return {s: {i: tuple(keys) for i, keys in sorted(links.items())} for s, links in found.items()}

    def junction(self, name: str, path: str) -> Junction:
        """Find a junction by name (or node id); `path` is where the name was written."""
        return _find(self.junctions, name, path, "junction")

    def approach(self, name: str, path: str) -> Approach:
        """Find an approach by `junction.approach` or by the id of its edge."""
        return self.approach_of_edge.get(name) or _find(self.approaches, name, path, "approach")

    def movement(self, name: str, path: str) -> Movement:
        """Find a movement by `junction.approach.direction`."""
        return _find(self.movements, name, path, "movement")

    def edge(self, name: str, path: str) -> Edge:
        """Find an edge by id, or the stop-line edge of an approach by the approach's name."""
        approach = self.approaches.get(name)
        return self.edges[approach.edge] if approach else _find(self.edges, name, path, "edge")

    def spot(self, on: str, at_m: float, path: str) -> tuple[Edge, float]:
        """Return the edge that a place lies on and its metres from that edge's upstream end.

        `on` is an edge, or an approach: then `at_m` counts from the upstream end of the approach's chain, so
        that users need not know where a short lane splits a leg. A place beyond the end is left on the last
        edge.
        """
        approach = self.approaches.get(on)
        edges = [self.edges[id] for id in approach.chain] if approach else [self.edge(on, path)]
        while len(edges) > 1 and at_m >= edges[0].length_m:
            at_m -= edges.pop(0).length_m
        return edges[0], at_m


def _find(table: Mapping[str, Found], name: str, path: str, kind: str) -> Found:
    found = table.get(name)
    if found is None:
        raise ConfigError(
            [Problem(path, Message("no {kind} named {name!r}", kind=kind, name=name), near(name, table))]
        )
    return found
