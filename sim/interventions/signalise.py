"""`signalise`: put up signals at a junction that has none (增设信号灯)."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from sim.edits.control import SIGNALS, with_control
from sim.edits.vocabulary import SetControl, keyed
from sim.errors import ConfigError, Problem, Problems
from sim.interventions.base import Intervention, intervention
from sim.interventions.fixed_time import design_flows, design_problem, shipped_rules
from sim.interventions.retime_signal import in_periods
from sim.labels import Message, Text, catalogue, message_of, text
from sim.loading import Facts
from sim.signals.from_plan import program_of
from sim.signals.new_plan import plain_plan
from sim.signals.plan import SignalPlan
from sim.signals.program import SignalControl, SignalProgram
from sim.signals.rules import timing_rules
from sim.signals.webster import REDESIGN_FLOW_RATIO, ComputedTiming, webster
from sim.site.model import Site
from sim.site.network import Junction, Network
from sim.site.places import named
from sim.site.right_of_way import gives_way
from sim.site.zones import measured_junctions
from sim.standard_data import SOURCE

PROGRAM = "new"
"""Id of the new program."""


class ExpectedControl(Facts):
    """How the junction is controlled today, as `huandu check` lists it: `priority`, `signals`, ..."""

    control: str

    def check(self, junction: Junction, path: str) -> None:
        """Raise ConfigError where it is controlled in another way."""
        if junction.control != self.control:
            found = junction.control
            told = Message("expected {expect!r}; found {found!r}", expect=self.control, found=found)
            raise ConfigError([Problem(f"{path}.expect.control", told)])


def control_in_words(control: str) -> Text:
    """Say how a junction is controlled; what the catalogue does not know keeps the network's word."""
    return catalogue().get(f"control.{control}", Text(control, control))


def minor_approaches(site: Site, junction: str) -> tuple[str, ...]:
    """Return the approaches of a junction that give way today; all where none does, or signals decide.

    A junction that is not there today stands for its approaches: nobody can have observed them.
    """
    found = site.network.junctions.get(junction)
    if found is None:
        return (junction,)
    ids = [approach.id for approach in found.approaches]
    return tuple(id for id in ids if gives_way(site.network, id)) or tuple(ids)


def minor_capacity(site: Site, junction: str) -> Text | None:
    """Say what a result rests on where people go or went in gaps and nobody has observed how many do."""
    values = site.facts.field_values
    observed = [
        (values[id].gap_capacity_vph or {}) if id in values else {} for id in minor_approaches(site, junction)
    ]
    if all(any(period in own for own in observed) for period in site.facts.periods):
        return None  # the study holds it against what it simulates (`checks.minor_capacity`)
    where = named(site.facts, f"junction:{junction}")
    return text("intervention.minor_capacity", zh=where.zh, en=where.en)


