"""Where delay and queues are measured: a function of the site alone, the same places in every arm.

A movement's zone begins where the zones of the junction upstream end, or 30 m after the start of an entry
edge, and ends at most 100 m past the junction. A minor junction that nobody measures does not end a zone
shorter than 300 m: it goes on along the main street, and also begins at the ends of the side streets that
feed it there. Where vehicles start amid the streets, as in many imported models, it begins where enough of
them can still pass its beginning.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sim.errors import BuildError
from sim.labels import Message
from sim.site.facts import SiteFacts
from sim.site.network import Approach, Connection, Edge, Lane, Movement, Network

EXIT_M = 100.0
"""A zone ends this far past the junction, where there is room."""
EXIT_SHARE = 1 / 3
"""... and never after this share of the street to the next junction: the rest is that junction's."""
LONGEST_VEHICLE_M = 20.0
"""Room behind a section where vehicles leave the model: they are counted when their backs have passed it."""
VEHICLE_M = 7.5
"""A lane shorter than one queued vehicle holds no queue."""
ENTRY_M = 30.0
"""Vehicles are inserted with their front at their own length: a section further upstream would miss them."""
REACH_M = 300.0
"""A zone goes on upstream across junctions that nobody measures until it has this length."""
BESIDE = frozenset(("bicycle", "other"))
"""Vehicle classes that movements are not about: bicycles and trains have ways of their own."""
UNSEEN_SHARE = 0.1
"""At most this share of an approach's vehicles may start within its zone, where nothing sees them enter."""
DRIVEN = frozenset(
    ("passenger", "taxi", "bus", "coach", "delivery", "truck", "trailer", "motorcycle", "custom1")
)
"""A lane is part of a section if one of these classes may use it (custom1: those who park at the kerb)."""


Feeding = dict[tuple[str, int], list[Connection]]
"""Edge and lane index -> the connections that lead onto it."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place on a lane: metres from the lane's upstream end."""

    lane: str
    position_m: float

    @property
    def edge(self) -> str:
        """The lane's edge."""
        return self.lane.rpartition("_")[0]


@dataclass(frozen=True, slots=True)
class MovementZone:
    """What a movement (or a named route) is timed between.

    `turn` are the edges before and after the junction; None for a named route, whatever way is taken.
    """

    movement: str
    entries: tuple[Point, ...]
    exits: tuple[Point, ...]
    turn: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class QueueLane:
    """A stop-line lane and the lanes it continues, upstream first, watched from `begin_m` of the first one.

    `lane` counts from the median (1); `length_m` is what is watched: a queue may be longer than that.
    """

    approach: str
    lane: int
    lanes: tuple[str, ...]
    begin_m: float
    end_m: float
    length_m: float


@dataclass(frozen=True)
class Zones:
    """All zones of a site: movements by id, named routes as `route:<id>`, queue lanes."""

    movements: Mapping[str, MovementZone]
    routes: Mapping[str, MovementZone]
    queues: tuple[QueueLane, ...]


def measured_junctions(facts: SiteFacts, network: Network) -> tuple[str, ...]:
    """Return the junctions a site measures: those it names, else all, but of an import the signals."""
    if facts.measured_junctions is not None:
        return facts.measured_junctions
    return tuple(j.id for j in network.junctions.values() if facts.imported is None or j.signal is not None)


def zones(
    network: Network,
    junctions: Iterable[str],
    routes: Mapping[str, tuple[str, ...]] | None = None,
    arm: Network | None = None,
    ways: Iterable[Sequence[str]] = (),
) -> Zones:
    """Lay out the zones of the named junctions.

    Parameters
    ----------
    network
        The site's own network: it alone decides where sections lie.
    junctions
        Ids of the measured junctions.
    routes
        Named routes: id -> approaches or edges entered in turn, timed from the first one's start to the
        last one's end, whichever way is taken between.
    arm
        The network that is simulated, if a policy has changed it: its lanes and movements are measured at
        the site's places.
    ways
        The edges that each vehicle of the site drives, where that is known beforehand.

    Raises
    ------
    BuildError
        If the arm no longer has an edge on which a section lies.
    """
    plan = _Plan(network, tuple(sorted(junctions)), ways)
    simulated = arm or network
    movements: dict[str, MovementZone] = {}
    queues: list[QueueLane] = []
    feeding = _feeding(simulated)
    for name in plan.measured:
        for approach in simulated.junctions[name].approaches:
            if approach.edge not in network.edges:
                continue  # the site has no such street: there is no today to compare with
            entries = _points(simulated, plan.cut(approach.edge))
            for movement in approach.movements:
                if simulated.whole.get(movement.to_edge, movement.to_edge) not in network.edges:
                    continue
                movements[movement.id] = _zone(simulated, plan, movement, entries)
            queues.extend(_queue_lanes(simulated, feeding, plan, approach))
    timed = {f"route:{name}": _route(simulated, name, via) for name, via in sorted((routes or {}).items())}
    return Zones(movements, timed, tuple(queues))


