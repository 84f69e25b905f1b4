"""`retime_signal`: other greens, cycle or offset for a fixed-time signal (配时调整)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from sim.edits.vocabulary import SetTiming
from sim.errors import ConfigError, Problem, Problems, near
from sim.interventions.base import Intervention, intervention
from sim.interventions.fixed_time import fixed_time_program, of_every, periods_meant, set_timing, signalised
from sim.labels import Message, Text, message_of, text
from sim.loading import Facts
from sim.signals.program import SignalProgram, StageSpan
from sim.site.model import Site
from sim.site.network import Network
from sim.site.places import named

SHORTEST_GREEN_S = 5.0
"""No changed stage that serves vehicles may be shorter. A guard against slips; the plan lint knows the
standards."""


class ExpectedTiming(Facts):
    """What the plan is believed to be today: cycle, and if given offset and greens, in seconds."""

    cycle_s: float
    greens_s: Mapping[str, float] = Field(default_factory=dict)
    offset_s: float | None = None

    def check(self, program: SignalProgram, period: str, path: str) -> None:
        """Raise ConfigError where the program found is another; paths under `path`."""
        problems = Problems()

        def compare(name: str, expected: float | None, found: float) -> None:
            if expected is not None and abs(expected - found) > 1e-6:  # noqa: PLR2004 - floats read from text
                told = Message("expected {expected:g} s, found {found:g} s", expected=expected, found=found)
                problems.add(f"{path}.expect.{name}", told, Message("in period {period!r}", period=period))

        compare("cycle_s", self.cycle_s, program.cycle_s)
        compare("offset_s", self.offset_s, program.offset_s)
        stages = {stage.name: stage for stage in program.stages()}
        _refuse_unknown(problems, self.greens_s, stages, f"{path}.expect.greens_s")
        for name in self.greens_s.keys() & stages.keys():
            compare(f"greens_s.{name}", self.greens_s[name], stages[name].green_s)
        problems.raise_if_any()


@intervention("retime_signal")
class RetimeSignal(Intervention):
    """Give the stages of one signal other greens, or the signal another cycle or offset. Intergreens stay.

    `cycle_s` without greens scales every stage's green by the same factor; with the greens of some stages it
    scales the others; with all of them it is a control sum. Scaled greens are whole seconds, and the stage
    with the longest green takes what rounding leaves. `period` limits the change to one period; `program`
    says which program is meant where several run in a period.
    """

    title: ClassVar[Text] = Text("信号配时调整", "Retime a signal")
    example: ClassVar[str] = """\
