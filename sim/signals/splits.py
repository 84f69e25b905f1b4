"""Critical splits of an oversaturated junction: serve most, and keep queues where there is room for them.

Queue management in the sense of NCHRP 38 / FHWA's Traffic Signal Timing Manual ch. 12 (from memory): where
not everybody can be served, the green goes where a queue would otherwise outgrow its storage and block
others; among plans equally good in that the worst degree of saturation is made as low as can be. The linear
programme is the project's own.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from sim.signals.streams import TimingProblem
from sim.signals.webster import (
    ComputedTiming,
    Rows,
    bounded_cycle_s,
    critical,
    equal_saturation,
    whole_seconds,
)

OVERFLOW_WEIGHT = 10.0
"""A vehicle beyond its storage blocks others: it counts as so many that merely wait. The project's choice."""
TIE_WEIGHT = 1e-3
"""Of the largest share of its demand that a queue grows by: decides between plans that serve alike."""
CYCLE_STEP_S = 5.0


def protected_splits(problem: TimingProblem, cycle_s: float, hours: float) -> ComputedTiming:
    """Split a cycle for a period of so many hours in which not everybody may be served.

    ``min sum_i r_i T + 10 sum_i o_i`` over the greens, with the growth of the queue ``r_i >= q_i - S_i
    g_e,i / C`` and the overflow ``o_i >= r_i T + q_i (C - g_e,i) - N_i`` over the storage N_i (for
    undersaturated streams the queue of the red alone). ValueError where the cycle is too short.
    """
    greens_s = equal_saturation(problem, cycle_s, _least_loss(problem, cycle_s, hours)[0])
    whole = whole_seconds(problem, greens_s, cycle_s, lambda greens: _loss(problem, greens, cycle_s, hours))
    return ComputedTiming(cycle_s, whole, critical(problem, cycle_s), problem.worst(whole))


def oversaturated(problem: TimingProblem, least_s: float, greatest_s: float, hours: float) -> ComputedTiming:
    """Choose cycle and splits: the shortest cycle, in steps of 5 s, of those that lose least."""
    floor_s = bounded_cycle_s(problem, 0.0, least_s, greatest_s)
    cycles = [floor_s + CYCLE_STEP_S * k for k in range(int((greatest_s - floor_s) // CYCLE_STEP_S) + 1)]
    losses = {c: _least_loss(problem, c, hours)[1] for c in cycles or [floor_s]}
    least = min(losses.values())
    best_s = min(c for c, loss in losses.items() if loss <= least + 0.01 * abs(least) + 0.5)
    return protected_splits(problem, best_s, hours)


def loss_veh(problem: TimingProblem, greens_s: tuple[float, ...], hours: float) -> float:
    """Return what these greens leave unserved, and ten times what they overflow, pcu."""
    return _loss(problem, greens_s, problem.fixed_s + sum(greens_s), hours)


def _loss(problem: TimingProblem, greens_s: tuple[float, ...], cycle_s: float, hours: float) -> float:
    found = 0.0
    for stream in problem.streams:
        effective_s = stream.effective_s(greens_s)
        growth = max(0.0, stream.demand_pcuph - stream.saturation_pcuph * effective_s / cycle_s)
        queue = growth * hours + stream.demand_pcuph * (cycle_s - effective_s) / 3600
        found += growth * hours
        if math.isfinite(stream.storage_veh):
            found += OVERFLOW_WEIGHT * max(0.0, queue - stream.storage_veh)
    return found


def _least_loss(problem: TimingProblem, cycle_s: float, hours: float) -> tuple[Rows | None, float]:
    """Solve the programme; return rows on the greens that keep its result, and its value.

    The rows hold every stream's growth and overflow at what the solution has, so that what follows only
    shares out what is left.
    """
    n, m = len(problem.stages), len(problem.streams)
    room_s = cycle_s - problem.fixed_s
    least = [stage.least_s for stage in problem.stages]
    if sum(least) > room_s + 1e-9 or not m:
        return None, 0.0
    total_veh = hours * sum(stream.demand_pcuph for stream in problem.streams)
    tie = np.array([TIE_WEIGHT * total_veh])
    cost = np.concatenate([np.zeros(n), np.full(m, hours), np.full(m, OVERFLOW_WEIGHT), tie])
    rows: list[NDArray[np.float64]] = []
    limits: list[float] = []
    for i, stream in enumerate(problem.streams):
        shares = np.array(stream.shares)
        rate = stream.saturation_pcuph / cycle_s
        growth, overflow = np.eye(m)[i], np.eye(m)[i]
        rows.append(np.concatenate([-rate * shares, -growth, np.zeros(m + 1)]))
        limits.append(rate * stream.constant_s - stream.demand_pcuph)
        rows.append(np.concatenate([np.zeros(n), growth, np.zeros(m), [-stream.demand_pcuph]]))
        limits.append(0.0)
        if math.isfinite(stream.storage_veh):
            q = stream.demand_pcuph / 3600
            rows.append(np.concatenate([-q * shares, hours * growth, -overflow, [0.0]]))
            limits.append(stream.storage_veh - q * (cycle_s - stream.constant_s))
    solved = linprog(
        cost,
        A_ub=np.array(rows),
        b_ub=np.array(limits),
        A_eq=[np.concatenate([np.ones(n), np.zeros(2 * m + 1)])],
        b_eq=[room_s],
        bounds=[*((low, None) for low in least), *[(0, None)] * (2 * m + 1)],
        method="highs",
    )
    slack = 1e-6
    found: list[NDArray[np.float64]] = []
    bounds_b: list[float] = []
    for row, limit in zip(rows, limits, strict=True):
        found.append(row[:n])
        bounds_b.append(float(limit - row[n:] @ solved.x[n:] + slack))
    return (np.array(found), np.array(bounds_b)), float(solved.fun)
