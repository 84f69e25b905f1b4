"""The oracle itself: published values, limits, and the shape of the curve."""

from __future__ import annotations

import pytest

from tests.theory.hcm import control_delay_s


@pytest.mark.parametrize(("saturation", "delay_s"), [(0.20, 19.6), (0.34, 21.1), (0.47, 22.9), (0.60, 25.3)])
def test_values_worked_out_for_an_isolated_junction(saturation: float, delay_s: float) -> None:
    # C 90 s, two lanes, displayed green 33 s. The run's own S and lost time were not kept; 1650 veh/h and
    # 33.3 s of effective green meet all four values.
    capacity_vph = 2 * 1650 * 33.3 / 90
    assert control_delay_s(90, 33.3, saturation, capacity_vph) == pytest.approx(delay_s, abs=0.15)


def test_without_traffic_only_red_remains() -> None:
    assert control_delay_s(60, 30, 0, 900) == pytest.approx(60 * 0.5**2 / 2)  # r^2 / 2C


def test_delay_rises_without_bound_above_saturation() -> None:
    delays = [control_delay_s(90, 33, x, 1210) for x in (0.2, 0.6, 0.9, 1.0, 1.2, 1.5)]
    assert delays == sorted(delays)
    # Above capacity the overflow queue adds 900 T (X - 1) * 2 = 450 s per unit of X and quarter hour.
    slope = (control_delay_s(90, 33, 3.0, 1210) - control_delay_s(90, 33, 2.0, 1210)) / 1.0
    assert slope == pytest.approx(450, rel=0.01)
