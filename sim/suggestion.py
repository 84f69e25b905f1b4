"""`huandu signals suggest`: compute plans, search; none leaves that fresh replicates do not confirm."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from pydantic import Field

from sim.comparison import inference
from sim.demand.flows import movement_flows
from sim.demand.imported import demand_files
from sim.errors import ConfigError, Problem, Problems, near
from sim.labels import LANGS, label, text
from sim.loading import Facts
from sim.measures import SPECS
from sim.measures.greens import Discharge
from sim.policy import AppliedPolicy, apply, parse_policy
from sim.runs.preflight import preflight
from sim.runs.store import Store
from sim.runs.trials import Outcome, Trials
from sim.signals.band import green_bands
from sim.signals.corridor import Corridor, band_inputs, corridor
from sim.signals.design_rules import CHINESE, DesignRules, design_rules
from sim.signals.fixed_time import fixed_time_program, signalised
from sim.signals.program import SignalProgram
from sim.signals.search import Budget, Plans, Search, SignalTiming, Space, SpaceSignal, search
from sim.signals.splits import oversaturated
from sim.signals.streams import TimingProblem, timing_problem
from sim.signals.webster import ComputedTiming, timing_of_cycle, webster
from sim.study import Arm, Study

FRESH_AFTER = 1000
"""Numbers of fresh replicates begin so far beyond the study's first: no search has seen them."""
PRESENT = "present"


class Request(Facts):
    """What is asked for; every field is a word of the command line."""

    junction: str | None = None
    corridor: tuple[str, ...] = ()
    period: str | None = None
    rules: str = CHINESE
    candidates: int = Field(60, ge=1, le=5000)
    search_replicates: int = Field(5, ge=1, le=40)
    fresh: int = Field(10, ge=inference.MINIMUM_PAIRS, le=200)
    hours: float = Field(math.inf, gt=0)
    """Simulated hours that the search may take; a run counts as its window."""


@dataclass(frozen=True)
class Target:
    """One signal that is to be timed anew."""

    junction: str
    program: SignalProgram
    problem: TimingProblem


@dataclass(frozen=True)
class Judged:
    """One candidate on the fresh replicates, against the present plan."""

    name: str
    plans: Plans
    before: float
    estimate: inference.Estimate
    mcid: float
    verdict: str
    """A token of `inference.VERDICTS`, or refused (by the checks of a policy), or failed (its runs)."""
    sd: float
    n: int
    why: str = ""

    @property
    def better(self) -> bool:
        """Whether it is significantly better."""
        return self.verdict in ("improved", "improved_uncertain")


def suggest(study: Study, config: Mapping[str, Any], request: Request) -> int:
    """Compute, search, confirm on fresh replicates, write `results/<study>/suggested/`, say what came out.

    Returns 0, or 1 where runs of the confirmation failed. ConfigError with every problem of what was asked.
    """
    period = _period(study, request)
    if study.site.facts.imported is not None:
        demand_files(study.site)
    rules = design_rules(study.root, request.rules)
    folder = _folder(study, config)
    flows = {
        name: flow * study.settings.demand_scale
        for name, flow in movement_flows(study.site, period, study.vehicles).items()
    }
    targets, left_out, line = _targets(study, period, request, flows, rules)
    store = Store(study.root / "results" / ".store")
    trials = Trials(study, store, period)
    try:
        suggesting = _Suggesting(study, period, request, rules, flows, targets, line, trials)
        found = suggesting.searched()
        judged = suggesting.judged(found)
    except BaseException:
        trials.stop()
        raise
    trials.close()
    folder.mkdir(parents=True, exist_ok=True)
    best = min((j for j in judged if j.better), key=lambda j: j.estimate.difference, default=None)
    _table(judged).to_csv(folder / "candidates.csv", index=False, float_format="%.6g")
    _search_table(found, targets).to_csv(folder / "search.csv", index=False, float_format="%.6g")
    for lang in LANGS:
        for words in _words(judged, best, found, trials, request, left_out):
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


