"""Paired statistics against hand calculations and scipy."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from sim.comparison import inference
from sim.comparison.inference import Estimate, Side

BEFORE = [100.0, 110.0, 90.0, 104.0]
AFTER = [90.0, 98.0, 82.0, 94.0]  # differences -10 -12 -8 -10: mean -10, s = sqrt(8/3)


def test_paired_t_by_hand() -> None:
    estimate = inference.paired_t(np.subtract(AFTER, BEFORE), 0.95)
    error = math.sqrt(8 / 3) / 2
    assert estimate.difference == -10
    assert estimate.ci_low == pytest.approx(-10 - 3.182446305 * error)  # t(.975, 3)
    assert estimate.ci_high == pytest.approx(-10 + 3.182446305 * error)
    assert estimate.tost_low == pytest.approx(-10 - 2.353363435 * error)  # t(.95, 3)
    assert estimate.tost_high == pytest.approx(-10 + 2.353363435 * error)


def test_paired_t_agrees_with_scipy() -> None:
    rng = np.random.default_rng(1)
    for n in (2, 3, 10, 40):
        before, after = rng.normal(60, 8, n), rng.normal(57, 8, n)
        ours, theirs = inference.paired_t(after - before, 0.9), stats.ttest_rel(after, before)
        interval = theirs.confidence_interval(0.9)
        assert (ours.ci_low, ours.ci_high) == pytest.approx((interval.low, interval.high))
        assert ours.p == pytest.approx(theirs.pvalue)


def test_tost_interval_decides_like_the_two_one_sided_tests() -> None:
    rng = np.random.default_rng(2)
    outcomes = set()
    for _ in range(300):
        differences, margin = rng.normal(0.3, 1.0, 8), 0.9
        estimate = inference.paired_t(differences, 0.95)
        above = stats.ttest_1samp(differences, -margin, alternative="greater").pvalue
        below = stats.ttest_1samp(differences, margin, alternative="less").pvalue
        inside = -margin <= estimate.tost_low and estimate.tost_high <= margin
        assert inside == (max(above, below) <= 0.05)
        outcomes.add(inside)
    assert outcomes == {True, False}


def test_fewer_than_two_pairs_have_no_interval() -> None:
    assert inference.paired_t([-3.0], 0.95).difference == -3
    assert math.isnan(inference.paired_t([-3.0], 0.95).ci_low)
    assert all(math.isnan(value) for value in _fields(inference.paired_t([], 0.95)))
    assert _fields(inference.paired_bootstrap([-3.0], 0.95))[0] == -3
    assert math.isnan(inference.standard_deviation([1.0]))


@pytest.mark.parametrize("estimate", [inference.paired_t, inference.paired_bootstrap])
def test_zero_variance_is_a_point(estimate: type) -> None:
    assert _fields(estimate([0.1] * 12, 0.95)) == pytest.approx((0.1, 0.1, 0.1, 0.1, 0.1, 0.0))
    assert _fields(estimate([0.0] * 12, 0.95)) == (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


def test_standard_deviation_of_equal_values_is_exactly_zero() -> None:
    assert np.std([0.1] * 7, ddof=1) > 0  # why it is not left to numpy
    assert inference.standard_deviation([0.1] * 7) == 0


def test_relative_change_of_a_fixed_baseline_is_the_interval_over_it() -> None:
    estimate, low, high = inference.relative_fieller([100.0] * 4, AFTER, 0.95)
    plain = inference.paired_t(np.subtract(AFTER, 100.0), 0.95)
    assert (estimate, low, high) == pytest.approx((-0.09, plain.ci_low / 100, plain.ci_high / 100))


def test_fieller_ends_are_where_the_paired_test_turns() -> None:
    rng = np.random.default_rng(4)
    for _ in range(50):
        before = rng.normal(80, 15, 12)
        after = 0.9 * before + rng.normal(0, 5, 12)
        _, low, high = inference.relative_fieller(before, after, 0.95)
        for ratio in (low, high):
            assert stats.ttest_1samp(after - before - ratio * before, 0).pvalue == pytest.approx(0.05)


def test_relative_change_of_a_negative_baseline_keeps_its_sign() -> None:
    assert inference.relative_fieller([-10.0, -12.0, -8.0], [-5.0, -7.0, -3.0], 0.95)[0] == 0.5
    mirrored = inference.relative_fieller(np.negative(BEFORE), AFTER, 0.95)
    assert mirrored[1] < mirrored[0] < mirrored[2]


def test_an_unbounded_ratio_has_no_ends() -> None:
    before, after = [-1.0, 1.0, 2.0, -1.5], [3.0, 4.0, 3.0, 5.0]
    estimate, low, high = inference.relative_fieller(before, after, 0.95)
    assert estimate == pytest.approx((15 - 0.5) / 0.5)
    assert math.isnan(low)
    assert math.isnan(high)
    assert math.isnan(inference.relative_bootstrap(before, after, 0.95)[1])


def test_a_zero_baseline_has_no_ratio() -> None:
    for relative in (inference.relative_fieller, inference.relative_bootstrap):
        assert all(math.isnan(value) for value in relative([0.0] * 5, [1.0] * 5, 0.95))
        assert all(math.isnan(value) for value in relative([], [], 0.95))


def test_a_ratio_is_not_the_mean_of_percentages() -> None:
    # Halving 10 s and adding 10 % to 100 s: the mean of percentages says -20 %, the totals say +4.5 %.
    assert inference.relative_fieller([10.0, 100.0], [5.0, 110.0], 0.95)[0] == pytest.approx(5 / 110)


def test_bootstrap_is_the_same_every_time_and_close_to_t_on_symmetric_data() -> None:
    differences = np.random.default_rng(5).normal(-3, 2, 30)
    first = inference.paired_bootstrap(differences, 0.95)
    inference._resampled.cache_clear()
    assert inference.paired_bootstrap(differences, 0.95) == first
    assert _fields(first)[:5] == pytest.approx(_fields(inference.paired_t(differences, 0.95))[:5], abs=0.15)
    # Never zero: 5,000 resamples cannot show less than 2/5001.
    assert first.p == pytest.approx(2 / 5001)


def test_bootstrap_ratio_is_close_to_fieller() -> None:
    rng = np.random.default_rng(6)
    before = rng.normal(80, 10, 30)
    after = 0.9 * before + rng.normal(0, 4, 30)
    ours, theirs = (
        f(before, after, 0.95) for f in (inference.relative_bootstrap, inference.relative_fieller)
    )
    assert ours == pytest.approx(theirs, abs=0.003)


def test_too_few_pairs_to_resample_are_left_to_t() -> None:
    before, after = np.arange(50.0, 59.0), np.array([49, 51, 50, 52, 51, 56, 52, 55, 57.0])
    assert inference.paired_bootstrap(after - before, 0.95) == inference.paired_t(after - before, 0.95)
    assert inference.relative_bootstrap(before, after, 0.95) == inference.relative_fieller(
        before, after, 0.95
    )
    before, after = np.append(before, 59.0), np.append(after, 53.0)
    assert inference.paired_bootstrap(after - before, 0.95) != inference.paired_t(after - before, 0.95)
    assert inference.relative_bootstrap(before, after, 0.95) != inference.relative_fieller(
        before, after, 0.95
    )


def test_a_resampled_baseline_beyond_zero_has_no_ratio() -> None:
    before, after = [-5.0, *np.linspace(0.1, 2.0, 11)], [1.0] * 12
    relative, low, high = inference.relative_bootstrap(before, after, 0.95)
    assert relative > 0
    assert math.isnan(low)
    assert math.isnan(high)


def test_expanded_tail_matches_the_t_interval() -> None:
    # z(tail') * s * sqrt((n-1)/n) must equal t * s: n = 10 gives t(.025, 9) = -2.262157.
    tail = inference.expanded_tail(10, 0.025)
    assert stats.norm.ppf(tail) * math.sqrt(9 / 10) == pytest.approx(-2.262157163)


def test_holm_by_hand() -> None:
    # Sorted .005 .01 .03 .04 times 4 3 2 1 = .02 .03 .06 .04, made monotone.
    assert inference.holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert inference.holm([0.6, 0.9]).tolist() == [1.0, 1.0]
    assert inference.holm([]).tolist() == []


def test_holm_counts_what_could_not_be_tested() -> None:
    adjusted = inference.holm([0.01, math.nan, 0.04])
    assert adjusted[[0, 2]].tolist() == pytest.approx([0.03, 0.08])
    assert math.isnan(adjusted[1])


def test_smallest_detectable_matches_published_sample_sizes() -> None:
    # Paired t, two-sided 5 %, power 80 %: an effect of 0.5 sd needs 34 pairs, of 0.8 sd 15, of 1 sd 10.
    for effect, pairs in ((0.5, 34), (0.8, 15), (1.0, 10)):
        assert inference.smallest_detectable(1.0, pairs, 0.95) <= effect
        assert inference.smallest_detectable(1.0, pairs - 1, 0.95) > effect
    assert inference.smallest_detectable(3.0, 34, 0.95) == pytest.approx(
        3 * inference.smallest_detectable(1.0, 34, 0.95)
    )
    assert inference.smallest_detectable(1.0, 34, 0.95, power=0.9) > 0.5
    assert inference.smallest_detectable(0.0, 10, 0.95) == 0
    assert math.isnan(inference.smallest_detectable(math.nan, 1, 0.95))


def test_variance_ratio_of_pairing_by_hand() -> None:
    # Squared deviations from the means 101, 91, -10: 1+81+121+9, 1+49+81+9, 0+4+4+0.
    assert inference.variance_ratio_of_pairing(BEFORE, AFTER) == pytest.approx((212 + 140) / 8)
    assert inference.variance_ratio_of_pairing([1.0, 2.0], [3.0, 4.0]) == math.inf
    assert math.isnan(inference.variance_ratio_of_pairing([1.0, 1.0], [3.0, 3.0]))


def estimate(low: float, high: float, tost: tuple[float, float] | None = None) -> Estimate:
    return Estimate((low + high) / 2, low, high, *(tost or (low, high)), p=0.5)


@pytest.mark.parametrize(
    ("low", "high", "lower_is_better", "higher_is_better"),
    [
        (-5.0, -2.5, "improved", "worse"),
        (-5.0, -2.0, "improved_uncertain", "worse_uncertain"),  # touches the MCID: not wholly beyond it
        (-5.0, -0.1, "improved_uncertain", "worse_uncertain"),
        (-5.0, 0.0, "inconclusive", "inconclusive"),
        (-1.9, 1.0, "equivalent", "equivalent"),
        (-1.9, -0.1, "equivalent", "equivalent"),  # sure but too small to matter: equivalent comes first
        (0.1, 2.1, "worse_uncertain", "improved_uncertain"),
        (2.1, 2.2, "worse", "improved"),
    ],
)
def test_verdict_by_direction(low: float, high: float, lower_is_better: str, higher_is_better: str) -> None:
    assert inference.verdict(estimate(low, high), 2.0, "lower", 10) == lower_is_better
    assert inference.verdict(estimate(low, high), 2.0, "higher", 10) == higher_is_better


def test_equivalence_rests_on_the_narrower_interval() -> None:
    assert inference.verdict(estimate(-2.1, 2.1, (-1.8, 1.8)), 2.0, "lower", 10) == "equivalent"


@pytest.mark.parametrize(
    ("low", "high", "after", "before", "both"),
    [
        (-5.0, -2.5, "inconclusive", "improved", "inconclusive"),
        (-5.0, -0.1, "inconclusive", "improved_uncertain", "inconclusive"),
        (-1.0, 1.0, "inconclusive", "inconclusive", "inconclusive"),
        (-1.0, -0.5, "inconclusive", "improved_uncertain", "inconclusive"),
        (0.5, 1.0, "worse_uncertain", "inconclusive", "inconclusive"),
        (0.1, 5.0, "worse_uncertain", "inconclusive", "inconclusive"),
        (2.5, 5.0, "worse", "inconclusive", "inconclusive"),
    ],
)
def test_censoring_has_a_side(low: float, high: float, after: str, before: str, both: str) -> None:
    sides: list[tuple[set[Side], str]] = [
        ({"after"}, after),
        ({"before"}, before),
        ({"after", "before"}, both),
    ]
    for side, expected in sides:
        assert inference.verdict(estimate(low, high), 2.0, "lower", 10, lower_bound=side) == expected
        mirrored = estimate(-high, -low)
        assert inference.verdict(mirrored, 2.0, "higher", 10, lower_bound=side) == expected


def test_no_verdict_without_direction_but_equivalence() -> None:
    assert inference.verdict(estimate(-1.0, 1.0), 2.0, "none", 10) == "equivalent"
    assert inference.verdict(estimate(-9.0, -8.0), 2.0, "none", 10) == "inconclusive"


def test_without_mcid_size_stays_uncertain() -> None:
    assert inference.verdict(estimate(-9.0, -8.0), math.nan, "lower", 10) == "improved_uncertain"
    assert inference.verdict(estimate(0.0, 0.0), math.nan, "lower", 10) == "inconclusive"


def test_identical_arms_are_equivalent_even_if_any_change_matters() -> None:
    assert inference.verdict(inference.paired_t([0.0] * 5, 0.95), 0.0, "lower", 5) == "equivalent"
    assert inference.verdict(inference.paired_t([-0.1] * 5, 0.95), 0.0, "lower", 5) == "improved"


def test_few_pairs_invalid_pairs_no_pairs() -> None:
    clear = estimate(-9.0, -8.0)
    assert inference.verdict(clear, 2.0, "lower", 4) == "improved"
    assert inference.verdict(clear, 2.0, "lower", 3) == "inconclusive"
    assert inference.verdict(clear, 2.0, "lower", 10, valid=False) == "not_comparable"
    assert inference.verdict(inference.paired_t([], 0.95), 2.0, "lower", 0) == "not_comparable"


def _fields(result: Estimate) -> tuple[float, ...]:
    return (
        result.difference,
        result.ci_low,
        result.ci_high,
        result.tost_low,
        result.tost_high,
        result.p,
    )


def test_the_smallest_detectable_difference_is_a_number_from_two_pairs_on() -> None:
    # scipy's far tail is NaN here and there; two pairs is what `run=smoke` gives.
    for n, confidence in itertools.product(range(2, 13), (0.8, 0.9, 0.95, 0.99)):
        assert math.isfinite(inference.smallest_detectable(1.0, n, confidence))
    # For two pairs |t| > c is |Z'| < |Z + d| / c with independent normals: the power by quadrature.
    d = inference.smallest_detectable(1.0, 2, 0.95) * math.sqrt(2)
    z = np.linspace(-8, 8, 4001)
    shown = 2 * stats.norm.cdf(np.abs(z + d) / stats.t.ppf(0.975, 1)) - 1
    assert np.trapezoid(shown * stats.norm.pdf(z), z) == pytest.approx(0.8, abs=1e-4)
