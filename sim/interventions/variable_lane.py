"""`variable_lane`: a lane that serves other movements at some hours (可变导向车道)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.edited_site import edited
from sim.edits.vocabulary import AddClosure, SetConnections
from sim.errors import Problems
from sim.interventions.base import Intervention, intervention
from sim.interventions.set_lane_use import SetLaneUse
from sim.interventions.streets import ALWAYS, Hours, check_hours, other_times, span_s
from sim.labels import Message, Text, text
from sim.loading import Facts
from sim.signals.program import GREEN
from sim.site.car_lanes import car_lanes
from sim.site.model import ByQueue, Closure, Site
from sim.site.network import Connection, Movement
from sim.site.places import named

LEAST_LANES = 3
"""Usual condition of variable lanes: at least three lanes on the approach; second-hand."""


class QueueRule(Facts):
    """How a lane that follows queues decides; see `sim.controllers.lane_by_queue`."""

    every_s: float = Field(300.0, ge=60, le=3600)
    more_veh: float = Field(3.0, ge=0, le=50)


@intervention("variable_lane")
class VariableLane(Intervention):
    """Let one lane of an approach serve `then` at `hours`, and what it serves today at all other times.

    `expect` lists the lanes that cars may use, from the median to the kerb, as in `set_lane_use`; `lane`
    counts in that order, from 1. Both ways through the junction are there, and the one not in use is closed
    by the clock. The signal's stages stay: a movement that is new to the lane shows the lights it has today.

    With `by_queue` the lane reacts: at `hours` it serves `then` only while queues ask for it. Every `every_s`
    the vehicles that stood on the approach since the last look are compared, a lane that serves `then` with
    one that serves what the lane gives up; `more_veh` more on average change its use, either way.
    """

    title: ClassVar[Text] = Text("可变导向车道（分时段）", "Variable lane by time of day")
    example: ClassVar[str] = """\
