"""`bus_lane`: give one lane of a stretch to buses, all day or in peak hours (公交专用道)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.geometry import SHORTEST_M
from sim.edits.open_ways import lost_beside_cuts
from sim.edits.vocabulary import AddClosure, SetLane, SplitEdge
from sim.errors import Problems
from sim.interventions.base import Intervention, intervention
from sim.interventions.streets import (
    ExpectedStreet,
    Hours,
    VehicleName,
    banned,
    check_hours,
    check_lanes,
    restriction_in_words,
    streets_in_words,
    stretch,
    timed,
)
from sim.labels import Message, Text, text
from sim.site.model import Site
from sim.site.network import Edge, Lane

BUSES: tuple[VehicleName, ...] = ("bus", "coach")


@intervention("bus_lane")
class BusLane(Intervention):
    """Keep one lane for buses: all day, or at `hours` only. Markings at the stop line and signals stay.

    `on` names edges, or approaches for the whole leg. `side` is the lane next to the kerb or to the median,
    among those for cars. `opens_m` lets everyone into the lane that far before the end of each edge, for
    those who turn there. Police, ambulances, fire engines, bicycles and `exempt` may use it.
    """

    title: ClassVar[Text] = Text("公交专用道（全天或高峰）", "Bus lane")
    example: ClassVar[str] = """\
kind: bus_lane
on: [J1.north]
expect: {lanes: 3}
side: kerb
hours: ["07:00-09:00", "17:00-19:00"]
opens_m: 60
"""
    watch: ClassVar[Text] = Text(
        "以人均指标为主评价；路侧专用道若不在停车线前开放（`opens_m`），右转车辆将无法通行，会被拒绝。",
        "Judge it by person time. A lane at the kerb that does not open before the stop line (`opens_m`) "
        "leaves right turns no way and is refused.",
    )

    kind: Literal["bus_lane"]
    on: tuple[str, ...] = Field(min_length=1)
    expect: ExpectedStreet
    side: Literal["kerb", "median"] = "kerb"
    hours: tuple[Hours, ...] = ()
    opens_m: float | None = Field(None, ge=10)
    exempt: tuple[VehicleName, ...] = BUSES

    def edits(self, site: Site, path: str) -> tuple[SplitEdge | SetLane | AddClosure, ...]:
        """For each edge one SplitEdge where the lane opens; one SetLane, or with hours an AddClosure."""
        edges = stretch(site.network, self.on, f"{path}.on")
        problems = Problems()
        check_lanes(edges, self.expect.lanes, problems, f"{path}.expect.lanes")
        check_hours(site, self.hours, f"{path}.hours", problems)
        for edge in edges:
            if self.opens_m is not None and edge.length_m < self.opens_m + SHORTEST_M:
                told = Message(
                    "{id!r} is {length_m:.0f} m long: nothing is left of the bus lane",
                    id=edge.id,
                    length_m=edge.length_m,
                )
                problems.add(f"{path}.opens_m", told, Message("leave the edge out, or open later"))
        problems.raise_if_any()
        edits = [edit for edge in edges for edit in self._of_edge(site, edge)]
        self._check_ways(site, edits, path)
        return tuple(edits)

    def describe(self, site: Site) -> Text:
        """Name the street, the lane, and when and for whom."""
        where = streets_in_words(site, self.on)
        side = text(f"intervention.bus_lane.{self.side}")
        rest = restriction_in_words(self.hours, (), ())
        opens = (
            Text("", "")
            if self.opens_m is None
            else text("intervention.bus_lane.opens", m=f"{self.opens_m:g}")
        )
        return text(
            "intervention.bus_lane",
            zh=where.zh,
            en=where.en,
            side_zh=side.zh,
            side_en=side.en,
            rest_zh=opens.zh + rest.zh,
            rest_en=opens.en + rest.en,
            lanes=self.expect.lanes,
            left=self.expect.lanes - 1,
        )

    def _of_edge(self, site: Site, edge: Edge) -> tuple[SplitEdge | SetLane | AddClosure, ...]:
        hit = banned((), self.exempt)
        split: tuple[SplitEdge, ...] = ()
        if self.opens_m is not None:
            split = (SplitEdge(edge.id, edge.length_m, self.opens_m, f"{edge.id}.bus"),)
            edge = split[0].applied(site).network.edges[split[0].upstream]
        lane = self._lane(edge)
        if self.hours:
            closures = timed(f"bus_lane.{edge.id}", self.hours, hit, site.network, lanes=[lane.id])
            return (*split, *closures)
        allow = lane.allow - hit
        return (*split, SetLane(lane.edge, lane.index, lane.speed_mps, lane.allow, allow=allow))

    def _lane(self, edge: Edge) -> Lane:
        lanes = [lane for lane in edge.lanes if lane.for_cars]
        return lanes[0] if self.side == "kerb" else lanes[-1]

    def _check_ways(self, site: Site, edits: list[SplitEdge | SetLane | AddClosure], path: str) -> None:
        problems = Problems()
        for edge, to in lost_beside_cuts(site, edits):
            told = Message(
                "cars could not go from {edge!r} to {to!r} any more: only the bus lane leads there",
                edge=edge,
                to=to,
            )
            hint = Message("open it before the stop line: `opens_m: 60`")
            if self.opens_m is not None:
                hint = Message(
                    "who comes from there has no other lane: leave that edge out, or take the other side"
                )
            problems.add(f"{path}.on", told, hint)
        problems.raise_if_any()
