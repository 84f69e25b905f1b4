"""`actuate_signal`: let traffic lengthen or end the greens of a fixed-time signal (感应控制)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import SetProgram
from sim.errors import Problems, near
from sim.interventions.base import Intervention, intervention
from sim.interventions.fixed_time import shipped_rules
from sim.interventions.plans import changed_programs, main_interval, set_programs
from sim.interventions.retime_signal import ExpectedTiming, in_periods
from sim.labels import Message, Text, text
from sim.signals.program import SignalProgram
from sim.signals.streams import least_green_s
from sim.site.model import Site
from sim.site.network import Junction
from sim.site.places import named


@intervention("actuate_signal")
class ActuateSignal(Intervention):
    """Run a fixed-time plan as an actuated one: same stages and intergreens, greens between two limits.

    The stages in `max_greens_s` are actuated, the others keep their greens. A stage that `min_greens_s` does
    not name may be as short as the rules leave it (vehicles and pedestrians of that stage), or as today's
    green if that is shorter. `control`: `actuated` ends a green after a gap of `max_gap_s` in the arrivals at
    its detectors, `delay_based` when nobody who approaches loses time any more.
    """

    title: ClassVar[Text] = Text("感应控制", "Actuate a signal")
    example: ClassVar[str] = """\
kind: actuate_signal
junction: J1
expect: {cycle_s: 110}
min_greens_s: {A: 20, B: 10}
max_greens_s: {A: 60, B: 40}
"""
    watch: ClassVar[Text] = Text(
        "感应信号的周期不固定，不能与相邻信号保持协调。与其他流向共用车道的相位没有专用检测器，只得到最小绿灯。"
        "`delay_based` 在 SUMO 1.28 上曾使延误增至两倍以上，须看仿真结果。",
        "The cycle varies: no coordination with neighbours. A stage whose lane serves another stage too has "
        "no detector of its own and gets its minimum only. `delay_based` has more than doubled delays on "
        "SUMO 1.28: trust the simulation, not the name.",
    )

    kind: Literal["actuate_signal"]
    junction: str
    period: str | None = None
    program: str | None = None
    expect: ExpectedTiming
    control: Literal["actuated", "delay_based"] = "actuated"
    min_greens_s: Mapping[str, float] = Field(default_factory=dict)
    max_greens_s: Mapping[str, float] = Field(min_length=1)
    max_gap_s: float = Field(3.0, gt=0, le=10)

    def edits(self, site: Site, path: str) -> tuple[SetProgram, ...]:
        """One SetProgram for each period concerned."""
        return set_programs(site, self._changes(site, path))

    def describe(self, site: Site) -> Text:
        """Greens of today and their limits then."""
        return in_periods(
            site,
            {
                period: self._words(site, old, new)
                for period, (old, new) in self._changes(site, self.kind).items()
            },
            every=self.period is None,
        )

    def _changes(self, site: Site, path: str) -> dict[str, tuple[SignalProgram, SignalProgram]]:
        def change(program: SignalProgram, junction: Junction, path: str) -> SignalProgram:
            return self._actuated(site, program, path)

        named = (self.junction, self.period, self.program)
        return changed_programs(site, named, self.expect, change, path)

    def _actuated(self, site: Site, program: SignalProgram, path: str) -> SignalProgram:
        problems = Problems()
        stages = {stage.name: stage for stage in program.stages()}
        for field, greens in (("min_greens_s", self.min_greens_s), ("max_greens_s", self.max_greens_s)):
            for name in greens.keys() - stages.keys():
                problems.add(
                    f"{path}.{field}.{name}", Message("no stage {name!r}", name=name), near(name, stages)
                )
        for name in self.min_greens_s.keys() - self.max_greens_s.keys():
            told = Message("stage {name!r} has a minimum and no maximum", name=name)
            problems.add(f"{path}.min_greens_s.{name}", told, Message("name it in max_greens_s too"))
        problems.raise_if_any()
        rules = shipped_rules()
        intervals = list(program.intervals)
        for name, max_s in self.max_greens_s.items():
            stage = stages[name]
            least_s = min(least_green_s(stage, program, site.network, rules), stage.green_s)
            min_s = self.min_greens_s.get(name, min(least_s, max_s))
            index = main_interval(program, name)
            fixed_s = stage.green_s - intervals[index].duration_s
            if min_s < least_s:
                told = Message(
                    "a green of {min_s:g} s is too short for vehicles and pedestrians of stage {name!r}",
                    min_s=min_s,
                    name=name,
                )
                problems.add(
                    f"{path}.min_greens_s.{name}", told, Message("at least {least_s:g} s", least_s=least_s)
                )
            if max_s < min_s:
                told = Message(
                    "the maximum of {max_s:g} s lies below the minimum of {min_s:g} s",
                    max_s=max_s,
                    min_s=min_s,
                )
                problems.add(f"{path}.max_greens_s.{name}", told)
            if min_s - fixed_s < 1:
                told = Message(
                    "{min_s:g} s leave no room for {fixed_s:g} s that are fixed in stage {name!r}",
                    min_s=min_s,
                    fixed_s=fixed_s,
                    name=name,
                )
                problems.add(
                    f"{path}.min_greens_s.{name}",
                    told,
                    Message("at least {fixed_s:g} s", fixed_s=fixed_s + 1),
                )
            duration_s = min(max(stage.green_s, min_s), max_s) - fixed_s
            intervals[index] = replace(
                intervals[index], duration_s=duration_s, min_s=min_s - fixed_s, max_s=max_s - fixed_s
            )
        problems.raise_if_any()
        params = (("max-gap", f"{self.max_gap_s:g}"),) if self.control == "actuated" else ()
        return replace(program, kind=self.control, intervals=tuple(intervals), params=params)

    def _words(self, site: Site, old: SignalProgram, new: SignalProgram) -> Text:
        parts = []
        for stage in old.stages():
            if stage.name in self.max_greens_s:
                index = main_interval(old, stage.name)
                fixed_s = stage.green_s - old.intervals[index].duration_s
                low_s, high_s = new.intervals[index].min_s or 0.0, new.intervals[index].max_s or 0.0
                limits = f"{low_s + fixed_s:g}-{high_s + fixed_s:g}"
                words = text(
                    "intervention.actuate.stage", stage=stage.name, old=f"{stage.green_s:g}", new=limits
                )
                parts.append(words)
        where = named(site.facts, f"junction:{self.junction}")
        how = text(f"intervention.actuate.{self.control}")
        return text(
            "intervention.actuate",
            zh=where.zh,
            en=where.en,
            how_zh=how.zh,
            how_en=how.en,
            parts_zh="，".join(part.zh for part in parts),
            parts_en=", ".join(part.en for part in parts),
        )