@intervention("signalise")
class Signalise(Intervention):
    """Put up signals at a junction that has none, with a stated plan or one computed from the demand.

    `plan` is written as the plans of a drawn site: movements as `north.left`. Without it opposite approaches
    share a stage, left turns give way, people walk along with the traffic beside them, and cycle and greens
    are Webster's for each period's demand. Markings stay: `set_lane_use` or `add_turn_bay` change them, with
    `after`.
    """

    title: ClassVar[Text] = Text("增设信号灯", "Put up signals")
    example: ClassVar[str] = """\
kind: signalise
junction: J3
expect: {control: priority}
plan:
  stages:
    main:
      green: [east.through, east.right, west.through, west.right]
      permissive: [east.left, west.left]
      green_s: 40
      all_red_s: 2
    side:
      green: [north.through, north.right, south.through, south.right]
      permissive: [north.left, south.left]
      green_s: 25
      all_red_s: 2
"""
    watch: ClassVar[Text] = Text(
        "效益取决于现状中次要流向的通行能力（可接受间隙）：在 `field_values` 写下实测值 "
        "`gap_capacity_vph`，与模型相符才给结论。"
        "新信号与相邻信号不协调；新增灯会使主路停车，须同看主路延误。",
        "What it gains rests on what the minor movements get through today, in gaps. Observe that "
        "(`gap_capacity_vph` in `field_values`): without it, or where the model differs, there is no "
        "verdict. The new signal is not coordinated with its neighbours, and it stops the main road: look at "
        "that too.",
    )

    kind: Literal["signalise"]
    junction: str
    expect: ExpectedControl
    plan: SignalPlan | None = None

    def edits(self, site: Site, path: str) -> tuple[SetControl, ...]:
        """One SetControl with a program for each period."""
        junction, network, programs = self._programs(site, path)
        controls = []
        for period, (program, _) in programs.items():
            control = SignalControl(program.signal, {program.id: program}, program.id)
            controls.append((period, keyed(control, network)))
        periods = tuple(site.periods)
        return (SetControl(junction.id, junction.control, SIGNALS, periods, tuple(controls)),)

    def assumes(self, site: Site) -> Text | None:
        """Say that nobody has observed what the minor movements get through today."""
        return minor_capacity(site, self.junction)

    def rests_on_gaps(self, site: Site) -> tuple[str, ...]:
        """Name the approaches that give way today."""
        return minor_approaches(site, self.junction)

    def describe(self, site: Site) -> Text:
        """Name the control before, and stages, greens and cycle."""
        junction, _, programs = self._programs(site, self.kind)
        where = named(site.facts, f"junction:{junction.id}")
        before = control_in_words(junction.control)
        sentences = {
            period: text(
                "intervention.signalise",
                zh=where.zh,
                en=where.en,
                before_zh=before.zh,
                before_en=before.en,
                cycle=f"{program.cycle_s:g}",
                greens=", ".join(f"{stage.name} {stage.green_s:g} s" for stage in program.stages()),
            )
            for period, (program, _) in programs.items()
        }
        return in_periods(site, sentences, every=True)

    def eligibility(self, site: Site) -> tuple[Text, ...]:
        """Demand that plain stages cannot serve (Y > 0.9, of a computed plan); a junction not measured."""
        _, _, programs = self._programs(site, self.kind)
        found = [
            text("eligibility.signalise.flow_ratio", period=period, ratio=f"{timing.critical.flow_ratio:.2f}")
            for period, (_, timing) in programs.items()
            if timing is not None and timing.critical.flow_ratio > REDESIGN_FLOW_RATIO
        ]
        if self.junction not in measured_junctions(site.facts, site.network):
            found.append(text("eligibility.signalise.not_measured", id=self.junction))
        return tuple(found)

    def _programs(
        self, site: Site, path: str
    ) -> tuple[Junction, Network, dict[str, tuple[SignalProgram, ComputedTiming | None]]]:
        """Return the junction as it is, the network with the signal, and the program of each period."""
        junction = site.network.junction(self.junction, f"{path}.junction")
        if junction.signal is not None:
            told = Message("junction {id!r} has signals already", id=junction.id)
            hint = Message("`retime_signal`, `add_stage` or `optimise_splits` change its plan")
            raise ConfigError([Problem(f"{path}.junction", told, hint)])
        self.expect.check(junction, path)
        network = with_control(site.network, junction.id, SIGNALS)
        then = network.junctions[junction.id]
        plan = self.plan or plain_plan(then, network, timing_rules(SOURCE.parent))
        program = program_of(plan, then, network, f"{path}.plan", PROGRAM)
        if self.plan is not None:
            return junction, network, dict.fromkeys(site.periods, (program, None))
        return junction, network, self._computed(site, network, program, path)

    def _computed(
        self, site: Site, network: Network, program: SignalProgram, path: str
    ) -> dict[str, tuple[SignalProgram, ComputedTiming | None]]:
        rules, problems = shipped_rules(), Problems()
        found: dict[str, tuple[SignalProgram, ComputedTiming | None]] = {}
        for period in site.periods if site.has_demand else ():
            flows = design_flows(site, period)
            problem = design_problem(replace(site, network=network), program, flows, rules)
            if not problem.streams:
                continue
            bounds = (rules.shortest_cycle_s.value, rules.longest_cycle_s.value)
            try:
                timing = webster(problem, *bounds, rules.practical_saturation.value)
                found[period] = (program.retimed(problem.named(timing.greens_s)), timing)
            except ValueError as error:
                problems.add(f"{path}.plan", message_of(error))
        problems.raise_if_any()
        if len(found) < len(site.periods):
            told = Message(
                "nobody drives over junction {id!r} in period {period!r}",
                id=self.junction,
                period=next(p for p in site.periods if p not in found),
            )
            raise ConfigError([Problem(f"{path}.plan", told, Message("state a plan"))])
        return found
