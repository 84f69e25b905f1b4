"""Change what a lane serves when the queues beside it ask for it (可变导向车道，按排队切换)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from sim.controllers.base import Command, SignalView, Switch, controller
from sim.labels import Message


@controller("lane_by_queue")
@dataclass
class LaneByQueue:
    """One lane of one approach with two uses, today's and another; it begins with today's.

    Every `every_s`, at `spans_s` only, it goes over to the other use if the lanes that serve that have held,
    on average since the last look, more than `more_veh` standing vehicles a lane more than those of the use
    that runs; outside the spans it serves today's. The lane itself counts for the use that runs. `today` and
    `then`: lane inside the junction -> the classes that may drive on it when its use runs.
    """

    signal: str
    lane: str
    today_lanes: Sequence[str]
    then_lanes: Sequence[str]
    today: Mapping[str, Sequence[str]]
    then: Mapping[str, Sequence[str]]
    spans_s: Sequence[Sequence[float]]
    every_s: float
    more_veh: float
    interval_s: float = 5.0
    _changed: bool = field(init=False, default=False)
    """Whether the lane serves the other use now."""
    _more_veh: list[float] = field(init=False, default_factory=list)
    """Standing vehicles a lane, of the other use less today's, since the last look."""

    def __post_init__(self) -> None:
        if not self.today_lanes or not self.then_lanes:
            raise ValueError(Message("needs a lane beside it for each of its uses"))
        if not 0 < self.interval_s <= self.every_s:
            raise ValueError(
                Message(
                    "needs 0 < interval_s <= every_s, not {interval_s:g}, {every_s:g}",
                    interval_s=self.interval_s,
                    every_s=self.every_s,
                )
            )

    @property
    def signals(self) -> tuple[str, ...]:
        """The signal of the approach; its greens are left alone."""
        return (self.signal,)

    def due(self, time_s: float) -> tuple[str, ...]:
        """Look every time."""
        return self.signals

    def reach_m(self, signal: str) -> Mapping[str, float]:
        """Count lanes whole."""
        return {}

    def decide(self, views: Mapping[str, SignalView], time_s: float) -> dict[str, Command]:
        """Change the lane's use, or say nothing."""
        if not any(begin_s <= time_s < end_s for begin_s, end_s in self.spans_s):
            self._more_veh.clear()
            return self._gone_over(False)
        queue_veh = views[self.signal].queue_veh
        lanes = {False: [*self.today_lanes], True: [*self.then_lanes]}
        lanes[self._changed].append(self.lane)
        today, then = (fmean(queue_veh[lane] for lane in lanes[use]) for use in (False, True))
        self._more_veh.append(then - today)
        if len(self._more_veh) * self.interval_s < self.every_s:
            return {}
        more_veh = fmean(self._more_veh)
        self._more_veh.clear()
        return self._gone_over(more_veh > self.more_veh or (self._changed and more_veh >= -self.more_veh))

    def _gone_over(self, changed: bool) -> dict[str, Command]:
        if changed == self._changed:
            return {}
        self._changed = changed
        opened, closed = (self.then, self.today) if changed else (self.today, self.then)
        return {
            self.signal: Switch({lane: tuple(classes) for lane, classes in opened.items()}, tuple(closed))
        }
