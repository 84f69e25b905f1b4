"""Edits of what a signal runs: whole programs, and the times of day at which they change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sim.edits.base import Edit, ObjectKey, timing_key
from sim.edits.lights import column, link_of
from sim.labels import Message
from sim.signals.program import Interval, SignalControl, SignalProgram
from sim.site.model import Site
from sim.site.network import Network

Lights = tuple[tuple[str, str], ...]
"""(connection or crossing key, its letters: one for each interval), sorted."""


@dataclass(frozen=True, slots=True)
class KeyedProgram:
    """A program whose lights are given by connection and crossing, never by link number.

    `program` has intervals with an empty state; its `signal` is the signal's id.
    """

    program: SignalProgram
    lights: Lights

    @property
    def id(self) -> str:
        """The program's id."""
        return self.program.id


@dataclass(frozen=True, slots=True)
class KeyedControl:
    """All programs of a signal and when they run: `SignalControl` without link numbers."""

    programs: tuple[KeyedProgram, ...]
    active: str
    switches: tuple[tuple[float, str], ...] = ()
    procedure: str = ""

    def program(self, id: str) -> KeyedProgram:
        """Find a program; KeyError if there is none."""
        return {program.id: program for program in self.programs}[id]


def keyed(control: SignalControl, network: Network) -> KeyedControl:
    """Describe a signal by connection and crossing: what an intervention reads, changes and expects."""
    links = sorted(link_of(network, control.signal).items())
    programs = tuple(
        KeyedProgram(_blank(program), tuple((key, column(control, id, link)) for key, link in links))
        for id, program in sorted(control.programs.items())
    )
    return KeyedControl(programs, control.active, control.switches, control.procedure)


@dataclass(frozen=True, slots=True)
class SetProgram(Edit):
    """Replace what a signal runs in a period: programs of any kind, which of them runs, switching times.

    Start from `keyed(site.signals[period][signal], site.network)` as `expected` and change what is to change.
    Connections that neither side names (a lane marked anew by another edit) keep what they show, as long as
    the program keeps its number of intervals.
    """

    period: str
    signal: str
    expected: KeyedControl
    wanted: KeyedControl

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the signal's timing in the period, and each link whose lights are others afterwards."""
        today, then = _shown(self.expected), _shown(self.wanted)
        changed = {key for key in {*today, *then} if today.get(key) != then.get(key)}
        return frozenset({timing_key(self.period, self.signal)} | {("signal_link", key) for key in changed})

    def concerns(self, period: str) -> bool:
        """Only its own period."""
        return period == self.period

    def applied(self, site: Site) -> Site:
        """Replace the control."""
        controls = site.signals[self.period]
        if self.signal not in controls:
            raise ValueError(Message("there is no signal {signal!r}", signal=self.signal))
        today = controls[self.signal]
        named = {key for key, _ in _all_lights(self.expected)}
        found = _only(keyed(today, site.network), named)
        links = link_of(site.network, self.signal)
        if found != _only(self.expected, set(links)):
            raise ValueError(
                Message(
                    "signal {signal!r} in period {period!r}: expected {expected}; found {found}",
                    signal=self.signal,
                    period=self.period,
                    expected=_said(self.expected),
                    found=_said(found),
                )
            )
        control = self._control(today, links)
        return replace(site, signals={**site.signals, self.period: {**controls, self.signal: control}})

    def _control(self, today: SignalControl, links: Mapping[str, int]) -> SignalControl:
        ids = {program.id for program in self.wanted.programs}
        unknown = sorted({self.wanted.active, *(id for _, id in self.wanted.switches)} - ids - {"off"})
        if unknown:
            raise ValueError(
                Message(
                    "signal {signal!r}: no program {unknown} is given", signal=self.signal, unknown=unknown
                )
            )
        expected = {program.id: program for program in self.expected.programs}
        programs = {
            program.id: indexed(program, links, self._kept(program, expected.get(program.id), today, links))
            for program in self.wanted.programs
        }
        return SignalControl(
            self.signal, programs, self.wanted.active, self.wanted.switches, self.wanted.procedure
        )

    def _kept(
        self,
        wanted: KeyedProgram,
        expected: KeyedProgram | None,
        today: SignalControl,
        links: Mapping[str, int],
    ) -> Lights:
        """Return the lights of links that are not named, where they can stay as they are."""
        if expected is None or len(expected.program.intervals) != len(wanted.program.intervals):
            return ()
        named = {key for key, _ in wanted.lights}
        return tuple((key, column(today, wanted.id, link)) for key, link in links.items() if key not in named)


def indexed(program: KeyedProgram, links: Mapping[str, int], kept: Lights = ()) -> SignalProgram:
    """Give a program link numbers; ValueError where a link is not told its lights, or two lights at once."""
    length = len(program.program.intervals)
    letters: dict[int, str] = {}
    shown = dict((*kept, *program.lights))
    missing = sorted(links.keys() - shown.keys())
    if missing:
        raise ValueError(Message("program {id!r} says nothing of {missing}", id=program.id, missing=missing))
    for key, link in links.items():
        if len(shown[key]) != length:
            raise ValueError(
                Message(
                    "program {id!r}: {key} has {n_shown} of {length} letters",
                    id=program.id,
                    key=key,
                    n_shown=len(shown[key]),
                    length=length,
                )
            )
        if letters.setdefault(link, shown[key]) != shown[key]:
            raise ValueError(
                Message(
                    "program {id!r}: {key} shares a link and is to show other lights", id=program.id, key=key
                )
            )
    size = max(letters, default=-1) + 1
    red = "r" * length
    states = ("".join(letters.get(link, red)[n] for link in range(size)) for n in range(length))
    intervals = tuple(replace(i, state=s) for i, s in zip(program.program.intervals, states, strict=True))
    return replace(program.program, intervals=intervals)


def _blank(program: SignalProgram) -> SignalProgram:
    intervals: tuple[Interval, ...] = tuple(replace(interval, state="") for interval in program.intervals)
    return replace(program, intervals=intervals)


def _all_lights(control: KeyedControl) -> Lights:
    return tuple(light for program in control.programs for light in program.lights)


def _only(control: KeyedControl, keys: set[str]) -> KeyedControl:
    """Leave out the lights of other keys."""
    programs = tuple(
        replace(program, lights=tuple(light for light in program.lights if light[0] in keys))
        for program in control.programs
    )
    return replace(control, programs=programs)


def _shown(control: KeyedControl) -> dict[str, dict[str, str]]:
    """Return key -> program -> letters."""
    found: dict[str, dict[str, str]] = {}
    for program in control.programs:
        for key, letters in program.lights:
            found.setdefault(key, {})[program.id] = letters
    return found


def _said(control: KeyedControl) -> Message:
    programs = [
        Message(
            "{id!r} ({kind}) of {durations_s} s at offset {offset_s:g} s",
            id=p.id,
            kind=p.program.kind,
            durations_s=[f"{i.duration_s:g}" for i in p.program.intervals],
            offset_s=p.program.offset_s,
        )
        for p in control.programs
    ]
    running = [Message("{id!r}", id=control.active)]
    running += [Message("{id!r} from {time_s:g} s", id=id, time_s=time_s) for time_s, id in control.switches]
    return Message("program {programs:;}, running {running}", programs=programs, running=running)
