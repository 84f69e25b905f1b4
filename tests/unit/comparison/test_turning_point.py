"""Turning points of curves whose turn is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.comparison.turning_point import turning_point

STALLS = [0, 10, 20, 30, 40]


def curves(mean: list[float], noise: float, replicates: int, seed: int = 1) -> NDArray[np.float64]:
    """One row per replicate: a level of its own, which all points share, and noise."""
    rng = np.random.default_rng(seed)
    own = rng.normal(0, 20, size=(replicates, 1))
    return np.asarray(mean) + own + rng.normal(0, noise, size=(replicates, len(mean)))


def test_a_falling_curve_levels_off_where_nine_tenths_are_gained() -> None:
    """100, 50, 0, 0, 0: 90 % of the gain of 100 is reached at 18 stalls."""
    found = turning_point(STALLS, curves([100, 50, 0, 0, 0], 0.0, 4), 1.0, 0.95)
    assert (found.way, found.stalls) == ("falls", pytest.approx(18))
    assert math.isnan(found.low), "four replicates are too few to resample"


def test_a_dip_on_the_way_is_no_levelling_off() -> None:
    """0 at 10 stalls, but 100 again at 20: only from 29 on it stays below a tenth."""
    found = turning_point(STALLS, curves([100, 0, 100, 0, 0], 0.0, 4), 1.0, 0.95)
    assert found.stalls == pytest.approx(29)


def test_a_rising_curve_hurts_from_where_it_matters() -> None:
    """Flat to 20 bays, then 10 more per 10 bays: above by 5 from 25 on."""
    found = turning_point(STALLS, curves([50, 50, 50, 60, 70], 0.0, 4), 5.0, 0.95)
    assert (found.way, found.stalls) == ("rises", pytest.approx(25))
    never = turning_point(STALLS, curves([50, 50, 50, 60, 70], 0.0, 4), 25.0, 0.95)
    assert never.stalls == math.inf


def test_ends_that_chance_explains_have_no_turn() -> None:
    assert turning_point(STALLS, curves([50, 40, 60, 45, 50], 5.0, 20), 5.0, 0.95).way == "level"


def test_the_interval_holds_the_truth() -> None:
    """Of 200 studies of 10 replicates about 95 % hold the true 25; below 90 % has a chance of 1 in 500."""
    inside = 0
    for seed in range(200):
        found = turning_point(STALLS, curves([50, 50, 50, 60, 70], 4.0, 10, seed), 5.0, 0.95)
        assert found.low <= found.high
        inside += found.low <= 25 <= found.high
    assert inside >= 180
