"""Where a benefit vanishes: the primary measure under other demands and with other vehicles. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise

import pandas as pd

from sim.tables import typed

LEVELS = (0.8, 0.9, 1.0, 1.1, 1.2)
"""Factors on the demand."""
DAYS = (0.9, 1.0, 1.1)
"""What stands for a quiet, a usual and a busy day as long as nobody has counted several days."""

ROBUSTNESS: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "axis": "string",  # demand, vehicles; beside roads routes, induced
    "level": "string",  # 0.8 ... 1.2; name of the vehicle set; equilibrium, detour; 1 ... 1.1
    "factor": "float64",  # on the demand, of `induced` on that of the policy alone
    "direction": "string",
    "before": "float64",
    "after": "float64",
    "difference": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "mcid": "float64",
    "n_pairs": "int64",
    "gate": "string",
    "verdict": "string",
}
"""One row per policy, period and world: the study's own world has demand 1 and its own vehicle set."""

BREAK_EVEN: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "below": "float64",  # factor on the demand below which the benefit vanishes; NaN: not within the strip
    "above": "float64",
    "improved_from": "float64",  # levels around 1 at which a benefit is shown; NaN where not even at 1
    "improved_to": "float64",
    "worst_by_day": "string",  # verdict over DAYS
    "worst_factor": "float64",  # where that is
    "worst_vehicles": "string",  # verdict over the vehicle sets
}
"""One row per policy and period."""

IMPROVED = ("improved", "improved_uncertain")
_WORST_FIRST = (
    "worse",
    "worse_uncertain",
    "not_comparable",
    "inconclusive",
    "equivalent",
    "improved_uncertain",
    "improved",
)
"""A benefit that is negligible on one day is no benefit on the worst day: not as with periods, of which one
improved beside negligible ones is an improvement (`policy_verdict`)."""


def worst(verdicts: Iterable[str]) -> str:
    """Return the worst of the verdicts of several days or worlds; '' without any."""
    found = set(verdicts)
    return next((token for token in _WORST_FIRST if token in found), "")


def break_even(strip: pd.DataFrame) -> pd.DataFrame:
    """Say per policy and period where the benefit vanishes. `strip`: columns `ROBUSTNESS`.

    The difference is joined by straight lines between the levels; the benefit vanishes where that line first
    meets zero on the way from a factor of 1, either way. Levels without a value end the way. Columns
    `BREAK_EVEN`, sorted.
    """
    rows = []
    for (arm, period), own in strip.groupby(["arm", "period"], sort=True):
        demand = own[own["axis"] == "demand"].sort_values("factor").set_index("factor")
        sign = -1.0 if (own["direction"] == "higher").any() else 1.0
        factors = [float(f) for f in demand.index.to_numpy(dtype=float)]
        change = dict(zip(factors, sign * demand["difference"].to_numpy(dtype=float), strict=True))
        shown = dict(zip(factors, demand["verdict"].isin(IMPROVED), strict=True))
        days = demand[demand.index.isin(DAYS)]["verdict"]
        token = worst(days)
        levels = sorted(change)
        improved = _run_of(shown, levels)
        rows.append(
            {
                "arm": arm,
                "period": period,
                "below": _vanishes(change, [f for f in reversed(levels) if f <= 1]),
                "above": _vanishes(change, [f for f in levels if f >= 1]),
                "improved_from": improved[0],
                "improved_to": improved[1],
                "worst_by_day": token,
                "worst_factor": _nearest(days.index[(days == token).to_numpy()].tolist()),
                "worst_vehicles": worst(own[(own["axis"] == "vehicles") | (own["factor"] == 1)]["verdict"]),
            }
        )
    return typed(pd.DataFrame(rows, columns=list(BREAK_EVEN)), BREAK_EVEN)


def _nearest(factors: list[float]) -> float:
    """Return the factor that is nearest to the study's own demand, the smaller of two; NaN without any."""
    return min(factors, key=lambda factor: abs(factor - 1), default=math.nan)


def _vanishes(change: Mapping[float, float], way: list[float]) -> float:
    """Return where the change, negative for a benefit, first reaches zero on the way; NaN if it does not."""
    if not way or not change[way[0]] < 0:
        return math.nan
    for near, far in pairwise(way):
        here, there = change[near], change[far]
        if math.isnan(there):
            return math.nan
        if there >= 0:
            return near + (far - near) * here / (here - there)
    return math.nan


def _run_of(shown: Mapping[float, bool], levels: list[float]) -> tuple[float, float]:
    """Return the ends of the levels around 1 at all of which a benefit is shown."""
    if not shown.get(1.0):
        return math.nan, math.nan
    low = high = 1.0
    for level in reversed([f for f in levels if f < 1]):
        if not shown[level]:
            break
        low = level
    for level in [f for f in levels if f > 1]:
        if not shown[level]:
            break
        high = level
    return low, high
