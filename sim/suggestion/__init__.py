"""`huandu signals suggest`: compute plans, search; none leaves that fresh replicates do not confirm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from sim.demand.flows import movement_flows
from sim.demand.imported import demand_files
from sim.errors import ConfigError, Problem
from sim.labels import LANGS, Message, label, text
from sim.policy import AppliedPolicy, apply, parse_policy
from sim.runs.preflight import preflight
from sim.runs.store import Store
from sim.runs.trials import Outcome, Trials
from sim.signals.design_rules import design_rules
from sim.signals.search import Budget, Plans, Search, Space, SpaceSignal, search
from sim.study import Arm, Study
from sim.suggestion.computed import PRESENT, Computing
from sim.suggestion.judgement import Judged, judge
from sim.suggestion.targets import Request, discharge_of, period_of, targets_of
from sim.suggestion.words import candidate_table, interval_words, search_table, summary
from sim.suggestion.written import interventions

__all__ = ["Request", "Suggesting", "suggest"]

FRESH_AFTER = 1000
"""Numbers of fresh replicates begin so far beyond the study's first: no search has seen them."""


def suggest(study: Study, config: Mapping[str, Any], request: Request) -> int:
    """Compute, search, confirm on fresh replicates, write `results/<study>/suggested/`, say what came out.

    Returns 0, or 1 where runs of the confirmation failed. ConfigError with every problem of what was asked.
    """
    period = period_of(study, request)
    if study.site.facts.imported is not None:
        demand_files(study.site)
    rules = design_rules(study.root, request.rules)
    folder = _folder(study, config)
    flows = {
        name: flow * study.settings.demand_scale
        for name, flow in movement_flows(study.site, period, study.vehicles).items()
    }
    targets, left_out, line = targets_of(study, period, request, flows, rules)
    store = Store(study.root / "results" / ".store")
    trials = Trials(study, store, period)
    try:
        times = study.site.periods[period]
        hours = (times.end_s - times.begin_s) / 3600
        computing = Computing(targets, line, flows, discharge_of(study, rules), rules, hours)
        suggesting = Suggesting(study, period, request, computing, trials)
        found = suggesting.searched()
        judged = suggesting.judged(found)
    except BaseException:
        trials.stop()
        raise
    trials.close()
    folder.mkdir(parents=True, exist_ok=True)
    best = min((j for j in judged if j.better), key=lambda j: j.estimate.difference, default=None)
    candidate_table(judged).to_csv(folder / "candidates.csv", index=False, float_format="%.6g")
    search_table(found, targets).to_csv(folder / "search.csv", index=False, float_format="%.6g")
    for lang in LANGS:
        for words in summary(judged, best, found, trials, request, left_out):
            print(words.of(lang))
    for old in folder.glob("*.yaml"):
        old.unlink()
    if best is not None:
        name = f"suggested_{request.junction or period}"
        name = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
        path = folder / f"{name}.yaml"
        written = yaml.safe_dump(
            {name: suggesting.policy(best, judged)}, allow_unicode=True, sort_keys=False, width=110
        )
        path.write_text(written, encoding="utf-8")
        print(written)
        print(path)
    return 1 if any(j.verdict == "failed" for j in judged) else 0


