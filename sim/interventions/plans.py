"""How interventions put whole signal programs in place of today's. No kind of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from sim.edits.vocabulary import SetProgram, keyed
from sim.errors import NOTHING, ConfigError, Problem
from sim.interventions.fixed_time import fixed_time_program, of_every, periods_meant, signalised
from sim.interventions.retime_signal import ExpectedTiming
from sim.labels import Message
from sim.signals.program import GREEN, Interval, SignalControl, SignalProgram
from sim.signals.windows import windows
from sim.site.model import Site
from sim.site.network import Junction, Network

Change = Callable[[SignalProgram, Junction, str], SignalProgram]
"""(today's program, its junction, path) -> the new one."""


def changed_programs(
    site: Site,
    named: tuple[str, str | None, str | None],
    expect: ExpectedTiming,
    change: Change,
    path: str,
) -> dict[str, tuple[SignalProgram, SignalProgram]]:
    """Return period -> today's program and what `change` makes of it; ConfigError with all problems.

    `named`: junction, period and program, as the fields say.
    """
    name, only, program = named
    junction = signalised(site, name, f"{path}.junction")

    def changed(period: str) -> tuple[SignalProgram, SignalProgram]:
        old = fixed_time_program(site, junction, period, program, path)
        expect.check(old, period, path)
        return old, change(old, junction, path)

    return of_every(periods_meant(site, only, path), changed)


def has_waiting_area(network: Network, signal: str) -> bool:
    """Whether cars wait inside a junction of this signal for a stage to come."""
    return any(c.signal == signal and c.entry_link is not None for c in network.connections)


def refuse_waiting_areas(network: Network, junction: str, path: str) -> None:
    """Raise ConfigError where cars wait inside a junction for stages that would be put together anew."""
    signal = network.junction(junction, path).signal
    waits = [c.key for c in network.connections if c.signal == signal and c.entry_link is not None]
    if waits:
        told = Message("{waits} have a waiting area, which belongs to the order of the stages", waits=waits)
        raise refuse(path, told, Message("change the stages first, the area `after`"))


def set_programs(
    site: Site, changes: Mapping[str, tuple[SignalProgram, SignalProgram]]
) -> tuple[SetProgram, ...]:
    """Return the edits that put one program in the other's place, one for each period."""
    edits = []
    for period, (old, new) in changes.items():
        control = site.signals[period][old.signal]
        edits.append(set_control(site, period, replace(control, programs={**control.programs, old.id: new})))
    return tuple(edits)


def set_control(site: Site, period: str, wanted: SignalControl) -> SetProgram:
    """Return the edit that makes a signal run something else in a period."""
    today = site.signals[period][wanted.signal]
    return SetProgram(period, wanted.signal, keyed(today, site.network), keyed(wanted, site.network))


def main_interval(program: SignalProgram, stage: str) -> int:
    """Return the index of the interval on which a change of a stage's green falls."""
    longer = program.retimed({stage: program.stage(stage).green_s + 1})
    pairs = zip(program.intervals, longer.intervals, strict=True)
    return next(n for n, (one, other) in enumerate(pairs) if one != other)


@dataclass(frozen=True, slots=True)
class Taken:
    """A fixed-time program taken apart: the greens of each stage, and the intergreens between them."""

    program: SignalProgram
    greens: Mapping[str, tuple[Interval, ...]]
    """Stage -> its green intervals, the first of which carries its name."""
    intergreens: Mapping[tuple[str, str], tuple[Interval, ...]]
    """(stage, the one behind it) -> what is shown between them today."""
    lead_s: float
    """From the start of the cycle to the first stage."""
    yellows: frozenset[int]
    """Links that end with yellow: all but crossings, and what is never closed."""

    @property
    def yellow_s(self) -> float:
        """The longest yellow."""
        links = range(len(self.program.intervals[0].state))
        shown = [w.length_s for k in links for w in windows(self.program, k) if w.letter == "y"]
        return max(shown, default=3.0)

    @property
    def red_s(self) -> float:
        """What the longest intergreen has beside the longest yellow."""
        longest_s = max(sum(i.duration_s for i in part) for part in self.intergreens.values())
        return max(0.0, longest_s - self.yellow_s)

    def intergreen(self, one: str, other: str, yellow_s: float, red_s: float) -> tuple[Interval, ...]:
        """Make an intergreen: yellow for who ends, then red; who is green on both sides stays green.

        Links that are not among `yellows` go to red at once. Empty where nobody ends.
        """
        ends, begins = self.greens[one][-1].state, self.greens[other][0].state
        if not any(a in GREEN and b not in GREEN for a, b in zip(ends, begins, strict=True)):
            return ()

        def state(ending: str) -> str:
            return "".join(
                min(end, begin, key="gG".index)
                if end in GREEN and begin in GREEN
                else ending
                if end in GREEN and k in self.yellows
                else "r"
                for k, (end, begin) in enumerate(zip(ends, begins, strict=True))
            )

        made = (Interval(yellow_s, state("y")), Interval(red_s, state("r")))
        return tuple(interval for interval in made if interval.duration_s > 0)

    def joined(
        self, order: Iterable[str], made: Mapping[tuple[str, str], tuple[float, float]]
    ) -> SignalProgram:
        """Put the stages together in an order; ones that follow each other today keep their intergreen.

        New neighbours get the longest intergreen there is, or the yellow and red (s) that `made` says.
        """
        names = list(order)
        intervals: list[Interval] = []
        for one, other in zip(names, [*names[1:], names[0]], strict=True):
            intervals += self.greens[one]
            if (one, other) in self.intergreens:
                intervals += self.intergreens[one, other]
            else:
                intervals += self.intergreen(one, other, *made.get((one, other), (self.yellow_s, self.red_s)))
        return replace(self.program, intervals=tuple(intervals))


def taken_apart(program: SignalProgram) -> Taken:
    """Take a program apart; what comes before the first stage belongs to the intergreen of the last."""
    stages, size = program.stages(), len(program.intervals)
    greens, intergreens = {}, {}
    for stage, following in zip(stages, [*stages[1:], stages[0]], strict=True):
        first, *others = program.intervals[stage.first : stage.last + 1]
        greens[stage.name] = (replace(first, name=stage.name), *others)
        end = following.first if following.first > stage.last else following.first + size
        between = tuple(program.intervals[n % size] for n in range(stage.last + 1, end))
        intergreens[stage.name, following.name] = between
    lead_s = sum(interval.duration_s for interval in program.intervals[: stages[0].first])
    yellows = frozenset(k for i in program.intervals for k, letter in enumerate(i.state) if letter == "y")
    return Taken(program, greens, intergreens, lead_s, yellows)


def movements_of_link(junction: Junction, link: int) -> list[str]:
    """Return the movements of a junction that a link of its signal lets go."""
    return [
        movement.id
        for approach in junction.approaches
        for movement in approach.movements
        if any(connection.link == link for connection in movement.connections)
    ]


def refuse(path: str, message: Message, suggestion: Message = NOTHING) -> ConfigError:
    """Make a refusal of one problem."""
    return ConfigError([Problem(path, message, suggestion)])
