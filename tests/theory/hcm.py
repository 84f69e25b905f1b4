"""Analytic control delay of the Highway Capacity Manual: an oracle for simulated delay below saturation."""

from __future__ import annotations

import math


def control_delay_s(
    cycle_s: float,
    green_s: float,
    saturation: float,
    capacity_vph: float,
    *,
    period_h: float = 0.25,
    k: float = 0.5,
    upstream: float = 1.0,
) -> float:
    """Return uniform plus incremental delay ``d1 + d2``, s/veh, without initial queue and progression.

    ``d1 = 0.5 C (1 - g/C)^2 / (1 - min(1, X) g/C)``,
    ``d2 = 900 T ((X - 1) + sqrt((X - 1)^2 + 8 k I X / (c T)))`` (HCM 2000 ch. 16; k = 0.5 fixed time, I = 1
    isolated).
    """
    ratio = green_s / cycle_s
    uniform_s = 0.5 * cycle_s * (1 - ratio) ** 2 / (1 - min(1.0, saturation) * ratio)
    over = saturation - 1
    root = math.sqrt(over**2 + 8 * k * upstream * saturation / (capacity_vph * period_h))
    return uniform_s + 900 * period_h * (over + root)
