"""Saturation headway and start-up loss from the times at which fronts cross a stop line.

With the signal turning green at t_0 and the i-th front crossing at t_i: h_1 = t_1 - t_0, h_i = t_i - t_{i-1};
h_s = mean of h_i from the fifth vehicle to the last one queued at the start of green; S = 3600 / h_s,
vehicles per hour of green and lane; l1 = sum of (h_i - h_s) over the first four, averaged over the greens.
Source: HCM 7th ed., ch. 31, field measurement of saturation headway.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

FIRST_SATURATED = 5
"""The headway of this vehicle is the first that start-up no longer stretches."""
LEAST_HEADWAYS = 20
"""Of fewer saturated headways there is no value."""


class Saturation(NamedTuple):
    """What the queues of one movement's lanes did; NaN where there were too few vehicles."""

    saturation_vph: float
    saturation_se_vph: float
    startup_lost_s: float
    headways: int


def saturation(
    crossings: Mapping[str, Sequence[float]], greens_s: Sequence[float], green_s: float, queued: int
) -> Saturation:
    """Measure lanes (lane -> times, s) over greens that begin at `greens_s` and last `green_s`.

    `queued` is how many vehicles of a lane stood behind the stop line when its light turned green: later ones
    had not stopped and do not count.
    """
    saturated: list[float] = []
    starts: list[tuple[float, ...]] = []
    for times in crossings.values():
        for begin_s in greens_s:
            inside = sorted(t for t in times if begin_s <= t < begin_s + green_s)[:queued]
            headways = np.diff([begin_s, *inside])
            if len(headways) >= FIRST_SATURATED:
                starts.append(tuple(headways[: FIRST_SATURATED - 1]))
                saturated += headways[FIRST_SATURATED - 1 :].tolist()
    if len(saturated) < LEAST_HEADWAYS:
        return Saturation(math.nan, math.nan, math.nan, len(saturated))
    mean_s = float(np.mean(saturated))
    error_s = float(np.std(saturated, ddof=1)) / len(saturated) ** 0.5
    lost_s = float(np.mean([sum(start) for start in starts])) - (FIRST_SATURATED - 1) * mean_s
    return Saturation(3600 / mean_s, 3600 / mean_s**2 * error_s, lost_s, len(saturated))
