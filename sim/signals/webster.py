"""Cycle and splits of an isolated fixed-time junction: Webster, and the practical degree of saturation.

Webster, F. V. (1958), Traffic Signal Settings, Road Research Technical Paper 39; lost times in the Chinese
textbook form ``L = sum_k (L_s + I_k - A)`` (METHODS of the project: 建标库 book 10879 §8.5, second-hand).
The critical streams are found by a linear programme, so stages may overlap and a stream may run in several.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from sim.labels import Message
from sim.signals.streams import TimingProblem

REDESIGN_FLOW_RATIO = 0.9
"""Above this Y a junction needs other stages or lanes (Chinese textbooks, second-hand)."""
_TIGHT = 1e-7
"""Multipliers below this are zero to the solver."""
_ROUNDING = 0.02
"""What whole seconds may add to a degree of saturation."""
_TICK_S = 1e-6
"""Times closer than this are the same."""

Rows = tuple[NDArray[np.float64], NDArray[np.float64]]
"""A and b of A x <= b."""


@dataclass(frozen=True, slots=True)
class Critical:
    """What binds: Y = sum of critical flow ratios, L = lost time per cycle (s), and the streams' names."""

    flow_ratio: float
    lost_s: float
    streams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComputedTiming:
    """A computed plan: greens in the order of the stages, whole seconds where the intergreens are."""

    cycle_s: float
    greens_s: tuple[float, ...]
    critical: Critical
    worst_saturation: float


def webster_cycle_s(lost_s: float, flow_ratio: float) -> float:
    """Return ``C0 = (1.5 L + 5) / (1 - Y)``, infinite from Y = 1 on."""
    return (1.5 * lost_s + 5) / (1 - flow_ratio) if flow_ratio < 1 else math.inf


def practical_cycle_s(lost_s: float, flow_ratio: float, saturation: float) -> float:
    """Return ``C = L / (1 - Y / x_p)``: the shortest cycle in which no stream is above x_p."""
    return lost_s / (1 - flow_ratio / saturation) if flow_ratio < saturation else math.inf


def critical(problem: TimingProblem, cycle_s: float) -> Critical:
    """Find the critical streams of a cycle of about this length.

    They are those whose multipliers are positive in ``min sum g_j, g_e,i >= y_i C``; with one critical stream
    per stage Y and L are the textbook's.
    """
    streams = problem.streams
    if not streams:
        return Critical(0.0, problem.fixed_s, ())
    shares, constants, ratios = _arrays(problem)
    able = shares.max(axis=1) > 0
    shares, constants, ratios = shares[able], constants[able], ratios[able]
    names = [stream.name for stream, can in zip(streams, able, strict=True) if can]
    solved = linprog(
        np.ones(len(problem.stages)), A_ub=-shares, b_ub=constants - ratios * cycle_s, method="highs"
    )
    weights = -np.asarray(solved.ineqlin.marginals, dtype=float)
    return Critical(
        flow_ratio=float(weights @ ratios),
        lost_s=float(problem.fixed_s - weights @ constants),
        streams=tuple(name for name, weight in zip(names, weights, strict=True) if weight > _TIGHT),
    )


def webster(problem: TimingProblem, least_s: float, greatest_s: float, saturation: float) -> ComputedTiming:
    """Compute cycle and splits: Webster's cycle up to Y = 0.9, the practical one above, within the bounds.

    The splits give the worst stream the best it can get, then the next (equal degree of saturation of the
    critical streams, as Webster's ``g ~ y``), and keep every minimum green. Webster knows no minimum greens:
    where they take so much of his cycle that a stream is above the practical degree of saturation, the
    shortest cycle in which none is takes its place.
    """
    cycle_s = problem.fixed_s + sum(problem.present_s)
    found = critical(problem, cycle_s)
    for _ in range(5):  # which streams are critical depends on the cycle, but hardly
        if found.flow_ratio <= REDESIGN_FLOW_RATIO:
            wanted_s = webster_cycle_s(found.lost_s, found.flow_ratio)
        else:
            wanted_s = practical_cycle_s(found.lost_s, found.flow_ratio, saturation)
        previous_s, cycle_s = cycle_s, bounded_cycle_s(problem, wanted_s, least_s, greatest_s)
        found = critical(problem, cycle_s)
        if cycle_s == previous_s:
            break
    timing = timing_of_cycle(problem, cycle_s)
    without_minima = found.flow_ratio * cycle_s / max(_TICK_S, cycle_s - found.lost_s)
    if timing.worst_saturation <= max(saturation, without_minima + _ROUNDING):
        return timing
    longer = practical(problem, least_s, greatest_s, saturation)
    return longer if longer.cycle_s > cycle_s else timing


