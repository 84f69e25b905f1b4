"""`coordinate`: a common cycle and offsets for a corridor of signals (干线协调, 绿波)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import SetProgram, SetTiming
from sim.errors import ConfigError, Problem, Problems, near
from sim.interventions.base import Intervention, intervention
from sim.interventions.fixed_time import (
    design_discharge,
    design_flows,
    design_problem,
    fixed_time_program,
    of_every,
    periods_meant,
    set_timing,
    shipped_rules,
)
from sim.interventions.plans import set_programs
from sim.interventions.retime_signal import in_periods, sentence
from sim.labels import Message, Text, text
from sim.loading import Facts
from sim.signals.adaptive import coordinated
from sim.signals.band import Bands, green_bands
from sim.signals.corridor import Corridor, band_inputs, corridor
from sim.signals.program import GREEN, SignalProgram
from sim.signals.streams import TimingProblem, least_green_s
from sim.signals.webster import in_proportion, timing_of_cycle, webster
from sim.site.model import Site

Found = tuple[list[str], list[SignalProgram], list[SignalProgram], Bands]
"""Junctions, today's programs, the coordinated ones, and the bands."""


class ExpectedCycles(Facts):
    """What the cycles along the corridor are believed to be today, s, by junction."""

    cycles_s: Mapping[str, float] = Field(min_length=1)

    def check(
        self, junction: str, program: SignalProgram, period: str, path: str, problems: Problems
    ) -> None:
        """Add a problem where nothing is said of a junction's cycle, or not what it is."""
        place = f"{path}.expect.cycles_s"
        expected, found_s = self.cycles_s.get(junction), program.cycle_s
        if expected is None:
            told = Message("{name!r} is missing", name=junction)
            problems.add(place, told, Message("it is {cycle_s:g} s today", cycle_s=found_s))
        elif abs(expected - found_s) > 1e-6:  # noqa: PLR2004 - floats read from text
            told = Message("expected {expected:g} s, found {cycle_s:g} s", expected=expected, cycle_s=found_s)
            problems.add(f"{place}.{junction}", told, Message("in period {period!r}", period=period))


