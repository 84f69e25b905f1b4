"""`grade_separate`: one movement is led over or under its junction (上跨桥、下穿隧道)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.edited_site import edited
from sim.edits.geometry import SHORTEST_M
from sim.edits.vocabulary import AddStreet, Edit, NewWay, SetConnections, SplitEdge, lane_link
from sim.errors import ConfigError, Problem, Problems
from sim.interventions.base import Intervention, intervention
from sim.interventions.street_ends import turn
from sim.labels import Message, Text, message_of, text
from sim.loading import Facts
from sim.site.car_lanes import car_lanes
from sim.site.model import Site
from sim.site.network import Edge, Movement, Network
from sim.site.places import named

RISE_M = 6.0
"""Headroom of 4.5 m for motor traffic and the depth of the structure, about."""
STEEPEST: tuple[tuple[float, float], ...] = ((60.0, 0.05), (50.0, 0.055), (40.0, 0.06), (0.0, 0.07))
"""From this design speed on, km/h: the steepest slope that CJJ 37-2012 allows in general."""

SLOW = frozenset({"bicycle", "pedestrian", "scooter", "wheelchair"})
"""Who stays at grade."""


class ExpectedLegs(Facts):
    """Length of the leg before the stop line and of the street behind the junction, within 5 % or 5 m."""

    leg_m: float = Field(gt=0)
    exit_m: float = Field(gt=0)


@intervention("grade_separate")
class GradeSeparate(Intervention):
    """Build lanes for motor traffic that lead a movement over or under its junction; the way at grade stays.

    They leave the leg's lanes at the median `leaves_m` before the stop line and join those of the exit at the
    median `joins_m` behind the junction, where the merge is the model's. `via_m` are points between, in the
    network's metres (straight without). Who takes which way follows from how routes answer: studies with it
    are in equilibrium (`routes`) where nothing else is said; the short run stands beside it.
    """

    title: ClassVar[Text] = Text("上跨（下穿）一个流向", "Separate a movement's grade")
    takes_years: ClassVar[bool] = True
    example: ClassVar[str] = """\
