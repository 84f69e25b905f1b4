"""Edits of a signal's times: which links are green when is not touched."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sim.edits.base import Edit, ObjectKey, timing_key
from sim.labels import Message
from sim.signals.program import Interval
from sim.site.model import Site
from sim.site.network import Network


@dataclass(frozen=True, slots=True)
class SetTiming(Edit):
    """Give a program other durations, cycle or offset; which links are green when is not touched."""

    period: str
    signal: str
    program: str
    expected_durations_s: tuple[float, ...]
    expected_offset_s: float
    durations_s: tuple[float, ...]
    offset_s: float

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the timing of the one signal in the one period."""
        return frozenset({timing_key(self.period, self.signal)})

    def concerns(self, period: str) -> bool:
        """Only its own period."""
        return period == self.period

    def applied(self, site: Site) -> Site:
        """Set the program's durations and offset."""
        control = site.signals[self.period][self.signal]
        program = control.programs[self.program]
        found = (tuple(interval.duration_s for interval in program.intervals), program.offset_s)
        if found != (self.expected_durations_s, self.expected_offset_s):
            raise ValueError(
                Message(
                    "signal {signal!r}, program {program!r}: expected intervals of {expected_durations_s} s "
                    "at offset {expected_offset_s:g} s; found {durations_s} s at {offset_s:g} s",
                    signal=self.signal,
                    program=self.program,
                    expected_durations_s=_listed(self.expected_durations_s),
                    expected_offset_s=self.expected_offset_s,
                    durations_s=_listed(found[0]),
                    offset_s=found[1],
                )
            )
        intervals = tuple(
            interval if interval.duration_s == duration_s else _lasting(interval, duration_s)
            for interval, duration_s in zip(program.intervals, self.durations_s, strict=True)
        )
        new = replace(program, intervals=intervals, offset_s=self.offset_s)
        control = replace(control, programs={**control.programs, self.program: new})
        signals = {**site.signals, self.period: {**site.signals[self.period], self.signal: control}}
        return replace(site, signals=signals)


def _listed(durations_s: tuple[float, ...]) -> str:
    return ", ".join(f"{duration_s:g}" for duration_s in durations_s)


def _lasting(interval: Interval, duration_s: float) -> Interval:
    """Give an interval another duration; its limits, where it has any, make room for it."""
    return replace(
        interval,
        duration_s=duration_s,
        min_s=None if interval.min_s is None else min(interval.min_s, duration_s),
        max_s=None if interval.max_s is None else max(interval.max_s, duration_s),
    )
