"""How much green fixed-time signals show, read from their programs, and how queues leave on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, takewhile

from sim.signals.program import Interval, SignalControl, SignalProgram
from sim.site.network import Movement, Network


@dataclass(frozen=True, slots=True)
class Discharge:
    """How a queue of straight-driving cars leaves on green, as calibrated for the vehicle set.

    `startup_lost_s` (l1) is lost at every start of green, `end_gain_s` (e) of every yellow is still used.
    """

    saturation_pcuph: float
    """Saturation flow S of one lane, pcu per hour of effective green."""
    startup_lost_s: float = 0.0
    end_gain_s: float = 0.0


@dataclass(frozen=True)
class Greens:
    """The signals of a network as they run in [begin_s, end_s)."""

    network: Network
    controls: Mapping[str, SignalControl]
    begin_s: float
    end_s: float

    def running(self, signal: str) -> list[tuple[SignalProgram, float]] | None:
        """Programs of a signal with their shares of the time; None unless all are fixed-time, none `off`."""
        control = self.controls.get(signal)
        if control is None:
            return None
        inside = [(time, name) for time, name in control.switches if self.begin_s < time < self.end_s]
        marks = [self.begin_s, *(time for time, _ in inside), self.end_s]
        names = [control.running(self.begin_s, self.begin_s)[0], *(name for _, name in inside)]
        shares: dict[str, float] = {}
        for name, (since, until) in zip(names, pairwise(marks), strict=True):
            shares[name] = shares.get(name, 0.0) + (until - since) / (self.end_s - self.begin_s)
        if not shares.keys() <= control.programs.keys():
            return None
        programs = [(control.programs[name], share) for name, share in shares.items()]
        return programs if all(program.kind == "static" for program, _ in programs) else None

    def links(self, signal: str, keys: set[str]) -> Iterator[int]:
        """Yield the indices of the signal's links that control any of these connections or crossings."""
        for index, controlled in self.network.links.get(signal, {}).items():
            if keys & set(controlled):
                yield index

    def protected_share(self, movement: Movement) -> float | None:
        """Share of the cycle in which the movement has protected green; None without a fixed-time signal."""
        return self._share(movement, lambda spans, cycle_s: sum(span.green_s for span in spans) / cycle_s)

    def effective_share(self, movement: Movement, discharge: Discharge) -> float | None:
        """Share of the cycle that the movement's queue really uses; None without a fixed-time signal.

        ``g_e = g - l1 + min(e, yellow)`` for every time its protected green comes on: HCM's displayed green
        plus yellow minus the lost times ``l1`` and ``l2 = yellow - e``. Green that follows green that gives
        way loses nothing at its start, green without a yellow after it gains nothing.
        """

        def used(spans: list[_Span], cycle_s: float) -> float:
            return sum(span.effective_s(discharge) for span in spans) / cycle_s

        return self._share(movement, used)

    def _share(self, movement: Movement, of: Callable[[list[_Span], float], float]) -> float | None:
        signals = {connection.signal for connection in movement.connections if connection.signal}
        if len(signals) != 1:
            return None
        signal = signals.pop()
        programs = self.running(signal)
        if programs is None:
            return None
        own = set(self.links(signal, {connection.key for connection in movement.connections}))
        return sum(share * of(_spans(program, own), program.cycle_s) for program, share in programs)


@dataclass(frozen=True, slots=True)
class _Span:
    """One protected green of some links, and yellow (waiting line: dark) after it; `starts`: from rest."""

    green_s: float
    yellow_s: float
    starts: bool

    def effective_s(self, discharge: Discharge) -> float:
        lost_s = discharge.startup_lost_s if self.starts else 0.0
        return max(0.0, self.green_s - lost_s + min(discharge.end_gain_s, self.yellow_s))


def _spans(program: SignalProgram, links: set[int]) -> list[_Span]:
    """Protected greens of a cycle; one that runs over the cycle's end is one."""

    def lamps(interval: Interval) -> set[str]:
        return {interval.state[link] for link in links}

    def green(index: int) -> bool:
        return "G" in lamps(program.intervals[index % n])

    n = len(program.intervals)
    starts = [index for index in range(n) if green(index) and not green(index - 1)]
    if not starts:
        return [_Span(program.cycle_s, 0.0, starts=False)] if green(0) else []
    spans = []
    for start in starts:
        end = next(index for index in range(start, start + n) if not green(index))
        after = [program.intervals[index % n] for index in range(end, end + n)]
        spans.append(
            _Span(
                sum(program.intervals[index % n].duration_s for index in range(start, end)),
                sum(i.duration_s for i in takewhile(lambda i: {"y", "O"} & lamps(i), after)),
                starts="g" not in lamps(program.intervals[start - 1]),
            )
        )
    return spans


def seconds(program: SignalProgram, shows: Callable[[str], bool]) -> float:
    """Return the seconds of one cycle in which the state is such that `shows(state)`."""
    return sum(interval.duration_s for interval in program.intervals if shows(interval.state))