kind: variable_lane
approach: J1.north
expect: [left, through, through+right]
lane: 2
then: left
hours: ["07:00-09:00"]
"""
    watch: ClassVar[Text] = Text(
        "左转与直行须分相位放行；切换时已在该车道排队的车辆需变道，会有短时扰动。"
        "`by_queue` 假定能检测到所有排队车辆，实际需有检测器；sumo-gui 中查看时按现状车道功能运行。",
        "Left turns and through traffic need stages of their own. Those who queue in the lane when it "
        "changes have to leave it: a short disturbance. `by_queue` runs beside the simulator and sees every "
        "vehicle that stands: a real one needs detectors. `huandu view` shows today's use then.",
    )

    kind: Literal["variable_lane"]
    approach: str
    expect: tuple[str, ...] = Field(min_length=1)
    lane: int = Field(ge=1)
    then: str
    hours: tuple[Hours, ...] = Field(min_length=1)
    by_queue: QueueRule | None = None

    def edits(self, site: Site, path: str) -> tuple[SetConnections | AddClosure, ...]:
        """One SetConnections with both uses, and closures of the way that is not in use."""
        approach = site.network.approach(self.approach, f"{path}.approach")
        problems = Problems()
        check_hours(site, self.hours, f"{path}.hours", problems)
        if self.lane > len(self.expect):
            told = Message(
                "lane {lane} of {n_expect} that are expected", lane=self.lane, n_expect=len(self.expect)
            )
            problems.add(f"{path}.lane", told, Message("1 is the lane next to the median"))
        problems.raise_if_any()
        today, then = set(self.expect[self.lane - 1].split("+")), set(self.then.split("+"))
        if today == then:
            problems.add(
                f"{path}.then",
                Message(
                    "lane {lane} serves {then} today: nothing would change", lane=self.lane, then=self.then
                ),
            )
        problems.raise_if_any()
        both = [*self.expect]
        both[self.lane - 1] = "+".join([*self.expect[self.lane - 1].split("+"), *sorted(then - today)])
        marked = self._marking(tuple(both)).edits(site, path)
        changed = edited(site, marked)
        lanes = car_lanes(site.network, approach.edge)
        index = list(reversed(lanes))[self.lane - 1]
        found = changed.network.approach(self.approach, path)
        own = {m.direction: [c for c in m.connections if c.from_lane == index] for m in found.movements}
        for movement in found.movements:
            if movement.direction in today ^ then and {c.from_lane for c in movement.connections} == {index}:
                told = Message(
                    "{direction} would have no lane at some time: only lane {lane} serves it",
                    direction=movement.direction,
                    lane=self.lane,
                )
                problems.add(f"{path}.then", told, Message("each movement needs another lane for all hours"))
        problems.raise_if_any()
        leaving = [c for d in sorted(today - then) for c in own.get(d, ())]
        coming = [c for d in sorted(then - today) for c in own.get(d, ())]
        if self.by_queue is None:
            return (*marked, *self._closed(approach.id, leaving, coming))
        signal = approach.movements[0].connections[0].signal
        if signal is None:
            told = Message("{approach!r} has no signal", approach=approach.id)
            problems.add(f"{path}.by_queue", told, Message("leave it out: by the clock"))
        elif not leaving or not coming:
            told = Message("the lane would serve {then} besides what it serves today", then=self.then)
            problems.add(f"{path}.by_queue", told, Message("`then` names another use, all of it"))
        problems.raise_if_any()
        rule = ByQueue(
            signal=signal or "",
            spans_s=tuple(sorted(span_s(hours) for hours in self.hours)),
            instead=tuple(c.key for c in leaving),
            today_lanes=_beside(index, found.movements, today - then),
            then_lanes=_beside(index, found.movements, then - today),
            every_s=self.by_queue.every_s,
            more_veh=self.by_queue.more_veh,
        )
        closure = Closure(*ALWAYS, (), tuple(c.key for c in coming), frozenset(), rule)
        return (*marked, AddClosure(f"variable.{approach.id}", closure))

    def describe(self, site: Site) -> Text:
        """Name the lane, its two uses and the hours."""
        where = named(site.facts, f"approach:{site.network.approach(self.approach, self.kind).id}")
        said = {
            "zh": where.zh, "en": where.en, "lane": self.lane, "old": self.expect[self.lane - 1],
            "new": self.then, "hours": self.hours,
        }  # fmt: skip
        if self.by_queue is None:
            return text("intervention.variable_lane", **said)
        rule = self.by_queue
        return text(
            "intervention.variable_lane.by_queue",
            every=f"{rule.every_s:g}",
            more=f"{rule.more_veh:g}",
            **said,
        )

    def eligibility(self, site: Site) -> tuple[Text, ...]:
        """Three lanes at least, and a stage of its own for each of the two uses."""
        approach = site.network.approach(self.approach, self.kind)
        found = []
        if len(self.expect) < LEAST_LANES:
            found.append(text("eligibility.variable_lane.lanes", lanes=len(self.expect)))
        uses = {*self.expect[self.lane - 1].split("+"), *self.then.split("+")}
        moves = [m for m in approach.movements if m.direction in uses]
        groups = [
            {c.link for m in moves if m.direction.startswith(kind) for c in m.connections}
            for kind in ("left", "through")
        ]
        signal = moves[0].connections[0].signal if moves else None
        for id, period in site.periods.items() if signal is not None and all(groups) else ():
            control = site.signals[id][signal or ""]
            running = control.running(period.begin_s, period.end_s)
            intervals = (i for p in running if p in control.programs for i in control.programs[p].intervals)
            if any(
                all(any(i.state[k] in GREEN for k in own if k is not None) for own in groups)
                for i in intervals
            ):
                words = text("eligibility.variable_lane.stages", zh=period.title.zh, en=period.title.en)
                found.append(words)
        return tuple(found)

    def _marking(self, lanes: tuple[str, ...]) -> SetLaneUse:
        return SetLaneUse(kind="set_lane_use", approach=self.approach, expect=self.expect, lanes=lanes)

    def _closed(self, id: str, leaving: list[Connection], coming: list[Connection]) -> tuple[AddClosure, ...]:
        """Close `leaving` in the hours and `coming` in all others, to motor traffic."""
        times = sorted(span_s(hours) for hours in self.hours)
        return tuple(
            AddClosure(
                f"variable.{id}.{begin_s:.0f}-{end_s:.0f}",
                Closure(begin_s, end_s, (), tuple(c.key for c in connections), frozenset()),
            )
            for connections, spans in ((leaving, times), (coming, other_times(times)))
            for begin_s, end_s in spans
            if connections
        )


def _beside(index: int, movements: Iterable[Movement], directions: set[str]) -> tuple[str, ...]:
    """Return the stop-line lanes, but for one, that serve some of these directions."""
    ways = [c for m in movements if m.direction in directions for c in m.connections if c.from_lane != index]
    return tuple(sorted({f"{c.from_edge}_{c.from_lane}" for c in ways}))
