"""`widen_road`: more lanes on a stretch of street (拓宽瓶颈路)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.edited_site import edited
from sim.edits.vocabulary import Edit, LaneLink, SetConnections, SetLaneCount, lane_link
from sim.errors import ConfigError, Problem, Problems
from sim.interventions.base import Intervention, intervention
from sim.interventions.set_lane_use import SetLaneUse, uses_in_words
from sim.interventions.streets import check_lanes, streets_in_words, stretch
from sim.labels import Message, Text, text
from sim.loading import Facts
from sim.site.car_lanes import car_lanes, lane_uses
from sim.site.model import Site
from sim.site.network import Approach, Connection, Edge, Network


class ExpectedWidth(Facts):
    """What is believed of each edge today: its lanes for cars, and their uses where it ends at a junction."""

    lanes: int = Field(ge=1)
    uses: tuple[str, ...] = ()


@intervention("widen_road")
class WidenRoad(Intervention):
    """Add lanes for cars along a stretch of street.

    `on` names edges one after the other, in the direction of travel, or an approach for the whole leg that
    leads to a stop line. New lanes lie at the median. Where the stretch begins, the lane nearest to the
    median that leads in leads into the new lane too; two that merge there merge no more, and a lane that ends
    there goes on. Where it ends, the new lane merges, unless the street goes on as wide. At a junction `uses`
    says which movements each lane serves then, from the median to the kerb (`expect.uses` today); new lanes
    show the lights of their movements.
    """

    title: ClassVar[Text] = Text("拓宽瓶颈路", "Widen a road")
    takes_years: ClassVar[bool] = True
    example: ClassVar[str] = """\
