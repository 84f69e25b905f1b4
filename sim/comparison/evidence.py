"""What the verdicts stand on: how many replicates, why no more, and what so many can show.

Tables in, tables out; the statistics are in `inference` and `replication`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.comparison import inference
from sim.comparison.pairs import BASELINE
from sim.comparison.power import detectable_change
from sim.comparison.replication import Reason, required_replicates, unpaired_replicates
from sim.measures.spec import MeasureSpec
from sim.tables import FINDINGS, PLACEBO, typed

EVIDENCE: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "measure": "string",
    "unit": "string",
    "replicates": "int64",  # run
    "n_pairs": "int64",
    "reason": "string",  # why no more: replication.Reason
    "confidence": "float64",  # of the intervals, raised where the number was left open
    "difference": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "simultaneous_low": "float64",  # Bonferroni over arms and periods
    "simultaneous_high": "float64",
    "centre": "float64",  # Hodges-Lehmann, with its interval
    "centre_low": "float64",
    "centre_high": "float64",
    "half_width": "float64",
    "half_width_wanted": "float64",
    "mcid": "float64",
    "smallest_detectable": "float64",  # with probability 80 % (能检出的最小改善)
    "sd_difference": "float64",
    "correlation": "float64",  # of before and after over the replicates
    "pairing_ratio": "float64",  # replicates an unpaired comparison would need for each of these
    "variance_saved": "float64",  # 1 - 1/pairing_ratio
    "pairs_for_5_percent": "float64",  # for a half-width of 5 % of the baseline mean
    "unpaired_for_5_percent": "float64",
    "shape": "string",
}
"""One row per arm, the blank control included, and period, of the declared primary measure."""

GRIDLOCK: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "runs": "int64",
    "gridlocked": "int64",
    "share": "float64",
    "share_low": "float64",
    "share_high": "float64",
}
"""One row per arm and period: in how many replicates the streets locked, with an exact interval."""

FIVE_PERCENT = 0.05


def evidence(
    measures: pd.DataFrame,
    comparison: pd.DataFrame,
    spec: MeasureSpec,
    *,
    scope: str = "network",
    confidence: float,
    share: float,
    replicates: int,
    reason: Reason,
) -> pd.DataFrame:
    """Return what the comparison of the primary measure stands on.

    Parameters
    ----------
    measures
        Columns `tables.MEASURES`, the blank control's rows included.
    comparison
        Columns `compare.COMPARISON`.
    spec, scope
        The primary measure and where it is read.
    confidence
        Of the comparison's intervals.
    share
        Half-width wanted, as a share of the smallest change that matters.
    replicates, reason
        How many were run, and why no more.

    Returns
    -------
    pd.DataFrame
        Columns `EVIDENCE`, sorted by arm and period.
    """
    its = comparison[(comparison["measure"] == spec.id) & (comparison["scope"] == scope)]
    of_primary = measures[(measures["measure"] == spec.id) & (measures["scope"] == scope)]
    family = max(1, len(its))
    arms = sorted({*its["arm"], *(set(measures["arm"]) & {PLACEBO})})
    rows = []
    for arm in arms:
        for period in sorted(set(its["period"]) | set(of_primary["period"])):
            x, y = _pairs(of_primary, arm, period)
            row = {"arm": arm, "period": period, "measure": spec.id, "unit": spec.unit}
            row |= {"replicates": replicates, "reason": reason, "confidence": confidence}
            found = its[(its["arm"] == arm) & (its["period"] == period)]
            odd = str(found["shape"].iloc[0]) if len(found) else ""
            rows.append({**row, **_numbers(x, y, spec, confidence, share, family), "shape": odd})
    return typed(pd.DataFrame(rows, columns=list(EVIDENCE)), EVIDENCE)


def _numbers(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    spec: MeasureSpec,
    confidence: float,
    share: float,
    family: int,
) -> dict[str, float]:
    differences = y - x
    n = differences.size
    estimate = inference.paired_bootstrap if spec.interval == "bootstrap" else inference.paired_t
    own = estimate(differences, confidence)
    together = estimate(differences, 1 - (1 - confidence) / family)
    centre, centre_low, centre_high = inference.hodges_lehmann(differences, confidence)
    mean_before = float(x.mean()) if n else math.nan
    mcid = spec.mcid(mean_before)
    spread = inference.standard_deviation(differences)
    ratio = inference.variance_ratio_of_pairing(x, y) if n > 1 else math.nan
    five = FIVE_PERCENT * abs(mean_before)
    countable = n > 1 and five > 0
    correlated = n > 1 and np.ptp(x) > 0 and np.ptp(y) > 0
    return {
        "n_pairs": n,
        "difference": own.difference,
        "ci_low": own.ci_low,
        "ci_high": own.ci_high,
        "simultaneous_low": together.ci_low,
        "simultaneous_high": together.ci_high,
        "centre": centre,
        "centre_low": centre_low,
        "centre_high": centre_high,
        "half_width": (own.ci_high - own.ci_low) / 2,
        "half_width_wanted": share * mcid,
        "mcid": mcid,
        "smallest_detectable": detectable_change(differences, confidence),
        "sd_difference": spread,
        "correlation": float(np.corrcoef(x, y)[0, 1]) if correlated else math.nan,
        "pairing_ratio": ratio,
        "variance_saved": 1 - 1 / ratio if ratio > 0 else math.nan,
        "pairs_for_5_percent": required_replicates(differences, five, confidence) if countable else math.nan,
        "unpaired_for_5_percent": unpaired_replicates(x, y, five, confidence) if countable else math.nan,
    }


def _pairs(
    of_primary: pd.DataFrame, arm: str, period: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return baseline and arm where both have a value, by replicate."""
    here = of_primary[of_primary["period"] == period]
    before, after = (
        here[here["arm"] == side].set_index("replicate")["value"].dropna() for side in (BASELINE, arm)
    )
    both = sorted(set(before.index) & set(after.index))
    return before[both].to_numpy(dtype=float), after[both].to_numpy(dtype=float)


def gridlock(measures: pd.DataFrame, findings: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Return how often each arm locked up; a gridlock is a result, never averaged away.

    `measures`: columns `tables.MEASURES`, for what ran; `findings`: columns `tables.FINDINGS`. Columns
    `GRIDLOCK`, sorted; runs that failed are not among the runs.
    """
    ran = measures[["arm", "period", "replicate"]].drop_duplicates()
    table = typed(findings, FINDINGS)
    locked = table[table["finding"] == "gridlock"][["arm", "period", "replicate"]].drop_duplicates()
    hits = locked.groupby(["arm", "period"]).size()
    rows = []
    for arm, period in sorted({(str(a), str(p)) for a, p in zip(ran["arm"], ran["period"], strict=True)}):
        n = int(((ran["arm"] == arm) & (ran["period"] == period)).sum())
        k = int(hits.get((arm, period), 0))
        rows.append((arm, period, n, k, k / n, *inference.share_interval(k, n, confidence)))
    return typed(pd.DataFrame(rows, columns=list(GRIDLOCK)), GRIDLOCK)