class _Suggesting:
    def __init__(
        self,
        study: Study,
        period: str,
        request: Request,
        rules: DesignRules,
        flows: Mapping[str, float],
        targets: Sequence[Target],
        line: Corridor | None,
        trials: Trials,
    ) -> None:
        self.study, self.period, self.request, self.rules = study, period, request, rules
        self.flows, self.targets, self.line, self.trials = flows, targets, line, trials
        self.present: Plans = tuple(SignalTiming(t.problem.present_s, t.program.offset_s) for t in targets)
        times = study.site.periods[period]
        self.hours = (times.end_s - times.begin_s) / 3600
        self.applied: dict[Plans, AppliedPolicy] = {self.present: study.arms[0].applied}
        self.starts: list[tuple[str, Plans]] = []

    def searched(self) -> Search:
        """Compute the starting plans and search from the best of them."""
        self.starts = [(PRESENT, self.present), *self._computed()]
        others = sum(j.signal is not None for j in self.study.site.network.junctions.values()) > 1
        signals = tuple(SpaceSignal(t.junction, t.problem, offset=others) for t in self.targets)
        space = Space(
            signals,
            self.rules.cycle_least_s.value,
            self.rules.cycle_greatest_s.value,
            common_cycle=self.line is not None,
        )
        first = self.study.settings.first_replicate

        def evaluate(wanted: Sequence[tuple[Plans, int]]) -> list[float]:
            pairs = [(self._applied(plans), first + r) for plans, r in wanted]
            return [outcome.value for outcome in self.trials.outcomes(pairs)]

        budget = Budget(self.request.candidates, self.request.search_replicates, self.request.hours)
        return search(space, self.starts, evaluate, budget, self.hours)

    def judged(self, found: Search) -> list[Judged]:
        """Hold every computed plan and the search's best against the present one on fresh replicates."""
        names: dict[Plans, str] = {}
        for name, plans in (*self.starts[1:], ("search", found.best)):
            if plans != self.present:
                names.setdefault(plans, name)
        refused = {plans: self._refusal(plans) for plans in names}
        first = self.study.settings.first_replicate + FRESH_AFTER
        fresh = range(first, first + self.request.fresh)
        runs = [plans for plans in names if not refused[plans]]
        wanted = [(plans, r) for plans in (self.present, *runs) for r in fresh]
        outcomes = self.trials.outcomes([(self._applied(plans), r) for plans, r in wanted])
        of: dict[Plans, list[Outcome]] = {}
        for (plans, _), outcome in zip(wanted, outcomes, strict=True):
            of.setdefault(plans, []).append(outcome)
        confidence = 1 - (1 - self.study.settings.confidence) / max(1, len(runs))
        return [
            self._judge(names[plans], plans, of[self.present], of.get(plans, []), confidence, refused[plans])
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
            **_interval(best),
            first=first,
            last=first + best.n - 1,
            rules=self.request.rules,
        )
        title = text("suggest.title")
        return {
            "site": self.study.site.name,
            "title": title._asdict(),
            "reason": reason._asdict(),
            "interventions": self._interventions(best.plans),
        }

    def _computed(self) -> list[tuple[str, Plans]]:
        """Return the plans that follow from demand alone, by name."""
        low, high = self.rules.cycle_least_s.value, self.rules.cycle_greatest_s.value
        saturation = self.rules.practical_saturation.value
        found: list[tuple[str, Plans]] = []

        def add(name: str, compute: Callable[[TimingProblem], ComputedTiming]) -> None:
            timings = []
            for target, now in zip(self.targets, self.present, strict=True):
                try:
                    timing = compute(target.problem) if target.problem.streams else None
                except ValueError:  # the cycle cannot hold this signal's minimum greens: it stays
                    timing = None
                if timing is None:
                    timings.append(now)
                else:
                    timings.append(SignalTiming(timing.greens_s, now.offset_s % timing.cycle_s))
            if self.line is None or len(self._cycles(timings)) == 1:
                found.append((name, tuple(timings)))

        add("webster", lambda problem: webster(problem, low, high, saturation))
        add("splits", lambda problem: timing_of_cycle(problem, problem.fixed_s + sum(problem.present_s)))
        add("storage", lambda problem: oversaturated(problem, low, high, self.hours))
        busy = [t.problem for t in self.targets if t.problem.streams]
        if len(self.targets) > 1 and busy:
            common_s = max(webster(problem, low, high, saturation).cycle_s for problem in busy)
            add("webster_common", lambda problem: timing_of_cycle(problem, common_s))
        if self.line is not None:
            for name, plans in [*found, (PRESENT, self.present)]:
                if len(self._cycles(plans)) == 1:
                    found.append((f"band_{name}", self._banded(plans)))
        return found

    def _cycles(self, plans: Sequence[SignalTiming]) -> set[float]:
        return {
            round(t.problem.fixed_s + sum(p.greens_s), 3) for t, p in zip(self.targets, plans, strict=True)
        }

    def _banded(self, plans: Sequence[SignalTiming]) -> Plans:
        """Give plans of one cycle the offsets with the widest bands; the first signal keeps its own."""
        assert self.line is not None
        (cycle_s,) = self._cycles(plans)
        timed = [
            t.program.retimed(t.problem.named(p.greens_s)) for t, p in zip(self.targets, plans, strict=True)
        ]
        inputs = band_inputs(self.line, timed, self.flows, _discharge(self.study, self.rules))
        offsets_s = green_bands(*inputs, cycle_s).offsets_s
        first_s = plans[0].offset_s
        return tuple(
            replace(plan, offset_s=round(first_s + offset_s) % cycle_s)
            for plan, offset_s in zip(plans, offsets_s, strict=True)
        )

    def _interventions(self, plans: Plans) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for number, (target, now, plan) in enumerate(zip(self.targets, self.present, plans, strict=True), 1):
            if plan == now:
                continue
            item: dict[str, Any] = {"kind": "retime_signal", "junction": target.junction}
            if len(self.study.site.periods) > 1:
                item["period"] = self.period
            item["expect"] = {
                "cycle_s": target.program.cycle_s,
                "greens_s": target.problem.named(target.problem.present_s),
                "offset_s": target.program.offset_s,
            }
            item["greens_s"] = target.problem.named(plan.greens_s)
            item["offset_s"] = plan.offset_s
            found[f"signal_{number}"] = item
        return found

    def _applied(self, plans: Plans) -> AppliedPolicy:
        if plans not in self.applied:
            frame = {
                "site": self.study.site.name,
                "title": text("suggest.title")._asdict(),
                "interventions": self._interventions(plans),
            }
            policy = parse_policy("suggested", frame, "suggested")
            self.applied[plans] = apply(policy, self.study.site, "suggested")
        return self.applied[plans]

    def _refusal(self, plans: Plans) -> str:
        """Return why a plan may not be a policy (signal check, proof of locality); empty if it may."""
        arms = (self.study.arms[0], Arm("suggested", self._applied(plans)))
        study = replace(self.study, arms=arms, periods=(self.period,))
        try:
            preflight(study, self.trials.store.root)
        except ConfigError as error:
            return "; ".join(problem.message for problem in error.problems)
        return ""

    def _judge(
        self,
        name: str,
        plans: Plans,
        before: Sequence[Outcome],
        after: Sequence[Outcome],
        confidence: float,
        refusal: str,
    ) -> Judged:
        x = np.array([outcome.value for outcome in before])
        y = np.array([outcome.value for outcome in after])
        failed = [o.failure for o in (*before, *after) if o.failure is not None]
        if refusal or failed:
            nothing = inference.paired_t([], confidence)
            told = "refused" if refusal else "failed"
            return Judged(
                name, plans, float(x.mean()), nothing, math.nan, told, math.nan, 0, refusal or str(failed[0])
            )
        absolute, relative = self.study.mcid
        spec = SPECS["fair_travel_time"]
        if self.study.primary == spec.id:
            spec = replace(
                spec,
                mcid_abs=spec.mcid_abs if absolute is None else absolute,
                mcid_rel=spec.mcid_rel if relative is None else relative,
            )
        mcid = spec.mcid(float(x.mean()))
        estimate = inference.paired_t(y - x, confidence)
        sides: list[inference.Side] = []
        if any(outcome.uncleared for outcome in before):
            sides.append("before")
        if any(outcome.uncleared for outcome in after):
            sides.append("after")
        valid = not any(outcome.teleports for outcome in (*before, *after)) or self._trains_pass()
        verdict = inference.verdict(estimate, mcid, "lower", len(x), lower_bound=sides, valid=valid)
        sd = inference.standard_deviation(y - x)
        return Judged(name, plans, float(x.mean()), estimate, mcid, verdict, sd, len(x))

    def _trains_pass(self) -> bool:
        """Whether every teleport counted is a train passing another: the model's own way."""
        return self.study.site.facts.trains_pass_after_s is not None


