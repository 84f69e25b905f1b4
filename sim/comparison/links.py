"""Which streets really changed: paired differences of every link's delay, with false discoveries controlled.

Arrays in, tables out. Of 388 links tested at 5 %, 19 would be coloured by chance alone; so a link counts as
better or worse only after Benjamini and Hochberg's control over all links of a policy and period, and where
its change is at least the smallest one that matters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import special

from sim.comparison.inference import MINIMUM_PAIRS, Floats, benjamini_hochberg
from sim.tables import typed

LINKS: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "edge": "string",
    "before": "float64",  # delay, s per vehicle: mean over the pairs
    "after": "float64",
    "difference": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "mcid": "float64",  # smallest change that matters, s per vehicle
    "n_pairs": "int64",
    "vehicles_before": "float64",  # mean per replicate
    "vehicles_after": "float64",
    "p": "float64",  # two-sided, unadjusted
    "q": "float64",  # after Benjamini and Hochberg over the links of this arm and period
    "verdict": "string",  # improved, worse, equivalent, inconclusive, not_comparable
}
"""One row per arm (without the baseline), period and link that vehicles used on both sides."""

LINK_INTERVALS: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "edge": "string",
    "begin_s": "float64",
    "vehicles": "float64",  # mean over the replicates
    "delay_s": "float64",  # time lost on the link per vehicle
    "delay_ratio": "float64",  # time lost / time spent: the delay time ratio of GB/T 33171, of one link
}
"""One row per arm, period, link and 900 s in which somebody drove there."""

FEWEST_VEHICLES = 10.0
"""Links that fewer vehicles used per replicate, on either side, are not tested: their mean is an anecdote."""


def compare_links(
    edges: Sequence[str],
    before: tuple[Floats, Floats],
    after: tuple[Floats, Floats],
    *,
    mcid: tuple[float, float],
    confidence: float,
) -> pd.DataFrame:
    """Compare one arm with the baseline in one period, link by link.

    Parameters
    ----------
    edges
        Ids of the links.
    before, after
        Delay in s per vehicle and number of vehicles, each of shape (replicates, links); NaN: no such run.
    mcid
        Smallest change that matters, in s and as a share of the value before; the larger one counts.
    confidence
        Of the intervals; false discoveries are held to ``1 - confidence``.

    Returns
    -------
    pd.DataFrame
        Columns `LINKS` without arm and period, in the order of `edges`. ``equivalent``: both one-sided tests
        reject a change of the size that matters. Below `inference.MINIMUM_PAIRS` pairs nothing is more than
        ``inconclusive``.
    """
    complete = np.isfinite(before[0]) & np.isfinite(after[0])
    n = complete.sum(axis=0)
    difference = np.where(complete, after[0] - before[0], np.nan)
    levels = [_mean(np.where(complete, side[0], np.nan)) for side in (before, after)]
    vehicles = [_mean(np.where(complete, side[1], np.nan)) for side in (before, after)]
    mean = _mean(difference)
    spread = np.nansum((difference - mean) ** 2, axis=0) / np.maximum(n - 1, 1)
    error = np.where(n > 1, np.sqrt(spread / np.maximum(n, 1)), np.nan)
    freedom = np.maximum(n - 1, 1)
    half = special.stdtrit(freedom, (1 + confidence) / 2) * error
    half_tost = special.stdtrit(freedom, confidence) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * special.stdtr(freedom, -np.abs(mean) / error)
    p = np.where(error == 0, (mean == 0).astype(float), p)
    tested = (n >= MINIMUM_PAIRS) & (np.fmin(*vehicles) >= FEWEST_VEHICLES)
    q = benjamini_hochberg(np.where(tested, p, np.nan))
    matters = np.fmax(mcid[0], mcid[1] * levels[0])
    found = (q <= 1 - confidence) & (np.abs(mean) >= matters)
    same = tested & (np.abs(mean) + half_tost <= matters)
    verdict = np.select(
        [found & (mean < 0), found & (mean > 0), same], ["improved", "worse", "equivalent"], "inconclusive"
    )
    table = pd.DataFrame(
        {
            "edge": list(edges),
            "before": levels[0],
            "after": levels[1],
            "difference": mean,
            "ci_low": mean - half,
            "ci_high": mean + half,
            "mcid": matters,
            "n_pairs": n,
            "vehicles_before": vehicles[0],
            "vehicles_after": vehicles[1],
            "p": p,
            "q": q,
            "verdict": verdict,
        }
    )
    columns = {name: kind for name, kind in LINKS.items() if name not in ("arm", "period")}
    return typed(table[n > 0], columns)


def _mean(values: Floats) -> Floats:
    """Mean over the replicates that have a value; NaN for links without any."""
    counted = np.isfinite(values).sum(axis=0)
    return np.where(counted > 0, np.nansum(values, axis=0) / np.maximum(counted, 1), np.nan)