kind: grade_separate
id: flyover
movement: J5.north.through
form: over
expect: {leg_m: 95, exit_m: 95}
leaves_m: 60
joins_m: 50
lanes: 1
speed_kmh: 40
"""
    watch: ClassVar[Text] = Text(
        "效益取决于出口合流：模型中合流后的通行能力即下游车道的通行能力（实测一条车道 1722、两条 3340 辆/h，"
        "合流本身不另减），由新建车道让行；现场合流较差时结果偏乐观。"
        "坡道不影响车速（默认跟驰模型不计坡度）。地面配时不变，须另行重配。"
        "结构物占用地面车道的，另作说明。",
        "What it gains rests on the merge: in the model a merge carries what the lanes behind it carry "
        "(measured: 1722 veh/h on one lane, 3340 on two, nothing off for merging), and the new "
        "lanes give way; where the real merge is worse, results are too good. Ramps slow nobody down (the "
        "default car-following model knows no grade). The plan at grade stays: retime it. Lanes that the "
        "structure takes from the street below are another intervention's.",
    )

    kind: Literal["grade_separate"]
    id: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")
    movement: str
    form: Literal["over", "under"] = "over"
    expect: ExpectedLegs
    leaves_m: float = Field(gt=0)
    joins_m: float = Field(gt=0)
    lanes: int = Field(1, ge=1, le=3)
    speed_kmh: float = Field(gt=0, le=80)
    via_m: tuple[tuple[float, float], ...] = ()

    def edits(self, site: Site, path: str) -> tuple[Edit, ...]:
        """SplitEdge of the leg and of the exit, AddStreet, SetConnections of what leads into it and out."""
        network = site.network
        movement = network.movement(self.movement, f"{path}.movement")
        self._check(network, movement, path)
        leg, exit = network.edges[movement.connections[0].from_edge], network.edges[movement.to_edge]
        before, between = f"{leg.id}.{self.id}", f"{exit.id}.{self.id}"
        splits: tuple[Edit, ...] = (
            SplitEdge(leg.id, leg.length_m, self.leaves_m, before),
            SplitEdge(exit.id, exit.length_m, exit.length_m - self.joins_m, between),
        )
        try:
            cut = edited(site, splits).network
        except ValueError as error:  # what lies on an edge forbids the cut
            raise ConfigError([Problem(path, message_of(error))]) from None
        speed_mps = round(self.speed_kmh / 3.6, 2)
        leaving = car_lanes(cut, before)[-self.lanes :]
        street = AddStreet(
            self.id,
            cut.edges[before].to_node,
            cut.edges[exit.id].from_node,
            self.lanes,
            speed_mps,
            cut.edges[before].lanes[leaving[-1]].allow - SLOW,
            shape=self.via_m,
        )
        built = edited(site, (*splits, street)).network
        joining = car_lanes(built, exit.id)[-self.lanes :]
        onward = frozenset(map(lane_link, built.connections_from[before]))
        away = {(lane, self.id, number) for number, lane in enumerate(leaving)}
        back = frozenset((number, exit.id, lane) for number, lane in enumerate(joining))
        ways = [
            NewWay(b, turn(built.edges[a], built.edges[b]))
            for a, b in ((before, self.id), (self.id, exit.id))
        ]
        return (
            *splits,
            street,
            SetConnections(before, onward, onward | away, (ways[0],)),
            SetConnections(self.id, frozenset(), back, (ways[1],)),
        )

    def describe(self, site: Site) -> Text:
        """Name the movement, where the lanes leave and join, how many they are, and their speed."""
        where = named(site.facts, f"movement:{self.movement}")
        return text(
            f"intervention.grade_separate.{self.form}",
            zh=where.zh,
            en=where.en,
            id=self.id,
            leaves=f"{self.leaves_m:g}",
            joins=f"{self.joins_m:g}",
            lanes=self.lanes,
            kmh=f"{self.speed_kmh:g}",
        )

    def eligibility(self, site: Site) -> tuple[Text, ...]:
        """Whether both ramps are long enough to rise or fall by what the structure needs."""
        slope = next(slope for kmh, slope in STEEPEST if self.speed_kmh >= kmh)
        need_m = RISE_M / slope
        short_m = min(self.leaves_m, self.joins_m)
        if short_m >= need_m:
            return ()
        values = {"m": f"{short_m:g}", "need": f"{need_m:.0f}", "percent": f"{100 * slope:g}"}
        return (text("eligibility.grade_separate.ramp", kmh=f"{self.speed_kmh:g}", **values),)

    def _check(self, network: Network, movement: Movement, path: str) -> None:
        problems = Problems()
        leg, exit = network.edges[movement.connections[0].from_edge], network.edges[movement.to_edge]
        if self.id in network.edges:
            told = Message("there is an edge {id!r} already", id=self.id)
            problems.add(f"{path}.id", told, Message("choose another id"))
        for edge, expected_m, field, at_m in (
            (leg, self.expect.leg_m, "leg_m", self.leaves_m),
            (exit, self.expect.exit_m, "exit_m", self.joins_m),
        ):
            if abs(edge.length_m - expected_m) > max(5.0, 0.05 * edge.length_m):
                told = Message(
                    "expected {expected_m:g} m of {id!r}; it is {length_m:.0f} m long",
                    expected_m=expected_m,
                    id=edge.id,
                    length_m=edge.length_m,
                )
                problems.add(f"{path}.expect.{field}", told)
            self._check_cut(edge, at_m, f"{path}.{'leaves_m' if edge is leg else 'joins_m'}", problems)
            if len(car_lanes(network, edge.id)) < self.lanes:
                told = Message(
                    "{id!r} has {n} lanes for cars, fewer than the {lanes} that leave or join it",
                    id=edge.id,
                    n=len(car_lanes(network, edge.id)),
                    lanes=self.lanes,
                )
                problems.add(f"{path}.lanes", told)
        problems.raise_if_any()

    def _check_cut(self, edge: Edge, at_m: float, place: str, problems: Problems) -> None:
        longest_m = edge.length_m - SHORTEST_M
        if longest_m < SHORTEST_M:
            told = Message("{id!r} is only {length_m:.0f} m long", id=edge.id, length_m=edge.length_m)
            problems.add(place, told, Message("`add_link` joins places farther away"))
        elif not SHORTEST_M <= at_m <= longest_m:
            told = Message(
                "{at_m:g} m does not lie on {id!r}, {length_m:.0f} m long",
                at_m=at_m,
                id=edge.id,
                length_m=edge.length_m,
            )
            hint = Message("{shortest_m:g} to {longest_m:.0f} m", shortest_m=SHORTEST_M, longest_m=longest_m)
            problems.add(place, told, hint)
