"""What a plan is worth on fresh replicates, against the present plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.comparison import inference
from sim.measures import SPECS
from sim.runs.trials import Outcome
from sim.signals.search import Plans
from sim.study import Study


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
        """Whether it is significantly better, by much or by little."""
        return self.verdict in ("improved", "improved_uncertain") or self.small

    @property
    def small(self) -> bool:
        """Whether it is significantly better, yet by less than the smallest change that matters."""
        return self.verdict == "equivalent" and self.estimate.ci_high < 0


def judge(
    study: Study,
    name: str,
    plans: Plans,
    before: Sequence[Outcome],
    after: Sequence[Outcome],
    confidence: float,
    refusal: str,
) -> Judged:
    """Compare a plan's runs with the present plan's, pair by pair; `refusal`: why it may not be a policy."""
    x = np.array([outcome.value for outcome in before])
    y = np.array([outcome.value for outcome in after])
    failed = [o.failure for o in (*before, *after) if o.failure is not None]
    if refusal or failed:
        nothing = inference.paired_t([], confidence)
        told = "refused" if refusal else "failed"
        return Judged(
            name, plans, float(x.mean()), nothing, math.nan, told, math.nan, 0, refusal or str(failed[0])
        )
    absolute, relative = study.mcid
    spec = SPECS["fair_travel_time"]
    if study.primary == spec.id:
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
    # Where trains pass each other head-on, that is what is counted: the model's own way.
    trains_pass = study.site.facts.trains_pass_after_s is not None
    valid = not any(outcome.teleports for outcome in (*before, *after)) or trains_pass
    verdict = inference.verdict(estimate, mcid, "lower", len(x), lower_bound=sides, valid=valid)
    sd = inference.standard_deviation(y - x)
    return Judged(name, plans, float(x.mean()), estimate, mcid, verdict, sd, len(x))
