"""What is asked for: the signals to be timed anew, and what their timing is computed from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import Field

from sim.comparison.inference import MINIMUM_PAIRS
from sim.errors import ConfigError, Problem, Problems, near
from sim.interventions.fixed_time import fixed_time_program, signalised
from sim.labels import Message
from sim.loading import Facts
from sim.signals.corridor import Corridor, corridor
from sim.signals.design_rules import CHINESE, DesignRules
from sim.signals.greens import Discharge
from sim.signals.program import SignalProgram
from sim.signals.rules import timing_rules
from sim.signals.search import SignalTiming
from sim.signals.streams import TimingProblem, timing_problem
from sim.site.crossings import surveyed_crossings_m
from sim.study import Study
from sim.suggestion.orders import orders_of


class Request(Facts):
    """What is asked for; every field is a word of the command line."""

    junction: str | None = None
    corridor: tuple[str, ...] = ()
    period: str | None = None
    rules: str = CHINESE
    candidates: int = Field(60, ge=1, le=5000)
    search_replicates: int = Field(5, ge=1, le=40)
    fresh: int = Field(10, ge=MINIMUM_PAIRS, le=200)
    hours: float = Field(math.inf, gt=0)
    """Simulated hours that the search may take; a run counts as its window."""


@dataclass(frozen=True)
class Target:
    """One signal that is to be timed anew."""

    junction: str
    program: SignalProgram
    problem: TimingProblem
    orders: Mapping[tuple[str, ...], TimingProblem] = field(default_factory=dict)
    """Other orders of the stages that may be tried (`sim.suggestion.orders`)."""

    def problem_of(self, timing: SignalTiming) -> TimingProblem:
        """Return the timing problem with the stages in a timing's order."""
        return self.orders[timing.order] if timing.order else self.problem

    @property
    def present(self) -> SignalTiming:
        """Today's timing."""
        return SignalTiming(self.problem.present_s, self.program.offset_s)


def period_of(study: Study, request: Request) -> str:
    """Return the period that is meant: the one named, or the study's first."""
    if request.period is None:
        return study.periods[0]
    if request.period not in study.site.periods:
        hint = near(request.period, study.site.periods)
        raise ConfigError(
            [Problem("period", Message("the site has no period {period!r}", period=request.period), hint)]
        )
    return request.period


def discharge_of(study: Study, rules: DesignRules) -> Discharge:
    """How a lane discharges: the vehicle set's calibration, or the rules' value for an import's own types."""
    if study.site.facts.imported is not None and study.settings.vehicles is None:
        return Discharge(rules.saturation_pcuph.value, rules.startup_lost_s.value, rules.yellow_used_s.value)
    found = study.vehicles.calibrated
    return Discharge(found.saturation_vph, found.startup_lost_s, found.end_gain_s)


def targets_of(
    study: Study, period: str, request: Request, flows: Mapping[str, float], rules: DesignRules
) -> tuple[list[Target], list[str], Corridor | None]:
    """Find the signals that are asked for, those left out with the reason, and the corridor."""
    site = study.site
    problems = Problems()
    line: Corridor | None = None
    named = [request.junction] if request.junction else list(request.corridor)
    if request.junction and request.corridor:
        problems.add("corridor", Message("given beside a junction"), Message("one of the two"))
    if request.corridor:
        try:
            line = corridor(site.network, request.corridor, flows, "corridor")
        except ConfigError as error:
            problems.extend(error)
    problems.raise_if_any()
    discharge = discharge_of(study, rules)
    checked_by, crossings_m = timing_rules(study.root), surveyed_crossings_m(site.facts)
    every = [id for id, j in sorted(site.network.junctions.items()) if j.signal is not None]
    targets: list[Target] = []
    left_out: list[str] = []
    signals: set[str] = set()
    for name in named or every:
        try:
            junction = signalised(site, name, "junction" if request.junction else "corridor")
            program = fixed_time_program(site, junction, period, None, "junction")
        except ConfigError as error:
            if named:
                problems.extend(error)
            else:
                left_out += [
                    Message("{name}: {told}", name=name, told=problem.message) for problem in error.problems
                ]
            continue
        if program.signal in signals:
            continue  # one signal of several junctions
        signals.add(program.signal)
        try:
            problem = timing_problem(program, site.network, flows, discharge, rules)
        except ValueError as error:
            left_out.append(Message("{name}: {error}", name=name, error=error))
            continue
        orders = orders_of(program, site.network, flows, discharge, rules, checked_by, crossings_m)
        targets.append(Target(name, program, problem, orders))
    if line is not None and len(targets) < len(line.junctions):
        problems.add("corridor", Message("one signal runs several of its junctions: they are one already"))
    problems.raise_if_any()
    if not targets:
        told = Message("no fixed-time signal to time anew")
        raise ConfigError(
            [Problem(f"scenario={study.scenario}", told, Message("{left_out:;}", left_out=left_out[:3]))]
        )
    return targets, left_out, line
