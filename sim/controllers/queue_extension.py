"""Hold a green while its queue stands, up to a maximum: the smallest control law that reacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sim.controllers.base import Advance, Command, EveryTime, Hold, SignalView, controller
from sim.labels import Message
from sim.signals.program import GREEN


@controller("queue_extension")
@dataclass(frozen=True, slots=True)
class QueueExtension(EveryTime):
    """Stages in the program's order, each held while vehicles stand at its stop line.

    A green lasts `min_green_s` at least and `max_green_s` at most. Yellow and all-red are the program's: an
    interval in which some lamp is yellow, or nobody has green, or nobody waits, is left alone.
    """

    signals: tuple[str, ...]
    min_green_s: float = 10.0
    max_green_s: float = 60.0
    interval_s: float = 1.0

    def __post_init__(self) -> None:
        if not self.signals:
            raise ValueError(Message("names no signals"))
        if not 0 < self.min_green_s <= self.max_green_s:
            raise ValueError(
                Message(
                    "needs 0 < min_green_s <= max_green_s, not {min_green_s:g}, {max_green_s:g}",
                    min_green_s=self.min_green_s,
                    max_green_s=self.max_green_s,
                )
            )
        if self.interval_s <= 0:
            raise ValueError(Message("needs interval_s > 0, not {interval_s:g}", interval_s=self.interval_s))

    def decide(self, views: Mapping[str, SignalView], time_s: float) -> dict[str, Command]:
        """Hold or end every running green."""
        commands: dict[str, Command] = {}
        for signal, view in views.items():
            served = {
                lane for lane, lamp in zip(view.lanes, view.state, strict=True) if lane and lamp in GREEN
            }
            waits = {lane for lane, lamp in zip(view.lanes, view.state, strict=True) if lane and lamp == "r"}
            if not served or not waits or "y" in view.state:
                continue
            queued = sum(view.queue_veh[lane] for lane in served)
            if view.elapsed_s >= self.max_green_s or (view.elapsed_s >= self.min_green_s and queued == 0):
                commands[signal] = Advance()
            else:
                # A little over one interval: the program must not end the green before the next decision.
                commands[signal] = Hold(self.interval_s + 1)
        return commands
