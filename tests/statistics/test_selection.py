"""Does Kim and Nelson's procedure pick the best as often as it says, and what does it save?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sim.comparison.selection import select
from tests.statistics.selections import CANDIDATES, choices, shares_of_equal, world


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_the_best_is_found_at_the_promised_rate(rho: float) -> None:
    # The least favourable means: the best is better by just the indifference zone, all others are equal.
    means = np.array([50.0, *[55.0] * 7])
    count = 400
    hits = sum(got.best == CANDIDATES[0] for got in choices(count, 41, means, rho))
    # A rate of 95 % gives fewer than this in one of a thousand such tests.
    assert hits >= stats.binom.ppf(0.001, count, 0.95)


def test_selecting_among_twelve_costs_at_most_half_of_equal_allocation() -> None:
    assert float(np.median(shares_of_equal(60, 42))) <= 0.5


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
