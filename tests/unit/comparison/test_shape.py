"""What is odd about a few paired differences: the odd is found, the ordinary is left alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sim.comparison.shape import FEWEST, has_outlier, has_two_groups, is_skewed, shape

CHECKS = [has_outlier, is_skewed, has_two_groups]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("n", [8, 10, 20, 40])
def test_normal_values_raise_about_one_alarm_in_a_hundred(
    check: Callable[[np.ndarray], bool], n: int
) -> None:
    values = np.random.default_rng([3, n]).normal(size=(4000, n))
    # 40 expected where the test is exact; 70 is beyond the 99.999 % quantile of that.
    assert sum(check(row) for row in values) < 70


@pytest.mark.parametrize("n", [10, 20, 40])
def test_a_long_tail_is_not_taken_for_two_groups(n: int) -> None:
    values = np.random.default_rng([4, n]).exponential(size=(2000, n))
    assert np.mean([has_two_groups(row) for row in values]) < 0.02


def test_what_is_odd_is_found() -> None:
    usual = np.array([1.0, -1.0, 2.0, 0.0, -2.0, 1.5, 0.5, -0.5, -1.5, 0.2])
    assert shape(usual) == ()
    assert shape([*usual, 40.0]) == ("outlier", "skewed")
    locked = np.where(np.arange(12) % 3 == 0, 300.0, 10.0) + np.linspace(-2, 2, 12)
    assert "two_groups" in shape(locked)
    # An arm that locks in some replicates is told even where the differences look like one group.
    assert shape(usual, np.resize(locked, 10)) == ("two_groups",)
    tail = np.random.default_rng(5).lognormal(0, 1.2, 40)
    assert "skewed" in shape(tail)


def test_nothing_is_said_of_few_or_equal_values() -> None:
    assert shape([0.0] * (FEWEST - 2) + [100.0]) == ()
    assert shape([5.0] * 20, [0.1 * 3] * 20) == ()
    assert shape([]) == ()
