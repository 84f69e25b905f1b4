"""`move_bus_stop`: put a bus stop elsewhere along its lines, or give it a bay (公交站迁移、港湾式改造)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import MoveStop
from sim.errors import ConfigError, Problem, Problems, near
from sim.interventions.base import Intervention, intervention
from sim.labels import Message, Text, text
from sim.loading import Facts
from sim.site.buses import Stop, overlap, placed
from sim.site.model import Site

NEAR_JUNCTION_M = 50.0
"""A stop keeps so far from a stop line (常用条件, CJJ/T 15; second-hand)."""
SAME_M = 0.5
"""Places that differ by less are the same to whoever surveys them."""


class ExpectedStop(Facts):
    """Where the stop is believed to begin today, in metres along `on` (its edge or approach), and how."""

    on: str
    at_m: float = Field(ge=0)
    bay: bool = False


@intervention("move_bus_stop")
class MoveBusStop(Intervention):
    """Move a bus stop along the routes of its lines, before or behind a junction, or build it a bay.

    `on` and `at_m` say where it begins then (left out: where it is), `bay` whether buses leave the lane
    there (left out: as today). Routes and dwell times stay. It has to lie on the routes of all buses that
    serve it, and after the stop before.
    """

    title: ClassVar[Text] = Text("公交站迁移、港湾式改造", "Move a bus stop or give it a bay")
    example: ClassVar[str] = """\
kind: move_bus_stop
stop: keyuan_road
expect: {on: J1.west, at_m: 100}
on: J2.west
at_m: 60
bay: true
"""
    watch: ClassVar[Text] = Text(
        "以人均指标（`person_time`）为主评价。港湾式车站的公交车须等待间隙才能驶回车道；乘客步行距离的变化不在模型内。"
        "在排队可能波及处设港湾，模型中可能更堵：三车道进口道距停车线 40 m 处的一次试算，"
        "小汽车时间损失由 41 s 增至 106 s，原因未查明。",
        "Judge it by person time (`person_time`). A bus leaves a bay when there is a gap in the lane. How "
        "much further passengers walk is not in the model. Where the queue reaches it a bay may do harm in "
        "the model: one trial, 40 m before the stop line of a three-lane approach, took the cars' loss from "
        "41 to 106 s; why was not found out.",
    )

    kind: Literal["move_bus_stop"]
    stop: str
    expect: ExpectedStop
    on: str | None = None
    at_m: float | None = Field(None, ge=0)
    bay: bool | None = None

    def edits(self, site: Site, path: str) -> tuple[MoveStop, ...]:
        """One MoveStop."""
        old, new = self._change(site, path)
        return (MoveStop(self.stop, old, new),)

    def describe(self, site: Site) -> Text:
        """Say where it was and is, and whether in a bay."""
        old, new = self._change(site, self.kind)
        said = [
            text(
                f"intervention.move_bus_stop.{'bay' if stop.bay else 'lane'}",
                edge=stop.edge,
                m=f"{stop.at_m:g}",
            )
            for stop in (old, new)
        ]
        return text("intervention.move_bus_stop", id=self.stop, old=said[0], new=said[1])

    def eligibility(self, site: Site) -> tuple[Text, ...]:
        """Fifty metres between a stop and the stop line before which it lies (second-hand)."""
        _, new = self._change(site, self.kind)
        edge = site.network.edges[new.edge]
        left_m = edge.length_m - new.end_m
        if new.edge in site.network.approach_of_edge and left_m < NEAR_JUNCTION_M:
            return (text("eligibility.move_bus_stop.near", id=self.stop, m=f"{left_m:.0f}"),)
        return ()

    def _change(self, site: Site, path: str) -> tuple[Stop, Stop]:
        if self.stop not in site.stops:
            what = Message("no bus stop {stop!r}", stop=self.stop)
            hint = near(self.stop, site.stops) or Message("the site has none")
            raise ConfigError([Problem(f"{path}.stop", what, hint)])
        old = site.stops[self.stop]
        problems = Problems()
        self._check_expectation(site, old, path, problems)
        if self.on is not None and self.at_m is None:
            problems.add(f"{path}.at_m", Message("say from where on the stop lies there"))
        bay = old.bay if self.bay is None else self.bay
        new: Stop | None = Stop(old.edge, old.lane, old.at_m, old.length_m, bay)
        if self.at_m is not None:
            new = placed(site.network, self.on or old.edge, self.at_m, old.length_m, bay, path, problems)
            if new is not None and new.edge == old.edge:
                new = Stop(old.edge, old.lane, new.at_m, new.length_m, bay)
        if new == old:
            problems.add(path, Message("the stop would be as it is: say `at_m`, `on` or `bay`"))
        for id, other in site.stops.items():
            if new is not None and id != self.stop and overlap(new, other):
                problems.add(f"{path}.at_m", Message("would overlap the stop {other!r}", other=id))
        problems.raise_if_any()
        assert new is not None
        return old, new

    def _check_expectation(self, site: Site, old: Stop, path: str, problems: Problems) -> None:
        place = f"{path}.expect"
        if self.expect.on not in site.network.approaches and self.expect.on not in site.network.edges:
            what = Message("no approach or edge {on!r}", on=self.expect.on)
            problems.add(f"{place}.on", what, near(self.expect.on, site.network.edges))
            return
        edge, at_m = site.network.spot(self.expect.on, self.expect.at_m, f"{place}.on")
        if edge.id != old.edge or abs(at_m - old.at_m) > SAME_M:
            what = Message(
                "expected the stop on {expected!r} at {expected_m:g} m, found on {found!r} at {found_m:g} m",
                expected=edge.id, expected_m=at_m, found=old.edge, found_m=old.at_m,
            )  # fmt: skip
            problems.add(f"{place}.at_m", what)
        if self.expect.bay != old.bay:
            expected, found = (text(f"intervention.bus_stop.{b}") for b in (self.expect.bay, old.bay))
            what = Message("expected {expected}, found {found}", expected=expected, found=found)
            problems.add(f"{place}.bay", what)
