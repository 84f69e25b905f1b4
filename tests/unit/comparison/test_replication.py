"""Number of replicates and warm-up, against hand calculations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.comparison.replication import half_width, mser5, required_replicates, welch_mean

UNIT_SPREAD = [-1.0, 0.0, 1.0]  # standard deviation exactly 1


def test_half_width_by_hand() -> None:
    # s = 1, n = 3, t(.975, 2) = 4.302653
    assert half_width(UNIT_SPREAD, 0.95) == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert math.isnan(half_width([1.0], 0.95))


@pytest.mark.parametrize(("wanted", "n"), [(0.25, 64), (0.33, 38), (0.5, 18), (0.75, 10), (1.0, 7)])
def test_required_replicates_at_95_percent(wanted: float, n: int) -> None:
    # The published table of N against half-width in standard deviations.
    assert required_replicates(UNIT_SPREAD, wanted, 0.95) == n


def test_required_replicates_is_the_smallest_that_suffices() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        differences = rng.normal(0, 5, 10)
        wanted = float(rng.uniform(0.5, 8))
        n = required_replicates(differences, wanted, 0.9)
        scale = np.std(differences, ddof=1)
        long, short = (np.resize([-1.0, 1.0], m) for m in (n, n - 1))
        # A sample of n values with exactly this spread meets the width; one value fewer does not.
        assert half_width(long / np.std(long, ddof=1) * scale, 0.9) <= wanted * (1 + 1e-12)
        if n > 2:
            assert half_width(short / np.std(short, ddof=1) * scale, 0.9) > wanted


def test_required_replicates_without_variance_is_two() -> None:
    assert required_replicates([3.0, 3.0, 3.0], 0.1, 0.95) == 2


@pytest.mark.parametrize(
    ("differences", "wanted", "message"),
    [([1.0], 1.0, "two pilot pairs"), ([1.0, 2.0], 0.0, "positive"), ([1.0, 2.0], math.nan, "positive")],
)
def test_required_replicates_refuses(differences: list[float], wanted: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        required_replicates(differences, wanted, 0.95)


def test_mser5_deletes_the_filling_of_the_network() -> None:
    # Batch means 8, 4, 0, 1, 0, 1, 0, 1 (n = 8). MSER(0) = 57.875/64 = .904, MSER(1) = 12/49 = .245,
    # MSER(2) = 1.5/36 = .0417, MSER(3) = 1.2/25 = .048, MSER(4) = 1/16: d* = 2, ten observations.
    series = np.repeat([8.0, 4.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0], 5)
    assert mser5(series) == 10
    assert mser5([*series, 99.0, 99.0]) == 10  # an incomplete batch is left out


def test_mser5_deletes_nothing_from_a_constant_series() -> None:
    assert mser5(np.full(60, 0.1)) == 0


def test_mser5_takes_the_first_of_equal_minima() -> None:
    # 0.1 has no exact binary form: rounding must not choose among equally good tails.
    assert mser5(np.repeat([7.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], 5)) == 5


def test_mser5_of_a_series_that_never_settles_is_none() -> None:
    assert mser5(np.arange(100.0)) is None


@pytest.mark.parametrize(
    ("series", "message"), [([1.0] * 19, "too few"), ([1.0] * 30 + [math.nan], "finite")]
)
def test_mser5_refuses(series: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mser5(series)


def test_welch_mean_by_hand() -> None:
    runs = [[0.0, 2.0, 8.0, 0.0, 4.0], [0.0, 4.0, 4.0, 0.0, 2.0]]  # average 0 3 6 0 3
    assert welch_mean(runs, 1).tolist() == [0.0, 3.0, 3.0, 3.0]
    assert welch_mean(runs, 2).tolist() == [0.0, 3.0, 2.4]
    assert welch_mean(runs, 0).tolist() == [0.0, 3.0, 6.0, 0.0, 3.0]


@pytest.mark.parametrize("window", [-1, 3])
def test_welch_mean_refuses_a_window_that_does_not_fit(window: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        welch_mean([[1.0, 2.0, 3.0, 4.0, 5.0]], window)
