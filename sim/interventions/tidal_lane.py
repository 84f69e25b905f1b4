"""`tidal_lane`: lend the lane at the median to the other direction at some hours (潮汐车道)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.edited_site import edited
from sim.edits.open_ways import lost_ways
from sim.edits.vocabulary import AddClosure, SetConnections, SetLaneCount, lane_link
from sim.errors import Problems
from sim.interventions.base import Intervention, intervention
from sim.interventions.fixed_time import design_flows
from sim.interventions.streets import (
    Hours,
    check_hours,
    check_lanes,
    other_times,
    span_s,
    streets_in_words,
    stretch,
)
from sim.interventions.widen_road import ExpectedWidth, WidenRoad
from sim.labels import Message, Text, text
from sim.site.model import Closure, Site
from sim.site.network import Edge, Lane, Network

LEAST_SHARE = 2 / 3
LENGTH_M = (500.0, 5000.0)
LEAST_HOURS = 2.0
"""Usual conditions of tidal lanes; second-hand."""


class ExpectedTide(ExpectedWidth):
    """As `widen_road` for the direction that gains, and the lanes for cars of the one that lends."""

    opposite_lanes: int = Field(ge=2)


@intervention("tidal_lane")
class TidalLane(Intervention):
    """Let one direction of a street use the other's lane at the median at `hours`; else all is as today.

    `on` names the direction that gains and `lends` the other one, edge by edge; `on` as in `widen_road`, and
    `uses` says what its lanes serve then, the lent one first. The lent lane is closed to its own direction
    `clearance_s` before the hours and opened that much after them; who enters it without a choice may enter
    the lane beside it, too.
    """

    title: ClassVar[Text] = Text("潮汐车道（分时段）", "Tidal lane by time of day")
    example: ClassVar[str] = """\
