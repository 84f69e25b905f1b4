"""Where a curve over stalls turns: from which number on more bring nothing, or bays begin to hurt. Pure.

Rows are replicates, the same people at every number of stalls, so that whole replicates are resampled and the
points of a curve stay together. Less is better. Between the numbers tried the curve is taken as straight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.comparison.inference import FEWEST_TO_RESAMPLE, expanded_tail, paired_t

Floats = NDArray[np.float64]

GAIN_SHARE = 0.9
"""A curve has levelled off where so much of its whole gain is reached (convention of huandu)."""
RESAMPLES = 2000
_SEED = 20240229


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a curve turns, stalls; infinite: beyond the most that were tried.

    `falls`: it goes down and levels off there. `rises`: it goes up, and from there on it lies further above
    its value at the fewest stalls than matters. `level`: the two ends of the curve cannot be told apart, and
    there is nothing to find. The interval is NaN below `FEWEST_TO_RESAMPLE` replicates.
    """

    way: Literal["falls", "rises", "level"]
    stalls: float = math.nan
    low: float = math.nan
    high: float = math.nan


def turning_point(stalls: Sequence[float], values: Floats, matters: float, confidence: float) -> Turn:
    """Find where the mean curve turns, with a percentile interval over resampled replicates.

    Parameters
    ----------
    stalls
        Numbers tried, increasing, at least two.
    values
        Shape (replicates, stalls), no NaN.
    matters
        Rise above the value at the fewest stalls that matters, in the unit of the values.
    """
    x, n = np.asarray(stalls, dtype=float), len(values)
    whole = paired_t(values[:, -1] - values[:, 0], confidence)
    if not (whole.ci_low > 0 or whole.ci_high < 0):
        return Turn("level")

    def found(curves: Floats) -> Floats:
        if whole.difference > 0:
            return _first_above(x, curves, curves[:, 0] + matters)
        goal = curves[:, 0] + GAIN_SHARE * (curves[:, -1] - curves[:, 0])
        # The first crossing from the far end: what lies beyond it stays below the goal.
        return -_first_above(-x[::-1], curves[:, ::-1], goal)

    point = float(found(values.mean(axis=0, keepdims=True))[0])
    way: Literal["falls", "rises"] = "rises" if whole.difference > 0 else "falls"
    if n < FEWEST_TO_RESAMPLE:
        return Turn(way, point)
    rows = np.random.default_rng([_SEED, n]).integers(0, n, size=(RESAMPLES, n))
    drawn = found(values[rows].mean(axis=1))
    tail = expanded_tail(n, (1 - confidence) / 2)
    low, high = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf")
    return Turn(way, point, float(low), float(high))


def _first_above(x: Floats, curves: Floats, goal: Floats) -> Floats:
    """Return where each curve first reaches its goal from below; infinite where it never does."""
    above = curves >= goal[:, None]
    first = above.argmax(axis=1)
    rows = np.arange(len(curves))
    before = np.maximum(first - 1, 0)
    low, high = curves[rows, before], curves[rows, first]
    step = np.where(high > low, (goal - low) / np.where(high > low, high - low, 1.0), 1.0)
    crossed = np.where(first > 0, x[before] + np.clip(step, 0, 1) * (x[first] - x[before]), x[0])
    return np.asarray(np.where(above.any(axis=1), crossed, math.inf))
