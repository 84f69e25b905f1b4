"""`reorder_stages`: run the stages of a fixed-time signal in another order (相序调整:左转前置、后置)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import SetProgram
from sim.errors import Problems, near
from sim.interventions.base import Intervention, intervention
from sim.interventions.plans import changed_programs, refuse_waiting_areas, set_programs, taken_apart
from sim.interventions.retime_signal import ExpectedTiming, in_periods
from sim.labels import Message, Text, text
from sim.signals.program import SignalProgram
from sim.site.model import Site
from sim.site.network import Junction
from sim.site.places import named


@intervention("reorder_stages")
class ReorderStages(Intervention):
    """Run the stages in another order: a left turn before the through stage (leading) or after it (lagging).

    Each stage keeps its green. Stages that followed each other before keep the intergreen between them; new
    neighbours get the longest yellow and red that the plan has, and who is green in both stays green. The
    stage named first begins where the cycle begins.
    """

    title: ClassVar[Text] = Text("相序调整", "Reorder stages")
    example: ClassVar[str] = """\
kind: reorder_stages
junction: J1
expect: {cycle_s: 110}
order: [A, C, B]
"""
    watch: ClassVar[Text] = Text(
        "绿灯间隔时间按原相序设计，换序后冲突不同，预检会核对清空时间。协调控制下应重新计算相位差。",
        "Intergreens were designed for the old order; the signal check looks at the new conflicts. Compute "
        "the offsets again where signals are coordinated.",
    )

    kind: Literal["reorder_stages"]
    junction: str
    period: str | None = None
    program: str | None = None
    expect: ExpectedTiming
    order: tuple[str, ...] = Field(min_length=2)

    def edits(self, site: Site, path: str) -> tuple[SetProgram, ...]:
        """One SetProgram for each period concerned."""
        return set_programs(site, self._changes(site, path))

    def describe(self, site: Site) -> Text:
        """Say the order before and after."""
        where = named(site.facts, f"junction:{self.junction}")
        return in_periods(
            site,
            {
                period: text(
                    "intervention.reorder_stages",
                    zh=where.zh,
                    en=where.en,
                    old=" → ".join(stage.name for stage in old.stages()),
                    new=" → ".join(self.order),
                    old_s=f"{old.cycle_s:g}",
                    new_s=f"{new.cycle_s:g}",
                )
                for period, (old, new) in self._changes(site, self.kind).items()
            },
            every=self.period is None,
        )

    def _changes(self, site: Site, path: str) -> dict[str, tuple[SignalProgram, SignalProgram]]:
        refuse_waiting_areas(site.network, self.junction, f"{path}.junction")
        named = (self.junction, self.period, self.program)
        return changed_programs(site, named, self.expect, self._reordered, path)

    def _reordered(self, program: SignalProgram, junction: Junction, path: str) -> SignalProgram:
        names = [stage.name for stage in program.stages()]
        problems = Problems()
        for name in self.order:
            if name not in names:
                problems.add(f"{path}.order", Message("no stage {name!r}", name=name), near(name, names))
        missing = [name for name in names if name not in self.order]
        if missing:
            problems.add(
                f"{path}.order",
                Message("stages left out: {missing}", missing=missing),
                Message("name every stage once"),
            )
        if len(set(self.order)) != len(self.order):
            problems.add(f"{path}.order", Message("a stage is named twice"))
        problems.raise_if_any()
        if _same_cycle(list(self.order), names):
            problems.add(
                f"{path}.order",
                Message("the stages follow each other so today"),
                Message("now: {names}", names=names),
            )
        problems.raise_if_any()
        return taken_apart(program).joined(self.order, {})


def _same_cycle(one: list[str], other: list[str]) -> bool:
    return any(one == other[n:] + other[:n] for n in range(len(other)))
