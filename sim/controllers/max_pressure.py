"""Max-pressure control in a fixed order, with shortest and longest greens (按压力的循环自适应控制)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.controllers.base import Advance, Command, Hold, SignalView, controller
from sim.controllers.pressure import Plan, Stage, plans_of
from sim.labels import Message


@dataclass
class MaxPressure:
    """Every stage in the program's order; between its limits a green lasts as long as it moves enough.

    It goes on while the pressure of its lanes that move, times `persistence`, is at least the largest
    pressure that another stage holds on lanes that are not green now. A lane that the next stage serves as
    well is no reason to stay; one whose vehicles all stand is let go to no avail. `persistence` above one
    pays for what a change costs: an intergreen, and the shortest greens of all stages between.
    """

    plans: Mapping[str, Plan]
    interval_s: float
    persistence: float
    _next_s: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.plans:
            raise ValueError(Message("names no signals"))
        if self.interval_s <= 0 or self.persistence <= 0:
            raise ValueError(
                Message(
                    "needs interval_s and persistence > 0, not {interval_s:g}, {persistence:g}",
                    interval_s=self.interval_s,
                    persistence=self.persistence,
                )
            )

    @property
    def signals(self) -> tuple[str, ...]:
        """Signals it controls."""
        return tuple(self.plans)

    def due(self, time_s: float) -> tuple[str, ...]:
        """Those whose green may end now, and those it has not seen yet."""
        return tuple(signal for signal in self.plans if self._next_s.get(signal, -math.inf) <= time_s)

    def watched(self, signal: str) -> tuple[str, ...] | None:
        """Lanes before and behind the junction."""
        return self.plans[signal].watched

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
                commands[signal] = Hold(wait_s + self.interval_s)
            elif view.elapsed_s >= stage.max_s or not self._goes_on(plan, stage, view):
                intergreen_s, following = plan.following(stage)
                wait_s = intergreen_s + following.min_s
                commands[signal] = Advance()
            else:
                # A little over one interval: the program must not end the green before the next decision.
                wait_s = self.interval_s
                commands[signal] = Hold(wait_s + self.interval_s)
            self._next_s[signal] = time_s + wait_s
        return commands

    def _goes_on(self, plan: Plan, stage: Stage, view: SignalView) -> bool:
        counts = plan.counts(view)
        pressures = plan.pressures(counts, view)
        _, following = plan.following(stage)
        here = sum(
            share * pressures[lane]
            for lane, share in stage.lanes.items()
            if counts[lane].moving > 0 and following.lanes.get(lane, 0.0) < share
        )
        there = (
            sum(share * pressures[lane] for lane, share in other.lanes.items() if lane not in stage.lanes)
            for other in plan.stages
            if other is not stage
        )
        return self.persistence * here >= max(there, default=0.0)


@controller("max_pressure")
def max_pressure(
    plans: Sequence[Mapping[str, Any]], interval_s: float = 1.0, persistence: float = 2.5
) -> MaxPressure:
    """Make the law from plain data: `plans` of `sim.signals.adaptive`, one for each signal."""
    return MaxPressure(plans_of(plans), interval_s, persistence)
