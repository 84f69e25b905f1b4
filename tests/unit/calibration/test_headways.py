"""Saturation headway and start-up loss of queues made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.calibration.headways import saturation

GREENS = [0.0, 100.0, 200.0]
START = [3.5, 3.0, 2.5, 2.2]
"""First four headways; against 2.0 s they lose 3.2 s."""


def queue(vehicles: int, headway_s: float = 2.0) -> list[float]:
    """Return one lane that crosses in all greens."""
    once = np.cumsum([*START, *[headway_s] * (vehicles - 4)])
    return [green + t for green in GREENS for t in once.tolist()]


def test_a_queue_of_two_second_headways() -> None:
    found = saturation({"a": queue(12), "b": queue(12)}, GREENS, 45, queued=99)
    assert found.saturation_vph == pytest.approx(1800)
    assert found.startup_lost_s == pytest.approx(3.2)
    assert found.headways == 2 * 3 * 8
    assert found.saturation_se_vph == pytest.approx(0, abs=1e-6)


def test_who_had_not_stopped_or_comes_on_yellow_does_not_count() -> None:
    times = queue(12)
    late = [*times, *(green + 44.9 for green in GREENS), *(green + 45.5 for green in GREENS)]
    assert saturation({"a": late}, GREENS, 45, queued=12) == saturation({"a": times}, GREENS, 45, queued=12)
    assert saturation({"a": late}, GREENS, 45, queued=99).saturation_vph < 1500


def test_too_few_vehicles_have_no_value() -> None:
    found = saturation({"a": queue(6)}, GREENS, 45, queued=99)
    assert found.headways == 6
    assert math.isnan(found.saturation_vph) and math.isnan(found.startup_lost_s)
    assert math.isnan(saturation({}, GREENS, 45, queued=9).saturation_vph)
