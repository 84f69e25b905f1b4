"""Max-pressure control in a fixed order, with shortest and longest greens (按压力的循环自适应控制)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.controllers.base import Advance, Command, SignalView, controller
from sim.controllers.pressure import ByPressure, Plan, Stage, check_positive, plans_of
from sim.labels import Message


@dataclass
class MaxPressure(ByPressure):
    """Every stage in the program's order; between its limits a green lasts as long as it moves enough.

    It goes on while the pressure of its lanes that move, times `persistence`, is at least the largest
    pressure that another stage holds on lanes that are not green now. A lane that the next stage serves as
    well is no reason to stay; one whose vehicles all stand is let go to no avail. `persistence` above one
    pays for what a change costs: an intergreen, and the shortest greens of all stages between.
    """

    persistence: float

    def __post_init__(self) -> None:
        if not self.plans:
            raise ValueError(Message("names no signals"))
        check_positive(self.interval_s, self.persistence)

    def _chosen(self, plan: Plan, stage: Stage, view: SignalView) -> tuple[Command, float]:
        if view.elapsed_s < stage.max_s and self._goes_on(plan, stage, view):
            return self._held(self.interval_s), self.interval_s
        intergreen_s, following = plan.following(stage)
        return Advance(), intergreen_s + following.min_s

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