def practical(problem: TimingProblem, least_s: float, greatest_s: float, saturation: float) -> ComputedTiming:
    """Compute the shortest cycle in which no stream is above the practical degree of saturation.

    ``min C: g_e,i >= (y_i / x_p) C``, minimum greens kept; with one critical stream per stage and no minimum
    in force it is ``C = L / (1 - Y / x_p)``. Where there is no such cycle it is the longest allowed.
    """
    shares, constants, ratios = _arrays(problem)
    wanted_s = 0.0
    if len(ratios):
        able = shares.max(axis=1) > 0
        needed = ratios[able] / saturation
        solved = linprog(
            np.ones(len(problem.stages)),
            A_ub=needed[:, None] - shares[able],
            b_ub=constants[able] - needed * problem.fixed_s,
            bounds=[(stage.least_s, None) for stage in problem.stages],
            method="highs",
        )
        wanted_s = problem.fixed_s + float(solved.fun) if solved.status == 0 else math.inf
    return timing_of_cycle(problem, bounded_cycle_s(problem, wanted_s, least_s, greatest_s))


def bounded_cycle_s(problem: TimingProblem, wanted_s: float, least_s: float, greatest_s: float) -> float:
    """Return a whole number of seconds within the bounds; the minimum greens go before the upper one."""
    floor_s = max(least_s, math.ceil(problem.least_cycle_s - 1e-9))
    capped_s = min(wanted_s, max(greatest_s, floor_s))
    return float(max(floor_s, math.ceil(capped_s - _TICK_S)))


def timing_of_cycle(problem: TimingProblem, cycle_s: float) -> ComputedTiming:
    """Compute the splits of a given cycle; ValueError where it cannot hold the minimum greens."""
    greens_s = whole_seconds(problem, equal_saturation(problem, cycle_s), cycle_s)
    return ComputedTiming(cycle_s, greens_s, critical(problem, cycle_s), problem.worst(greens_s))


def equal_saturation(problem: TimingProblem, cycle_s: float, within: Rows | None = None) -> tuple[float, ...]:
    """Split a cycle so that the worst degree of saturation is as low as can be, then the next one, and so on.

    ``max theta: g_e,i >= theta y_i C``, the streams that bind are held and the rest goes on; what no stream
    needs is shared in the proportion of today's greens. `within` are further rows on the greens. ValueError
    where the minimum greens do not fit.
    """
    n = len(problem.stages)
    room_s = cycle_s - problem.fixed_s
    least = np.array([stage.least_s for stage in problem.stages])
    if least.sum() > room_s + 1e-9:
        raise _too_short(cycle_s, room_s, least.sum())
    shares, constants, ratios = _arrays(problem)
    active = [i for i in range(len(ratios)) if ratios[i] > 0 and shares[i].max() > 0]
    held: list[tuple[int, float]] = []
    greens = least + (room_s - least.sum()) * np.array(problem.present_s) / sum(problem.present_s)
    while active:
        rows = [np.append(-shares[i], ratios[i] * cycle_s) for i in active]
        bounds_b = [constants[i] for i in active]
        rows += [np.append(-shares[i], 0.0) for i, _ in held]
        bounds_b += [constants[i] - effective_s for i, effective_s in held]
        if within is not None:
            rows += [np.append(row, 0.0) for row in within[0]]
            bounds_b += list(within[1])
        solved = linprog(
            np.append(np.zeros(n), -1.0),
            A_ub=np.array(rows),
            b_ub=np.array(bounds_b) + 1e-9,
            A_eq=[np.append(np.ones(n), 0.0)],
            b_eq=[room_s],
            bounds=[*((low, None) for low in least), (None, None)],
            method="highs",
        )
        if solved.status != 0:
            break
        greens, theta = solved.x[:n], float(solved.x[n])
        tight = [i for i, m in zip(active, solved.ineqlin.marginals, strict=False) if -m > _TIGHT]
        if not tight:
            break
        held += [(i, theta * ratios[i] * cycle_s) for i in tight]
        active = [i for i in active if i not in tight]
    return tuple(float(green_s) for green_s in greens)