def _period(study: Study, request: Request) -> str:
    if request.period is None:
        return study.periods[0]
    if request.period not in study.site.periods:
        hint = near(request.period, study.site.periods)
        raise ConfigError([Problem("period", f"the site has no period {request.period!r}", hint)])
    return request.period


def _folder(study: Study, config: Mapping[str, Any]) -> Path:
    """Return where suggestions go; ConfigError where there are some and nothing says they may be replaced."""
    folder = study.root / "results" / study.name / "suggested"
    if folder.exists() and not config.get("overwrite") and not config.get("resume"):
        hint = "resume=true, overwrite=true or study=OTHER"
        raise ConfigError([Problem(str(folder), "there are suggestions of that name", hint)])
    return folder


def _discharge(study: Study, rules: DesignRules) -> Discharge:
    """How a lane discharges: the vehicle set's calibration, or the rules' value for an import's own types."""
    if study.site.facts.imported is not None and study.settings.vehicles is None:
        return Discharge(rules.saturation_pcuph.value, rules.startup_lost_s.value, rules.yellow_used_s.value)
    found = study.vehicles.calibrated
    return Discharge(found.saturation_vph, found.startup_lost_s, found.end_gain_s)


def _targets(
    study: Study, period: str, request: Request, flows: Mapping[str, float], rules: DesignRules
) -> tuple[list[Target], list[str], Corridor | None]:
    """Find the signals that are asked for, those left out with the reason, and the corridor."""
    site = study.site
    problems = Problems()
    line: Corridor | None = None
    named = [request.junction] if request.junction else list(request.corridor)
    if request.junction and request.corridor:
        problems.add("corridor", "given beside a junction", "one of the two")
    if request.corridor:
        try:
            line = corridor(site.network, request.corridor, flows, "corridor")
        except ConfigError as error:
            problems.extend(error)
    problems.raise_if_any()
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
                left_out += [f"{name}: {problem.message}" for problem in error.problems]
            continue
        if program.signal in signals:
            continue  # one signal of several junctions
        signals.add(program.signal)
        try:
            problem = timing_problem(program, site.network, flows, _discharge(study, rules), rules)
        except ValueError as error:
            left_out.append(f"{name}: {error}")
            continue
        targets.append(Target(name, program, problem))
    if line is not None and len(targets) < len(line.junctions):
        problems.add("corridor", "one signal runs several of its junctions: they are one already")
    problems.raise_if_any()
    if not targets:
        told = "no fixed-time signal to time anew"
        raise ConfigError([Problem(f"scenario={study.scenario}", told, "; ".join(left_out[:3]))])
    return targets, left_out, line