@intervention("coordinate")
class Coordinate(Intervention):
    """Give the signals of a corridor one cycle and the offsets with the widest green bands both ways.

    Travel times are those of each street at its limit times `speed_share`; who turned in during the red is
    let go before the band comes. `splits`: `present` keeps the greens (in proportion, where the cycle
    changes), `webster` computes them anew. `cycle_s` fixes the cycle; without it the cycles must be equal
    today (`present`), or the longest of Webster's is taken (`webster`). `band`: `link` gives each street its
    own band (MULTIBAND), `through` one for the whole corridor (MAXBAND). The first signal keeps its offset.
    Computed from today's streets and demand, before anything is built: the same every time.

    `actuated: true` makes it a coordinated-actuated plan: stages along the corridor end when the plan says
    so, every other ends once its shortest green (vehicles, and who walks in it) is over and nobody comes;
    what it leaves over is the next stage's. No stage is skipped and none ends later than planned.
    """

    title: ClassVar[Text] = Text("干线协调（绿波）", "Coordinate a corridor")
    example: ClassVar[str] = """\
kind: coordinate
junctions: [J1, J2]
period: am_peak
expect: {cycles_s: {J1: 110, J2: 100}}
cycle_s: 110
"""

    kind: Literal["coordinate"]
    junctions: tuple[str, ...] = Field(min_length=2)
    period: str | None = None
    expect: ExpectedCycles
    cycle_s: float | None = Field(None, gt=0, le=600)
    splits: Literal["present", "webster"] = "present"
    band: Literal["link", "through"] = "link"
    speed_share: float = Field(1.0, gt=0.3, le=1.2)
    actuated: bool = False

    def edits(self, site: Site, path: str) -> tuple[SetTiming | SetProgram, ...]:
        """One edit for each signal and period concerned: other times, or a program that reacts."""
        return tuple(
            set_timing(period, old, new)
            if new.kind == old.kind
            else set_programs(site, {period: (old, new)})[0]
            for period, (_, olds, news, _) in self._computed(site, path).items()
            for old, new in zip(olds, news, strict=True)
        )

    def describe(self, site: Site) -> Text:
        """Say what changes at each signal, and how wide the bands come out."""
        sentences = {}
        for period, (names, olds, news, bands) in self._computed(site, self.kind).items():
            parts = [sentence(site, *each) for each in zip(names, olds, news, strict=True)]
            sentences[period] = text(
                "intervention.coordinate.actuated" if self.actuated else "intervention.coordinate",
                cycle=f"{bands.cycle_s:g}",
                out=_listed(bands.out_s),
                home=_listed(bands.home_s),
                parts_zh="；".join(part.zh for part in parts),
                parts_en="; ".join(part.en for part in parts),
            )
        return in_periods(site, sentences, every=self.period is None)

    def _computed(self, site: Site, path: str) -> dict[str, Found]:
        return of_every(
            periods_meant(site, self.period, path), lambda period: self._in_period(site, period, path)
        )

    def _in_period(self, site: Site, period: str, path: str) -> Found:
        flows = design_flows(site, period)
        line = corridor(site.network, self.junctions, flows, f"{path}.junctions")
        rules = shipped_rules()
        problems = Problems()
        olds: list[SignalProgram] = []
        for name in self.expect.cycles_s:
            if name not in self.junctions:
                place = f"{path}.expect.cycles_s.{name}"
                problems.add(place, Message("not in the corridor"), near(name, self.junctions))
        for junction in line.junctions:
            try:
                old = fixed_time_program(site, junction, period, None, path)
            except ConfigError as error:
                problems.extend(error)
                continue
            self.expect.check(junction.id, old, period, path, problems)
            olds.append(old)
        signals = [old.signal for old in olds]
        for name in sorted({name for name in signals if signals.count(name) > 1}):
            problems.add(
                f"{path}.junctions",
                Message("signal {name!r} runs two of them: they are one already", name=name),
            )
        problems.raise_if_any()
        each = [design_problem(site, old, flows, rules) for old in olds]
        cycle_s = self._cycle_s(olds, each, path)
        greens = self._greens(each, cycle_s, path)
        timed = [
            old.retimed(problem.named(greens_s))
            for old, problem, greens_s in zip(olds, each, greens, strict=True)
        ]
        inputs = band_inputs(line, timed, flows, design_discharge(site, rules), self.speed_share)
        bands = green_bands(*inputs, cycle_s, uniform=self.band == "through")
        first_s = olds[0].offset_s
        news = [
            program.retimed({}, float(round(first_s + offset_s) % cycle_s) if index else first_s)
            for index, (program, offset_s) in enumerate(zip(timed, bands.offsets_s, strict=True))
        ]
        if self.actuated:
            news = [self._actuated(site, line, index, new) for index, new in enumerate(news)]
        return [junction.id for junction in line.junctions], olds, news, bands

    def _actuated(self, site: Site, line: Corridor, index: int, program: SignalProgram) -> SignalProgram:
        """Let the stages that serve nobody along the corridor end early; as it is where there is none."""
        stages = program.stages()
        links = {
            connection.link
            for movement in (line.out_moves[index], line.home_moves[index])
            for connection in (movement.connections if movement is not None else ())
            if connection.signal == program.signal and connection.link is not None
        }
        always = {
            link for link in links if all(interval.state[link] in GREEN for interval in program.intervals)
        }
        kept = {stage.name for stage in stages if (links - always) & stage.green_links}
        if not kept:  # nobody drives along there under this signal: the longest green is the corridor's
            kept = {max(stages, key=lambda stage: stage.green_s).name}
        if len(kept) == len(stages):
            return program
        rules = shipped_rules()
        least_s = {s.name: min(least_green_s(s, program, site.network, rules), s.green_s) for s in stages}
        return coordinated(program, kept, least_s)

    def _cycle_s(self, olds: list[SignalProgram], each: list[TimingProblem], path: str) -> float:
        if self.cycle_s is not None:
            return self.cycle_s
        if self.splits == "webster":
            rules = shipped_rules()
            bounds = (rules.shortest_cycle_s.value, rules.longest_cycle_s.value)
            return max(webster(p, *bounds, rules.practical_saturation.value).cycle_s for p in each)
        cycles = sorted({old.cycle_s for old in olds})
        if len(cycles) > 1:
            told = Message("cycles of {cycles} s cannot be coordinated", cycles=[f"{c:g}" for c in cycles])
            hint = Message(
                "give the corridor one: cycle_s: {cycles:g}, or splits: webster", cycles=cycles[-1]
            )
            raise ConfigError([Problem(f"{path}.junctions", told, hint)])
        return cycles[0]

    def _greens(self, each: list[TimingProblem], cycle_s: float, path: str) -> list[tuple[float, ...]]:
        problems = Problems()
        greens = []
        for name, problem in zip(self.junctions, each, strict=True):
            try:
                if self.splits == "webster":
                    greens.append(timing_of_cycle(problem, cycle_s).greens_s)
                else:
                    greens.append(in_proportion(problem, cycle_s))
            except ValueError as error:
                place = f"{path}.cycle_s"
                problems.add(
                    place,
                    Message("{name}: {error}", name=name, error=error),
                    Message("at least {least_cycle_s:g} s", least_cycle_s=problem.least_cycle_s),
                )
        problems.raise_if_any()
        return greens


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.0f}" for value in values)
