"""Max-pressure control without order: the rival that the literature knows, for comparison.

The stage of the largest pressure is green next, whichever it is. Nobody is promised a green: not offered to
policies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.controllers.base import Command, Jump, SignalView, controller
from sim.controllers.pressure import ByPressure, Plan, Stage, plans_of, weight


@dataclass
class FreeOrder(ByPressure):
    """Every `patience_s` after its shortest green, a stage goes on or gives way to one of more pressure.

    `ways[signal][a][b]`: the interval with which the intergreen from the stage at interval a to the one at
    interval b begins; the program leads on from there by itself.
    """

    ways: Mapping[str, Mapping[str, Mapping[str, int]]]
    patience_s: float = 5.0

    def _chosen(self, plan: Plan, stage: Stage, view: SignalView) -> tuple[Command, float]:
        pressures = plan.pressures(plan.counts(view), view)
        best = max(plan.stages, key=lambda other: (weight(other, pressures), other is stage))
        if best is stage:
            return self._held(self.patience_s), self.patience_s
        return Jump(self.ways[view.signal][str(stage.interval)][str(best.interval)]), self.interval_s


@controller("max_pressure_free_order")
def free_order(plans: Sequence[Mapping[str, Any]]) -> FreeOrder:
    """Make the law from plain data: `plans` of `sim.signals.adaptive`, one for each signal, with ways."""
    return FreeOrder(plans_of(plans), 1.0, {str(plan["signal"]): plan["ways"] for plan in plans})