def _table(judged: Sequence[Judged]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (j.name, j.before, j.before + j.estimate.difference, j.estimate.difference, j.estimate.ci_low,
             j.estimate.ci_high, j.mcid, j.n, j.verdict, j.why)
            for j in judged
        ],
        columns=["candidate", "before", "after", "difference", "ci_low", "ci_high", "mcid", "n_pairs",
                 "verdict", "why"],
    )  # fmt: skip


def _search_table(found: Search, targets: Sequence[Target]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (
                number,
                trial.move,
                trial.replicates,
                trial.difference,
                trial.taken,
                _plan_text(trial.plans, targets),
            )
            for number, trial in enumerate(found.trials, 1)
        ],
        columns=["trial", "move", "replicates", "difference_s", "taken", "plan"],
    )


def _plan_text(plans: Plans, targets: Sequence[Target]) -> str:
    return " | ".join(
        f"{t.junction}: {' '.join(f'{g:g}' for g in p.greens_s)} @ {p.offset_s:g}"
        for t, p in zip(targets, plans, strict=True)
    )


def _interval(judged: Judged) -> dict[str, str]:
    estimate = judged.estimate
    return {
        "difference": f"{estimate.difference:+.1f}",
        "low": f"{estimate.ci_low:+.1f}",
        "high": f"{estimate.ci_high:+.1f}",
    }


def _words(
    judged: Sequence[Judged],
    best: Judged | None,
    found: Search,
    trials: Trials,
    request: Request,
    left_out: Sequence[str],
) -> list[Any]:
    """Say what was tried, what each candidate is worth on fresh replicates, and what to do."""
    lines = [
        text(
            "suggest.searched",
            candidates=found.candidates,
            runs=found.runs,
            saved=found.saved(request.search_replicates),
            simulated=trials.simulated,
            hours=f"{trials.hours:.1f}",
            rules=request.rules,
        )
    ]
    lines += [text("suggest.left_out", why=why) for why in left_out]
    for item in judged:
        names = {
            "name_zh": label(f"suggest.name.{item.name}", "zh"),
            "name_en": label(f"suggest.name.{item.name}", "en"),
        }
        if item.n == 0:
            lines.append(text(f"suggest.{item.verdict}", why=item.why, **names))
            continue
        verdict = text(f"verdict.{item.verdict}")
        lines.append(
            text(
                "suggest.candidate",
                before=f"{item.before:.1f}",
                **_interval(item),
                n=item.n,
                verdict_zh=verdict.zh,
                verdict_en=verdict.en,
                **names,
            )
        )
    if best is not None:
        lines.append(
            text(
                "suggest.take",
                name_zh=label(f"suggest.name.{best.name}", "zh"),
                name_en=label(f"suggest.name.{best.name}", "en"),
            )
        )
        return lines
    lines.append(text("suggest.keep"))
    tried = [item for item in judged if item.n]
    if tried:
        confidence = 1 - (1 - trials.study.settings.confidence) / len(tried)
        missed = min(inference.smallest_detectable(item.sd, item.n, confidence) for item in tried)
        lines.append(text("suggest.missed", missed=f"{missed:.1f}", n=tried[0].n))
    return lines
