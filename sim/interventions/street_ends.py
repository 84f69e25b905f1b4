"""How a new street is joined to others at its ends: the ways there, on which lanes, with which lights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import Field

from sim.edits.vocabulary import (
    KeyedControl,
    LaneLink,
    NewWay,
    SetConnections,
    SetProgram,
    connection_key,
    keyed,
    lane_link,
)
from sim.errors import Problems, near
from sim.labels import Message
from sim.loading import Facts
from sim.site.car_lanes import car_lanes
from sim.site.lane_marking import marked
from sim.site.model import Site
from sim.site.network import Edge, Movement, Network

NEW = "new"
"""How `ways` call the street that is built."""
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


Joined = tuple[Way, str, str]
"""A way, and the edges that it leads from and to."""


@dataclass(frozen=True)
class StreetEnds:
    """The ends of one new street on a `network` in which it lies already; nothing leads there yet.

    `before` is the network without it, `streets` are the ids of its edges, there and back. `ways` stand as
    they were written at `path`.
    """

    before: Network
    network: Network
    streets: tuple[str, ...]
    ways: tuple[Way, ...]
    path: str

    def joined(self) -> list[Joined]:
        """Return every way that is stated or goes without saying; ConfigError with all problems."""
        stated = self._stated()
        found = [*stated, *self._straight_on(stated)]
        self._check_ends(found)
        return found

    def _stated(self) -> list[Joined]:
        problems = Problems()
        network = self.network
        found = []
        names = {*network.edges, *network.approaches, NEW}
        for number, way in enumerate(self.ways, 1):
            place = f"{self.path}.{number}"
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
                    for s in self.streets}  # fmt: skip
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
            self._check_light(way, node, place, problems)
            found.append((way, *pair))
        problems.raise_if_any()
        return found

    def _check_light(self, way: Way, node: str, place: str, problems: Problems) -> None:
        network = self.network
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

    def _straight_on(self, stated: Sequence[Joined]) -> list[Joined]:
        """At a dead end of which `ways` say nothing the old street and the new one go on into each other."""
        found: list[Joined] = []
        edges = self.network.edges
        old = [e for e in self.before.edges.values() if _for_cars(e)]
        there = edges[self.streets[0]]
        said = {edges[a].to_node for _, a, _ in stated}
        for node in (there.from_node, there.to_node):
            if not is_dead_end(self.before, node) or node in said:
                continue
            away, back = self.streets[0], self.streets[-1]
            if node == there.to_node:
                away, back = back, away
            for edge in old:
                if edge.to_node == node and edges[away].from_node == node:
                    found.append((Way.model_validate({"from": edge.id, "to": NEW}), edge.id, away))
                if edge.from_node == node and edges[back].to_node == node:
                    found.append((Way.model_validate({"from": NEW, "to": edge.id}), back, edge.id))
        return found

    def _check_ends(self, ways: Sequence[Joined]) -> None:
        problems = Problems()
        network = self.network
        for id in self.streets:
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
                        if e.id not in self.streets
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
                        self.path,
                        told,
                        Message("{{{shown}{known:or}}}", shown=shown, known=sorted(known)),
                    )
        pairs = [(a, b) for _, a, b in ways]
        for pair in sorted({pair for pair in pairs if pairs.count(pair) > 1}):
            problems.add(self.path, Message("{pair} -> {pair_2} is said twice", pair=pair[0], pair_2=pair[1]))
        problems.raise_if_any()

    def connections(self, ways: Sequence[Joined]) -> list[SetConnections]:
        """Return the ways out of every edge that some way leaves; ConfigError where lanes do not go round."""
        problems = Problems()
        network = self.network
        found = []
        for edge in dict.fromkeys(a for _, a, _ in ways):
            today = frozenset(map(lane_link, network.connections_from.get(edge, ())))
            links: set[LaneLink] = set()
            new = []
            for way, _, to in (w for w in ways if w[1] == edge):
                direction = turn(network.edges[edge], network.edges[to])
                lanes, exits = car_lanes(network, edge), car_lanes(network, to)
                only = edge in self.streets and [a for _, a, _ in ways].count(edge) == 1
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
                    problems.add(self.path, told, Message("name the `lanes`, or build fewer"))
                    continue
                links |= {(lane, to, exit_lane) for lane, exit_lane in aimed.items()}
                like = network.movements[way.green_with].connections[0].key if way.green_with else None
                new.append(NewWay(to, direction, like))
            for lane in sorted(set(lanes) - {link[0] for link in links} if edge in self.streets else ()):
                told = Message(
                    "lane {n_lanes} of the new street leads nowhere at its end", n_lanes=len(lanes) - lane
                )
                problems.add(self.path, told, Message("name it in the `lanes` of a way, from the median"))
            found.append(SetConnections(edge, today, today | links, tuple(new)))
        problems.raise_if_any()
        return found


def yielding(site: Site, ways: Sequence[Joined]) -> list[SetProgram]:
    """Show the ways that give way a green that says so, on a site that has them all."""
    pairs = {(a, b) for way, a, b in ways if way.gives_way}
    own = [c for c in site.network.connections if (c.from_edge, c.to_edge) in pairs]
    keys = {connection_key(c.from_edge, lane_link(c)) for c in own}
    signals = sorted({c.signal for c in own if c.signal is not None})
    return [edit for signal in signals for edit in giving_way(site, signal, keys)]


def giving_way(site: Site, signal: str, keys: set[str]) -> list[SetProgram]:
    """Let links of a signal that have protected green give way instead, in the periods in which they have."""
    found = []
    for period, controls in site.signals.items():
        today = keyed(controls[signal], site.network)
        wanted = _yielding(today, keys)
        if wanted != today:
            found.append(SetProgram(period, signal, today, wanted))
    return found


def is_dead_end(network: Network, node: str) -> bool:
    """Whether cars come to it from one other node at most, or by one edge from which none leads on."""
    into = [e for e in network.edges.values() if e.to_node == node and _for_cars(e)]
    out = [e for e in network.edges.values() if e.from_node == node and _for_cars(e)]
    if len({e.from_node for e in into} | {e.to_node for e in out}) == 1:
        return True
    # A leg with short lanes is cut in two towards its junction and whole in the other direction.
    return len(into) == 1 and len(out) == 1 and not network.connections_from.get(into[0].id)


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


def _yielding(control: KeyedControl, keys: set[str]) -> KeyedControl:
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


def _for_cars(edge: Edge) -> bool:
    return any(lane.for_cars for lane in edge.lanes)