kind: widen_road
on: [J1.east]
expect: {lanes: 2, uses: [left+through, through+right]}
lanes: 3
uses: [left, through, through+right]
"""
    watch: ClassVar[Text] = Text(
        "拓宽只会把瓶颈移到下一处：看下游路口与合流处的排队。新增车道不减窄其余车道。长期会诱增交通。",
        "The bottleneck moves downstream: look at the queues there. The other lanes keep their width. In the "
        "long run a wider road draws traffic.",
    )

    kind: Literal["widen_road"]
    on: tuple[str, ...] = Field(min_length=1)
    expect: ExpectedWidth
    lanes: int = Field(ge=2, le=8)
    uses: tuple[str, ...] = ()

    def edits(self, site: Site, path: str) -> tuple[Edit, ...]:
        """SetLaneCount of each edge; SetConnections of those before the stretch, of each edge, of its end."""
        edges = stretch(site.network, self.on, f"{path}.on")
        end = site.network.approach_of_edge.get(edges[-1].id)
        self._check(site.network, edges, end, path)
        more = self.lanes - self.expect.lanes
        done: list[Edit] = [SetLaneCount(e.id, len(e.lanes), len(e.lanes) + more) for e in edges]
        network = edited(site, done).network
        before = sorted({c.from_edge for c in network.connections if c.to_edge == edges[0].id})
        wanted = {edge: _entering(network, edge, edges[0], more) for edge in before}
        wanted |= {one.id: _onward(network, one, other) for one, other in pairwise(edges)}
        if end is None and network.connections_from.get(edges[-1].id):
            wanted[edges[-1].id] = _leaving(network, edges[-1], more)
        for edge, links in wanted.items():
            today = frozenset(map(lane_link, network.connections_from[edge]))
            if links != today:
                done.append(SetConnections(edge, today, links))
        if end is not None:
            expected = (*["none"] * more, *self.expect.uses)
            marking = SetLaneUse(kind="set_lane_use", approach=end.id, expect=expected, lanes=self.uses)
            try:
                done += marking.edits(edited(site, done), path)
            except ConfigError as error:
                places = {f"{path}.lanes": f"{path}.uses", f"{path}.expect": f"{path}.expect.uses"}
                raise ConfigError(_moved(error, places)) from None
        return tuple(done)

    def describe(self, site: Site) -> Text:
        """Name the stretch, its lanes before and after, and the lane uses where it ends at a junction."""
        where = streets_in_words(site, self.on)
        rest = Text("", "")
        if self.uses:
            before, after = uses_in_words(self.expect.uses), uses_in_words(self.uses)
            rest = text(
                "intervention.widen_road.uses",
                before_zh=before.zh,
                before_en=before.en,
                after_zh=after.zh,
                after_en=after.en,
            )
        return text(
            "intervention.widen_road",
            zh=where.zh,
            en=where.en,
            old=self.expect.lanes,
            new=self.lanes,
            rest_zh=rest.zh,
            rest_en=rest.en,
        )

    def _check(self, network: Network, edges: Sequence[Edge], end: Approach | None, path: str) -> None:
        problems = Problems()
        check_lanes(edges, self.expect.lanes, problems, f"{path}.expect.lanes")
        if self.lanes <= self.expect.lanes:
            told = Message(
                "{lanes} lanes are not more than the {expect_lanes} of today",
                lanes=self.lanes,
                expect_lanes=self.expect.lanes,
            )
            problems.add(f"{path}.lanes", told)
        for one, other in pairwise(edges):
            ways = {c.to_edge for c in network.connections_from.get(one.id, ()) if c.direction != "uturn"}
            if other.id not in ways:
                told = Message("{id!r} does not follow on {one_id!r}", id=other.id, one_id=one.id)
                problems.add(f"{path}.on", told, Message("in the direction of travel, without gaps"))
            elif one.id in network.approach_of_edge:
                told = Message("{id!r} ends at a junction amid the stretch", id=one.id)
                problems.add(
                    f"{path}.on", told, Message("one `widen_road` for each street between junctions")
                )
        for edge in edges:
            cars = car_lanes(network, edge.id)
            if cars and cars != list(range(cars[0], len(edge.lanes))):
                told = Message("the lane of {id!r} nearest the median is not for cars", id=edge.id)
                problems.add(
                    f"{path}.on", told, Message("a lane is added there, and is like the one it lies beside")
                )
        if end is not None:
            found = lane_uses(network, end)
            if [set(use.split("+")) for use in self.expect.uses] != [set(use.split("+")) for use in found]:
                told = Message(
                    "expected {uses}; found {found}",
                    uses=self.expect.uses or Message("none"),
                    found=found,
                )
                problems.add(
                    f"{path}.expect.uses", told, Message("lanes for cars, from the median to the kerb")
                )
            if len(self.uses) != self.lanes:
                told = Message(
                    "{n_uses} lanes are listed, but {id} is to have {lanes}",
                    n_uses=len(self.uses),
                    id=end.id,
                    lanes=self.lanes,
                )
                problems.add(
                    f"{path}.uses", told, Message("which movements each serves, from the median to the kerb")
                )
        elif self.uses or self.expect.uses:
            told = Message("{id!r} ends at no junction: its lanes all go the same way", id=edges[-1].id)
            problems.add(f"{path}.uses", told, Message("leave it out"))
        problems.raise_if_any()


def _entering(network: Network, edge: str, first: Edge, more: int) -> frozenset[LaneLink]:
    """Lead what turns left or goes straight into the new lanes of `first`, as far as there is any."""
    links = set(map(lane_link, network.connections_from[edge]))
    ways = [c for c in network.connections_from[edge] if c.to_edge == first.id and _for_cars(network, c)]
    last = len(first.lanes) - 1
    if not ways or last not in {c.to_lane for c in ways}:
        return frozenset(links)  # it leads to the kerb side only
    lanes = car_lanes(network, edge)
    if {c.to_edge for c in network.connections_from[edge]} == {first.id} and len(lanes) > len(
        {c.from_lane for c in ways}
    ):  # a lane that ends where the bottleneck begins
        straight = zip(reversed(lanes), reversed(car_lanes(network, first.id)), strict=False)
        beside = {link for link in links if link[0] not in lanes}
        return frozenset(beside | {(from_lane, first.id, to_lane) for from_lane, to_lane in straight})
    for lane in range(last + 1, last + 1 + more):
        at_median = sorted(link for link in links if link[1] == first.id and link[2] == lane - 1)
        from_lane = at_median[-1][0]
        if len(at_median) > 1:  # two that merged
            links.remove((from_lane, first.id, lane - 1))
        links.add((from_lane, first.id, lane))
    return frozenset(links)


def _onward(network: Network, one: Edge, other: Edge) -> frozenset[LaneLink]:
    """Lead the new lanes of an edge straight on into those of the next."""
    links = frozenset(map(lane_link, network.connections_from[one.id]))
    then = [len(network.edges[edge.id].lanes) for edge in (one, other)]
    more = then[0] - len(one.lanes)
    return links | {(then[0] - n, other.id, then[1] - n) for n in range(1, more + 1)}


def _leaving(network: Network, edge: Edge, more: int) -> frozenset[LaneLink]:
    """Lead the new lanes on: into a lane that opened at the end, else merging into the last."""
    links = set(map(lane_link, network.connections_from[edge.id]))
    for lane in range(len(edge.lanes), len(edge.lanes) + more):
        own = sorted((link for link in links if link[0] == lane - 1), key=lambda link: link[2])
        to_edge, to_lane = own[-1][1:]
        if len([link for link in own if link[1] == to_edge]) > 1:
            links.remove(own[-1])
        links.add((lane, to_edge, to_lane))
    return frozenset(links)


def _for_cars(network: Network, connection: Connection) -> bool:
    return network.edges[connection.from_edge].lanes[connection.from_lane].for_cars


def _moved(error: ConfigError, places: dict[str, str]) -> list[Problem]:
    return [Problem(places.get(p.path, p.path), p.message, p.suggestion) for p in error.problems]
