"""Max-pressure control without order: the rival that the literature knows, for comparison.

The stage of the largest pressure is green next, whichever it is. Nobody is promised a green: not offered to
policies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.controllers.base import Command, Hold, Jump, SignalView, controller
from sim.controllers.pressure import Plan, plans_of, weight


@dataclass
class FreeOrder:
    """Every `interval_s` after its shortest green, a stage goes on or gives way to one of more pressure.

    `ways[signal][a][b]`: the interval with which the intergreen from the stage at interval a to the one at
    interval b begins; the program leads on from there by itself.
    """

    plans: Mapping[str, Plan]
    ways: Mapping[str, Mapping[str, Mapping[str, int]]]
    interval_s: float = 1.0
    patience_s: float = 5.0
    _next_s: dict[str, float] = field(default_factory=dict)

    @property
    def signals(self) -> tuple[str, ...]:
        """Signals it controls."""
        return tuple(self.plans)

    def due(self, time_s: float) -> tuple[str, ...]:
        """Those that may change now, and those it has not seen yet."""
        return tuple(signal for signal in self.plans if self._next_s.get(signal, -math.inf) <= time_s)

    def watched(self, signal: str) -> tuple[str, ...] | None:
        """Lanes before and behind the junction."""
        return self.plans[signal].watched

    def decide(self, views: Mapping[str, SignalView], time_s: float) -> dict[str, Command]:
        """Stay or jump."""
        commands: dict[str, Command] = {}
        for signal, view in views.items():
            plan = self.plans[signal]
            stage = plan.stage_at(view)
            if stage is None:
                wait_s = max(self.interval_s, plan.left_s(view))
            elif view.elapsed_s < stage.min_s:
                wait_s = max(self.interval_s, stage.min_s - view.elapsed_s)
                commands[signal] = Hold(wait_s + self.interval_s)
            else:
                pressures = plan.pressures(plan.counts(view), view)
                best = max(plan.stages, key=lambda other: (weight(other, pressures), other is stage))
                wait_s = self.patience_s
                if best is stage:
                    commands[signal] = Hold(wait_s + self.interval_s)
                else:
                    way = self.ways[signal][str(stage.interval)][str(best.interval)]
                    commands[signal] = Jump(way)
                    wait_s = self.interval_s
            self._next_s[signal] = time_s + wait_s
        return commands


@controller("max_pressure_free_order")
def free_order(plans: Sequence[Mapping[str, Any]]) -> FreeOrder:
    """Make the law from plain data: `plans` of `sim.signals.adaptive`, one for each signal, with ways."""
    return FreeOrder(plans_of(plans), {str(plan["signal"]): plan["ways"] for plan in plans})
