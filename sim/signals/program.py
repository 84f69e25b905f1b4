"""What a signal controller runs: a cycle of intervals (灯色段), exact, the same for drawn and imported sites.

A state has one letter per signal link, in link order: `G` protected green, `g` green that gives way, `y`
yellow, `r` red, `u` red-yellow, `s` stop then go, `o`/`O` dark. Which connections a link controls is
`Network.links[signal]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sim.labels import Message

GREEN = frozenset("Gg")


@dataclass(frozen=True, slots=True)
class Interval:
    """A time during which no lamp changes. `min_s`/`max_s` only where the program is not fixed-time."""

    duration_s: float
    state: str
    name: str = ""
    min_s: float | None = None
    max_s: float | None = None
    next: tuple[int, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()
    """What else the simulator's file says of it (NEMA's `vehext`, `yellow`, `red`, ...), kept as written."""


@dataclass(frozen=True, slots=True)
class StageSpan:
    """A stage found in a program: intervals until the first yellow, then the intergreen to the next green.

    Where the program names its intervals, a name begins a stage, and an early cut within the stage does not
    end it. `first`..`last` (inclusive) are indices of the green intervals; `intergreen_s` is what follows
    them.
    """

    name: str
    first: int
    last: int
    green_s: float
    intergreen_s: float
    green_links: frozenset[int]


@dataclass(frozen=True, slots=True)
class SignalProgram:
    """One program of one signal. `kind`: static, actuated, delay_based, NEMA, or of `adaptive.OUTSIDE`."""

    signal: str
    id: str
    intervals: tuple[Interval, ...]
    offset_s: float = 0.0
    kind: str = "static"
    params: tuple[tuple[str, str], ...] = ()
    rules: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    """Switching conditions of an actuated program: (element, attributes), kept as written."""

    @property
    def cycle_s(self) -> float:
        """Sum of the intervals (周期)."""
        return sum(interval.duration_s for interval in self.intervals)

    def stages(self) -> tuple[StageSpan, ...]:
        """Stages in order of running; one that begins within an intergreen begins with a later stage."""
        return _stages(self.intervals)

    def stage(self, name: str) -> StageSpan:
        """Find one stage by name; KeyError if there is none."""
        return {stage.name: stage for stage in self.stages()}[name]

    def retimed(self, greens_s: Mapping[str, float], offset_s: float | None = None) -> SignalProgram:
        """Return a copy with other stage greens; intergreens stay.

        The interval in which most lights are green takes the change, the longest of several: a late start, an
        early cut or the time pedestrians need to finish keep their lengths.
        Raises ValueError where a stage does not exist or the change would leave that interval under one
        second.
        """
        intervals = list(self.intervals)
        known = {stage.name: stage for stage in self.stages()}
        for name, green_s in greens_s.items():
            if name not in known:
                raise ValueError(
                    Message("no stage {name!r}; the program has {known}", name=name, known=known)
                )
            stage = known[name]
            span = range(stage.first, stage.last + 1)
            main = max(span, key=lambda i: _mainness(intervals[i]))
            duration_s = intervals[main].duration_s + green_s - stage.green_s
            if duration_s < 1:
                raise ValueError(
                    Message(
                        "stage {name!r}: a green of {green_s:g} s leaves no room for its fixed parts "
                        "(now {stage_green_s:g} s)",
                        name=name,
                        green_s=green_s,
                        stage_green_s=stage.green_s,
                    )
                )
            old = intervals[main]
            intervals[main] = replace(
                old,
                duration_s=duration_s,
                min_s=None if old.min_s is None else min(old.min_s, duration_s),
                max_s=None if old.max_s is None else max(old.max_s, duration_s),
            )
        return replace(
            self, intervals=tuple(intervals), offset_s=self.offset_s if offset_s is None else offset_s
        )


@dataclass(frozen=True, slots=True)
class SignalControl:
    """All programs of one signal and when they run. `switches`: (time of day in s, program id), in order.

    Without switches `active` runs all the time; with them it runs before the first. A switch may go to `off`.
    """

    signal: str
    programs: Mapping[str, SignalProgram]
    active: str
    switches: tuple[tuple[float, str], ...] = ()
    procedure: str = ""
    """How a switch is made where it is not at once: `Stretch` or `GSP`."""

    def running(self, begin_s: float, end_s: float) -> tuple[str, ...]:
        """Ids of the programs that run at some time of [begin_s, end_s), in order, without repeats."""
        if not self.switches:
            return (self.active,)
        before = [program for time, program in self.switches if time <= begin_s]
        during = [program for time, program in self.switches if begin_s < time < end_s]
        return tuple(dict.fromkeys([before[-1] if before else self.active, *during]))


def _mainness(interval: Interval) -> tuple[bool, int, float]:
    """Order the intervals of a stage: no yellow, most lights green, longest."""
    return "y" not in interval.state, sum(c in GREEN for c in interval.state), interval.duration_s


def _before_overlap(intervals: tuple[Interval, ...], first: int, last: int) -> int:
    """Where the green ends of a stage that runs into the next one because somebody stays green between them.

    Such an intergreen (搭接) has yellow for the others and maybe all-red after it.
    """
    yellows = [index for index in range(first, last + 1) if "y" in intervals[index].state]
    if not yellows:
        return last
    end = yellows[-1]
    while "y" in intervals[end - 1].state:
        end -= 1
    return end - 1


def _stages(intervals: tuple[Interval, ...]) -> tuple[StageSpan, ...]:
    def is_green(interval: Interval) -> bool:
        return (
            "y" not in interval.state
            and "u" not in interval.state
            and any(c in GREEN for c in interval.state)
        )

    always_green = {k for k in range(len(intervals[0].state)) if all(i.state[k] in GREEN for i in intervals)}

    def serves(interval: Interval) -> bool:
        return is_green(interval) and any(
            c in GREEN and k not in always_green for k, c in enumerate(interval.state)
        )

    def stays(first: int, last: int) -> bool:
        """Whether some link that is not always green is green all the time from one interval to another."""
        states = [interval.state for interval in intervals[first : last + 1]]
        links = set(range(len(states[0]))) - always_green
        return any(all(state[k] in GREEN for state in states) for k in links)

    named = any(interval.name for interval in intervals if serves(interval))
    spans: list[tuple[int, int]] = []
    for index, interval in enumerate(intervals):
        if not serves(interval):
            continue
        # Where stages carry names, a name begins one, and an early cut within one does not end it.
        goes_on = bool(spans) and (
            not interval.name and stays(spans[-1][1], index) if named else spans[-1][1] == index - 1
        )
        if goes_on:
            spans[-1] = (spans[-1][0], index)
        else:
            spans.append((index, index))
    if named:
        starts = [first for first, _ in spans]
        afters = [*starts[1:], *(len(intervals) + first for first in starts[:1])]
        spans = [
            (first, _before_overlap(intervals, first, last) if last + 1 == after else last)
            for (first, last), after in zip(spans, afters, strict=True)
        ]
    if not spans:  # a signal that never changes
        spans = [(0, len(intervals) - 1)]
    found = []
    names: set[str] = set()
    for number, (first, last) in enumerate(spans):
        following = spans[number + 1][0] if number + 1 < len(spans) else len(intervals) + spans[0][0]
        intergreen_s = sum(intervals[i % len(intervals)].duration_s for i in range(last + 1, following))
        name = intervals[first].name
        if not name or name in names:
            name = f"S{number + 1}"
        names.add(name)
        found.append(
            StageSpan(
                name=name,
                first=first,
                last=last,
                green_s=sum(intervals[i].duration_s for i in range(first, last + 1)),
                intergreen_s=intergreen_s,
                green_links=frozenset(
                    k for i in range(first, last + 1) for k, c in enumerate(intervals[i].state) if c in GREEN
                ),
            )
        )
    return tuple(found)
