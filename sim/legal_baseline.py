"""The second baseline (现状配时合规化): today's signals with minimum greens and pedestrian times made up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sim.edits.edited_site import footprint
from sim.edits.programs import SetProgram, keyed
from sim.labels import Text, text
from sim.policy import AppliedPolicy, Policy
from sim.signals.legal import legalised
from sim.signals.program import SignalControl
from sim.signals.reading import of_signal
from sim.signals.rules import TimingRules
from sim.site.crossings import surveyed_crossings_m
from sim.site.model import Site
from sim.study import Arm

PRESENT_LEGAL = "present_legal"
"""Id of the arm; no policy may have it."""
OF_SIGNALS = frozenset({"signal_timing", "signal_link"})


def legal_baseline(
    site: Site, policies: Iterable[Arm], periods: Sequence[str], rules: TimingRules
) -> Arm | None:
    """Return the arm, or None where today's plans break no minimum or no policy touches a signal.

    It is an arm like any other: built, proved, simulated, compared with today.
    """
    if not any(kind in OF_SIGNALS for arm in policies for kind, _ in arm.applied.footprint):
        return None
    crossings_m = surveyed_crossings_m(site.facts)
    edits: list[SetProgram] = []
    log: list[Text] = []
    for period in periods:
        times = site.periods[period]
        for signal, control in sorted(site.signals[period].items()):
            if not of_signal(site.network, signal):
                continue  # a railway's
            running = control.running(float(times.begin_s), float(times.end_s))
            made = _made_legal(control, running, site, rules, crossings_m)
            if made is None:
                continue
            network = site.network
            edits.append(SetProgram(period, signal, keyed(control, network), keyed(made, network)))
            log += [
                text(
                    "legal.change",
                    signal=signal,
                    period=period,
                    old=f"{control.programs[id].cycle_s:g}",
                    new=f"{made.programs[id].cycle_s:g}",
                )
                for id in running
                if id in made.programs and made.programs[id] != control.programs[id]
            ]
    if not edits:
        return None
    policy = Policy(PRESENT_LEGAL, text("legal.title"), True, {}, text("legal.reason"), site.name)
    return Arm(PRESENT_LEGAL, AppliedPolicy(policy, tuple(edits), footprint(site, edits), tuple(log)))


def _made_legal(
    control: SignalControl,
    running: Iterable[str],
    site: Site,
    rules: TimingRules,
    crossings_m: Mapping[str, float],
) -> SignalControl | None:
    """Make the running programs legal; None where they are so already, or as far as they can be."""
    programs = {
        id: legalised(control.programs[id], site.network, rules, crossings_m)
        for id in running
        if id in control.programs
    }
    if all(program == control.programs[id] for id, program in programs.items()):
        return None
    return replace(control, programs={**control.programs, **programs})
