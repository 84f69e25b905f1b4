"""When a link shows what: the runs of one letter, or of green, over a program's cycle. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from sim.signals.program import GREEN, Interval, SignalProgram


class Window(NamedTuple):
    """A stretch of the cycle. `begin_s` lies in [0, cycle); `end_s` lies beyond the cycle where it wraps."""

    begin_s: float
    end_s: float
    letter: str

    @property
    def length_s(self) -> float:
        """How long it lasts, seconds."""
        return self.end_s - self.begin_s


def windows(program: SignalProgram, link: int) -> tuple[Window, ...]:
    """Everything a link shows in one cycle, in order of beginning; a run over the cycle's end is one."""
    return _runs(program.intervals, lambda state: state[link])


def green_windows(program: SignalProgram, link: int) -> tuple[Window, ...]:
    """Return runs of green, protected or not, taken together: `G` where any of it is protected, else `g`."""
    found = []
    for run in _runs(program.intervals, lambda state: "G" if state[link] in GREEN else "r"):
        if run.letter == "G":
            letters = {w.letter for w in windows(program, link) if _meet(run, w, program.cycle_s)}
            found.append(run._replace(letter="G" if "G" in letters else "g"))
    return tuple(found)


def shortest(program: SignalProgram) -> SignalProgram:
    """Return the program with every interval as short as the controller may make it (`min_s`).

    A fixed-time program is returned as it is: its limits, if the file has any, do nothing.
    """
    if program.kind == "static":
        return program
    return _with_durations(program, lambda i: i.duration_s if i.min_s is None else i.min_s)


def longest(program: SignalProgram) -> SignalProgram:
    """Return the program with every interval as long as the controller may make it (`max_s`)."""
    if program.kind == "static":
        return program
    return _with_durations(program, lambda i: i.duration_s if i.max_s is None else i.max_s)


def _with_durations(program: SignalProgram, of: Callable[[Interval], float]) -> SignalProgram:
    return replace(program, intervals=tuple(replace(i, duration_s=of(i)) for i in program.intervals))


def _runs(intervals: Sequence[Interval], shows: Callable[[str], str]) -> tuple[Window, ...]:
    found: list[Window] = []
    at_s = 0.0
    for interval in intervals:
        letter = shows(interval.state)
        end_s = at_s + interval.duration_s
        if found and found[-1].letter == letter:
            found[-1] = found[-1]._replace(end_s=end_s)
        else:
            found.append(Window(at_s, end_s, letter))
        at_s = end_s
    if len(found) > 1 and found[0].letter == found[-1].letter:
        first = found.pop(0)
        found[-1] = found[-1]._replace(end_s=at_s + first.end_s)
    return tuple(found)


def _meet(one: Window, other: Window, cycle_s: float) -> bool:
    return any(
        one.begin_s < other.end_s + shift and other.begin_s + shift < one.end_s
        for shift in (-cycle_s, 0.0, cycle_s)
    )
