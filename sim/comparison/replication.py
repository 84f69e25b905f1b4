"""How long to warm up and how many replicates to run. Pure functions on arrays.

Where the number is left open, replicates are counted at `LOOKS` only, and only the width of the interval on
the paired difference decides whether to go on, never a p-value: stopping on p makes false alarms. Stopping on
the width has its own price, small but real: one stops rather where the spread was underestimated. It is paid
by `confidence_at_looks`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from sim.comparison.inference import standard_deviation

LOOKS = (10, 15, 20, 30, 40)
"""Numbers of replicates at which a study may stop; the last is the cap."""

HALF_WIDTH = 0.5
"""The half-width wanted, as a share of the smallest change that matters: with it a true zero ends as
equivalent and not as inconclusive."""

Reason = Literal["fixed", "narrow", "cap", "withheld"]
"""Why a study has as many replicates as it has: asked for by number; every interval narrow enough; the last
look reached; no comparison left that more replicates could help."""

_PRICE = {0.80: 0.87, 0.90: 0.80, 0.95: 0.74, 0.99: 0.66}
"""Confidence -> share of ``1 - confidence`` that an interval at any look may miss by."""

BATCH = 5


def confidence_at_looks(confidence: float) -> float:
    """Return the confidence of each look's interval, so that the one stopped at covers as often as promised.

    Without it a 95 % interval covers in 93.5 % of studies where the spread is least favourable. The shares
    are simulated (200,000 studies of normal differences per spread, stopping at `LOOKS`, the worst of 16
    spreads), between them they are interpolated; `tests/statistics` holds the promise to them.
    """
    share = float(np.interp(confidence, list(_PRICE), list(_PRICE.values())))
    return 1 - (1 - confidence) * share


def reason_to_stop(intervals: Iterable[tuple[float, float]], replicates: int) -> Reason | None:
    """Say why to stop at this look, or None to go on to the next.

    Parameters
    ----------
    intervals
        Half-width and half-width wanted, both in the measure's unit, of every comparison that more replicates
        could help: those withheld as invalid are left out.
    replicates
        The number of replicates so far.
    """
    found = list(intervals)
    if not found:
        return "withheld"
    if all(half <= wanted for half, wanted in found):  # NaN, nothing known yet, is not narrow
        return "narrow"
    return "cap" if replicates >= LOOKS[-1] else None


def half_width(differences: ArrayLike, confidence: float) -> float:
    """Return ``t * s_D / sqrt(n)``, half the width of the paired interval, in the unit of `differences`.

    NaN below two pairs.
    """
    values = np.asarray(differences, dtype=float)
    return _half_width(standard_deviation(values), values.size, confidence)


def required_replicates(differences: ArrayLike, wanted_half_width: float, confidence: float) -> int:
    """Return the number of pairs whose interval would have at most this half-width, if s_D stays as it is.

    Smallest ``n >= 2`` with ``t_{n-1} * s_D / sqrt(n) <= wanted``; t is looked up anew for every n (the
    closed formula with z promises too much for few replicates).

    Raises
    ------
    ValueError
        Below two pilot pairs, or if the half-width wanted is not positive.
    """
    spread = standard_deviation(differences)
    if math.isnan(spread):
        raise ValueError("two pilot pairs or more are needed")
    if not wanted_half_width > 0:
        raise ValueError(f"the half-width wanted must be positive, not {wanted_half_width}")
    # The normal quantile lies below every t, so its answer is a lower bound to start from.
    n = max(2, math.ceil((float(special.ndtri((1 + confidence) / 2)) * spread / wanted_half_width) ** 2))
    while _half_width(spread, n, confidence) > wanted_half_width:
        n += 1
    return n


def unpaired_replicates(
    before: ArrayLike, after: ArrayLike, wanted_half_width: float, confidence: float
) -> int:
    """Return how many replicates per arm an unpaired comparison would need for this half-width.

    Smallest ``n >= 2`` with ``t_{2n-2} * sqrt((s_x^2 + s_y^2) / n) <= wanted``; ValueError as in
    `required_replicates`.
    """
    spread = math.hypot(standard_deviation(before), standard_deviation(after))
    if math.isnan(spread):
        raise ValueError("two replicates or more are needed")
    if not wanted_half_width > 0:
        raise ValueError(f"the half-width wanted must be positive, not {wanted_half_width}")
    z = float(special.ndtri((1 + confidence) / 2))
    n = max(2, math.ceil((z * spread / wanted_half_width) ** 2))
    while float(special.stdtrit(2 * n - 2, (1 + confidence) / 2)) * spread / math.sqrt(n) > wanted_half_width:
        n += 1
    return n


def _half_width(spread: float, n: int, confidence: float) -> float:
    return float(special.stdtrit(n - 1, (1 + confidence) / 2)) * spread / math.sqrt(n) if n > 1 else math.nan


def mser5(series: ArrayLike) -> int | None:
    """Return how many leading observations of one run to delete as warm-up, by MSER-5.

    Batch means ``Z_1..Z_n`` of 5 observations (a last incomplete batch is left out), then
    ``d* = argmin_{0 <= d <= n/2} sum_{j>d} (Z_j - mean)^2 / (n - d)^2``, the smallest such d, times 5.
    White, Cobb and Spratt (2000), A comparison of five steady-state truncation heuristics for simulation.

    None where the minimum is at ``n/2``: the series never settled, run longer. For a terminating study this
    only fills the network; use pilots of the baseline and one value for all arms.

    Raises
    ------
    ValueError
        Below 4 batches, or if a value is not finite.
    """
    values = np.asarray(series, dtype=float)
    n = values.size // BATCH
    if n < 4:  # noqa: PLR2004
        raise ValueError(f"{values.size} observations are too few: MSER-5 needs at least {4 * BATCH}")
    if not np.isfinite(values).all():
        raise ValueError("the series holds values that are not finite")
    batches = values[: n * BATCH].reshape(n, BATCH).mean(axis=1)
    batches = batches - batches[-1]  # a constant tail becomes exactly 0: no winner by rounding error
    scores = [float(batches[d:].var()) / (n - d) for d in range(n // 2 + 1)]  # the sum over (n - d)^2
    best = int(np.argmin(scores))
    return None if best == n // 2 else best * BATCH


def welch_mean(runs: ArrayLike, window: int) -> NDArray[np.float64]:
    """Return Welch's moving mean of the average run, to choose a warm-up by eye: where the curve turns flat.

    Parameters
    ----------
    runs
        Shape (replicates, time); one observation per equal interval, 5 replicates or more.
    window
        w: each point is the mean of ``2 w + 1`` averages, of ``2 i - 1`` near the start (Welch 1983; Law,
        Simulation Modeling and Analysis, 9.5.1).

    Returns
    -------
    numpy.ndarray
        Shape (time - window,).

    Raises
    ------
    ValueError
        If the window is negative or not shorter than half the series.
    """
    average = np.asarray(runs, dtype=float).mean(axis=0)
    if not 0 <= window < average.size / 2:
        raise ValueError(f"window {window} does not fit a series of {average.size}")
    reach = (min(i, window) for i in range(average.size - window))
    return np.array([average[i - w : i + w + 1].mean() for i, w in enumerate(reach)])
