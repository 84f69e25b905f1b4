"""`uturn_opening`: let traffic turn back where a street's two directions meet (掉头开口)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.base import connection_key
from sim.edits.edited_site import edited
from sim.edits.vocabulary import NewWay, SetConnections, SetProgram, lane_link
from sim.errors import ConfigError, Problem, Problems, near
from sim.interventions.base import Intervention, intervention
from sim.interventions.street_ends import giving_way
from sim.labels import Message, Text, text
from sim.loading import Facts
from sim.site.car_lanes import car_lanes
from sim.site.model import Site
from sim.site.network import Edge, Network
from sim.site.places import named

UTURN = "uturn"
ROOM_LANES = 4
"""Lanes in both directions together below which a car needs more than one move to turn back."""


class ExpectedTurns(Facts):
    """From how many lanes cars are believed to turn back there today."""

    lanes: int = Field(ge=0)


@intervention("uturn_opening")
class UturnOpening(Intervention):
    """Let cars turn back from the lane at the median, at the end of an approach or of any edge.

    The opening lies at a node of the network: a junction, or a place between junctions where both directions
    are cut. At a signal whoever turns back shows the lights of the left turn of the approach (or of the
    movement `green_with`) and gives way. Bays for it are another intervention (`add_turn_bay`).
    """

    title: ClassVar[Text] = Text("掉头开口", "Open for U-turns")
    example: ClassVar[str] = """\
kind: uturn_opening
approach: J1.north
expect: {lanes: 0}
"""
    watch: ClassVar[Text] = Text(
        "只能设在路网已有的节点处，不能在两节点之间新切开口。固定路径下无人改用：`routes` 不写即为均衡。",
        "Only at a node that is there: no new cut between nodes. With fixed routes nobody uses it; "
        "`routes` left out is an equilibrium.",
    )

    kind: Literal["uturn_opening"]
    approach: str
    expect: ExpectedTurns
    green_with: str | None = None

    def edits(self, site: Site, path: str) -> tuple[SetConnections | SetProgram, ...]:
        """One SetConnections, and a SetProgram for each period of a signal whose green it would share."""
        network = site.network
        edge, back = meeting(network, self.approach, path)
        check_turns(network, edge, back, self.expect.lanes, path)
        if turning(network, edge, back):
            told = Message("cars turn back from {edge!r} already", edge=edge.id)
            raise ConfigError([Problem(f"{path}.approach", told)])
        lanes, exits = car_lanes(network, edge.id), car_lanes(network, back.id)
        link = (lanes[-1], back.id, exits[-1])
        today = frozenset(map(lane_link, network.connections_from.get(edge.id, ())))
        way = NewWay(back.id, UTURN, self._lights(network, edge, path))
        opened = SetConnections(edge.id, today, today | {link}, (way,))
        after = edited(site, [opened])
        key = connection_key(edge.id, link)
        signal = next(c.signal for c in after.network.connections_from[edge.id] if c.key == key)
        return (opened, *(giving_way(after, signal, {key}) if signal is not None else ()))

    def describe(self, site: Site) -> Text:
        """Name the place."""
        where = named(site.facts, f"approach:{self.approach}")
        return text("intervention.uturn_opening", zh=where.zh, en=where.en)

    def eligibility(self, site: Site) -> tuple[Text, ...]:
        """Room to turn back in one move: four lanes in both directions together (usual condition)."""
        edge, back = meeting(site.network, self.approach, self.kind)
        lanes = len(car_lanes(site.network, edge.id)) + len(car_lanes(site.network, back.id))
        where = named(site.facts, f"approach:{self.approach}")
        if lanes >= ROOM_LANES:
            return ()
        return (text("eligibility.uturn_opening.room", zh=where.zh, en=where.en, lanes=lanes),)

    def _lights(self, network: Network, edge: Edge, path: str) -> str | None:
        """Return the connection whose lights it shows; None without a signal."""
        own = [c for c in network.connections_from.get(edge.id, ()) if c.link is not None]
        if not own:
            return None
        if self.green_with is not None:
            movement = network.movement(self.green_with, f"{path}.green_with")
            return movement.connections[0].key
        for direction in ("left", "through"):
            for c in sorted(own, key=lambda c: -c.from_lane):
                if c.direction == direction:
                    return c.key
        told = Message("{edge!r} has no left turn whose lights it could show", edge=edge.id)
        raise ConfigError([Problem(f"{path}.green_with", told, Message("name a movement"))])


def meeting(network: Network, name: str, path: str) -> tuple[Edge, Edge]:
    """Return an edge and the one that leads back from its end; ConfigError where there is none for cars."""
    approach = network.approaches.get(name)
    if approach is None and name not in network.edges:
        known = {*network.approaches, *network.edges}
        told = Message("no approach or edge {on!r}", on=name)
        raise ConfigError([Problem(f"{path}.approach", told, near(name, known))])
    edge = network.edges[approach.edge if approach else name]
    backs = [
        e
        for e in network.edges.values()
        if (e.from_node, e.to_node) == (edge.to_node, edge.from_node) and car_lanes(network, e.id)
    ]
    if approach is not None and approach.exit_edge is not None:
        backs = [network.edges[approach.exit_edge]]
    if not backs or not car_lanes(network, edge.id) or not car_lanes(network, backs[0].id):
        told = Message("no street for cars leads back from the end of {edge!r}", edge=edge.id)
        raise ConfigError([Problem(f"{path}.approach", told)])
    return edge, backs[0]


def turning(network: Network, edge: Edge, back: Edge) -> list[int]:
    """Return the lanes from which vehicles turn back."""
    return sorted({c.from_lane for c in network.connections_from.get(edge.id, ()) if c.to_edge == back.id})


def check_turns(network: Network, edge: Edge, back: Edge, expected: int, path: str) -> None:
    """Raise ConfigError where vehicles turn back from another number of lanes than is believed."""
    problems = Problems()
    found = len(turning(network, edge, back))
    if found != expected:
        told = Message(
            "expected vehicles to turn back from {lanes} lanes, found {found}", lanes=expected, found=found
        )
        problems.add(f"{path}.expect.lanes", told)
    problems.raise_if_any()
