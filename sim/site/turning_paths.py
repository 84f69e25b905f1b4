"""How ways through a junction are driven, and how far one is clear of another. Pure."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.site.network import Connection, Network

CLEAR_M = 2.2
"""Between the middles of two ways on which cars of 1.8 m pass each other."""
STEP_M = 0.5
Points = NDArray[np.float64]


def path(connection: Connection, network: Network) -> Points | None:
    """Return points on the middle of a way, `STEP_M` apart; None where the network does not draw its lanes.

    A parabola that leaves and enters the lanes along their directions, as turns are drawn; straight where
    the directions do not meet ahead.
    """
    lanes = [
        (network.edges[connection.from_edge], connection.from_lane, 1),
        (network.edges[connection.to_edge], connection.to_lane, 0),
    ]
    ends, headings = [], []
    for edge, index, end in lanes:
        lane = edge.lanes[index]
        if lane.ends_m is None:
            return None
        ends.append(np.array(lane.ends_m[end]))
        first, last = (edge.shape[-2], edge.shape[-1]) if end == 1 else (edge.shape[0], edge.shape[1])
        heading = np.array(last) - np.array(first)
        headings.append(heading / max(float(np.hypot(*heading)), 1e-9))
    meets = _meeting(ends[0], headings[0], ends[1], headings[1])
    t = np.linspace(0, 1, max(2, math.ceil(float(np.hypot(*(ends[1] - ends[0]))) * 1.3 / STEP_M)))[:, None]
    if meets is None:
        return np.asarray(ends[0] + t * (ends[1] - ends[0]), dtype=np.float64)
    return np.asarray((1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * meets + t**2 * ends[1], dtype=np.float64)


def clear_until_m(one: Connection, other: Connection, network: Network) -> float:
    """Metres from the stop line of `one` along its way that cars on `other` pass clear of."""
    paths = path(one, network), path(other, network)
    if paths[0] is None or paths[1] is None:
        return math.inf
    apart_m = np.linalg.norm(paths[0][:, None, :] - paths[1][None, :, :], axis=2).min(axis=1)
    near = np.flatnonzero(apart_m < CLEAR_M)
    if not near.size:
        return math.inf
    steps_m = np.linalg.norm(np.diff(paths[0], axis=0), axis=1)
    return float(steps_m[: near[0]].sum())


def _meeting(a: Points, ahead: Points, b: Points, behind: Points) -> Points | None:
    """Where a line ahead from `a` meets one back from `b`; None where they do not."""
    cross = float(ahead[0] * behind[1] - ahead[1] * behind[0])
    if abs(cross) < 0.05:  # noqa: PLR2004 - within three degrees of parallel
        return None
    between = b - a
    along = float(between[0] * behind[1] - between[1] * behind[0]) / cross
    back = float(between[0] * ahead[1] - between[1] * ahead[0]) / cross
    return np.asarray(a + along * ahead, dtype=np.float64) if along > 0 and back < 0 else None
