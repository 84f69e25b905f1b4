"""`timetable`: other plans at other times of day (多时段配时)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import SetProgram
from sim.errors import ConfigError, Problems, near
from sim.interventions.base import Intervention, intervention
from sim.interventions.fixed_time import fixed_time_program, of_every, signalised
from sim.interventions.plans import set_control
from sim.interventions.retime_signal import ExpectedTiming, RetimeSignal
from sim.interventions.streets import Hours, span_s
from sim.labels import Message, Text, text
from sim.loading import Facts
from sim.signals.program import SignalControl, SignalProgram
from sim.site.model import Site
from sim.site.network import Junction
from sim.site.places import named


class ExpectedCycles(Facts):
    """What the cycle is believed to be today in every period that the timetable meets, s."""

    cycles_s: Mapping[str, float] = Field(min_length=1)


class TimedPlan(Facts):
    """What runs in some hours: today's plan, or that of another period (`plan_of`), maybe retimed."""

    hours: Hours
    plan_of: str | None = None
    greens_s: Mapping[str, float] = Field(default_factory=dict)
    cycle_s: float | None = Field(None, gt=0)
    offset_s: float | None = None

    @property
    def retimes(self) -> bool:
        """Whether it says other times than the plan it begins with."""
        return bool(self.greens_s) or self.cycle_s is not None or self.offset_s is not None


