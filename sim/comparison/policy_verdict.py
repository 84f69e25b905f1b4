"""From the rows of all periods to one verdict on a policy, and from its stages to the worst of them."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import NamedTuple

import pandas as pd

# First match wins: harm seen in one period stands, whatever the other periods say or fail to say.
_OVER_PERIODS = (
    "worse",
    "worse_uncertain",
    "not_comparable",
    "inconclusive",
    "improved",
    "improved_uncertain",
    "equivalent",
)

BEST_FIRST = (
    "improved",
    "improved_uncertain",
    "equivalent",
    "inconclusive",
    "not_comparable",
    "worse_uncertain",
    "worse",
)
"""What cannot be told stands between what does nothing and what does harm."""

_WITHOUT_HARM = ("improved", "improved_uncertain", "equivalent")


class PolicyVerdict(NamedTuple):
    """The verdict on a permanent change over all periods."""

    token: str
    simulated_only: bool
    """Whether it holds for the simulated periods only: in another one the policy may be worse."""


def policy_verdict(
    comparison: pd.DataFrame,
    primary: str,
    arm: str,
    primary_scope: str = "network",
    *,
    not_simulated: Collection[str] = (),
) -> PolicyVerdict:
    """Return the verdict on a permanent change, from the primary measure in all simulated periods.

    `not_simulated`: periods that the site declares beside them. A permanent change is improved, or
    negligible, only if no declared period is worse, so with such periods that is said of the simulated ones
    only; harm in one period stands whatever the others would show.

    First match wins:

    | some period is | the policy is |
    |---|---|
    | ``worse`` | ``worse`` |
    | ``worse_uncertain`` | ``worse_uncertain`` |
    | ``not_comparable`` | ``not_comparable`` |
    | ``inconclusive`` | ``inconclusive``: harm in that period is not ruled out |
    | ``improved`` (the others improved or equivalent) | ``improved`` |
    | ``improved_uncertain`` (the others equivalent) | ``improved_uncertain`` |
    | (all) ``equivalent`` | ``equivalent`` |

    Raises
    ------
    ValueError
        If the comparison has no such row.
    """
    chosen = comparison[
        (comparison["arm"] == arm)
        & (comparison["measure"] == primary)
        & (comparison["scope"] == primary_scope)
    ]
    if chosen.empty:
        raise ValueError(f"the comparison has no row {arm!r}, {primary!r}, {primary_scope!r}")
    found = set(chosen["verdict"])
    token = next(token for token in _OVER_PERIODS if token in found)
    return PolicyVerdict(token, bool(not_simulated) and token in _WITHOUT_HARM)


def significant_alone(comparison: pd.DataFrame, confidence: float) -> pd.Series[bool]:
    """Whether a row's own interval lies clear of zero, but Holm's p-value over the family does not.

    Columns of `compare.COMPARISON`; `confidence` of the intervals. One of many policies may come out so by
    chance: verdicts rest on their own intervals, so this stands beside them. False outside the family.
    """
    clear = (comparison["ci_low"] > 0) | (comparison["ci_high"] < 0)
    return clear & (comparison["p_holm"] >= 1 - confidence)


def worst_arm(
    comparison: pd.DataFrame, primary: str, arms: Collection[str], primary_scope: str = "network"
) -> str:
    """Return which arm is the worst: by its verdict over all periods, then by its loss in its worst period.

    A loss is the change of the primary measure to the bad side, as estimated; one that is not known counts
    as the largest. The first of equal arms. ValueError if the comparison has no row of an arm.
    """

    def badness(arm: str) -> tuple[int, float]:
        token = policy_verdict(comparison, primary, arm, primary_scope).token
        rows = comparison[
            (comparison["arm"] == arm)
            & (comparison["measure"] == primary)
            & (comparison["scope"] == primary_scope)
        ]
        lost = rows["difference"].where(rows["direction"] != "higher", -rows["difference"])
        return BEST_FIRST.index(token), float(lost.fillna(math.inf).max())

    return max(arms, key=badness)
