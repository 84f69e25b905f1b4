"""What laws by pressure have in common: a signal as they see it, how its queues weigh, when they look.

`sim.signals.adaptive` describes each signal in plain data; here it is read and counted with.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sim.controllers.base import Command, Hold, SignalView
from sim.labels import Message

Feed = tuple[str, float, float]
"""(lane, share of its vehicles that come this way, part of it on which moving vehicles count)."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A green whose length the law decides; `lanes`: stop-line lane -> what its vehicles count in it."""

    interval: int
    min_s: float
    max_s: float
    lanes: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Counts:
    """Vehicles of one stop-line lane: those that stand, and those that drive towards the line."""

    standing: float
    moving: float


@dataclass(frozen=True)
class Plan:
    """One signal: its intervals (state, duration), the stages to decide on, and the lanes it looks at."""

    intervals: Sequence[tuple[str, float]]
    stages: Sequence[Stage]
    feeds: Mapping[str, Sequence[Feed]]
    exits: Mapping[str, Sequence[str]]

    def stage_at(self, view: SignalView) -> Stage | None:
        """Return the stage that runs; None in an intergreen, or where another program runs."""
        if view.interval >= len(self.intervals) or self.intervals[view.interval][0] != view.state:
            return None
        return self._by_interval.get(view.interval)

    def left_s(self, view: SignalView) -> float:
        """Time to the end of an interval that is none of the law's."""
        if view.interval >= len(self.intervals):
            return 0.0
        return self.intervals[view.interval][1] - view.elapsed_s

    def following(self, stage: Stage) -> tuple[float, Stage]:
        """Return the time from the end of a stage to the next one in the program's order, and that one."""
        return self._following[stage.interval]

    @cached_property
    def _by_interval(self) -> dict[int, Stage]:
        return {stage.interval: stage for stage in self.stages}

    @cached_property
    def _following(self) -> dict[int, tuple[float, Stage]]:
        count = len(self.intervals)
        found = {}
        for stage, after in zip(self.stages, [*self.stages[1:], self.stages[0]], strict=True):
            steps = (after.interval - stage.interval - 1) % count
            between = ((stage.interval + 1 + step) % count for step in range(steps))
            found[stage.interval] = sum(self.intervals[index][1] for index in between), after
        return found

    def counts(self, view: SignalView) -> dict[str, Counts]:
        """Count each stop-line lane's vehicles, upstream lanes included."""
        return {lane: self.count(lane, view) for lane in self.feeds}

    def count(self, lane: str, view: SignalView) -> Counts:
        """Count one stop-line lane's vehicles, upstream lanes included."""
        standing = moving = 0.0
        for name, share, reach in self.feeds[lane]:
            queue = view.queue_veh[name]
            standing += share * queue
            moving += share * reach * (view.vehicles[name] - queue)
        return Counts(standing, moving)

    def pressures(self, counts: Mapping[str, Counts], view: SignalView) -> dict[str, float]:
        """Vehicles that come minus vehicles that stand where they go (mean over the ways of a lane)."""
        found = {}
        for lane, own in counts.items():
            exits = self.exits[lane]
            blocked = sum(view.queue_veh[name] for name in exits) / len(exits)
            found[lane] = max(0.0, own.standing + own.moving - blocked)
        return found


@dataclass
class ByPressure(ABC):
    """A law that decides on a green once it has lasted its shortest time; what then, each law says itself.

    `interval_s` is the least time between two looks at a signal.
    """

    plans: Mapping[str, Plan]
    interval_s: float
    _next_s: dict[str, float] = field(init=False, default_factory=dict)
    """When each signal is to be looked at again."""

    @property
    def signals(self) -> tuple[str, ...]:
        """Signals it controls."""
        return tuple(self.plans)

    def due(self, time_s: float) -> tuple[str, ...]:
        """Those whose green may end now, and those it has not seen yet."""
        return tuple(signal for signal in self.plans if self._next_s.get(signal, -math.inf) <= time_s)

    def reach_m(self, signal: str) -> Mapping[str, float]:
        """Count lanes whole: which part of a lane counts, `feeds` says."""
        return {}

    def decide(self, views: Mapping[str, SignalView], time_s: float) -> dict[str, Command]:
        """Hold or end every running green, and say when each signal is to be looked at again."""
        commands: dict[str, Command] = {}
        for signal, view in views.items():
            plan = self.plans[signal]
            stage = plan.stage_at(view)
            if stage is None:
                wait_s = max(self.interval_s, plan.left_s(view))
            elif view.elapsed_s < stage.min_s:
                wait_s = max(self.interval_s, stage.min_s - view.elapsed_s)
                commands[signal] = self._held(wait_s)
            else:
                commands[signal], wait_s = self._chosen(plan, stage, view)
            self._next_s[signal] = time_s + wait_s
        return commands

    @abstractmethod
    def _chosen(self, plan: Plan, stage: Stage, view: SignalView) -> tuple[Command, float]:
        """Return what to do with a green that may end, and for how long to look away then."""

    def _held(self, wait_s: float) -> Hold:
        """Hold past the next look: the program must not end the green before the next decision."""
        return Hold(wait_s + self.interval_s)


def check_positive(interval_s: float, persistence: float) -> None:
    """Refuse what no law decides with, time between looks or weight of the running green: ValueError."""
    if interval_s <= 0 or persistence <= 0:
        raise ValueError(
            Message(
                "needs interval_s and persistence > 0, not {interval_s:g}, {persistence:g}",
                interval_s=interval_s,
                persistence=persistence,
            )
        )


def plans_of(described: Sequence[Mapping[str, Any]]) -> dict[str, Plan]:
    """Read the plain data of several signals."""
    return {
        str(one["signal"]): Plan(
            intervals=[(str(state), float(duration)) for state, duration in one["intervals"]],
            stages=[
                Stage(int(s["interval"]), float(s["min_s"]), float(s["max_s"]), s["lanes"])
                for s in one["stages"]
            ],
            feeds=one["feeds"],
            exits=one["exits"],
        )
        for one in described
    }


def weight(stage: Stage, pressures: Mapping[str, float]) -> float:
    """Return the pressure that a stage would let go."""
    return sum(share * pressures[lane] for lane, share in stage.lanes.items())
