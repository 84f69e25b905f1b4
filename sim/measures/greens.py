"""How much green a fixed-time signal shows, read from its program; not a measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from sim.measures.base import RunView
from sim.signal_program import SignalProgram


def running(view: RunView, signal: str) -> list[tuple[SignalProgram, float]] | None:
    """Programs of a signal in the window with their shares of it; None unless all are fixed-time."""
    control = view.controls.get(signal)
    if control is None:
        return None
    begin, end = view.facts.window_begin_s, view.facts.window_end_s
    inside = [(time, program) for time, program in control.switches if begin < time < end]
    marks = [begin, *(time for time, _ in inside), end]
    names = [control.running(begin, begin)[0], *(program for _, program in inside)]
    shares: dict[str, float] = {}
    for name, (since, until) in zip(names, pairwise(marks), strict=True):
        shares[name] = shares.get(name, 0.0) + (until - since) / (end - begin)
    programs = [(control.programs[name], share) for name, share in shares.items()]
    return programs if all(program.kind == "static" for program, _ in programs) else None


def seconds(program: SignalProgram, shows: Callable[[str], bool]) -> float:
    """Seconds of one cycle in which the state is such that `shows(state)`."""
    return sum(interval.duration_s for interval in program.intervals if shows(interval.state))


def links(view: RunView, signal: str, keys: set[str]) -> Iterator[int]:
    """Yield the indices of the signal's links that control any of these connections or crossings."""
    for index, controlled in view.network.links.get(signal, {}).items():
        if keys & set(controlled):
            yield index