class Suggesting:
    """A search for better plans and its confirmation, simulated by `trials`."""

    def __init__(
        self, study: Study, period: str, request: Request, computing: Computing, trials: Trials
    ) -> None:
        self.study, self.period, self.request = study, period, request
        self.computing, self.targets, self.trials = computing, computing.targets, trials
        self.present = computing.present
        self._known: dict[Plans, AppliedPolicy] = {self.present: study.arms[0].applied}
        self.starts: list[tuple[str, Plans]] = []

    def searched(self) -> Search:
        """Compute the starting plans and search from the best of them."""
        self.starts = [(PRESENT, self.present), *self.computing.plans()]
        others = sum(j.signal is not None for j in self.study.site.network.junctions.values()) > 1
        signals = tuple(SpaceSignal(t.junction, t.problem, others, t.orders) for t in self.targets)
        space = Space(
            signals,
            self.computing.rules.shortest_cycle_s.value,
            self.computing.rules.longest_cycle_s.value,
            common_cycle=self.computing.line is not None,
        )
        first = self.study.settings.first_replicate

        def evaluate(wanted: Sequence[tuple[Plans, int]]) -> list[float]:
            pairs = [(self.applied(plans), first + r) for plans, r in wanted]
            return [outcome.value for outcome in self.trials.outcomes(pairs)]

        budget = Budget(self.request.candidates, self.request.search_replicates, self.request.hours)
        return search(space, self.starts, evaluate, budget, self.computing.hours)

    def judged(self, found: Search) -> list[Judged]:
        """Hold every computed plan and the search's best against the present one on fresh replicates."""
        names: dict[Plans, str] = {}
        for name, plans in (*self.starts[1:], ("search", found.best)):
            if plans != self.present:
                names.setdefault(plans, name)
        refused = {plans: self.refusal(plans) for plans in names}
        first = self.study.settings.first_replicate + FRESH_AFTER
        fresh = range(first, first + self.request.fresh)
        runs = [plans for plans in names if not refused[plans]]
        wanted = [(plans, r) for plans in (self.present, *runs) for r in fresh]
        outcomes = self.trials.outcomes([(self.applied(plans), r) for plans, r in wanted])
        of: dict[Plans, list[Outcome]] = {}
        for (plans, _), outcome in zip(wanted, outcomes, strict=True):
            of.setdefault(plans, []).append(outcome)
        confidence = 1 - (1 - self.study.settings.confidence) / max(1, len(runs))
        return [
            judge(
                self.study,
                names[plans],
                plans,
                of[self.present],
                of.get(plans, []),
                confidence,
                refused[plans],
            )
            for plans in names
        ]

    def policy(self, best: Judged, judged: Sequence[Judged]) -> dict[str, Any]:
        """Return the content of a policy file: the suggested timing, with what was found of it."""
        first = self.study.settings.first_replicate + FRESH_AFTER
        reason = text(
            "suggest.reason",
            name_zh=label(f"suggest.name.{best.name}", "zh"),
            name_en=label(f"suggest.name.{best.name}", "en"),
            before=f"{best.before:.1f}",
            **interval_words(best),
            first=first,
            last=first + best.n - 1,
            rules=self.request.rules,
        )
        title = text("suggest.title")
        return {
            "site": self.study.site.name,
            "title": title._asdict(),
            "reason": reason._asdict(),
            "interventions": interventions(self.study, self.period, self.targets, best.plans),
        }

    def applied(self, plans: Plans) -> AppliedPolicy:
        """Return the policy that puts plans in place of today's."""
        if plans not in self._known:
            frame = {
                "site": self.study.site.name,
                "title": text("suggest.title")._asdict(),
                "interventions": interventions(self.study, self.period, self.targets, plans),
            }
            policy = parse_policy("suggested", frame, "suggested")
            self._known[plans] = apply(policy, self.study.site, "suggested")
        return self._known[plans]

    def refusal(self, plans: Plans) -> str:
        """Return why a plan may not be a policy (signal check, proof of locality); empty if it may."""
        arms = (self.study.arms[0], Arm("suggested", self.applied(plans)))
        study = replace(self.study, arms=arms, periods=(self.period,))
        try:
            preflight(study, self.trials.store.root)
        except ConfigError as error:
            return Message("{told:;}", told=[problem.message for problem in error.problems])
        return ""


def _folder(study: Study, config: Mapping[str, Any]) -> Path:
    """Return where suggestions go; ConfigError where there are some and nothing says they may be replaced."""
    folder = study.root / "results" / study.name / "suggested"
    if folder.exists() and not config.get("overwrite") and not config.get("resume"):
        hint = Message("resume=true, overwrite=true or study=OTHER")
        raise ConfigError([Problem(str(folder), Message("there are suggestions of that name"), hint)])
    return folder