def whole_seconds(
    problem: TimingProblem,
    greens_s: tuple[float, ...],
    cycle_s: float,
    cost: Callable[[tuple[float, ...]], float] | None = None,
) -> tuple[float, ...]:
    """Round greens to whole seconds that still make up the cycle, none below its minimum.

    The seconds left by rounding down go where they lower `cost` most; without it the worst saturation.
    """
    whole = [
        max(math.floor(green_s + _TICK_S), math.ceil(stage.least_s - 1e-9))
        for green_s, stage in zip(greens_s, problem.stages, strict=True)
    ]
    spare_s = cycle_s - problem.fixed_s - sum(whole)
    found = [float(green_s) for green_s in whole]
    while spare_s < -_TICK_S:  # a minimum was rounded up: the longest gives
        longest = max(range(len(found)), key=lambda j: found[j] - problem.stages[j].least_s)
        found[longest] += max(-1.0, spare_s)
        spare_s += min(1.0, -spare_s)
    while spare_s > _TICK_S:
        step_s = min(1.0, spare_s)

        def worst(j: int, step_s: float = step_s) -> tuple[float, float]:
            longer = tuple(g + step_s * (i == j) for i, g in enumerate(found))
            whole_cycle = [stream.saturation(longer, cycle_s) for stream in problem.streams]
            return (cost(longer) if cost else max(whole_cycle, default=0.0)), found[j] - greens_s[j]

        best = min(range(len(found)), key=worst)
        found[best] += step_s
        spare_s -= step_s
    return tuple(round(green_s, 6) for green_s in found)


def _arrays(
    problem: TimingProblem,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Shares (streams x stages), constants and flow ratios as arrays."""
    n = len(problem.stages)
    shares = np.array([stream.shares for stream in problem.streams], dtype=float).reshape(-1, n)
    constants = np.array([stream.constant_s for stream in problem.streams], dtype=float)
    ratios = np.array([stream.flow_ratio for stream in problem.streams], dtype=float)
    return shares, constants, ratios


def in_proportion(problem: TimingProblem, cycle_s: float) -> tuple[float, ...]:
    """Stretch or shrink today's greens to another cycle; ValueError where the minima do not fit.

    A green that is below its minimum today stays as it is where the cycle stays.
    """
    room_s = cycle_s - problem.fixed_s
    if abs(room_s - sum(problem.present_s)) < _TICK_S:
        return problem.present_s
    least = np.array([stage.least_s for stage in problem.stages])
    present = np.array(problem.present_s)
    if least.sum() > room_s + _TICK_S:
        raise _too_short(cycle_s, room_s, least.sum())
    low, high = 0.0, room_s / present.min()
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(least, middle * present).sum() < room_s else (low, middle)
    greens = tuple(float(green_s) for green_s in np.maximum(least, high * present))
    return whole_seconds(problem, greens, cycle_s)


def _too_short(cycle_s: float, room_s: float, least_s: float) -> ValueError:
    return ValueError(
        Message(
            "a cycle of {cycle_s:g} s leaves {room_s:g} s of green, but the shortest greens take {least:g} s",
            cycle_s=cycle_s,
            room_s=room_s,
            least=least_s,
        )
    )
