"""What interventions have in common that build a street between two places. No kind of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal

from pydantic import Field

from sim.edits.edited_site import edited
from sim.edits.vocabulary import (
    AddStreet,
    Edit,
    KeyedControl,
    LaneLink,
    NewWay,
    SetConnections,
    SetProgram,
    connection_key,
    keyed,
    lane_link,
)
from sim.errors import ConfigError, Problems, near
from sim.interventions.base import Intervention
from sim.interventions.set_lane_use import car_lanes
from sim.labels import Message, Text
from sim.loading import Facts
from sim.site.lane_marking import marked
from sim.site.model import Site
from sim.site.network import Edge, Junction, Movement, Network

NEW = "new"
"""How `ways` call the street that is built."""
BEARINGS = ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")
STRAIGHT_DEG, BACK_DEG = 45.0, 150.0
"""A way that turns by less goes straight on; by more, back."""


class Way(Facts):
    """One way from or to the new street at one of its ends.

    `from` and `to`: an edge, an approach, or `new`. `lanes`: from which lanes, counted from the median; left
    out: the one at the median to the left, the one at the kerb to the right, all of them straight on. At a
    signal `green_with` names the movement whose lights it shows, and `gives_way` lets it yield meanwhile.
    """

    from_: str = Field(alias="from")
    to: str
    lanes: tuple[int, ...] = ()
    green_with: str | None = None
    gives_way: bool = False


class ExpectedGap(Facts):
    """The distance between the two places, as the crow flies, within 5 % or 5 m."""

    gap_m: float = Field(gt=0)


class NewStreet(Intervention):
    """Fields and edits of a street between two nodes."""

    id: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")
    between: tuple[str, str]
    expect: ExpectedGap
    lanes: int = Field(1, ge=1, le=6)
    speed_kmh: float = Field(gt=0, le=120)
    via_m: tuple[tuple[float, float], ...] = ()
    ways: tuple[Way, ...] = ()

    @property
    def directions(self) -> Literal["both", "one"]:
        """Whether it leads back, too."""
        return "both"

    def edits(self, site: Site, path: str) -> tuple[Edit, ...]:
        """AddStreet for each direction, SetConnections of every edge that its ways leave, SetProgram."""
        return _Plan(self, site, path).edits()

    def streets(self) -> tuple[str, ...]:
        """Ids of the edges that are built."""
        return (f"{self.id}.there", f"{self.id}.back")[: 2 if self.directions == "both" else 1]

    def length_m(self, network: Network) -> float:
        """Length along its points, between the nodes' centres."""
        nodes = positions(network)
        ends = [nodes[node_of(network, name)] for name in self.between]
        points = [ends[0], *self.via_m, ends[1]]
        return sum(math.dist(a, b) for a, b in pairwise(points))

    def where(self) -> Text:
        """Name the two places."""
        return Text(f"{self.between[0]}—{self.between[1]}", f"{self.between[0]} to {self.between[1]}")


def positions(network: Network) -> dict[str, tuple[float, float]]:
    """Return where every node is."""
    found = {edge.to_node: edge.shape[-1] for edge in network.edges.values()}
    return {**{edge.from_node: edge.shape[0] for edge in network.edges.values()}, **found}


def node_of(network: Network, name: str) -> str:
    """Return the node that a junction, or a node itself, is called by; the name where there is none."""
    return network.junctions[name].node if name in network.junctions else name


def is_dead_end(network: Network, node: str) -> bool:
    """Whether cars come to it from one other node at most, or by one edge from which none leads on."""
    into = [e for e in network.edges.values() if e.to_node == node and _for_cars(e)]
    out = [e for e in network.edges.values() if e.from_node == node and _for_cars(e)]
    if len({e.from_node for e in into} | {e.to_node for e in out}) == 1:
        return True
    # A leg with short lanes is cut in two towards its junction and whole in the other direction.
    return len(into) == 1 and len(out) == 1 and not network.connections_from.get(into[0].id)


