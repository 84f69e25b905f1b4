"""Fixed-time programs of a site: which one is meant, what it is computed from, the edit it becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from sim.edits.vocabulary import SetTiming
from sim.errors import ConfigError, Problem, Problems, near
from sim.labels import Message
from sim.signals.design_rules import DesignRules, design_rules
from sim.signals.greens import Discharge
from sim.signals.program import SignalProgram
from sim.signals.streams import TimingProblem, timing_problem
from sim.site.model import Site
from sim.site.network import Junction
from sim.standard_data import SOURCE, vehicle_set

Made = TypeVar("Made")


def signalised(site: Site, name: str, path: str) -> Junction:
    """Find a junction that has a signal; `path` is where it was named."""
    junction = site.network.junction(name, path)
    if junction.signal is None:
        known = [id for id, other in site.network.junctions.items() if other.signal is not None]
        raise ConfigError(
            [
                Problem(
                    path, Message("junction {id!r} has no signal", id=junction.id), near(junction.id, known)
                )
            ]
        )
    return junction


def periods_meant(site: Site, period: str | None, path: str) -> tuple[str, ...]:
    """Return the one period that is named, or all; ConfigError where there is none of that name."""
    if period is None:
        return tuple(site.periods)
    if period not in site.periods:
        raise ConfigError(
            [
                Problem(
                    f"{path}.period",
                    Message("no period {period!r}", period=period),
                    near(period, site.periods),
                )
            ]
        )
    return (period,)


def of_every(periods: Iterable[str], make: Callable[[str], Made]) -> dict[str, Made]:
    """Make something for each period; ConfigError with the problems of all, the same slip said once."""
    problems = Problems()
    found: dict[str, Made] = {}
    for period in periods:
        try:
            found[period] = make(period)
        except ConfigError as error:
            problems.extend(error)
    problems.found = list(dict.fromkeys(problems.found))
    problems.raise_if_any()
    return found


def fixed_time_program(
    site: Site, junction: Junction, period: str, program: str | None, path: str
) -> SignalProgram:
    """Return the one fixed-time program of a junction that runs in a period, or the one named.

    ConfigError (paths under `path`) where several run and none is named, where the signal is off, and where
    the program is not fixed-time.
    """
    control = site.signals[period][junction.signal or ""]
    window = site.periods[period]
    running = control.running(window.begin_s, window.end_s)
    if program is not None and program not in running:
        told = Message("no program {program!r} runs in period {period!r}", program=program, period=period)
        raise ConfigError([Problem(f"{path}.program", told, near(program, running))])
    if program is None and len(running) > 1:
        told = Message(
            "{n_running} programs run in period {period!r}: {running}",
            n_running=len(running),
            period=period,
            running=running,
        )
        raise ConfigError([Problem(f"{path}.program", told, Message("say which one is meant"))])
    name = program or running[0]
    if name not in control.programs:
        told = Message(
            "the signal is switched off in period {period!r}: there is nothing to retime", period=period
        )
        raise ConfigError([Problem(f"{path}.junction", told)])
    found = control.programs[name]
    if found.kind != "static":
        told = Message(
            "program {id!r} is {kind}: only fixed-time programs can be retimed", id=found.id, kind=found.kind
        )
        raise ConfigError([Problem(f"{path}.junction", told)])
    return found


def set_timing(period: str, old: SignalProgram, new: SignalProgram) -> SetTiming:
    """Return the edit that makes one program of the other; they show the same, for other times."""
    return SetTiming(
        period=period,
        signal=old.signal,
        program=old.id,
        expected_durations_s=tuple(interval.duration_s for interval in old.intervals),
        expected_offset_s=old.offset_s,
        durations_s=tuple(interval.duration_s for interval in new.intervals),
        offset_s=new.offset_s,
    )


def shipped_rules() -> DesignRules:
    """Return the rules that a plan computed by a policy keeps: those of huandu, wherever the site lies."""
    return design_rules(SOURCE.parent)


def design_discharge(site: Site, rules: DesignRules) -> Discharge:
    """How a lane discharges: as the default vehicle set is calibrated; imported sites: the rules' values."""
    if site.facts.imported is not None:
        return Discharge(rules.saturation_pcuph.value, rules.startup_lost_s.value, rules.yellow_used_s.value)
    found = vehicle_set(SOURCE.parent, None).calibrated
    return Discharge(found.saturation_vph, found.startup_lost_s, found.end_gain_s)


def design_flows(site: Site, period: str) -> Mapping[str, float]:
    """Return the demand of every movement in a period, pcu/h."""
    # The package of demand knows studies, and studies the policies that this is part of.
    from sim.demand.flows import movement_flows  # noqa: PLC0415

    return movement_flows(site, period, vehicle_set(SOURCE.parent, None))


def design_problem(
    site: Site, program: SignalProgram, flows_pcuph: Mapping[str, float], rules: DesignRules
) -> TimingProblem:
    """Set up the timing of one program of a site."""
    return timing_problem(program, site.network, flows_pcuph, design_discharge(site, rules), rules)
