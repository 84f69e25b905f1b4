"""What a study of so many pairs can show: the chance that a change is found. Pure functions on arrays.

A change is found where the paired t interval lies wholly on its side of zero. How often that happens depends
on the shape of the differences, not only on their spread: of ten pairs with a skewness of 2.4, a change that
normal pairs would show in 80 % of studies is found in 75 or in 96 %, as the tail lies. So studies are drawn
from the differences that were seen, shifted to the change asked about (Efron and Tibshirani 1993, An
Introduction to the Bootstrap, ch. 25), and beside it stands the answer for normal ones.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from sim.comparison.inference import FEWEST_TO_RESAMPLE, smallest_detectable, standard_deviation

Floats = NDArray[np.float64]

STUDIES = 5000
"""Studies drawn."""
_SEED = 20240301


@lru_cache(maxsize=16)
def _pairs_drawn(size: int, n: int) -> NDArray[np.int64]:
    """Return which of `size` pairs each study of `n` has, shape (n, STUDIES); the same at every call."""
    return np.random.default_rng([_SEED, size, n]).integers(0, size, size=(STUDIES, n)).T.copy()


def just_found(differences: ArrayLike, n: int, confidence: float) -> tuple[Floats, Floats]:
    """Return for each of `STUDIES` drawn studies of `n` pairs how large a change must be for it to be found.

    Downwards and upwards, in the unit of `differences`, in the order of the studies. Pairs are drawn with
    replacement from the differences less their mean, stretched by ``sqrt(N / (N - 1))`` so that their
    variance is that of the sample; a fall of d shows where ``m + t s / sqrt(n) < d``, a rise where
    ``-m + t s / sqrt(n) < d``.
    """
    values = np.asarray(differences, dtype=float)
    size = values.size
    centred = (values - values.mean()) * math.sqrt(size / (size - 1))
    drawn = centred[_pairs_drawn(size, n)]
    mean = drawn.mean(axis=0)
    variance = np.maximum(0.0, np.einsum("ij,ij->j", drawn, drawn) - n * mean**2) / (n - 1)
    half = special.stdtrit(n - 1, (1 + confidence) / 2) * np.sqrt(variance / n)
    return half + mean, half - mean


def power(differences: ArrayLike, effect: float, n: int, confidence: float) -> float:
    """Return the chance that a study of `n` pairs finds `effect`, its differences shaped like the pilot's.

    `differences` is the pilot: many pairs, their mean does not count. Found means found with the right sign.
    """
    down, up = just_found(differences, n, confidence)
    return float(((down if effect < 0 else up) < abs(effect)).mean())


def detectable_change(differences: ArrayLike, confidence: float, power: float = 0.8) -> float:
    """Return the smallest change that another study like this one finds with probability `power`.

    In the unit of `differences`, for better or worse (能检出的最小改善). The largest of what follows from
    normal differences and, from `FEWEST_TO_RESAMPLE` pairs on, of what the drawn studies say of a fall and
    of a rise. All are widened for the spread being an estimate itself: with it, normal pairs keep the
    promise on average over the studies that make it (n = 10: by 10 %; without, 80 % are 74 %). NaN below
    two pairs.
    """
    values = np.asarray(differences, dtype=float)
    n, spread = values.size, standard_deviation(values)
    if n <= 1 or math.isnan(spread):
        return math.nan
    normal = _noncentrality(n, confidence, power) * spread / math.sqrt(n)
    if n < FEWEST_TO_RESAMPLE or spread == 0:
        return normal
    seen = max(float(np.quantile(sizes, power)) for sizes in just_found(values, n, confidence))
    return max(normal, seen * normal / smallest_detectable(spread, n, confidence, power))


@lru_cache(maxsize=64)
def _noncentrality(n: int, confidence: float, power: float) -> float:
    """Return c so that a change of ``c s / sqrt(n)``, s from one study, is found by the next with this power.

    With ``s = sigma S`` here and ``sigma S'`` there, S and S' independent ``sqrt(chi^2 / nu)``: the root of
    ``E[Phi(c S - t S')] = power``, by Gauss-Legendre over 200 quantiles each.
    """
    nodes, weights = leggauss(200)
    spread = np.sqrt(special.chdtri(n - 1, (1 - nodes) / 2) / (n - 1))
    t = special.stdtrit(n - 1, (1 + confidence) / 2)

    def shortfall(c: float) -> float:
        found = special.ndtr(c * spread[:, None] - t * spread[None, :])
        return float(weights @ found @ weights) / 4 - power

    return float(optimize.brentq(shortfall, 0.0, 1e6))
