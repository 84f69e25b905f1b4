"""Statistics of paired replicates: intervals, tests, the verdict rule. Pure functions on arrays, no tables.

Unit of analysis is the replicate. ``before[r]`` and ``after[r]`` are one measure of the same seeded demand
in the baseline and in an arm; ``D_r = after_r - before_r``. Every function returns NaN, never a guess,
where the data cannot carry an answer (no pairs, one pair, a baseline not distinguishable from zero).
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special  # scipy.stats alone would take 45 MB of memory

from sim.measures.spec import Direction

Floats = NDArray[np.float64]
Side = Literal["before", "after"]

MINIMUM_PAIRS = 4
"""Below this many pairs no verdict is given: FHWA-HOP-18-036 ch. 6 asks for four runs even of a pilot."""

FEWEST_TO_RESAMPLE = 10
"""Below this many pairs Student's t replaces the bootstrap.

No resample reaches beyond the smallest and largest difference seen: at n = 4 the 95 % interval of normal data
covers its truth in 87 % of studies, at n = 10 in 95 %.
"""

RESAMPLES = 5000
_BOOTSTRAP_SEED = 20240229

VERDICTS = (
    "not_comparable",
    "equivalent",
    "improved",
    "improved_uncertain",
    "worse",
    "worse_uncertain",
    "inconclusive",
)
"""In the order in which they are tried; the first that matches is the verdict."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Mean paired difference with its intervals, in the measure's unit.

    Attributes
    ----------
    difference
        Mean of ``after - before``.
    ci_low, ci_high
        Two-sided interval at the confidence asked for.
    tost_low, tost_high
        Two-sided interval at ``2 * confidence - 1`` (90 % beside 95 %): inside the equivalence margin
        exactly when both one-sided tests (TOST, Schuirmann 1987) reject at ``1 - confidence``.
    p
        Two-sided p-value of "no difference", consistent with the interval.
    """

    difference: float
    ci_low: float
    ci_high: float
    tost_low: float
    tost_high: float
    p: float


def _spread(values: Floats) -> float:
    """Return the sample standard deviation; exactly 0 for equal values, NaN for fewer than two."""
    if values.size <= 1:
        return math.nan
    return float(np.std(values, ddof=1)) if np.ptp(values) > 0 else 0.0


def standard_deviation(values: ArrayLike) -> float:
    """Return the sample standard deviation (n - 1); exactly 0 for equal values, NaN for fewer than two."""
    return _spread(np.asarray(values, dtype=float))


def paired_t(differences: ArrayLike, confidence: float) -> Estimate:
    """Estimate the mean of `differences` by Student's t: ``D +- t * s_D / sqrt(n)``.

    With zero variance the interval has no width and p is 1 (all zero) or 0.
    """
    values = np.asarray(differences, dtype=float)
    n = values.size
    if n <= 1:
        return Estimate(float(values[0]) if n else math.nan, *[math.nan] * 5)
    mean, error = float(values.mean()), _spread(values) / math.sqrt(n)
    half = special.stdtrit(n - 1, (1 + confidence) / 2) * error
    half_tost = special.stdtrit(n - 1, confidence) * error
    p = 2 * special.stdtr(n - 1, -abs(mean) / error) if error > 0 else float(mean == 0)
    return Estimate(mean, mean - half, mean + half, mean - half_tost, mean + half_tost, float(p))


@lru_cache(maxsize=16)
def _resampled(n: int) -> NDArray[np.int64]:
    """Return the row numbers of all resamples of `n` pairs, shape (RESAMPLES, n); the same at every call."""
    return np.random.default_rng([_BOOTSTRAP_SEED, n]).integers(0, n, size=(RESAMPLES, n))


def expanded_tail(n: int, tail: float) -> float:
    """Return the tail probability that widens a percentile interval of `n` values to its honest width.

    The plain percentile interval of a mean is too narrow by ``sqrt((n-1)/n) * z/t``: about 90 % instead of
    95 % at n = 10. Hesterberg (2014, What Teachers Should Know about the Bootstrap, arXiv 1411.5279) cures
    it by ``z_tail' = sqrt(n/(n-1)) * t_{tail, n-1}``.
    """
    return float(special.ndtr(math.sqrt(n / (n - 1)) * special.stdtrit(n - 1, tail)))


def _percentiles(distribution: Floats, n: int, confidence: float) -> tuple[float, float]:
    tail = expanded_tail(n, (1 - confidence) / 2)
    low, high = np.quantile(distribution, [tail, 1 - tail])
    return float(low), float(high)


def paired_bootstrap(differences: ArrayLike, confidence: float) -> Estimate:
    """Estimate the mean of `differences` by the expanded percentile bootstrap, `RESAMPLES` seeded resamples.

    For medians, P95 values and queues, whose paired differences are skewed. The p-value inverts the plain
    percentile interval, ``2 * (1 + #beyond zero) / (1 + RESAMPLES)``, and so cannot fall below
    ``2 / (1 + RESAMPLES)``. Below `FEWEST_TO_RESAMPLE` pairs, or with zero variance, it is `paired_t`.
    """
    values = np.asarray(differences, dtype=float)
    n = values.size
    if n < FEWEST_TO_RESAMPLE or _spread(values) == 0:
        return paired_t(values, confidence)
    means = values[_resampled(n)].mean(axis=1)
    beyond = min(int((means <= 0).sum()), int((means >= 0).sum()))
    return Estimate(
        float(values.mean()),
        *_percentiles(means, n, confidence),
        *_percentiles(means, n, 2 * confidence - 1),
        p=min(1.0, 2 * (1 + beyond) / (1 + RESAMPLES)),
    )


def relative_fieller(before: ArrayLike, after: ArrayLike, confidence: float) -> tuple[float, float, float]:
    """Estimate the relative change ``(mean(after) - mean(before)) / |mean(before)|``: estimate, low, high.

    Fieller (1954) for paired data: all ratios q for which a paired t-test does not reject
    ``mean(D - q*x) = 0``, the roots of ``a q^2 - 2 b q + c`` with ``a = x^2 - t^2 s_x^2/n``,
    ``b = x D - t^2 s_xD/n``, ``c = D^2 - t^2 s_D^2/n``. The interval excludes 0 exactly when the interval of
    the difference does.

    Where the baseline mean is not distinguishable from zero (``a <= 0``) no bounded interval can keep its
    promise (Gleser and Hwang 1987), a bootstrap one neither: both ends are NaN. A zero baseline has no
    ratio at all.
    """
    x, y = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    n = x.size
    if n == 0 or x.mean() == 0:
        return math.nan, math.nan, math.nan
    base, change = float(x.mean()), float((y - x).mean())
    sign = math.copysign(1.0, base)
    if n <= 1:
        return change / abs(base), math.nan, math.nan
    scale = special.stdtrit(n - 1, (1 + confidence) / 2) ** 2 / n
    s_xx, s_dd = _spread(x) ** 2, _spread(y - x) ** 2
    s_xd = float(np.cov(x, y - x)[0, 1]) if s_xx > 0 and s_dd > 0 else 0.0
    a = base**2 - scale * s_xx
    b = sign * (base * change - scale * s_xd)
    c = change**2 - scale * s_dd
    if a <= 0:
        return change / abs(base), math.nan, math.nan
    root = math.sqrt(max(0.0, b * b - a * c))
    return change / abs(base), (b - root) / a, (b + root) / a


def relative_bootstrap(before: ArrayLike, after: ArrayLike, confidence: float) -> tuple[float, float, float]:
    """Estimate the relative change by resampling pairs and taking the ratio of sums: estimate, low, high.

    Expanded percentile interval as in `paired_bootstrap`; below `FEWEST_TO_RESAMPLE` pairs it is
    `relative_fieller`. Both ends are NaN where some resampled baseline is not on the same side of zero as the
    baseline itself.
    """
    x, y = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    n = x.size
    if n < FEWEST_TO_RESAMPLE or x.mean() == 0:
        return relative_fieller(x, y, confidence)
    relative = float((y - x).mean()) / abs(float(x.mean()))
    rows = _resampled(n)
    bases = x[rows].mean(axis=1) * math.copysign(1.0, float(x.mean()))
    if bases.min() <= 0:
        return relative, math.nan, math.nan
    return relative, *_percentiles((y - x)[rows].mean(axis=1) / bases, n, confidence)


def holm(p_values: ArrayLike) -> Floats:
    """Return Holm's (1979) step-down adjusted p-values, in the order given.

    A NaN (planned, but could not be tested) stays NaN and still counts in the size of the family.
    """
    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(p.size, math.nan)
    order = np.argsort(p, kind="stable")[: int(np.isfinite(p).sum())]
    steps = p[order] * (p.size - np.arange(order.size))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps)) if order.size else steps
    return adjusted


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Return Benjamini and Hochberg's (1995) adjusted p-values (q-values), in the order given.

    Calling everything with ``q <= 0.05`` a finding, at most 5 % of the findings are false on average, also
    where the tests depend positively on each other (Benjamini and Yekutieli 2001), as neighbouring movements
    do. A NaN (could not be tested) stays NaN and does not count in the size of the family.
    """
    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(p.size, math.nan)
    m = int(np.isfinite(p).sum())
    order = np.argsort(p, kind="stable")[:m]
    steps = p[order] * m / (1 + np.arange(m))
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(steps[::-1])[::-1])
    return adjusted


