"""Max-pressure control in any order that changes only where the change pays for itself (换相须有所值).

Nobody is promised a green: not offered to policies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    """

    ways: Mapping[str, Mapping[str, Mapping[str, int]]]
    persistence: float

    def __post_init__(self) -> None:
        check_positive(self.interval_s, self.persistence)

    def _chosen(self, plan: Plan, stage: Stage, view: SignalView) -> tuple[Command, float]:
        pressures = plan.pressures(plan.counts(view), view)
        surplus, best = 0.0, stage
        for other in plan.stages:
            gained = self._surplus(stage, other, pressures)
            if gained > surplus:
                surplus, best = gained, other
        if best is stage:
            return self._held(self.interval_s), self.interval_s
        return Jump(self.ways[view.signal][str(stage.interval)][str(best.interval)]), self.interval_s

    def _surplus(self, stage: Stage, other: Stage, pressures: Mapping[str, float]) -> float:
        """Return the pressure that a change gives green to, less what it takes it from, as it counts."""
        total = 0.0
        for lane, pressure in pressures.items():
            more = other.lanes.get(lane, 0.0) - stage.lanes.get(lane, 0.0)
            total += pressure * (more if more > 0 else self.persistence * more)
        return total


@controller("max_pressure_paid_change")
def paid_change(
    plans: Sequence[Mapping[str, Any]], interval_s: float = 1.0, persistence: float = 1.5
) -> PaidChange:
    """Make the law from plain data: `plans` of `sim.signals.adaptive`, one for each signal, with ways."""
    ways = {str(plan["signal"]): plan["ways"] for plan in plans}
    return PaidChange(plans_of(plans), interval_s, ways, persistence)
