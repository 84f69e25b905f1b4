"""What a study can show, whatever the shape of its differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sim.comparison import inference
from sim.comparison.power import detectable_change, power


def _skewed(size: int | tuple[int, int], seed: int) -> np.ndarray:
    """Draw differences of mean 0, spread 1 and skewness -2: now and then a replicate gains much."""
    return 1 - np.random.default_rng(seed).exponential(size=size)


def test_normal_differences_have_the_power_of_the_noncentral_t() -> None:
    pilot = np.random.default_rng(1).normal(50.0, 3.0, 20_000)
    edge = stats.t.ppf(0.975, 9)
    exact = stats.nct.sf(edge, 9, 2.0 / 3.0 * math.sqrt(10))
    assert power(pilot, -2.0, 10, 0.95) == pytest.approx(exact, abs=0.025)
    assert power(pilot, 2.0, 10, 0.95) == pytest.approx(exact, abs=0.025)


@pytest.mark.parametrize("effect", [-0.8, 0.8])
def test_skewed_differences_have_the_power_that_studies_show(effect: float) -> None:
    pilot, drawn = _skewed(20_000, 2), effect + _skewed((4000, 10), 3)
    edge = stats.t.ppf(0.975, 9) * drawn.std(axis=1, ddof=1) / math.sqrt(10)
    found = float((math.copysign(1, effect) * drawn.mean(axis=1) > edge).mean())
    assert power(pilot, effect, 10, 0.95) == pytest.approx(found, abs=0.03)
    normal = stats.nct.sf(stats.t.ppf(0.975, 9), 9, 0.8 * math.sqrt(10))
    assert (found > normal + 0.1) == (effect < 0), "found oftener where the tail lies on the change's side"


def test_the_detectable_change_is_wider_than_with_a_known_spread() -> None:
    for n in (4, 10, 40):
        differences = np.random.default_rng(n).normal(size=n)
        known = inference.smallest_detectable(inference.standard_deviation(differences), n, 0.95)
        assert known < detectable_change(differences, 0.95) < 2 * known
        assert detectable_change(3 * differences, 0.95) == pytest.approx(
            3 * detectable_change(differences, 0.95)
        )
        assert detectable_change(differences, 0.95) == pytest.approx(detectable_change(differences + 7, 0.95))
    assert detectable_change(_skewed(40, 4), 0.95) == pytest.approx(detectable_change(-_skewed(40, 4), 0.95))


def test_differences_that_do_not_vary_or_are_too_few() -> None:
    assert detectable_change(np.full(10, 3.0), 0.95) == 0
    assert math.isnan(detectable_change([1.0], 0.95))
    assert math.isnan(detectable_change([], 0.95))
    assert math.isfinite(detectable_change([1.0, 2.0], 0.95))
