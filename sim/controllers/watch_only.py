"""Look and do nothing: what a control law costs before it decides anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sim.controllers.base import Command, EveryTime, SignalView, controller


@controller("watch_only")
@dataclass(frozen=True, slots=True)
class WatchOnly(EveryTime):
    """Counts on every signal's stop-line lanes at every decision instant and lets the programs run."""

    signals: tuple[str, ...]
    interval_s: float = 5.0

    def decide(self, views: Mapping[str, SignalView], time_s: float) -> dict[str, Command]:
        """Count, and answer nothing."""
        for view in views.values():
            for lane in filter(None, view.lanes):
                view.queue_veh[lane], view.vehicles[lane]
        return {}
