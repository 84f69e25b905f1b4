"""Two-way green bands (双向绿波): offsets of a corridor by a mixed-integer programme. Pure.

MAXBAND (Little 1966; Little, Kelson and Gartner 1981) and MULTIBAND (Gartner, Assmann, Lasaga and Hou 1991),
both from memory, written with each direction's centre line in seconds:

    maximise  sum_k a_k b_k + a'_k b'_k                             band of link k out and home, weights a
    b_k / 2 + tau_i <= w_i <= g_i - b_k / 2                         at both signals i of link k
    o_i + s_i + w_i + t_k = o_i+1 + s_i+1 + w_i+1 + n_k C + e_k     out; n_k integer
    o_i+1 + s'_i+1 + w'_i+1 + t'_k = o_i + s'_i + w'_i + n'_k C + e'_k   home
    b_k <= C z_k,  |e_k| <= C (1 - z_k)                             z_k binary: a link may go without a band

with green of g_i from s_i on after the start of the cycle, w_i the band's centre within it, t_k the travel
time of the link at its own speed, tau_i the time the queue needs to clear before the band comes. `uniform`
takes one band per direction (MAXBAND); otherwise each link has its own around one centre line (MULTIBAND).
Solved by HiGHS, deterministic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

TIME_LIMIT_S = 60.0
_EPS = 1e-6


@dataclass(frozen=True, slots=True)
class Green:
    """When the corridor's movement has green: from `start_s` after the start of the cycle, `length_s` long.

    `queue_s` of it, at its start, belong to those who wait there already.
    """

    start_s: float
    length_s: float
    queue_s: float = 0.0


@dataclass(frozen=True, slots=True)
class CorridorSignal:
    """One signal of a corridor: its greens out and home."""

    out: Green
    home: Green


@dataclass(frozen=True, slots=True)
class CorridorLink:
    """The street between two signals running: travel times (s) and weights, out and home."""

    out_s: float
    home_s: float
    out_weight: float = 1.0
    home_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Bands:
    """Offsets (s, the first one 0) and the width of the band on each link, s, out and home."""

    cycle_s: float
    offsets_s: tuple[float, ...]
    out_s: tuple[float, ...]
    home_s: tuple[float, ...]

    @property
    def efficiency(self) -> float:
        """Mean band over cycle, both directions (带宽效率)."""
        return float(np.mean([*self.out_s, *self.home_s])) / self.cycle_s


def green_bands(
    signals: Sequence[CorridorSignal],
    links: Sequence[CorridorLink],
    cycle_s: float,
    *,
    uniform: bool = False,
) -> Bands:
    """Find the offsets with the widest bands; ValueError for one signal or a wrong count of links.

    Of offsets with equally wide bands those with the narrowest band widest are taken.
    """
    n = len(signals)
    if n <= 1 or len(links) != n - 1:
        raise ValueError(
            f"{n} signals and {len(links)} links: a corridor has two or more, and a link between"
        )
    layout = _Layout(n)
    cost = np.zeros(layout.size)
    for k, link in enumerate(links):
        cost[layout.band(0, k)] -= link.out_weight
        cost[layout.band(1, k)] -= link.home_weight
    cost[layout.narrow] = -0.01 * max([1e-9, *(max(k.out_weight, k.home_weight) for k in links)])
    rows = _Rows(layout.size)
    for k, link in enumerate(links):
        for direction, travel_s in ((0, link.out_s), (1, link.home_s)):
            for i in (k, k + 1):
                green = _green(signals[i], direction)
                usable_s = max(0.0, green.length_s - green.queue_s)
                queue_s = green.length_s - usable_s
                half = {layout.band(direction, k): 0.5}
                rows.add({layout.centre(direction, i): 1.0, **_negated(half)}, queue_s, math.inf)
                rows.add({layout.centre(direction, i): 1.0, **half}, -math.inf, green.length_s)
            first, last = (k, k + 1) if direction == 0 else (k + 1, k)
            begin_s = _green(signals[first], direction).start_s
            end_s = _green(signals[last], direction).start_s
            rows.add(
                {
                    layout.offset(first): 1.0,
                    layout.centre(direction, first): 1.0,
                    layout.offset(last): -1.0,
                    layout.centre(direction, last): -1.0,
                    layout.turns(direction, k): -cycle_s,
                    layout.gap(direction, k): -1.0,
                },
                end_s - begin_s - travel_s,
                end_s - begin_s - travel_s,
            )
            gap, banded = layout.gap(direction, k), layout.banded(direction, k)
            rows.add({layout.band(direction, k): 1.0, banded: -cycle_s}, -math.inf, 0.0)
            rows.add({gap: 1.0, banded: cycle_s}, -math.inf, cycle_s)
            rows.add({gap: 1.0, banded: -cycle_s}, -cycle_s, math.inf)
            rows.add({layout.band(direction, k): 1.0, layout.narrow: -1.0}, 0.0, math.inf)
            if uniform and k:
                rows.add({layout.band(direction, k): 1.0, layout.band(direction, 0): -1.0}, 0.0, 0.0)
    solved = milp(
        cost,
        integrality=layout.integers,
        bounds=layout.bounds(signals, links, cycle_s),
        constraints=LinearConstraint(np.array(rows.rows), rows.low, rows.high),
        options={"time_limit": TIME_LIMIT_S},
    )
    if solved.x is None:
        raise ValueError(f"no offsets found: {solved.message}")
    offsets = [float(solved.x[layout.offset(i)]) % cycle_s for i in range(n)]
    shifted = tuple(round((o - offsets[0]) % cycle_s, 6) % cycle_s for o in offsets)
    widths = [
        tuple(max(0.0, round(float(solved.x[layout.band(d, k)]), 6)) for k in range(n - 1)) for d in (0, 1)
    ]
    return Bands(cycle_s, shifted, widths[0], widths[1])


def through_band_s(
    signals: Sequence[CorridorSignal],
    links: Sequence[CorridorLink],
    cycle_s: float,
    offsets_s: Sequence[float],
) -> tuple[float, float]:
    """Return how wide the band through the whole corridor is for given offsets: out, home (s)."""
    return _width(signals, links, cycle_s, offsets_s, 0), _width(signals, links, cycle_s, offsets_s, 1)


def _width(
    signals: Sequence[CorridorSignal],
    links: Sequence[CorridorLink],
    cycle_s: float,
    offsets_s: Sequence[float],
    direction: int,
) -> float:
    """Longest run of departures at the first signal that meets green everywhere: greens shifted and cut."""
    n = len(signals)
    order = range(n) if direction == 0 else range(n - 1, -1, -1)
    shift_s = 0.0
    left: list[tuple[float, float]] = [(0.0, cycle_s)]
    for position, i in enumerate(order):
        if position:
            link = links[min(i, i - 1 if direction == 0 else i)]
            shift_s += link.out_s if direction == 0 else link.home_s
        green = _green(signals[i], direction)
        begin_s = (offsets_s[i] + green.start_s + green.queue_s - shift_s) % cycle_s
        end_s = begin_s + max(0.0, green.length_s - green.queue_s)
        left = [
            (max(a, b), min(c, d))
            for a, c in left
            for b, d in ((begin_s, end_s), (begin_s - cycle_s, end_s - cycle_s))
            if min(c, d) - max(a, b) > _EPS
        ]
    widths = [end - begin for begin, end in left]
    first = [end - begin for begin, end in left if begin <= _EPS]
    last = [end - begin for begin, end in left if end >= cycle_s - _EPS]
    if first and last:  # one run over the end of the cycle
        widths.append(min(cycle_s, max(first) + max(last)))
    return max(widths, default=0.0)


def _green(signal: CorridorSignal, direction: int) -> Green:
    return signal.home if direction else signal.out


def _negated(row: dict[int, float]) -> dict[int, float]:
    return {column: -value for column, value in row.items()}


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where each variable stands: offsets, centres, bands, turns (cycles on the way), gaps, z, narrowest."""

    n: int

    @property
    def size(self) -> int:
        return 3 * self.n + 8 * (self.n - 1) + 1

    def offset(self, i: int) -> int:
        return i

    def centre(self, direction: int, i: int) -> int:
        return (1 + direction) * self.n + i

    def band(self, direction: int, k: int) -> int:
        return 3 * self.n + direction * (self.n - 1) + k

    def turns(self, direction: int, k: int) -> int:
        return 3 * self.n + (2 + direction) * (self.n - 1) + k

    def gap(self, direction: int, k: int) -> int:
        return 3 * self.n + (4 + direction) * (self.n - 1) + k

    def banded(self, direction: int, k: int) -> int:
        return 3 * self.n + (6 + direction) * (self.n - 1) + k

    @property
    def narrow(self) -> int:
        return self.size - 1

    @property
    def integers(self) -> NDArray[np.int64]:
        found = np.zeros(self.size, dtype=np.int64)
        for first in (self.turns(0, 0), self.banded(0, 0)):
            found[first : first + 2 * (self.n - 1)] = 1
        return found

    def bounds(
        self, signals: Sequence[CorridorSignal], links: Sequence[CorridorLink], cycle_s: float
    ) -> Bounds:
        low, high = np.zeros(self.size), np.full(self.size, math.inf)
        for i, signal in enumerate(signals):
            high[self.offset(i)] = cycle_s if i else 0.0
            for direction in (0, 1):
                high[self.centre(direction, i)] = _green(signal, direction).length_s
        for k, link in enumerate(links):
            for direction, travel_s in ((0, link.out_s), (1, link.home_s)):
                reach = math.ceil(travel_s / cycle_s) + 3
                low[self.turns(direction, k)], high[self.turns(direction, k)] = -reach, reach
                high[self.band(direction, k)] = cycle_s
                low[self.gap(direction, k)], high[self.gap(direction, k)] = -cycle_s, cycle_s
                high[self.banded(direction, k)] = 1
        return Bounds(low, high)


class _Rows:
    def __init__(self, size: int) -> None:
        self.size = size
        self.rows: list[NDArray[np.float64]] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def add(self, row: dict[int, float], low: float, high: float) -> None:
        dense = np.zeros(self.size)
        for column, value in row.items():
            dense[column] += value
        self.rows.append(dense)
        self.low.append(low)
        self.high.append(high)
