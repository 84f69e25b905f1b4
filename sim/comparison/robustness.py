"""Where a benefit vanishes: the primary measure under other demands, capacities and vehicles. Pure."""

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
COUNTED_DAYS = 3
"""From so many counted days on, that of the study among them, they stand for days instead."""
SATURATIONS = (0.9, 1.1)
"""Factors on the saturation flow of the vehicle set."""

ROBUSTNESS: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "axis": "string",  # demand, day, saturation, vehicles; beside roads routes, induced
    "level": "string",  # 0.8 ... 1.2; name of the day, of the vehicle set; equilibrium, detour; 1 ... 1.1
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
    "worst_by_day": "string",  # verdict over the counted days, that of the study too; else over DAYS
    "worst_factor": "float64",  # where that is, on the demand; 1 on the day of the study, NaN on another
    "worst_day": "string",  # the counted day on which it is; empty where it is that of the study, or by DAYS
    "days": "int64",  # counted ones, that of the study too; 0: too few, by DAYS
    "worst_saturation": "string",  # verdict over the saturation flows
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
        here = (own["axis"] == "demand") & (own["factor"] == 1)
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
                **_by_day(demand["verdict"], own[own["axis"] == "day"].set_index("level")["verdict"]),
                **{
                    f"worst_{axis}": worst(own[(own["axis"] == axis) | here]["verdict"])
                    for axis in ("saturation", "vehicles")
                },
            }
        )
    return typed(pd.DataFrame(rows, columns=list(BREAK_EVEN)), BREAK_EVEN)


def _by_day(demand: pd.Series[str], counted: pd.Series[str]) -> dict[str, object]:
    """Return the worst verdict over days: `counted` ones by name where there are enough, else DAYS."""
    enough = len(counted) + 1 >= COUNTED_DAYS
    factors = demand[demand.index.isin((1.0,) if enough else DAYS)]
    token = worst([*factors, *(counted if enough else ())])
    factor = _nearest(factors.index[(factors == token).to_numpy()].tolist())
    elsewhere = counted.index[(counted == token).to_numpy()].tolist() if math.isnan(factor) else []
    return {
        "worst_by_day": token,
        "worst_factor": factor,
        "worst_day": str(elsewhere[0]) if elsewhere else "",
        "days": len(counted) + 1 if enough else 0,
    }


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