class _Plan:
    """Sections on the site's network: exits of measured or signalised junctions, cuts upstream."""

    def __init__(
        self, network: Network, measured: tuple[str, ...], ways: Iterable[Sequence[str]] = ()
    ) -> None:
        self.network = network
        self.starts: dict[str, Counter[str]] = {}
        """Edge -> where those who drive it to its end start, and how many of them."""
        for way, vehicles in Counter(map(tuple, ways)).items():
            for driven in set(way[:-1]):
                self.starts.setdefault(driven, Counter())[way[0]] += vehicles
        self.measured = measured
        self.ahead: dict[str, set[str]] = {}
        self.behind: dict[str, set[str]] = {}
        for connection in network.connections:
            if _driven(network, connection) and connection.direction != "uturn":
                self.ahead.setdefault(connection.from_edge, set()).add(connection.to_edge)
                self.behind.setdefault(connection.to_edge, set()).add(connection.from_edge)
        self.junction_nodes = {junction.node for junction in network.junctions.values()}
        closed = {j.node for j in network.junctions.values() if j.signal is not None or j.id in measured}
        self.exits = {
            e.id: self._exit(e) for e in network.edges.values() if e.from_node in closed and _lanes(e)
        }
        self.marks = {edge: position_m for edge, position_m in self.exits.values()}

    def _exit(self, edge: Edge) -> tuple[str, float]:
        """Edge and position where zones that leave by `edge` end: walks on where the first edge is short."""
        chain = [edge]
        while chain[-1].to_node not in self.junction_nodes:
            following = self.ahead.get(chain[-1].id, set())
            if len(following) != 1:
                break
            after = self.network.edges[next(iter(following))]
            if self.behind[after.id] != {chain[-1].id} or after in chain:
                break
            chain.append(after)
        length_m = sum(link.length_m for link in chain)
        to_junction = chain[-1].id in self.ahead
        # At the edge of the model no zone follows, but vehicles must pass the section with their whole length
        # before they leave.
        whole_m = max(length_m - LONGEST_VEHICLE_M, length_m / 2)
        left_m = min(EXIT_M, length_m * EXIT_SHARE if to_junction else whole_m)
        for link in chain:
            if left_m <= link.length_m:
                return link.id, _inside(link, left_m)
            left_m -= link.length_m
        raise AssertionError("a share of the chain lies on the chain")

    def straight(self, before: str, after: str) -> bool:
        """Whether the main street leads from one edge to the other."""
        ways = self.network.connections_from[before]
        return any(c.to_edge == after and c.direction == "through" for c in ways)

    def cut(self, stop_edge: str) -> dict[str, float]:
        """Edge -> position of the sections through which the end of `stop_edge` is reached."""
        starts = self.starts.get(stop_edge, Counter())
        unseen = UNSEEN_SHARE * starts.total()
        cuts: dict[str, float] = {}
        waiting = [(0.0, stop_edge)]
        seen: set[str] = set()
        while waiting:
            below_m, edge_id = heapq.heappop(waiting)
            if edge_id in seen:
                continue
            seen.add(edge_id)
            edge = self.network.edges[edge_id]
            before = self.behind.get(edge_id, set())
            only_way = len(before) == 1 and self.ahead[next(iter(before))] == {edge_id}
            through = edge.from_node not in self.junction_nodes and only_way
            if edge_id in self.marks:
                cuts[edge_id] = self.marks[edge_id]
            elif not before or starts[edge_id] > unseen:
                cuts[edge_id] = _start(edge)
            elif not through and below_m + edge.length_m >= REACH_M:
                cuts[edge_id] = max(_start(edge), _inside(edge, edge.length_m - (REACH_M - below_m)))
            else:
                unseen -= starts[edge_id]
                # Beyond a side street drivers have other ways to the same exit, and its waiting is not ours.
                side = set() if through else {other for other in before if not self.straight(other, edge_id)}
                cuts |= {other: _end(self.network.edges[other]) for other in side - seen}
                seen |= side
                for other in sorted(before - side):
                    heapq.heappush(waiting, (below_m + edge.length_m, other))
        # A loop of short streets can come back to where it began: then the stop line's own edge is the zone.
        return cuts or {stop_edge: _start(self.network.edges[stop_edge])}


