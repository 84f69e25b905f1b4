"""Max-pressure control in any order that changes only where the change pays for itself (换相须有所值).

Where no longest red is stated nobody is promised a green. Not offered to policies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.controllers.base import Command, Jump, SignalView, controller
from sim.controllers.pressure import ByPressure, Plan, Stage, check_positive, plans_of


@dataclass
class PaidChange(ByPressure):
    """Once its shortest green is over, a stage gives way where another gains enough, whichever it is.

    A change takes green from some lanes and gives it to others; lanes that both stages serve alike are not
    asked. It is made where the pressure that gets green is more than `persistence` times the pressure that
    loses it: that pays for the intergreen. Of several stages the one with the largest surplus follows.
    `ways` as in `sim.controllers.free_order`.

    `longest_reds_s`: signal -> the longest that any stage, with who walks in it, is kept from green. A stage
    goes on, or is changed for another, only as long as all others can still begin in time after it, one after
    the other with their shortest greens; else the one that must begin first is next. Kept wherever the limit
    leaves room for every shortest green and the changes between them.
    """

    ways: Mapping[str, Mapping[str, Mapping[str, int]]]
    seen_m: Mapping[str, Mapping[str, float]]
    persistence: float
    longest_reds_s: Mapping[str, float] = field(default_factory=dict)
    _time_s: float = field(init=False, default=-math.inf)
    _green_until_s: dict[tuple[str, int], float] = field(init=False, default_factory=dict)
    """(signal, interval) -> when the stage was green last; since the first look where it has not been yet."""

    def __post_init__(self) -> None:
        check_positive(self.interval_s, self.persistence)

    def reach_m(self, signal: str) -> Mapping[str, float]:
        """Count who is near the stop line alone."""
        return self.seen_m[signal]

    def decide(self, views: Mapping[str, SignalView], time_s: float) -> dict[str, Command]:
        """Hold or end every running green; how long the others have been red needs the time."""
        self._time_s = time_s
        for signal, view in views.items():
            running = self.plans[signal].stage_at(view)
            for stage in self.plans[signal].stages:
                key = signal, stage.interval
                self._green_until_s[key] = (
                    time_s if stage is running else self._green_until_s.get(key, time_s)
                )
        return super().decide(views, time_s)

    def _chosen(self, plan: Plan, stage: Stage, view: SignalView) -> tuple[Command, float]:
        pressures = plan.pressures(plan.counts(view), view)
        surplus, best = 0.0, stage
        for other in plan.stages:
            gained = self._surplus(stage, other, pressures)
            if gained > surplus:
                surplus, best = gained, other
        best = self._in_time(plan, stage, best, view.signal)
        if best is stage:
            return self._held(self.interval_s), self.interval_s
        return Jump(self.ways[view.signal][str(stage.interval)][str(best.interval)]), self.interval_s

    def _in_time(self, plan: Plan, stage: Stage, wanted: Stage, signal: str) -> Stage:
        """Return the stage that is wanted, or the one that has to be next for nobody to wait too long."""
        limit_s = self.longest_reds_s.get(signal, math.inf)
        if math.isinf(limit_s):
            return wanted
        begin_by_s = {
            other.interval: self._green_until_s[signal, other.interval] + limit_s for other in plan.stages
        }
        if wanted is stage:
            at_s = self._time_s + self.interval_s
        else:
            at_s = self._time_s + self._way_s(plan, signal, stage, wanted) + wanted.min_s
        order = sorted(plan.stages, key=lambda other: begin_by_s[other.interval])
        before = wanted
        for other in order:
            if other is wanted:
                continue
            at_s += self._way_s(plan, signal, before, other)
            if at_s > begin_by_s[other.interval]:
                return next(first for first in order if first is not stage)
            at_s += other.min_s
            before = other
        return wanted

    def _way_s(self, plan: Plan, signal: str, one: Stage, other: Stage) -> float:
        """Time between two stages: from the interval that leads from one to the other to the next way."""
        ways = self.ways[signal]
        first = ways[str(one.interval)][str(other.interval)]
        starts = {index for leads in ways.values() for index in leads.values()}
        starts |= {stage.interval for stage in plan.stages}
        last = min((index for index in starts if index > first), default=len(plan.intervals))
        return sum(duration_s for _, duration_s in plan.intervals[first:last])

    def _surplus(self, stage: Stage, other: Stage, pressures: Mapping[str, float]) -> float:
        """Return the pressure that a change gives green to, less what it takes it from, as it counts."""
        total = 0.0
        for lane, pressure in pressures.items():
            more = other.lanes.get(lane, 0.0) - stage.lanes.get(lane, 0.0)
            total += pressure * (more if more > 0 else self.persistence * more)
        return total


@controller("max_pressure_paid_change")
def paid_change(
    plans: Sequence[Mapping[str, Any]], interval_s: float = 1.0, persistence: float = 2.0
) -> PaidChange:
    """Make the law from plain data: `plans` of `sim.signals.adaptive`, one for each signal, with ways."""
    ways = {str(plan["signal"]): plan["ways"] for plan in plans}
    seen_m = {str(plan["signal"]): plan["reach_m"] for plan in plans}
    reds_s = {str(plan["signal"]): float(plan["longest_red_s"]) for plan in plans if "longest_red_s" in plan}
    return PaidChange(plans_of(plans), interval_s, ways, seen_m, persistence, reds_s)
