"""Coordinated-actuated control (协调感应控制): a common clock for the corridor, gaps for the side streets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.controllers.base import Advance, Command, SignalView, controller
from sim.controllers.pressure import ByPressure, Plan, Stage, check_positive, plans_of
from sim.labels import Message


@dataclass(frozen=True, slots=True)
class Clock:
    """The fixed-time plan behind a signal, by the intervals whose length is the law's, and its detectors.

    `ends_s`: interval -> its latest end (force-off), seconds after the start of the cycle; `coordinated`: the
    intervals that never end before it; `reach_m`: lane -> how far back from its end somebody is seen.
    """

    cycle_s: float
    offset_s: float
    ends_s: Mapping[int, float]
    coordinated: frozenset[int]
    reach_m: Mapping[str, float]

    def left_s(self, interval: int, elapsed_s: float, time_s: float) -> float:
        """Time until the latest end of an interval that has lasted so long; negative: it has passed."""
        began_s = time_s - elapsed_s - self.offset_s
        return (self.ends_s[interval] - began_s) % self.cycle_s - elapsed_s


@dataclass
class CoordinatedActuated(ByPressure):
    """Every stage in the plan's order and none after its planned end, so that the clock is always kept.

    A stage of the corridor ends when the plan says so. Any other ends as soon as its shortest green is over
    and nobody comes who has green in it alone: fewer than `present_veh` within the detectors' reach on each
    of its lanes. What it leaves over is the next stage's, up to that one's own planned end: it comes to the
    corridor at last (fixed force-off). Nobody is left out: who walks is served in every cycle.
    """

    clocks: Mapping[str, Clock]
    present_veh: float
    _time_s: float = field(init=False, default=-math.inf)
    _asked: dict[tuple[str, int], list[list[tuple[str, float]]]] = field(init=False, default_factory=dict)
    """(signal, interval) -> what feeds each lane that the next stage serves less: lanes with their shares."""

    def __post_init__(self) -> None:
        if not self.plans:
            raise ValueError(Message("names no signals"))
        check_positive(self.interval_s, self.present_veh)

    def reach_m(self, signal: str) -> Mapping[str, float]:
        """Count who is near the stop line alone."""
        return self.clocks[signal].reach_m

    def decide(self, views: Mapping[str, SignalView], time_s: float) -> dict[str, Command]:
        """Hold or end every running green; the clock needs the time."""
        self._time_s = time_s
        return super().decide(views, time_s)

    def _chosen(self, plan: Plan, stage: Stage, view: SignalView) -> tuple[Command, float]:
        clock = self.clocks[view.signal]
        left_s = clock.left_s(stage.interval, view.elapsed_s, self._time_s)
        if left_s <= 0 or (stage.interval not in clock.coordinated and not self._comes(plan, stage, view)):
            intergreen_s, following = plan.following(stage)
            return Advance(), intergreen_s + following.min_s
        wait_s = left_s if stage.interval in clock.coordinated else min(left_s, self.interval_s)
        return self._held(wait_s), wait_s

    def _comes(self, plan: Plan, stage: Stage, view: SignalView) -> bool:
        """Whether somebody stands or drives on a lane that the next stage serves less, or not at all."""
        key = view.signal, stage.interval
        if key not in self._asked:
            _, following = plan.following(stage)
            alone = [lane for lane, served in stage.lanes.items() if following.lanes.get(lane, 0.0) < served]
            self._asked[key] = [[(name, share) for name, share, _ in plan.feeds[lane]] for lane in alone]
        return any(
            sum(share * view.vehicles[name] for name, share in feeds) >= self.present_veh
            for feeds in self._asked[key]
        )


@controller("coordinated_actuated")
def coordinated_actuated(
    plans: Sequence[Mapping[str, Any]], interval_s: float = 1.0, present_veh: float = 1.0
) -> CoordinatedActuated:
    """Make the law from plain data: `plans` of `sim.signals.adaptive`, one for each signal, with a clock."""
    clocks = {
        str(plan["signal"]): Clock(
            cycle_s=float(plan["clock"]["cycle_s"]),
            offset_s=float(plan["clock"]["offset_s"]),
            ends_s={int(interval): float(end_s) for interval, end_s in plan["clock"]["ends_s"].items()},
            coordinated=frozenset(int(interval) for interval in plan["clock"]["coordinated"]),
            reach_m=plan["clock"]["reach_m"],
        )
        for plan in plans
    }
    return CoordinatedActuated(plans_of(plans), interval_s, clocks, present_veh)
