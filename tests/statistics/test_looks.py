"""Do studies that stop when sure keep the promises of studies of a fixed size? Known truths, fixed seeds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sim.comparison import inference
from sim.comparison.replication import LOOKS, confidence_at_looks
from tests.statistics.looks import DIRECTIONAL, stopped, studies


# Spreads of the difference for which studies stop at the first look, in between, and never before the cap.
@pytest.mark.parametrize("sd", [1.5, 2.5, 3.3, 4.2, 6.0])
def test_the_interval_stopped_at_covers_as_often_as_promised(sd: float) -> None:
    count = 4000
    differences = np.random.default_rng([31, round(10 * sd)]).normal(-5, sd, (count, LOOKS[-1]))
    n, half = stopped(differences, confidence_at_looks(0.95))
    means = np.array([row[:k].mean() for row, k in zip(differences, n, strict=True)])
    covered = int((np.abs(means + 5) <= half).sum())
    low = stats.binom.ppf(0.0005, count, 0.95)
    high = stats.binom.ppf(0.9995, count, confidence_at_looks(0.95))
    assert low <= covered <= high


def test_without_the_price_of_looking_the_promise_would_be_broken() -> None:
    count = 8000
    differences = np.random.default_rng(32).normal(-5, 3.3, (count, LOOKS[-1]))
    n, half = stopped(differences, 0.95)
    means = np.array([row[:k].mean() for row, k in zip(differences, n, strict=True)])
    assert (np.abs(means + 5) <= half).sum() < stats.binom.ppf(0.0005, count, 0.95)


def test_two_hundred_blank_studies_raise_at_most_eighteen_alarms_after_all_looks() -> None:
    rows = studies(33, 200, 0.0, [2.0, 3.3, 4.2, 6.0])
    assert len(rows) == 200
    # The exact 99 % bound for a rate of 5 %.
    assert stats.binom.ppf(0.99, 200, 0.05) == 18
    assert rows["verdict"].isin(DIRECTIONAL).sum() <= 18
    # What changes nothing can hardly ever be told from the blank control: two intervals would have to miss.
    assert rows["within_noise"].mean() > 0.97


def test_two_thousand_blank_studies_cover_their_truth_after_all_looks() -> None:
    rows = studies(38, 2000, 0.0, [2.0, 3.3, 4.2, 6.0])
    covered = int(((rows["ci_low"] <= 0) & (rows["ci_high"] >= 0)).sum())
    assert stats.binom.ppf(0.0005, 2000, 0.95) <= covered
    assert covered <= stats.binom.ppf(0.9995, 2000, confidence_at_looks(0.95))


def test_a_true_zero_ends_as_equivalent_and_not_as_inconclusive() -> None:
    rows = studies(34, 300, 0.0, [2.5])
    assert (rows["n_pairs"] < LOOKS[-1]).all(), "narrow before the cap"
    assert (rows["verdict"] == "equivalent").mean() > 0.9


def test_a_planted_effect_is_found_with_the_power_foretold_at_the_stop() -> None:
    # The cap is reached (wide spread), where the smallest detectable effect is known beforehand.
    sd, n = 9.0, LOOKS[-1]
    shift = -inference.smallest_detectable(sd, n, confidence_at_looks(0.95), power=0.8)
    rows = studies(35, 600, shift, [sd])
    assert (rows["n_pairs"] == n).all()
    low, high = stats.binom.interval(0.999, 600, 0.8)
    assert low <= (rows["ci_high"] < 0).sum() <= high


def test_hodges_lehmann_covers_where_tails_are_heavy() -> None:
    # Differences with gross outliers on both sides: symmetric, not normal.
    rng = np.random.default_rng(36)
    covered = 0
    for _ in range(2000):
        values = -5 + rng.standard_t(2, 15)
        _, low, high = inference.hodges_lehmann(values, 0.95)
        covered += low <= -5 <= high
    # The rank statistic is discrete: at n = 15 the exact confidence is 95.2 %.
    low, high = stats.binom.interval(0.999, 2000, 0.952)
    assert low <= covered <= high


def test_false_discoveries_stay_under_their_share() -> None:
    # A hundred movements, ten of them really worse: of those called worse at most 5 % are not, on average.
    rng = np.random.default_rng(37)
    shares, found = [], 0
    for _ in range(300):
        effects = np.where(np.arange(100) < 10, 6.0, 0.0)
        rows = rng.normal(effects[:, None], 4.0, (100, 20))
        p = [inference.paired_t(row, 0.95).p for row in rows]
        called = inference.benjamini_hochberg(p) <= 0.05
        shares.append(float((called & (effects == 0)).sum() / max(1, called.sum())))
        found += int((called & (effects > 0)).sum())
    error = float(np.std(shares)) / np.sqrt(len(shares))
    assert float(np.mean(shares)) < 0.05 + 3 * error
    assert found > 0.9 * 3000