kind: tidal_lane
on: [J1.west]
lends: [J1.west.exit]
expect: {lanes: 2, uses: [left+through, through+right], opposite_lanes: 3}
uses: [left, left+through, through+right]
hours: ["07:00-09:00"]
"""
    watch: ClassVar[Text] = Text(
        "须同时核查对向延误。其余时间潮汐车道关闭，`uses` 中每个流向都须另有车道。切换前留出清空时间。",
        "Always look at the delay of the other direction. The lane is closed at all other times: each "
        "movement in `uses` needs another lane. Leave time to clear before the switch.",
    )

    kind: Literal["tidal_lane"]
    on: tuple[str, ...] = Field(min_length=1)
    lends: tuple[str, ...] = Field(min_length=1)
    expect: ExpectedTide
    uses: tuple[str, ...] = ()
    hours: tuple[Hours, ...] = Field(min_length=1)
    clearance_s: float = Field(60.0, ge=0, le=600)

    def edits(self, site: Site, path: str) -> tuple[SetLaneCount | SetConnections | AddClosure, ...]:
        """As `widen_road` by one lane, and closures: of the new lane, and of the lane that is lent."""
        gains = stretch(site.network, self.on, f"{path}.on")
        lends = stretch(site.network, self.lends, f"{path}.lends")
        problems = Problems()
        check_hours(site, self.hours, f"{path}.hours", problems)
        check_lanes(lends, self.expect.opposite_lanes, problems, f"{path}.expect.opposite_lanes")
        ends = {(edge.to_node, edge.from_node) for edge in gains}
        for edge in lends:
            if (edge.from_node, edge.to_node) not in ends:
                told = Message("{id!r} does not run beside the direction that gains", id=edge.id)
                problems.add(f"{path}.lends", told, Message("the same stretch, the other way"))
        if len(lends) != len(gains):
            problems.add(
                f"{path}.lends",
                Message("{n_lends} edges lend a lane to {n_gains}", n_lends=len(lends), n_gains=len(gains)),
            )
        problems.raise_if_any()
        wider = WidenRoad(
            kind="widen_road",
            on=self.on,
            expect=ExpectedWidth(lanes=self.expect.lanes, uses=self.expect.uses),
            lanes=self.expect.lanes + 1,
            uses=self.uses,
        )
        built = [e for e in wider.edits(site, path) if isinstance(e, (SetLaneCount, SetConnections))]
        built += _ways_in(edited(site, built).network, lends[0])
        edits = (*built, *self._closures(gains, lends))
        for one, other in lost_ways(site, edits):
            told = Message("cars could not go from {one!r} to {other!r} at some time", one=one, other=other)
            problems.add(
                f"{path}.uses",
                told,
                Message("each movement needs a lane besides the tidal one: `set_lane_use` first"),
            )
        problems.raise_if_any()
        return edits

    def describe(self, site: Site) -> Text:
        """Lanes of both directions at the hours, before and after."""
        where = streets_in_words(site, self.on)
        lanes, opposite = self.expect.lanes, self.expect.opposite_lanes
        return text(
            "intervention.tidal_lane",
            zh=where.zh,
            en=where.en,
            hours=self.hours,
            old=lanes,
            new=lanes + 1,
            other_old=opposite,
            other_new=opposite - 1,
        )

    def eligibility(self, site: Site) -> tuple[Text, ...]:
        """Two thirds of the traffic in the direction that gains; 0.5 to 5 km; two hours and more."""
        return tuple(self._unmet(site))

    def _unmet(self, site: Site) -> Iterator[Text]:
        gains = stretch(site.network, self.on, self.kind)
        length_m = sum(edge.length_m for edge in gains)
        if not LENGTH_M[0] <= length_m <= LENGTH_M[1]:
            yield text("eligibility.tidal_lane.length", m=f"{length_m:.0f}")
        hours = sum(end_s - begin_s for begin_s, end_s in map(span_s, self.hours)) / 3600
        if hours < LEAST_HOURS:
            yield text("eligibility.tidal_lane.hours", hours=f"{hours:g}")
        lends = stretch(site.network, self.lends, self.kind)
        for id, period in site.periods.items():
            if not any(a < period.end_s and period.begin_s < b for a, b in map(span_s, self.hours)):
                continue
            share = _share(site, id, gains, lends)
            if share is None:
                yield text("eligibility.tidal_lane.unknown", zh=period.title.zh, en=period.title.en)
            elif share < LEAST_SHARE:
                words = {"zh": period.title.zh, "en": period.title.en, "share": f"{share:.0%}"}
                yield text("eligibility.tidal_lane.share", **words)

    def _closures(self, gains: Sequence[Edge], lends: Sequence[Edge]) -> Iterator[AddClosure]:
        times = sorted(span_s(hours) for hours in self.hours)
        new = [Lane(e.id, len(e.lanes), e.length_m, 3.2, e.speed_mps, frozenset()).id for e in gains]
        lent = [next(lane for lane in reversed(edge.lanes) if lane.for_cars).id for edge in lends]
        longer: list[tuple[float, float]] = []
        for begin_s, end_s in times:
            meets = bool(longer) and begin_s - self.clearance_s <= longer[-1][1]
            from_s = longer.pop()[0] if meets else begin_s - self.clearance_s
            longer.append((from_s, end_s + self.clearance_s))
        for lanes, spans in ((new, other_times(times)), (lent, longer)):
            for begin_s, end_s in spans:
                id = f"tidal.{lanes[0]}.{begin_s:.0f}-{end_s:.0f}"
                yield AddClosure(id, Closure(begin_s, end_s, tuple(lanes), (), frozenset()))


def _ways_in(network: Network, edge: Edge) -> Iterator[SetConnections]:
    """Lead who enters only the lane that is lent into the one beside it, too."""
    *_, beside, lent = [lane.index for lane in edge.lanes if lane.for_cars]
    for before in sorted({c.from_edge for c in network.connections if c.to_edge == edge.id}):
        own = [c for c in network.connections_from[before] if c.to_edge == edge.id]
        own = [c for c in own if network.edges[before].lanes[c.from_lane].for_cars]
        if own and all(c.to_lane == lent for c in own):
            today = frozenset(map(lane_link, network.connections_from[before]))
            new = (min(c.from_lane for c in own), edge.id, beside)
            yield SetConnections(before, today, today | {new})


def _share(site: Site, period: str, gains: Sequence[Edge], lends: Sequence[Edge]) -> float | None:
    """Share of the direction that gains in both together; None where it is not known."""
    ends = [site.network.approach_of_edge.get(edges[-1].id) for edges in (gains, lends)]
    if not site.has_demand or not all(ends):
        return None
    flows = design_flows(site, period)
    own, other = (sum(flows.get(m.id, 0.0) for m in end.movements) if end else 0.0 for end in ends)
    return own / (own + other) if own + other > 0 else None
