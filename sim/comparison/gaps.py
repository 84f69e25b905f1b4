"""Effects that are smaller than what the choice of ways leaves open."""

from __future__ import annotations

import pandas as pd

from sim.tables import ASSIGNMENT, typed

OPEN = "inconclusive"
BASELINE = "baseline"
SETTLED = ("improved", "improved_uncertain", "worse", "worse_uncertain", "equivalent")
"""Verdicts that say something; the others stand."""


def beyond_the_gap(comparison: pd.DataFrame, assignment: pd.DataFrame) -> pd.DataFrame:
    """Withdraw verdicts on the whole network where the change is smaller than the arms' difference in gap.

    The relative gap is the share of all travel time that better ways would save; two arms that are settled
    to different gaps differ by as much without any measure. Such a row of the comparison (columns
    `compare.COMPARISON`, in and out) is ``inconclusive`` and carries a ``caution`` at least. Rows of places
    are left: what a gap means there is not known.
    """
    gaps = typed(assignment, ASSIGNMENT).set_index(["arm", "period"])["gap"].to_dict()
    if not gaps:
        return comparison
    pairs = zip(comparison["arm"], comparison["period"], strict=True)
    apart = pd.Series(
        [abs(gaps.get((arm, period), 0.0) - gaps.get((BASELINE, period), 0.0)) for arm, period in pairs],
        index=comparison.index,
        dtype="float64",
    )
    small = (comparison["scope"] == "network") & comparison["verdict"].isin(SETTLED)
    small &= comparison["relative"].abs() < apart
    verdict = comparison["verdict"].mask(small, OPEN)
    gate = comparison["gate"].mask(small & (comparison["gate"] == ""), "caution")
    return comparison.assign(verdict=verdict, gate=gate)
