"""`one_way`: close one direction of streets to motor traffic (单行,微循环)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.open_ways import dead_ends
from sim.edits.vocabulary import AddClosure, Edit, SetLane
from sim.errors import Problems
from sim.interventions.base import Intervention, intervention
from sim.interventions.streets import (
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
from sim.loading import Facts
from sim.site.model import Site
from sim.site.network import Edge


class ExpectedDirection(Facts):
    """How many lanes for cars each of the directions that close is believed to have today."""

    lanes: int = Field(ge=1)


@intervention("one_way")
class OneWay(Intervention):
    """Make streets one-way: `close` names the directions that motor traffic may not drive any more.

    A one-way pair names one direction of each of its streets. A direction is an edge, or an approach for the
    whole leg that leads to a stop line. Signals stay as they are: retime them in the same policy. Police,
    ambulances, fire engines, bicycles and `exempt` go on both ways.
    """

    title: ClassVar[Text] = Text("单向交通（微循环）", "Make streets one-way")
    example: ClassVar[str] = """\
kind: one_way
close: [J1.north]
expect: {lanes: 3}
exempt: [bus]
"""
    watch: ClassVar[Text] = Text(
        "需要有平行的反向道路；固定路径下仍走关闭方向的车辆会被列出并拒绝。关闭后信号中空出的绿灯不会自动分给其他流向，"
        "请同时 `retime_signal`。相互平行的两条街间距宜不超过 300–400 m。",
        "It takes a parallel street for the other direction; with fixed routes vehicles that still drive the "
        "closed one are listed and refused. Greens that nobody needs any more are given to nobody: add "
        "`retime_signal`. The streets of a pair should lie at most 300-400 m apart.",
    )

    kind: Literal["one_way"]
    close: tuple[str, ...] = Field(min_length=1)
    expect: ExpectedDirection
    exempt: tuple[VehicleName, ...] = ()

    def edits(self, site: Site, path: str) -> tuple[SetLane, ...]:
        """One SetLane for each lane that motor traffic may use."""
        edges = stretch(site.network, self.close, f"{path}.close")
        problems = Problems()
        check_lanes(edges, self.expect.lanes, problems, f"{path}.expect.lanes")
        closed = {edge.id for edge in edges}
        for edge in edges:
            if not _other_way(site, edge, closed):
                told = Message(
                    "{id!r} has no open direction beside it: the street would be closed, not one-way",
                    id=edge.id,
                )
                problems.add(f"{path}.close", told, Message("`school_hours` closes streets for some hours"))
        problems.raise_if_any()
        hit = banned((), self.exempt)
        edits = tuple(
            SetLane(lane.edge, lane.index, lane.speed_mps, lane.allow, allow=lane.allow - hit)
            for edge in edges
            for lane in edge.lanes
            if lane.allow & hit
        )
        refuse_dead_ends(site, edits, f"{path}.close")
        return edits

    def describe(self, site: Site) -> Text:
        """Name the directions that close."""
        where = streets_in_words(site, self.close)
        rest = restriction_in_words((), (), self.exempt)
        return text("intervention.one_way", zh=where.zh, en=where.en, rest_zh=rest.zh, rest_en=rest.en)


def refuse_dead_ends(site: Site, edits: Sequence[Edit], path: str) -> None:
    """Refuse a closure behind which cars that come along another street could not go on."""
    problems = Problems()
    for edge in dead_ends(site, edits):
        told = Message("cars that come along {edge!r} could not go on from there", edge=edge)
        problems.add(path, told, Message("leave a way on, or close that street too"))
    problems.raise_if_any()


def closed_for(
    site: Site, edges: Sequence[Edge], hours: Sequence[Hours], exempt: Sequence[str], path: str
) -> tuple[AddClosure, ...]:
    """Close stretches by the clock; ConfigError (under `path`) where the hours cannot be meant."""
    problems = Problems()
    check_hours(site, hours, path, problems)
    problems.raise_if_any()
    hit = banned((), exempt)
    lanes = [lane.id for edge in edges for lane in edge.lanes if lane.allow & hit]
    return timed(f"closed.{edges[0].id}", hours, hit, site.network, lanes=lanes)


def _other_way(site: Site, edge: Edge, closed: set[str]) -> bool:
    """Whether an open edge leads the other way between the same nodes."""
    return any(
        (other.from_node, other.to_node) == (edge.to_node, edge.from_node)
        and other.id not in closed
        and any(lane.for_cars for lane in other.lanes)
        for other in site.network.edges.values()
    )
