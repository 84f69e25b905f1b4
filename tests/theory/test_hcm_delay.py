"""The oracle itself: values worked out by hand from stated inputs, limits, and the shape of the curve."""

from __future__ import annotations

import pytest

from tests.theory.hcm import control_delay_s


@pytest.mark.parametrize(
    ("saturation", "uniform_s", "incremental_s"),
    [
        # C 100 s, g 50 s, c 800 veh/h, T 0.25 h: 12.5 / (1 - X/2), 225 (X - 1 + sqrt((X-1)^2 + 0.02 X)).
        (0.8, 12.5 / 0.6, 225 * (-0.2 + 0.056**0.5)),  # 20.83 + 8.24
        (1.0, 25.0, 225 * 0.02**0.5),  # 25 + 31.82
        (1.2, 25.0, 225 * (0.2 + 0.064**0.5)),  # min(1, X): 25 + 101.92
    ],
)
def test_worked_values(saturation: float, uniform_s: float, incremental_s: float) -> None:
    assert control_delay_s(100, 50, saturation, 800) == pytest.approx(uniform_s + incremental_s)


def test_without_traffic_only_red_remains() -> None:
    assert control_delay_s(60, 30, 0, 900) == pytest.approx(60 * 0.5**2 / 2)  # r^2 / 2C


def test_delay_rises_without_bound_above_saturation() -> None:
    delays = [control_delay_s(90, 33, x, 1210) for x in (0.2, 0.6, 0.9, 1.0, 1.2, 1.5)]
    assert delays == sorted(delays)
    # Far above capacity d2 grows by 900 T * 2 = 450 s per unit of X and quarter hour.
    slope = control_delay_s(90, 33, 3.0, 1210) - control_delay_s(90, 33, 2.0, 1210)
    assert slope == pytest.approx(450, rel=0.01)
