"""A timing as the interventions of a policy. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.signals.search import Plans
from sim.study import Study
from sim.suggestion.targets import Target


def interventions(study: Study, period: str, targets: Sequence[Target], plans: Plans) -> dict[str, Any]:
    """Return the interventions of a policy that times signals so: for each that changes, order and timing."""
    found: dict[str, Any] = {}
    for number, (target, plan) in enumerate(zip(targets, plans, strict=True), 1):
        if plan == target.present:
            continue
        where: dict[str, Any] = {"junction": target.junction}
        if len(study.site.periods) > 1:
            where["period"] = period
        problem, order = target.problem_of(plan), f"order_{number}"
        today = {
            "cycle_s": problem.fixed_s + sum(problem.present_s),
            "greens_s": problem.named(problem.present_s),
            "offset_s": target.program.offset_s,
        }
        item = {"kind": "retime_signal", **where, "expect": today}
        if plan.order:
            cycle_s = {"cycle_s": target.program.cycle_s}
            found[order] = {"kind": "reorder_stages", **where, "expect": cycle_s, "order": [*plan.order]}
            item["after"] = [order]
            if (plan.greens_s, plan.offset_s) == (problem.present_s, target.program.offset_s):
                continue  # nothing else is new
        item["greens_s"] = problem.named(plan.greens_s)
        item["offset_s"] = plan.offset_s
        found[f"signal_{number}"] = item
    return found
