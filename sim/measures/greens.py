"""How much green fixed-time signals show, read from their programs; not a measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from sim.signals.program import SignalControl, SignalProgram
from sim.site.network import Movement, Network


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
        signals = {connection.signal for connection in movement.connections if connection.signal}
        if len(signals) != 1:
            return None
        signal = signals.pop()
        programs = self.running(signal)
        if programs is None:
            return None
        own = set(self.links(signal, {connection.key for connection in movement.connections}))
        return sum(
            share * seconds(program, lambda state: any(state[link] == "G" for link in own)) / program.cycle_s
            for program, share in programs
        )


def seconds(program: SignalProgram, shows: Callable[[str], bool]) -> float:
    """Return the seconds of one cycle in which the state is such that `shows(state)`."""
    return sum(interval.duration_s for interval in program.intervals if shows(interval.state))
