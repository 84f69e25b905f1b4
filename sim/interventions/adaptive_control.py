"""`adaptive_control`: greens that follow the queues while the simulation runs (自适应控制)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import SetProgram
from sim.errors import ConfigError, Problems, near
from sim.interventions.base import Intervention, intervention
from sim.interventions.coordinate import ExpectedCycles
from sim.interventions.fixed_time import fixed_time_program, periods_meant, shipped_rules, signalised
from sim.interventions.plans import main_interval, set_programs
from sim.interventions.retime_signal import in_periods
from sim.labels import Message, Text, text
from sim.signals.adaptive import MAX_PRESSURE, within
from sim.signals.program import SignalProgram
from sim.signals.streams import least_green_s
from sim.site.model import Site
from sim.site.places import named


@intervention("adaptive_control")
class AdaptiveControl(Intervention):
    """Let the queues decide, second by second, when each green of some fixed-time signals ends.

    `max_pressure`: stages and intergreens of today's plan in their order; from its shortest green on, a green
    goes on while its queues weigh at least as much as those of every other stage (vehicles that come minus
    vehicles that stand where they go), and ends at `max_green_s` at the latest. No green is shorter than the
    rules leave it for vehicles and for who walks in it. It runs beside the simulator, on the queues of the
    model: a real controller needs detectors that see as much.
    """

    title: ClassVar[Text] = Text("自适应控制（最大压力）", "Adaptive control (max-pressure)")
    example: ClassVar[str] = """\
kind: adaptive_control
junctions: [J1, J2]
period: am_peak
expect: {cycles_s: {J1: 110, J2: 100}}
max_green_s: 60
"""
    watch: ClassVar[Text | None] = Text(
        "周期不固定，不能与相邻信号保持协调；假定检测无误差。sumo-gui 中查看时按定时方案运行。",
        "The cycle varies: no coordination with neighbours; detection is perfect. `huandu view` shows the "
        "plan it starts from, run as fixed time.",
    )

    kind: Literal["adaptive_control"]
    junctions: tuple[str, ...] = Field(min_length=1)
    period: str | None = None
    expect: ExpectedCycles
    method: Literal["max_pressure"] = MAX_PRESSURE
    max_green_s: float = Field(60.0, gt=0, le=180)

    def edits(self, site: Site, path: str) -> tuple[SetProgram, ...]:
        """One SetProgram for each signal and period concerned."""
        edits: list[SetProgram] = []
        for period, changes in self._changes(site, path).items():
            for old, new in changes.values():
                edits += set_programs(site, {period: (old, new)})
        return tuple(edits)

    def describe(self, site: Site) -> Text:
        """Limits of every stage's green."""
        sentences = {}
        for period, changes in self._changes(site, self.kind).items():
            parts = [self._words(site, name, old, new) for name, (old, new) in changes.items()]
            joined = Text("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))
            sentences[period] = text("intervention.adaptive", zh=joined.zh, en=joined.en)
        return in_periods(site, sentences, every=self.period is None)

    def _changes(self, site: Site, path: str) -> dict[str, dict[str, tuple[SignalProgram, SignalProgram]]]:
        """Return period -> junction -> today's program and the adaptive one."""
        problems = Problems()
        for name in self.expect.cycles_s:
            if name not in self.junctions:
                told = Message("no junction of this intervention")
                problems.add(f"{path}.expect.cycles_s.{name}", told, near(name, self.junctions))
        found: dict[str, dict[str, tuple[SignalProgram, SignalProgram]]] = {}
        for period in periods_meant(site, self.period, path):
            changes = found.setdefault(period, {})
            signals: list[str] = []
            for number, name in enumerate(self.junctions):
                try:
                    junction = signalised(site, name, f"{path}.junctions[{number}]")
                    old = fixed_time_program(site, junction, period, None, path)
                    changes[name] = (old, self._adaptive(site, old, f"{path}.max_green_s"))
                except ConfigError as error:
                    problems.extend(error)
                    continue
                signals.append(old.signal)
                self.expect.check(name, old, period, path, problems)
            for signal in sorted({s for s in signals if signals.count(s) > 1}):
                told = Message("signal {signal!r} runs two of them", signal=signal)
                problems.add(f"{path}.junctions", told, Message("name one of them"))
        problems.found = list(dict.fromkeys(problems.found))  # the same slip in every period is one problem
        problems.raise_if_any()
        return found

    def _adaptive(self, site: Site, program: SignalProgram, path: str) -> SignalProgram:
        stages = program.stages()
        problems = Problems()
        if len(stages) == 1:
            told = Message("signal {signal!r} has one stage: nothing to decide", signal=program.signal)
            problems.add(path, told)
        rules = shipped_rules()
        limits_s = {}
        for stage in stages:
            least_s = min(least_green_s(stage, program, site.network, rules), stage.green_s)
            if self.max_green_s < least_s:
                told = Message(
                    "signal {signal!r}: stage {stage!r} needs a green of {least_s:g} s",
                    signal=program.signal,
                    stage=stage.name,
                    least_s=least_s,
                )
                problems.add(path, told, Message("at least {least_s:g} s", least_s=least_s))
            limits_s[stage.name] = (least_s, self.max_green_s)
        problems.raise_if_any()
        return within(program, self.method, limits_s)

    def _words(self, site: Site, name: str, old: SignalProgram, new: SignalProgram) -> Text:
        parts = []
        for stage in old.stages():
            index = main_interval(old, stage.name)
            fixed_s = stage.green_s - old.intervals[index].duration_s
            low_s, high_s = new.intervals[index].min_s or 0.0, new.intervals[index].max_s or 0.0
            limits = f"{low_s + fixed_s:g}-{high_s + fixed_s:g}"
            parts.append(
                text("intervention.actuate.stage", stage=stage.name, old=f"{stage.green_s:g}", new=limits)
            )
        where = named(site.facts, f"junction:{name}")
        listed = Text("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))
        return text(
            "intervention.adaptive.signal",
            where_zh=where.zh, where_en=where.en, parts_zh=listed.zh, parts_en=listed.en,
        )  # fmt: skip
