"""`optimise_splits`: cycle and greens of one signal computed from its demand (配时计算)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import SetTiming
from sim.errors import ConfigError, Problem
from sim.interventions.base import Intervention, intervention
from sim.interventions.fixed_time import (
    design_flows,
    design_problem,
    fixed_time_program,
    of_every,
    periods_meant,
    set_timing,
    shipped_rules,
    signalised,
)
from sim.interventions.retime_signal import ExpectedTiming, in_periods, sentence
from sim.labels import Message, Text, message_of, text
from sim.signals.program import SignalProgram
from sim.signals.splits import oversaturated, protected_splits
from sim.signals.streams import TimingProblem
from sim.signals.webster import ComputedTiming, practical, timing_of_cycle, webster
from sim.site.model import Site

Found = tuple[SignalProgram, SignalProgram, ComputedTiming]
"""Today's program, the computed one, and what it was computed to be."""


@intervention("optimise_splits")
class OptimiseSplits(Intervention):
    """Compute cycle and greens of a signal from the period's demand; stages, intergreens and offset stay.

    `by`: `webster` (Webster's cycle, equal degree of saturation), `practical` (the shortest cycle in which
    nobody is above 0.9), or `storage` (not everybody can be served: queues stay where there is room for
    them). `cycle_s` fixes the cycle. Minimum greens, pedestrians' included, lost times and saturation flow
    are those of `configs/standards/signals/design.yaml` and of the default vehicle set. Computed from today's
    streets and demand, before anything is built: the same every time.
    """

    title: ClassVar[Text] = Text("计算配时", "Compute a signal's timing")
    example: ClassVar[str] = """\
kind: optimise_splits
junction: J1
period: am_peak
expect: {cycle_s: 110}
by: webster
"""

    kind: Literal["optimise_splits"]
    junction: str
    period: str | None = None
    program: str | None = None
    expect: ExpectedTiming
    by: Literal["webster", "practical", "storage"] = "webster"
    cycle_s: float | None = Field(None, gt=0, le=600)

    def edits(self, site: Site, path: str) -> tuple[SetTiming, ...]:
        """One SetTiming for each period concerned."""
        return tuple(
            set_timing(period, old, new) for period, (old, new, _) in self._computed(site, path).items()
        )

    def describe(self, site: Site) -> Text:
        """Old and new greens and cycle, with the method and the highest degree of saturation it leaves."""
        sentences = {}
        for period, (old, new, timing) in self._computed(site, self.kind).items():
            words = sentence(site, self.junction, old, new)
            how = text(f"intervention.optimise_splits.{self.by}")
            sentences[period] = text(
                "intervention.optimise_splits",
                how_zh=how.zh,
                how_en=how.en,
                words_zh=words.zh,
                words_en=words.en,
                saturation=f"{timing.worst_saturation:.2f}",
            )
        return in_periods(site, sentences, every=self.period is None)

    def _computed(self, site: Site, path: str) -> dict[str, Found]:
        junction = signalised(site, self.junction, f"{path}.junction")

        def computed(period: str) -> Found:
            old = fixed_time_program(site, junction, period, self.program, path)
            self.expect.check(old, period, path)
            problem = design_problem(site, old, design_flows(site, period), shipped_rules())
            if not problem.streams:
                told = Message(
                    "nobody drives over junction {id!r} in period {period!r}",
                    id=junction.id,
                    period=period,
                )
                raise ConfigError(
                    [Problem(f"{path}.junction", told, Message("there is nothing to compute from"))]
                )
            times = site.periods[period]
            timing = self._timing(problem, (times.end_s - times.begin_s) / 3600, path)
            return old, old.retimed(problem.named(timing.greens_s)), timing

        return of_every(periods_meant(site, self.period, path), computed)

    def _timing(self, problem: TimingProblem, hours: float, path: str) -> ComputedTiming:
        rules = shipped_rules()
        bounds = (rules.shortest_cycle_s.value, rules.longest_cycle_s.value)
        try:
            if self.cycle_s is not None and self.by == "storage":
                return protected_splits(problem, self.cycle_s, hours)
            if self.cycle_s is not None:
                return timing_of_cycle(problem, self.cycle_s)
            if self.by == "storage":
                return oversaturated(problem, *bounds, hours)
            compute = webster if self.by == "webster" else practical
            return compute(problem, *bounds, rules.practical_saturation.value)
        except ValueError as error:
            hint = Message("at least {least_cycle_s:g} s", least_cycle_s=problem.least_cycle_s)
            raise ConfigError([Problem(f"{path}.cycle_s", message_of(error), hint)]) from None