def _zone(network: Network, plan: _Plan, movement: Movement, entries: tuple[Point, ...]) -> MovementZone:
    to_edge = network.whole.get(movement.to_edge, movement.to_edge)
    if to_edge not in plan.exits:
        raise BuildError(
            Message(
                "{id}: the site has no street {to_edge} to measure it on",
                id=movement.id,
                to_edge=movement.to_edge,
            )
        )
    edge, position_m = plan.exits[to_edge]
    turn = (movement.connections[0].from_edge, movement.to_edge)
    return MovementZone(movement.id, entries, _points(network, {edge: position_m}), turn)


def _route(network: Network, name: str, via: tuple[str, ...]) -> MovementZone:
    edges = [network.edge(leg, f"routes.{name}.via") for leg in via]
    starts, ends = {edges[0].id: _start(edges[0])}, {edges[-1].id: _end(edges[-1])}
    return MovementZone(f"route:{name}", _points(network, starts), _points(network, ends))


def _feeding(network: Network) -> Feeding:
    feeding: Feeding = {}
    for connection in network.connections:
        if _driven(network, connection) and connection.direction != "uturn":
            feeding.setdefault((connection.to_edge, connection.to_lane), []).append(connection)
    return feeding


def _queue_lanes(network: Network, feeding: Feeding, plan: _Plan, approach: Approach) -> Iterator[QueueLane]:
    cut = dict(network.part_at(*place) for place in plan.cut(approach.edge).items())
    edge = network.edges[approach.edge]
    for lane in _lanes(edge):
        path = [lane]
        while path[0].edge not in cut:
            index, used = path[0].index, {link.edge for link in path}
            before = [c for c in feeding.get((path[0].edge, index), ()) if c.from_edge not in used]
            if not before:
                break
            best = min(before, key=partial(_turned, index))
            if not _continues(network, best):
                break
            path.insert(0, network.edges[best.from_edge].lanes[best.from_lane])
        # A short lane begins with its edge; a queue beyond it stands on the lane it branched from.
        begin_m = cut.get(path[0].edge, 0.0)
        length_m = round(sum(link.length_m for link in path) - begin_m, 2)
        if length_m < VEHICLE_M:
            continue
        yield QueueLane(
            approach=approach.id,
            lane=len(edge.lanes) - lane.index,
            lanes=tuple(link.id for link in path),
            begin_m=begin_m,
            end_m=lane.length_m,
            length_m=length_m,
        )


def _turned(lane: int, connection: Connection) -> tuple[bool, int, str]:
    """Order ways into a lane: straight ones first, then those that shift least."""
    return connection.direction != "through", abs(connection.from_lane - lane), connection.key


def _continues(network: Network, connection: Connection) -> bool:
    """Whether the lane goes on as that lane; else it opens a short lane (展宽) beside its own way on."""
    ways = network.connections_from[connection.from_edge]
    side_by_side = [c for c in ways if (c.from_lane, c.to_edge) == (connection.from_lane, connection.to_edge)]
    straight = {
        c.from_lane for c in network.connections_from.get(connection.to_edge, ()) if c.direction == "through"
    }

    def rank(way: Connection) -> tuple[bool, int, int]:
        return way.to_lane not in straight, abs(way.to_lane - way.from_lane), way.to_lane

    return min(side_by_side, key=rank).to_lane == connection.to_lane


def _points(network: Network, sections: Mapping[str, float]) -> tuple[Point, ...]:
    points = []
    for edge_id, position_m in sorted(network.part_at(*place) for place in sections.items()):
        edge = network.edges.get(edge_id)
        if edge is None:
            raise BuildError(
                Message(
                    "edge {edge_id}, on which delay is measured, does not exist in this arm", edge_id=edge_id
                )
            )
        points += [Point(lane.id, min(position_m, _inside(edge, lane.length_m))) for lane in _lanes(edge)]
    return tuple(points)


def _lanes(edge: Edge) -> list[Lane]:
    return [lane for lane in edge.lanes if lane.allow & DRIVEN]


def _driven(network: Network, connection: Connection) -> bool:
    a = network.edges[connection.from_edge].lanes[connection.from_lane]
    b = network.edges[connection.to_edge].lanes[connection.to_lane]
    return bool(a.allow & b.allow & DRIVEN)


def _start(edge: Edge) -> float:
    return _inside(edge, min(ENTRY_M, edge.length_m / 2))


def _end(edge: Edge) -> float:
    return _inside(edge, edge.length_m)


def _inside(edge: Edge, position_m: float) -> float:
    """Keep a section off the very ends of an edge: nothing is seen at position 0."""
    return round(min(max(position_m, 0.1), edge.length_m - 0.1), 2)
