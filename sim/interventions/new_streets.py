"""What interventions have in common that build a street between two places. No kind of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

from pydantic import Field

from sim.edits.edited_site import edited
from sim.edits.vocabulary import AddStreet, Edit
from sim.errors import ConfigError, Problems, near
from sim.interventions.base import Intervention
from sim.interventions.street_ends import StreetEnds, Way, yielding
from sim.labels import Message, Text
from sim.loading import Facts
from sim.site.model import Site
from sim.site.network import Junction, Network
from sim.site.places import named

END = ".end"
"""Behind the name of a drawn leg: the node where it ends."""
BEARINGS = ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")


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

    def where(self, site: Site) -> Text:
        """Name the two places."""
        first, last = (_named_end(site, name) for name in self.between)
        return Text(f"{first.zh}—{last.zh}", f"{first.en} to {last.en}")


def _named_end(site: Site, name: str) -> Text:
    """Name a junction, or the end of a drawn leg; any other node is called by its id."""
    leg = name.removesuffix(END)
    if name in site.network.junctions:
        return named(site.facts, f"junction:{name}")
    if leg != name and leg in site.network.approaches:
        place = named(site.facts, f"approach:{leg}")
        return Text(f"{place.zh}末端", f"the far end of {place.en}")
    return Text(name, name)


def positions(network: Network) -> dict[str, tuple[float, float]]:
    """Return where every node is."""
    found = {edge.to_node: edge.shape[-1] for edge in network.edges.values()}
    return {**{edge.from_node: edge.shape[0] for edge in network.edges.values()}, **found}


def node_of(network: Network, name: str) -> str:
    """Return the node that a junction, or a node itself, is called by; the name where there is none."""
    return network.junctions[name].node if name in network.junctions else name


@dataclass(frozen=True)
class _Plan:
    """One new street on one site."""

    kind: NewStreet
    site: Site
    path: str

    def edits(self) -> tuple[Edit, ...]:
        self._check_places()
        built: list[Edit] = [self._street(n) for n in range(len(self.kind.streets()))]
        ends = StreetEnds(
            before=self.site.network,
            network=edited(self.site, built).network,
            streets=self.kind.streets(),
            ways=self.kind.ways,
            path=f"{self.path}.ways",
        )
        ways = ends.joined()
        edits = [*built, *ends.connections(ways)]
        return (*edits, *yielding(edited(self.site, edits), ways))

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
