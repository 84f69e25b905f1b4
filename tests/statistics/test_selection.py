"""Does Kim and Nelson's procedure pick the best as often as it says, and what does it save?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from sim.comparison.selection import Sample, Selection, select

CANDIDATES = [f"plan{i}" for i in range(12)]


def world(rng: np.random.Generator, means: np.ndarray, rho: float, sd: float = 10.0) -> Sample:
    """Values of all candidates in 1000 replicates, drawn at once: shared demand, noise of their own."""
    shared = math.sqrt(rho) * rng.normal(size=(1, 1000))
    values = means[:, None] + sd * (shared + math.sqrt(1 - rho) * rng.normal(size=(means.size, 1000)))

    def sample(name: str, replicates: Sequence[int]) -> Sequence[float]:
        return list(values[CANDIDATES.index(name), np.asarray(replicates)])

    return sample


def studies(count: int, seed: int, means: np.ndarray, rho: float) -> list[Selection]:
    rng = np.random.default_rng(seed)
    return [select(CANDIDATES[: means.size], world(rng, means, rho), 5.0) for _ in range(count)]


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_the_best_is_found_at_the_promised_rate(rho: float) -> None:
    # The least favourable means: the best is better by just the indifference zone, all others are equal.
    means = np.array([50.0, *[55.0] * 7])
    count = 400
    hits = sum(got.best == CANDIDATES[0] for got in studies(count, 41, means, rho))
    # A rate of 95 % gives fewer than this in one of a thousand such tests.
    assert hits >= stats.binom.ppf(0.001, count, 0.95)


def test_selecting_among_twelve_costs_at_most_half_of_equal_allocation() -> None:
    # Sixty different sites: effects spread as widely as the noise, rho as measured on a corridor of signals.
    rng = np.random.default_rng(42)
    shares = []
    for _ in range(60):
        means = 60 + 6 * rng.normal(size=12)
        got = select(CANDIDATES, world(rng, means, 0.62), 5.0, reference=CANDIDATES[0])
        shares.append(got.share_of_equal)
    assert float(np.median(shares)) <= 0.5


def test_the_winner_s_estimate_is_not_flattered() -> None:
    # Twelve candidates that do nothing: the chosen one looks good in the choice, not on fresh replicates.
    rng = np.random.default_rng(43)
    first, fresh = [], []
    for _ in range(150):
        sample = world(rng, np.full(12, 60.0), 0.6)
        got = select(CANDIDATES, sample, 20.0, reference=CANDIDATES[0])
        if got.fresh is None:
            continue
        seen = range(1, 1 + got.replicates[got.best])
        first.append(np.mean(np.subtract(sample(got.best, seen), sample(CANDIDATES[0], seen))))
        fresh.append(got.fresh.difference)
    error = float(np.std(fresh)) / math.sqrt(len(fresh))
    assert abs(float(np.mean(fresh))) < 4 * error
    assert float(np.mean(first)) < -10 * error
