"""How often studies must find a change whose truth is itself only known from many pairs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.comparison.power import power

TRUTHS = 400
"""Resamples of the pairs that are the truth."""


class Stated(NamedTuple):
    """The power stated, and how many of the studies may find the change."""

    power: float
    low: int
    high: int


def stated(
    truth: NDArray[np.float64], each: int, studies: int, confidence: float = 0.95, band: float = 0.999
) -> Stated:
    """State the power of `studies` studies of `each` pairs from `truth`, pairs of which no study has one.

    `low` to `high` is the central band of the number found: binomial at a power that is as uncertain as the
    truth is, its pairs drawn anew each time.
    """
    effect, rng = float(truth.mean()), np.random.default_rng([61, truth.size, each])
    drawn = (rng.choice(truth, truth.size) for _ in range(TRUTHS))
    powers = [power(one, float(one.mean()), each, confidence) for one in drawn]
    hits = np.arange(studies + 1)
    below = np.mean([stats.binom.cdf(hits, studies, p) for p in powers], axis=0)
    low, high = (int(np.searchsorted(below, share)) for share in ((1 - band) / 2, (1 + band) / 2))
    return Stated(power(truth, effect, each, confidence), low, high)