@intervention("timetable")
class Timetable(Intervention):
    """Switch a fixed-time signal between plans by the clock. The hours follow each other without gaps.

    Each entry takes today's plan of the period it runs in, or with `plan_of` the one of another period;
    `greens_s`, `cycle_s` and `offset_s` retime it as `retime_signal` does. Periods that the hours meet must
    lie wholly within them.
    """

    title: ClassVar[Text] = Text("多时段配时", "Time-of-day plans")
    example: ClassVar[str] = """\
kind: timetable
junction: J1
expect: {cycles_s: {am_peak: 110}}
plans:
  - {hours: "07:00-08:15", greens_s: {A: 50}}
  - {hours: "08:15-10:00", plan_of: pm_peak}
"""
    watch: ClassVar[Text] = Text(
        "方案切换瞬间完成，可能打断绿灯；切换宜放在流量较低的时刻。预热期运行时段开始时的方案。",
        "A plan is switched at once and may cut a green: choose hours of little traffic. Warm-up runs the "
        "plan with which the period begins.",
    )

    kind: Literal["timetable"]
    junction: str
    expect: ExpectedCycles
    plans: tuple[TimedPlan, ...] = Field(min_length=2)

    def edits(self, site: Site, path: str) -> tuple[SetProgram, ...]:
        """One SetProgram for each period that the hours meet."""
        junction = signalised(site, self.junction, f"{path}.junction")
        self._check_hours(site, path)
        edits = of_every(
            self._periods(site),
            lambda period: set_control(site, period, self._control(site, junction, period, path)),
        )
        return tuple(edits.values())

    def describe(self, site: Site) -> Text:
        """Every entry with what it runs."""
        where = named(site.facts, f"junction:{self.junction}")
        parts = [self._words(site, plan) for plan in sorted(self.plans, key=lambda plan: span_s(plan.hours))]
        return text(
            "intervention.timetable",
            zh=where.zh,
            en=where.en,
            parts_zh="；".join(part.zh for part in parts),
            parts_en="; ".join(part.en for part in parts),
        )

    def _periods(self, site: Site) -> list[str]:
        begin_s = min(span_s(plan.hours)[0] for plan in self.plans)
        end_s = max(span_s(plan.hours)[1] for plan in self.plans)
        return [id for id, p in site.periods.items() if p.begin_s < end_s and begin_s < p.end_s]

    def _check_hours(self, site: Site, path: str) -> None:
        problems = Problems()
        ordered = sorted((plan.hours for plan in self.plans), key=span_s)
        for one, other in pairwise(ordered):
            gap_s = span_s(other)[0] - span_s(one)[1]
            if gap_s > 0:
                problems.add(
                    f"{path}.plans",
                    Message("nothing runs between {one} and {other}", one=one, other=other),
                    Message("close the gap"),
                )
            if gap_s < 0:
                problems.add(f"{path}.plans", Message("{one} and {other} overlap", one=one, other=other))
        met = self._periods(site)
        for id in met:
            period = site.periods[id]
            if period.begin_s < span_s(ordered[0])[0] or span_s(ordered[-1])[1] < period.end_s:
                told = Message(
                    "period {id!r} ({begin}-{end}) lies only partly within the timetable",
                    id=id,
                    begin=period.begin,
                    end=period.end,
                )
                problems.add(
                    f"{path}.plans",
                    told,
                    Message("let the first plan begin and the last end with it, or beyond"),
                )
            if id not in self.expect.cycles_s:
                problems.add(
                    f"{path}.expect.cycles_s.{id}", Message("missing: the timetable meets this period")
                )
        if not met:
            known = [f"{p.begin}-{p.end}" for p in site.periods.values()]
            problems.add(
                f"{path}.plans",
                Message("the hours meet no period of the site"),
                Message("its periods: {known}", known=known),
            )
        for id in self.expect.cycles_s.keys() - set(met):
            problems.add(f"{path}.expect.cycles_s.{id}", Message("no such period is met"), near(id, met))
        for number, plan in enumerate(self.plans, 1):
            if plan.plan_of is not None and plan.plan_of not in site.periods:
                told = Message("no period {plan_of!r}", plan_of=plan.plan_of)
                problems.add(f"{path}.plans.{number}.plan_of", told, near(plan.plan_of, site.periods))
        problems.raise_if_any()

    def _control(self, site: Site, junction: Junction, period: str, path: str) -> SignalControl:
        today = fixed_time_program(site, junction, period, None, path)
        ExpectedTiming(cycle_s=self.expect.cycles_s[period]).check(today, period, path)
        begin_s = site.periods[period].begin_s
        problems = Problems()
        programs: dict[str, SignalProgram] = {}
        switches: list[tuple[float, str]] = []
        for number, plan in enumerate(self.plans, 1):
            if span_s(plan.hours)[1] <= begin_s:
                continue
            place = f"{path}.plans.{number}"
            try:
                program = self._program(site, junction, plan, today, place)
            except ConfigError as error:
                problems.extend(error)
                continue
            programs[plan.hours] = replace(
                program, id=f"from_{plan.hours.partition('-')[0].replace(':', '')}"
            )
            switches.append((span_s(plan.hours)[0], programs[plan.hours].id))
        problems.raise_if_any()
        (_, active), *later = sorted(switches)
        made = {program.id: program for program in programs.values()}
        return SignalControl(junction.signal or "", made, active, tuple(later))

    def _program(
        self, site: Site, junction: Junction, plan: TimedPlan, today: SignalProgram, path: str
    ) -> SignalProgram:
        program = today
        if plan.plan_of is not None:
            program = fixed_time_program(site, junction, plan.plan_of, None, path)
        if not plan.retimes:
            return program
        expect = ExpectedTiming(cycle_s=program.cycle_s)
        said = RetimeSignal(
            kind="retime_signal",
            junction=self.junction,
            expect=expect,
            greens_s=plan.greens_s,
            cycle_s=plan.cycle_s,
            offset_s=plan.offset_s,
        )
        return said.retimed(program, site.network, path)

    def _words(self, site: Site, plan: TimedPlan) -> Text:
        source = text("intervention.timetable.today")
        if plan.plan_of is not None:
            title = site.periods[plan.plan_of].title
            source = text("intervention.timetable.plan_of", zh=title.zh, en=title.en)
        parts = [Text(f"{plan.hours} {source.zh}", f"{plan.hours} {source.en}")]
        parts += [
            text("intervention.timetable.green", stage=stage, green=f"{green_s:g}")
            for stage, green_s in plan.greens_s.items()
        ]
        for key, value in (("cycle", plan.cycle_s), ("offset", plan.offset_s)):
            if value is not None:
                parts.append(text(f"intervention.timetable.{key}", value=f"{value:g}"))
        return Text("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))