@dataclass(frozen=True)
class _Plan:
    """One new street on one site."""

    kind: NewStreet
    site: Site
    path: str

    def edits(self) -> tuple[Edit, ...]:
        self._check_places()
        built: list[Edit] = [self._street(n) for n in range(len(self.kind.streets()))]
        network = edited(self.site, built).network
        ways = [*self._stated(network), *self._straight_on(network)]
        self._check_ends(network, ways)
        edits = [*built, *self._connections(network, ways)]
        return (*edits, *self._yielding(edited(self.site, edits), ways))

    @cached_property
    def nodes(self) -> tuple[str, str]:
        first, last = (node_of(self.site.network, name) for name in self.kind.between)
        return first, last

    def _check_places(self) -> None:
        problems = Problems()
        network, kind = self.site.network, self.kind
        known = positions(network)
        for number, node in enumerate(self.nodes, 1):
            if node not in known:
                hint = near(node, {*known, *network.junctions})
                problems.add(
                    f"{self.path}.between.{number}",
                    Message("no junction or node named {node!r}", node=node),
                    hint,
                )
        problems.raise_if_any()
        if self.nodes[0] == self.nodes[1]:
            problems.add(f"{self.path}.between", Message("both ends are the same place"))
        gap_m = math.dist(known[self.nodes[0]], known[self.nodes[1]])
        if abs(gap_m - kind.expect.gap_m) > max(5.0, 0.05 * gap_m):
            told = Message(
                "expected {gap_m:g} m between {between:and}, found {gap_m_2:.0f} m",
                gap_m=kind.expect.gap_m,
                between=kind.between,
                gap_m_2=gap_m,
            )
            problems.add(f"{self.path}.expect.gap_m", told)
        for id in kind.streets():
            if id in network.edges:
                problems.add(
                    f"{self.path}.id",
                    Message("there is an edge {id!r} already", id=id),
                    Message("choose another id"),
                )
        problems.raise_if_any()

    def _street(self, number: int) -> AddStreet:
        network, kind = self.site.network, self.kind
        first, last = self.nodes if number == 0 else self.nodes[::-1]
        via = kind.via_m if number == 0 else kind.via_m[::-1]
        junction = next((j for j in network.junctions.values() if j.node == last), None)
        known = positions(network)
        before = [known[first], *via][-1]
        speed_mps = round(kind.speed_kmh / 3.6, 2)
        return AddStreet(
            kind.streets()[number],
            first,
            last,
            kind.lanes,
            speed_mps,
            _classes(network, self.nodes),
            shape=via,
            junction=junction.id if junction else None,
            approach=_free_bearing(junction, before, known[last]) if junction else None,
        )

    def _stated(self, network: Network) -> list[tuple[Way, str, str]]:
        """Return each stated way with the edges it leads from and to; ConfigError with all problems."""
        problems = Problems()
        found = []
        names = {*network.edges, *network.approaches, NEW}
        for number, way in enumerate(self.kind.ways, 1):
            place = f"{self.path}.ways.{number}"
            other = way.to if way.from_ == NEW else way.from_
            if (way.from_ == NEW) == (way.to == NEW):
                problems.add(
                    place, Message("one of `from` and `to` is `new`, the other a street that is there")
                )
                continue
            approach = network.approaches.get(other)
            id = other if approach is None else (approach.exit_edge if way.from_ == NEW else approach.edge)
            if id is None or id not in network.edges:
                told = (
                    Message("no edge or approach named {other!r}", other=other)
                    if id is not None
                    else Message("{other!r} has no exit", other=other)
                )
                problems.add(place, told, near(other, names))
                continue
            edge = network.edges[id]
            node = edge.from_node if way.from_ == NEW else edge.to_node
            ends = {network.edges[s].to_node if way.from_ == NEW else network.edges[s].from_node: s
                    for s in self.kind.streets()}  # fmt: skip
            if node not in ends:
                problems.add(
                    place,
                    Message("{id!r} does not meet the new street there", id=id),
                    Message("{ends:or}", ends=list(ends)),
                )
                continue
            pair = (ends[node], id) if way.from_ == NEW else (id, ends[node])
            lanes = car_lanes(network, pair[0])
            wrong = [lane for lane in way.lanes if not 1 <= lane <= len(lanes)]
            if wrong:
                told = Message(
                    "no lane {wrong}: {pair!r} has {n_lanes} for cars",
                    wrong=wrong[0],
                    pair=pair[0],
                    n_lanes=len(lanes),
                )
                problems.add(f"{place}.lanes", told, Message("counted from the median"))
            self._check_light(network, way, node, place, problems)
            found.append((way, *pair))
        problems.raise_if_any()
        return found

    def _check_light(self, network: Network, way: Way, node: str, place: str, problems: Problems) -> None:
        signal = _signal(network, node)
        if signal is None and (way.green_with or way.gives_way):
            problems.add(
                place,
                Message("there is no signal at this end"),
                Message("leave `green_with` and `gives_way` out"),
            )
        elif signal is not None and way.green_with is None:
            known = [m.id for m in _movements(network, node)]
            told = Message("signal {signal!r} needs to know when this way is green", signal=signal)
            problems.add(f"{place}.green_with", told, Message("a movement, e.g. {known}", known=known[:4]))
        elif signal is not None and way.green_with not in {m.id for m in _movements(network, node)}:
            known = [m.id for m in _movements(network, node)]
            hint = near(str(way.green_with), known)
            problems.add(
                f"{place}.green_with",
                Message("no movement {green_with!r} at this signal", green_with=way.green_with),
                hint,
            )

    def _straight_on(self, network: Network) -> list[tuple[Way, str, str]]:
        """At a dead end of which `ways` say nothing the old street and the new one go on into each other."""
        found = []
        for number, node in enumerate(self.nodes):
            if not is_dead_end(self.site.network, node) or self._says(network, node):
                continue
            old = [e for e in self.site.network.edges.values() if _for_cars(e)]
            away, back = self.kind.streets()[0], self.kind.streets()[-1]
            if number == 1:
                away, back = back, away
            for edge in old:
                if edge.to_node == node and network.edges[away].from_node == node:
                    found.append((Way.model_validate({"from": edge.id, "to": NEW}), edge.id, away))
                if edge.from_node == node and network.edges[back].to_node == node:
                    found.append((Way.model_validate({"from": NEW, "to": edge.id}), back, edge.id))
        return found

    def _says(self, network: Network, node: str) -> bool:
        return any(
            node == (network.edges[a].to_node if a in network.edges else None)
            for _, a, _ in self._stated(network)
        )

    def _check_ends(self, network: Network, ways: Sequence[tuple[Way, str, str]]) -> None:
        problems = Problems()
        for id in self.kind.streets():
            street = network.edges[id]
            for node, name, own in (
                (street.from_node, "into", [a for _, a, b in ways if b == id]),
                (street.to_node, "out of", [b for _, a, b in ways if a == id]),
            ):
                if not own:
                    edges = network.edges.values()
                    known = [
                        e.id
                        for e in edges
                        if e.id not in self.kind.streets()
                        and _for_cars(e)
                        and node == (e.to_node if name == "into" else e.from_node)
                    ]
                    told = (
                        Message("no way leads into the new street at {node!r}", node=node)
                        if name == "into"
                        else Message("no way leads out of the new street at {node!r}", node=node)
                    )
                    shown = f"to: {NEW}, from: " if name == "into" else f"from: {NEW}, to: "
                    problems.add(
                        f"{self.path}.ways",
                        told,
                        Message("{{{shown}{known:or}}}", shown=shown, known=sorted(known)),
                    )
        pairs = [(a, b) for _, a, b in ways]
        for pair in sorted({pair for pair in pairs if pairs.count(pair) > 1}):
            problems.add(
                f"{self.path}.ways", Message("{pair} -> {pair_2} is said twice", pair=pair[0], pair_2=pair[1])
            )
        problems.raise_if_any()

    def _connections(self, network: Network, ways: Sequence[tuple[Way, str, str]]) -> list[SetConnections]:
        problems = Problems()
        found = []
        for edge in dict.fromkeys(a for _, a, _ in ways):
            today = frozenset(map(lane_link, network.connections_from.get(edge, ())))
            links: set[LaneLink] = set()
            new = []
            for way, _, to in (w for w in ways if w[1] == edge):
                direction = turn(network.edges[edge], network.edges[to])
                lanes, exits = car_lanes(network, edge), car_lanes(network, to)
                only = edge in self.kind.streets() and [a for _, a, _ in ways].count(edge) == 1
                serving = _serving("through" if only else direction, lanes, way.lanes)
                if not way.lanes and not only and len(serving) > len(exits):
                    serving = serving[-len(exits) :]
                aimed = marked(direction, serving, exits, sum(lane > serving[-1] for lane in lanes))
                if aimed is None:
                    told = Message(
                        "{n_serving} lanes are to lead from {edge!r} to {to!r}, which has {n_exits}",
                        n_serving=len(serving),
                        edge=edge,
                        to=to,
                        n_exits=len(exits),
                    )
                    problems.add(f"{self.path}.ways", told, Message("name the `lanes`, or build fewer"))
                    continue
                links |= {(lane, to, exit_lane) for lane, exit_lane in aimed.items()}
                like = network.movements[way.green_with].connections[0].key if way.green_with else None
                new.append(NewWay(to, direction, like))
            for lane in sorted(
                set(lanes) - {link[0] for link in links} if edge in self.kind.streets() else ()
            ):
                told = Message(
                    "lane {n_lanes} of the new street leads nowhere at its end", n_lanes=len(lanes) - lane
                )
                problems.add(
                    f"{self.path}.ways", told, Message("name it in the `lanes` of a way, from the median")
                )
            found.append(SetConnections(edge, today, today | links, tuple(new)))
        problems.raise_if_any()
        return found

    def _yielding(self, site: Site, ways: Sequence[tuple[Way, str, str]]) -> list[SetProgram]:
        """Show the ways that give way a green that says so."""
        pairs = {(a, b) for way, a, b in ways if way.gives_way}
        own = [c for c in site.network.connections if (c.from_edge, c.to_edge) in pairs]
        keys = {connection_key(c.from_edge, lane_link(c)) for c in own}
        found = []
        for signal in sorted({c.signal for c in own if c.signal is not None}):
            for period, controls in site.signals.items():
                today = keyed(controls[signal], site.network)
                wanted = gives_way(today, keys)
                if wanted != today:
                    found.append(SetProgram(period, signal, today, wanted))
        return found


