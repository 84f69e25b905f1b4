"""Benefit and cost of a policy over its life, from the hours that people save: ranges, never a figure.

Hours saved are the paired difference of `person_time`, its interval and not its mean. Every end of a range is
that of all its parts together, the unfavourable ends here and the favourable there: no confidence interval,
but what cannot be excluded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pandas as pd

from sim.appraisal import AppraisalValues, CostFacts, Range, Value
from sim.labels import LANGS
from sim.tables import typed

MEASURE = "person_time"
WAN = 1e4
Ends = tuple[float, float]

BENEFIT_COST: Mapping[str, str] = {
    "arm": "string",
    "periods": "string",  # of the day that are simulated, separated by commas; no other time is counted
    "status": "string",  # one of STATUSES; figures below are NaN unless it is one of `FIGURES`
    "person_h_low": "float64",  # saved a year; below zero: lost
    "person_h_high": "float64",
    "benefit_wan_yuan_low": "float64",  # a year
    "benefit_wan_yuan_high": "float64",
    "capital_wan_yuan_low": "float64",
    "capital_wan_yuan_high": "float64",
    "maintenance_wan_yuan_low": "float64",  # a year
    "maintenance_wan_yuan_high": "float64",
    "life_years_low": "float64",
    "life_years_high": "float64",
    "npv_wan_yuan_low": "float64",
    "npv_wan_yuan_high": "float64",
    "bcr_low": "float64",
    "bcr_high": "float64",
    "small_share": "float64",  # of the trips' time saved: by trips that change by less than `people.SMALL_S`
    "bcr_large_low": "float64",  # without it; NaN where the share is none between 0 and 1
    "bcr_large_high": "float64",
    "payback_years_low": "float64",  # static; inf: never within its life
    "payback_years_high": "float64",
    "yuan_per_person_h_low": "float64",  # spent for an hour saved; NaN where none is
    "yuan_per_person_h_high": "float64",
    "made_up": "bool",  # the costs are an example
    "source": "string",  # of the costs
}
"""One row per arm whose policy states its cost."""

FIGURES = ("given", "at_least", "at_most")
"""`at_least`: travellers of today had not arrived at the end, so more is saved; `at_most`: of the policy."""
STATUSES = (*FIGURES, "contains_zero", "within_noise", "withheld")

ASSUMPTIONS: Mapping[str, str] = {
    "name": "string",
    "low": "float64",
    "high": "float64",
    "source_zh": "string",
    "source_en": "string",
    "confidence_zh": "string",
    "confidence_en": "string",
    "made_up": "bool",
}
"""What the ranges rest on, one row per value of `sim.appraisal.AppraisalValues`."""


def benefit_cost(
    comparison: pd.DataFrame,
    costs: Mapping[str, CostFacts],
    windows_h: Mapping[str, float],
    values: AppraisalValues,
    primary: str,
    people: pd.DataFrame,
) -> pd.DataFrame:
    """Hold what people save in a year against what the policy costs; columns `BENEFIT_COST`.

    With S the person-hours saved per hour of a period, h its hours a day, d days a year, V the value of time,
    K capital, M maintenance a year, L years of life and r the discount rate::

        B = sum over periods of S h d V      a = (1 - (1 + r)^-L) / r
        NPV = (B - M) a - K     BCR = B a / (K + M a)     payback = K / (B - M)
        cost per hour saved = (K / a + M) / (sum of S h d)
        BCR without small savings = BCR (1 - their share)

    Parameters
    ----------
    comparison
        Columns `compare.COMPARISON`.
    costs
        Arm -> what its policy costs; arms without are left out.
    windows_h
        Period -> length of its window, hours.
    values
        What an hour is worth, how many there are.
    primary
        The study's primary measure: without a comparable row of it nothing is claimed.
    people
        Columns `people.PEOPLE`: which part of the time saved small savings are, every trip alike.

    Notes
    -----
    Method: METHODS 10; K, M and L as stated by the policy; the static payback and discounting as in
    建设项目经济评价方法与参数(第三版). Hours of one period are added to those of the others at the ends of
    their intervals, which is wider than the interval of the sum.
    """
    rows = []
    of_network = comparison[comparison["scope"] == "network"]
    for arm, cost in costs.items():
        own = of_network[of_network["arm"] == arm]
        hours = own[own["measure"] == MEASURE].set_index("period").reindex(list(windows_h))
        main = own[own["measure"] == primary].set_index("period").reindex(list(windows_h))
        per_hour_h = _summed(hours, windows_h)
        status = _status(hours, main, per_hour_h)
        row: dict[str, Any] = {"arm": arm, "periods": ",".join(windows_h), "status": status}
        row |= {"made_up": cost.made_up, "source": cost.source}
        row |= _ends("capital_wan_yuan", _both(cost.capital_wan_yuan))
        row |= _ends("maintenance_wan_yuan", _both(cost.maintenance_wan_yuan_per_year))
        row |= _ends("life_years", _both(cost.life_years))
        if status in FIGURES:
            row |= _figures(per_hour_h, cost, values)
            row |= _without_small(row, _small_share(people[people["arm"] == arm], windows_h))
        rows.append({name: row.get(name, math.nan) for name in BENEFIT_COST})
    return typed(pd.DataFrame(rows, columns=list(BENEFIT_COST)), BENEFIT_COST)


def assumptions(values: AppraisalValues) -> pd.DataFrame:
    """Return the values as a table; columns `ASSUMPTIONS`."""
    rows = []
    for name in AppraisalValues.model_fields:
        value: Value = getattr(values, name)
        row = {"name": name, "low": value.low, "high": value.high, "made_up": value.made_up}
        for lang in LANGS:
            row |= {f"source_{lang}": value.source.of(lang), f"confidence_{lang}": value.confidence.of(lang)}
        rows.append(row)
    return typed(pd.DataFrame(rows, columns=list(ASSUMPTIONS)), ASSUMPTIONS)


def _summed(hours: pd.DataFrame, windows_h: Mapping[str, float]) -> Ends:
    """Return the person-hours saved per hour, all periods together: the ends of their intervals added up."""
    lengths_h = pd.Series(windows_h)
    low = float((-hours["ci_high"] / lengths_h).sum(skipna=False))
    return low, float((-hours["ci_low"] / lengths_h).sum(skipna=False))


def _status(hours: pd.DataFrame, main: pd.DataFrame, saved: Ends) -> str:
    told = hours["verdict"].fillna("not_comparable")
    withheld = (told == "not_comparable") | (main["verdict"].fillna("not_comparable") == "not_comparable")
    # A change that is beyond chance and has no verdict all the same: too few pairs, or censored in both arms.
    withheld |= (told == "inconclusive") & ((hours["ci_low"] > 0) | (hours["ci_high"] < 0))
    censored = told[(hours["gate"] == "lower_bound").fillna(value=False)]
    bounds = {_bound(verdict) for verdict in censored}
    if withheld.any() or not all(map(math.isfinite, saved)) or len(bounds) > 1 or "" in bounds:
        return "withheld"
    if saved[0] <= 0 <= saved[1]:
        return "contains_zero"
    if hours["within_noise"].astype(bool).all():
        return "within_noise"
    return bounds.pop() if bounds else "given"


def _bound(verdict: str) -> str:
    """Return what an unfinished cohort makes of the hours saved; empty: it leaves nothing to be said."""
    if verdict.startswith("improved"):
        return "at_least"
    return "at_most" if verdict.startswith("worse") else ""


def _figures(per_hour_h: Ends, cost: CostFacts, values: AppraisalValues) -> dict[str, float]:
    hours_h = _corners(per_hour_h, _both(values.hours_per_day), _both(values.days_per_year))
    benefit = _corners(hours_h, _both(values.value_of_time_yuan_per_h), (1 / WAN, 1 / WAN))
    found = [_over_life(*at) for at in _each(benefit, cost, values)]
    spent = [
        (capital / annuity(rate, life) + kept) * WAN / hours
        for hours, capital, kept, life, rate in _each(hours_h, cost, values)
    ]
    npv, bcr, payback = ((min(column), max(column)) for column in zip(*found, strict=True))
    return {
        **_ends("person_h", hours_h),
        **_ends("benefit_wan_yuan", benefit),
        **_ends("npv_wan_yuan", npv),
        **_ends("bcr", bcr),
        **_ends("payback_years", payback),
        **(_ends("yuan_per_person_h", (min(spent), max(spent))) if hours_h[0] > 0 else {}),
    }


def _small_share(people: pd.DataFrame, windows_h: Mapping[str, float]) -> float:
    """Return the share of the time that trips save which small savings are; NaN where it is not known."""
    own = people[people["group"] == "all"].set_index("period").reindex(list(windows_h))
    per_hour = 1 / (own["replicates"] * pd.Series(windows_h))
    saved_h = (-own["change_s"] * own["trips"] / 3600 * per_hour).sum(skipna=False)
    small_h = (own["small_h"] * per_hour).sum(skipna=False)
    return float(small_h / saved_h) if saved_h else math.nan


def _without_small(row: Mapping[str, Any], share: float) -> dict[str, float]:
    left = 1 - share if 0 <= share <= 1 else math.nan
    return {"small_share": share, **_ends("bcr_large", (row["bcr_low"] * left, row["bcr_high"] * left))}


def _each(first: Ends, cost: CostFacts, values: AppraisalValues) -> Iterator[tuple[float, ...]]:
    """Yield every combination of ends: first, capital, maintenance, life, rate."""
    ranges = (cost.capital_wan_yuan, cost.maintenance_wan_yuan_per_year, cost.life_years)
    yield from product(first, *map(_both, ranges), _both(values.discount_rate))


def _over_life(
    benefit: float, capital: float, maintenance: float, life_years: float, rate: float
) -> tuple[float, float, float]:
    """Return NPV, BCR and static payback of certain figures; money in one unit."""
    factor, net = annuity(rate, life_years), benefit - maintenance
    payback = capital / net if net > 0 else math.inf
    return (
        net * factor - capital,
        benefit * factor / (capital + maintenance * factor),
        payback if payback <= life_years else math.inf,
    )


def annuity(rate: float, years: float) -> float:
    """Return the present value of 1 a year, paid at the ends of so many years."""
    return (1 - math.pow(1 + rate, -years)) / rate


def _corners(*ranges: Ends) -> Ends:
    """Return the least and the greatest product of ends: signs may differ."""
    found = [math.prod(ends) for ends in product(*ranges)]
    return min(found), max(found)


def _both(one: Range) -> Ends:
    return one.low, one.high


def _ends(name: str, ends: Ends) -> dict[str, float]:
    return {f"{name}_low": ends[0], f"{name}_high": ends[1]}