kind: retime_signal
junction: J1
period: am_peak
expect: {cycle_s: 110, greens_s: {A: 35}}
greens_s: {A: 42}
"""

    kind: Literal["retime_signal"]
    junction: str
    period: str | None = None
    program: str | None = None
    expect: ExpectedTiming
    greens_s: Mapping[str, float] = Field(default_factory=dict)
    cycle_s: float | None = Field(None, gt=0)
    offset_s: float | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.greens_s and self.cycle_s is None and self.offset_s is None:
            raise ValueError(Message("say what changes: greens_s, cycle_s or offset_s"))
        return self

    def edits(self, site: Site, path: str) -> tuple[SetTiming, ...]:
        """One SetTiming for each period concerned."""
        return tuple(set_timing(period, old, new) for period, (old, new) in self._changes(site, path).items())

    def describe(self, site: Site) -> Text:
        """Old and new value of every green, cycle and offset that changes; periods only where they differ."""
        return in_periods(
            site,
            {
                period: sentence(site, self.junction, old, new)
                for period, (old, new) in self._changes(site, self.kind).items()
            },
            every=self.period is None,
        )

    def _changes(self, site: Site, path: str) -> dict[str, tuple[SignalProgram, SignalProgram]]:
        junction = signalised(site, self.junction, f"{path}.junction")

        def changed(period: str) -> tuple[SignalProgram, SignalProgram]:
            old = fixed_time_program(site, junction, period, self.program, path)
            self.expect.check(old, period, path)
            return old, self.retimed(old, site.network, path)

        return of_every(periods_meant(site, self.period, path), changed)

    def retimed(self, program: SignalProgram, network: Network, path: str) -> SignalProgram:
        """Return a program with what this says; ConfigError (paths under `path`) where that cannot be."""
        problems = Problems()
        stages = {stage.name: stage for stage in program.stages()}
        _refuse_unknown(problems, self.greens_s, stages, f"{path}.greens_s")
        problems.raise_if_any()
        greens_s = dict(self.greens_s)
        if self.cycle_s is not None:
            greens_s = _fill_cycle(self.cycle_s, program, greens_s, f"{path}.cycle_s")
        for name, green_s in greens_s.items():
            stage = stages[name]
            if (
                green_s < SHORTEST_GREEN_S
                and green_s != stage.green_s
                and _serves_vehicles(stage, program, network)
            ):
                place = f"{path}.greens_s.{name}" if name in self.greens_s else f"{path}.cycle_s"
                told = Message(
                    "stage {name!r} serves vehicles and would be green {green_s:g} s (now {now_s:g} s)",
                    name=name,
                    green_s=green_s,
                    now_s=stage.green_s,
                )
                problems.add(place, told, Message("at least {least_s:g} s", least_s=SHORTEST_GREEN_S))
        problems.raise_if_any()
        try:
            return program.retimed(greens_s, self.offset_s)
        except ValueError as error:
            raise ConfigError([Problem(f"{path}.greens_s", message_of(error))]) from None


def _refuse_unknown(
    problems: Problems, named: Mapping[str, float], stages: Mapping[str, StageSpan], path: str
) -> None:
    for name in named:
        if name not in stages:
            problems.add(f"{path}.{name}", Message("no stage {name!r}", name=name), near(name, stages))


def _fill_cycle(
    cycle_s: float, program: SignalProgram, given_s: Mapping[str, float], path: str
) -> dict[str, float]:
    """Scale the greens not given so that the cycle comes out; whole seconds, the rest to the longest."""
    stages = program.stages()
    free = {stage.name: stage.green_s for stage in stages if stage.name not in given_s}
    fixed_s = program.cycle_s - sum(stage.green_s for stage in stages) + sum(given_s.values())
    room_s = cycle_s - fixed_s
    if not free:
        if abs(room_s) > 1e-6:  # noqa: PLR2004 - floats read from text
            told = Message(
                "the greens and intergreens add up to {fixed_s:g} s, not {cycle_s:g} s",
                fixed_s=fixed_s,
                cycle_s=cycle_s,
            )
            raise ConfigError([Problem(path, told)])
        return dict(given_s)
    if room_s <= 0:
        told = Message(
            "a cycle of {cycle_s:g} s leaves no green beside {fixed_s:g} s of other greens and intergreens",
            cycle_s=cycle_s,
            fixed_s=fixed_s,
        )
        raise ConfigError([Problem(path, told)])
    factor = room_s / sum(free.values())
    scaled = {name: float(round(green_s * factor)) for name, green_s in free.items()}
    longest = max(scaled, key=lambda name: scaled[name])
    scaled[longest] += room_s - sum(scaled.values())
    return {**given_s, **scaled}


def _serves_vehicles(stage: StageSpan, program: SignalProgram, network: Network) -> bool:
    links = network.links.get(program.signal, {})
    return any(not key.startswith("crossing:") for link in stage.green_links for key in links.get(link, ()))


def in_periods(site: Site, sentences: Mapping[str, Text], *, every: bool) -> Text:
    """Join the sentences of the periods; one alone where it holds in `every` period alike."""
    if every and len(set(sentences.values())) == 1:
        return next(iter(sentences.values()))
    named = [
        text(
            "intervention.in_period",
            zh=site.periods[period].title.zh,
            en=site.periods[period].title.en,
            sentence_zh=sentence.zh,
            sentence_en=sentence.en,
        )
        for period, sentence in sentences.items()
    ]
    return Text("；".join(t.zh for t in named), "; ".join(t.en for t in named))


def sentence(site: Site, junction: str, old: SignalProgram, new: SignalProgram) -> Text:
    """Say in the change log what is new about a program."""
    where = named(site.facts, f"junction:{junction}")
    parts = []
    for before, after in zip(old.stages(), new.stages(), strict=True):
        if before.green_s != after.green_s:
            parts.append(("green", {"stage": before.name, "old": before.green_s, "new": after.green_s}))
    if old.cycle_s != new.cycle_s:
        parts.append(("cycle", {"old": old.cycle_s, "new": new.cycle_s}))
    if old.offset_s != new.offset_s:
        parts.append(("offset", {"old": old.offset_s, "new": new.offset_s}))
    words = [
        text(
            f"intervention.retime_signal.{key}",
            **{k: v if isinstance(v, str) else f"{v:g}" for k, v in values.items()},
        )
        for key, values in parts
    ] or [text("intervention.unchanged")]
    return text(
        "intervention.retime_signal",
        where_zh=where.zh,
        where_en=where.en,
        parts_zh="，".join(word.zh for word in words),
        parts_en=", ".join(word.en for word in words),
    )