def turn(before: Edge, after: Edge) -> str:
    """Name the turn from one edge into another by the angle between them."""
    (ax, ay), (bx, by) = before.shape[-2:]
    (cx, cy), (dx, dy) = after.shape[:2]
    angle_deg = math.degrees(math.atan2(dx - cx, dy - cy) - math.atan2(bx - ax, by - ay))
    angle_deg = (angle_deg + 180) % 360 - 180
    if abs(angle_deg) < STRAIGHT_DEG:
        return "through"
    if abs(angle_deg) > BACK_DEG:
        return "uturn"
    return "right" if angle_deg > 0 else "left"


def _serving(direction: str, lanes: Sequence[int], asked: Sequence[int]) -> list[int]:
    """Return the lanes, counted from the kerb, that serve a way."""
    if asked:
        return sorted(lanes[-number] for number in asked)
    if direction == "through":
        return list(lanes)
    return [lanes[0]] if direction == "right" else [lanes[-1]]


def gives_way(control: KeyedControl, keys: set[str]) -> KeyedControl:
    """Let links that have protected green give way instead."""
    programs = tuple(
        replace(
            program,
            lights=tuple((k, s.replace("G", "g") if k in keys else s) for k, s in program.lights),
        )
        for program in control.programs
    )
    return replace(control, programs=programs)


