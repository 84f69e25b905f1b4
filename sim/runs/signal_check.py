"""The signal check of a study: every plan that runs in an arm, and the policies that it refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sim.errors import Problems
from sim.labels import Lang, Message, label, text
from sim.signals.findings import LintFinding, dangers_added
from sim.signals.lint import lint_controls
from sim.signals.lint_words import listing, words
from sim.signals.rules import timing_rules
from sim.site.crossings import surveyed_crossings_m
from sim.study import Study
from sim.sumo.build import ArmBuild
from sim.sumo.signals import PREFIX

Findings = Mapping[tuple[str, str], tuple[LintFinding, ...]]
"""(arm, period) -> what was found in the plans that run there."""


def check_signals(study: Study, builds: Mapping[tuple[str, str], ArmBuild]) -> Findings:
    """Check every plan of every arm and period that was built."""
    rules, crossings_m = timing_rules(study.root), surveyed_crossings_m(study.site.facts)
    found = {}
    for arm in study.arms:
        for period in study.periods:
            built = builds.get((arm.id, period))
            if built is None:
                continue
            times = study.site.periods[period]
            window_s = (float(times.begin_s), float(times.end_s))
            items = lint_controls(built.controls, built.network, rules, window_s, period, crossings_m)
            found[arm.id, period] = tuple(
                replace(item, program=item.program.replace(PREFIX, "")) for item in items
            )
    return found


def refuse_dangers(study: Study, findings: Findings, problems: Problems) -> None:
    """Note every policy whose plan endangers pedestrians where today's does not, or by more than today's."""
    baseline, *others = study.arms
    for (arm, period), items in findings.items():
        if arm not in {other.id for other in others}:
            continue
        for item in dangers_added(findings[baseline.id, period], items):
            place = f"policy {arm}, period {period}"
            problems.add(place, Message("{refused}", refused=text("lint.refused", words=words(item))))


def signal_text(study: Study, findings: Findings, arm: str, langs: Iterable[Lang]) -> list[str]:
    """Say what was found in an arm's plans; for a policy only what the present plan does not have."""
    rules, langs = timing_rules(study.root), tuple(langs)
    baseline = study.arms[0].id
    head = "lint.head.present" if arm == baseline else "lint.head.policy"
    lines = []
    for period in study.periods:
        if (arm, period) not in findings:
            continue
        known = () if arm == baseline else findings[baseline, period]
        lines += [f"  {period}: {label(head, lang, arm=arm)}" for lang in langs]
        lines += listing(findings[arm, period], rules, langs, known)
    return lines
