"""`work_zone`: lanes closed for works, and a limit beside them (施工占道)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.geometry import SHORTEST_M
from sim.edits.open_ways import lost_beside_cuts
from sim.edits.vocabulary import SetLane, SplitEdge
from sim.errors import Problems
from sim.interventions.base import Intervention, intervention
from sim.interventions.streets import ExpectedStreet, check_lanes, streets_in_words, stretch
from sim.labels import Message, Text, text
from sim.site.model import Site
from sim.site.network import Edge
from sim.stages import Dates, reversed_dates


@intervention("work_zone")
class WorkZone(Intervention):
    """Close lanes of a stretch to everyone while works last; the others may get a limit.

    `on` names edges, or approaches for the whole leg. `closed` lanes go, from the kerb or from the median.
    The zone ends `opens_m` before the end of each edge (left out: at its end). It is there all day: `dates`
    is for the record. Another plan for a signal meanwhile is an intervention of the same policy
    (`retime_signal`); works in several stages are a policy with `stages`.
    """

    title: ClassVar[Text] = Text("施工占道", "Work zone")
    example: ClassVar[str] = """\
kind: work_zone
on: [J1.north]
expect: {lanes: 3}
closed: 1
side: kerb
opens_m: 60
speed_kmh: 30
dates: ["2026-03-01", "2026-06-30"]
"""
    watch: ClassVar[Text] = Text(
        "通行能力按车道数减少，未计施工区车道变窄与围挡的影响，偏乐观。"
        "分期施工写成一个方案的多个 `stages`，以最不利阶段为准。",
        "Capacity falls by the lanes; narrow lanes and barriers are not in it, which is optimistic. Works in "
        "stages are one policy with `stages`: the worst one counts.",
    )

    kind: Literal["work_zone"]
    on: tuple[str, ...] = Field(min_length=1)
    expect: ExpectedStreet
    closed: int = Field(ge=1)
    side: Literal["kerb", "median"] = "kerb"
    opens_m: float | None = Field(None, ge=10)
    speed_kmh: float | None = Field(None, ge=5, le=120)
    dates: Dates | None = None

    def edits(self, site: Site, path: str) -> tuple[SplitEdge | SetLane, ...]:
        """For each edge one SplitEdge where the zone ends before it, and a SetLane for each lane."""
        edges = stretch(site.network, self.on, f"{path}.on")
        problems = Problems()
        if (told := reversed_dates(self.dates)) is not None:
            problems.add(f"{path}.dates", told)
        check_lanes(edges, self.expect.lanes, problems, f"{path}.expect.lanes")
        if self.closed >= self.expect.lanes:
            told = Message("no lane would be left open")
            problems.add(f"{path}.closed", told, Message("close a street with `one_way` or `school_hours`"))
        for edge in edges:
            if self.opens_m is not None and edge.length_m < self.opens_m + SHORTEST_M:
                told = Message(
                    "{id!r} is {length_m:.0f} m long: nothing is left of the work zone",
                    id=edge.id,
                    length_m=edge.length_m,
                )
                problems.add(f"{path}.opens_m", told, Message("leave the edge out, or open later"))
        problems.raise_if_any()
        edits: list[SplitEdge | SetLane] = []
        for edge in edges:
            edits += self._of_edge(site, edge)
        self._check_ways(site, edits, path)
        return tuple(edits)

    def describe(self, site: Site) -> Text:
        """Name the street, the lanes before and during the works, the limit and the dates."""
        where = streets_in_words(site, self.on)
        side = text(f"intervention.bus_lane.{self.side}")
        rest = [Text("", "")]
        if self.opens_m is not None:
            rest.append(text("intervention.work_zone.opens", m=f"{self.opens_m:g}"))
        if self.speed_kmh is not None:
            rest.append(text("intervention.work_zone.limit", kmh=f"{self.speed_kmh:g}"))
        if self.dates is not None:
            rest.append(text("intervention.work_zone.dates", begin=self.dates[0], end=self.dates[1]))
        return text(
            "intervention.work_zone",
            where=where,
            side=side,
            rest=Text("".join(t.zh for t in rest), "".join(t.en for t in rest)),
            lanes=self.expect.lanes,
            left=self.expect.lanes - self.closed,
        )

    def _of_edge(self, site: Site, edge: Edge) -> list[SplitEdge | SetLane]:
        edits: list[SplitEdge | SetLane] = []
        if self.opens_m is not None:
            split = SplitEdge(edge.id, edge.length_m, self.opens_m, f"{edge.id}.works")
            edits.append(split)
            edge = split.applied(site).network.edges[split.upstream]
        lanes = [lane for lane in edge.lanes if lane.for_cars]
        gone = lanes[: self.closed] if self.side == "kerb" else lanes[-self.closed :]
        for lane in lanes:
            if lane in gone:
                edits.append(SetLane(lane.edge, lane.index, lane.speed_mps, lane.allow, allow=frozenset()))
            elif self.speed_kmh is not None:
                limit_mps = round(self.speed_kmh / 3.6, 2)
                edits.append(SetLane(lane.edge, lane.index, lane.speed_mps, lane.allow, speed_mps=limit_mps))
        return edits

    def _check_ways(self, site: Site, edits: list[SplitEdge | SetLane], path: str) -> None:
        problems = Problems()
        for edge, to in lost_beside_cuts(site, edits):
            told = Message(
                "cars could not go from {edge!r} to {to!r} any more: only closed lanes lead there",
                edge=edge,
                to=to,
            )
            hint = Message("end the zone before the stop line (`opens_m`), mark other lanes, or ban the turn")
            problems.add(f"{path}.on", told, hint)
        problems.raise_if_any()