@lru_cache(maxsize=64)
def _signed_rank_tail(n: int, tail: float) -> int:
    """Return the largest w with P(W < w) <= tail for Wilcoxon's signed-rank statistic of n values."""
    ways = np.zeros(n * (n + 1) // 2 + 1)
    ways[0] = 1.0
    for rank in range(1, n + 1):
        ways[rank:] += ways[:-rank].copy()
    below = np.cumsum(ways) / 2.0**n  # P(W <= w)
    return int(np.searchsorted(below, tail, side="right"))


def hodges_lehmann(differences: ArrayLike, confidence: float) -> tuple[float, float, float]:
    """Estimate the centre of `differences` without trusting their tails: estimate, low, high.

    The median of all means of two (Walsh averages), and the interval that inverts Wilcoxon's signed-rank
    test, exact for symmetric differences of any tails (Hodges and Lehmann 1963). To stand beside a paired t
    interval where `shape` found an outlier or a skew. NaN ends where the values are too few.
    """
    values = np.asarray(differences, dtype=float)
    n = values.size
    if n == 0:
        return math.nan, math.nan, math.nan
    i, j = np.triu_indices(n)
    walsh = np.sort((values[i] + values[j]) / 2)
    k = _signed_rank_tail(n, (1 - confidence) / 2)
    centre = float(np.median(walsh))
    return (centre, float(walsh[k - 1]), float(walsh[-k])) if k else (centre, math.nan, math.nan)


def share_interval(hits: int, n: int, confidence: float) -> tuple[float, float]:
    """Return Clopper and Pearson's (1934) exact interval of a probability seen `hits` times in `n`.

    NaN ends for ``n = 0``.
    """
    if n == 0:
        return math.nan, math.nan
    tail = (1 - confidence) / 2
    low = float(special.betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    high = float(special.betaincinv(hits + 1, n - hits, 1 - tail)) if hits < n else 1.0
    return low, high


def no_harm(estimate: Estimate, mcid: float, direction: Direction) -> bool:
    """Whether harm of the size that matters is ruled out: one half of TOST, at ``1 - confidence``.

    For a measure of which less is better: the upper end of the 90 % interval is at most `mcid` (mirrored for
    ``higher``; both ends for ``none``). False where anything is NaN.
    """
    below, above = estimate.tost_high <= mcid, estimate.tost_low >= -mcid
    return {"lower": below, "higher": above, "none": below and above}[direction]


def smallest_detectable(sd_difference: float, n: int, confidence: float, power: float = 0.8) -> float:
    """Return the smallest true difference that `n` pairs show as non-zero with probability `power`.

    In the unit of `sd_difference`; by the noncentral t distribution of the two-sided paired t-test
    (能检出的最小改善). NaN below two pairs.
    """
    if n <= 1 or math.isnan(sd_difference):
        return math.nan
    critical = special.stdtrit(n - 1, (1 + confidence) / 2)
    # That a difference of one sign is shown with the other one is less likely than can be computed here.
    noncentrality = special.nctdtrinc(n - 1, 1 - power, critical)
    return float(noncentrality) * sd_difference / math.sqrt(n)


def variance_ratio_of_pairing(before: ArrayLike, after: ArrayLike) -> float:
    """Return how many times more replicates an unpaired comparison would need: ``(s_x^2 + s_y^2) / s_D^2``.

    Below 1 pairing did harm; infinite where the difference does not vary; NaN below two pairs or without
    any variance.
    """
    x, y = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    unpaired, paired = _spread(x) ** 2 + _spread(y) ** 2, _spread(y - x) ** 2
    if paired > 0:
        return unpaired / paired
    return math.inf if unpaired > 0 else math.nan


def verdict(
    estimate: Estimate,
    mcid: float,
    direction: Direction,
    n_pairs: int,
    *,
    lower_bound: Collection[Side] = (),
    valid: bool = True,
) -> str:
    """Return the verdict token: the first of `VERDICTS` that matches and that censoring does not forbid.

    | token | condition, for a measure of which less is better (mirrored for ``higher``) |
    |---|---|
    | ``not_comparable`` | not `valid`, or no pair at all |
    | ``equivalent`` | TOST: the 90 % interval lies inside +- MCID |
    | ``improved`` | the interval lies wholly below -MCID |
    | ``improved_uncertain`` | the interval lies wholly below 0 |
    | ``worse``, ``worse_uncertain`` | the same above |
    | ``inconclusive`` | otherwise, and always below `MINIMUM_PAIRS` pairs |

    Censoring has a side. A value in `lower_bound` is no worse than the truth. Where the after-arm's is, the
    true change is at least as bad as the one seen: nothing good may be said (no ``equivalent``,
    ``improved``, ``improved_uncertain``), what is bad stays bad. Where the before-arm's is, the change is
    at least as good as seen ("improved by at least"): nothing bad and no ``equivalent``. Where both are,
    only ``inconclusive`` remains.

    A measure without direction is never better or worse: ``equivalent`` if TOST says so (the one statement
    that needs no direction), else ``inconclusive``. With a NaN MCID a change can only be ``..._uncertain``
    or ``inconclusive``.

    Parameters
    ----------
    estimate
        Of ``after - before``.
    mcid
        Smallest change that matters, in the same unit, >= 0 or NaN.
    direction
        Which way is better.
    n_pairs
        Pairs behind `estimate`.
    lower_bound
        The sides whose value is censored in an optimistic measure.
    valid
        False where a finding of severity ``invalid`` applies to either arm.
    """
    if not valid or n_pairs == 0:
        return "not_comparable"
    if n_pairs < MINIMUM_PAIRS:
        return "inconclusive"
    low, high = estimate.ci_low, estimate.ci_high
    if direction == "higher":
        low, high = -high, -low
    forbidden: set[str] = set()
    if "after" in lower_bound:
        forbidden |= {"equivalent", "improved", "improved_uncertain"}
    if "before" in lower_bound:
        forbidden |= {"equivalent", "worse", "worse_uncertain"}
    if direction == "none":
        forbidden |= {"improved", "improved_uncertain", "worse", "worse_uncertain"}
    matches = {
        "equivalent": -mcid <= estimate.tost_low and estimate.tost_high <= mcid,
        "improved": high < -mcid,
        "improved_uncertain": high < 0,
        "worse": low > mcid,
        "worse_uncertain": low > 0,
    }
    return next((token for token in matches if matches[token] and token not in forbidden), "inconclusive")