def _signal(network: Network, node: str) -> str | None:
    at_node = (c for c in network.connections if network.edges[c.from_edge].to_node == node)
    return next((c.signal for c in at_node if c.signal is not None), None)


def _movements(network: Network, node: str) -> list[Movement]:
    return [
        m
        for m in network.movements.values()
        if network.edges[m.connections[0].from_edge].to_node == node and m.connections[0].link is not None
    ]


def _classes(network: Network, nodes: tuple[str, str]) -> frozenset[str]:
    """Return who may drive on the new street: whoever may on a lane for cars beside it."""
    for edge in sorted(network.edges.values(), key=lambda e: e.id):
        if edge.to_node in nodes or edge.from_node in nodes:
            for lane in reversed(edge.lanes):
                if lane.for_cars:
                    return lane.allow
    raise ConfigError([])


def _free_bearing(junction: Junction, before: tuple[float, float], end: tuple[float, float]) -> str:
    bearing_deg = math.degrees(math.atan2(before[0] - end[0], before[1] - end[1])) % 360
    octant = BEARINGS[round(bearing_deg / 45) % 8]
    taken = {approach.name for approach in junction.approaches}
    names = (octant, *(f"{octant}_{number}" for number in range(2, 99)))
    return next(name for name in names if name not in taken)


def _for_cars(edge: Edge) -> bool:
    return any(lane.for_cars for lane in edge.lanes)
