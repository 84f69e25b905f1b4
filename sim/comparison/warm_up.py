"""Is the warm-up long enough, and which should it be? MSER-5 and Welch's curve over the vehicles. Pure.

The warm-up is a fact of the site, one for all arms; nothing here changes it. The study's own runs are the
pilots: those of today choose the value, the others are only held against it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sim.comparison.pairs import BASELINE
from sim.tables import typed

BATCH = 5
"""Observations per batch of MSER-5."""
HALF_WINDOW = 5
"""Of Welch's moving mean, observations to either side."""
FEWEST_PILOTS = 5
MINUTE_S = 60.0

WARM_UP: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "pilots": "int64",
    "warm_up_s": "float64",  # as the site declares it
    "needed_s": "float64",  # what MSER-5 would cut off; NaN where it cannot tell
    "rule_s": "float64",  # 15 min, twice the longest free trip, three cycles: the longest of them
    "chosen_s": "float64",  # one value for all arms and periods, by the pilots of today; NaN with too few
    "begin_s": "float64",  # of the window
    "window_s": "float64",
    "cycles": "string",  # of the baseline's signals, s
    "whole_cycles": "bool",  # the window holds a whole number of each
    "state": "string",  # enough, too_short, never_flat, few_pilots
}
"""One row per arm, period: the same warm-up in every arm, checked in each."""


class Pilot(NamedTuple):
    """What of one arm and period is judged."""

    arm: str
    period: str
    curves: pd.DataFrame
    """Vehicles in the network: seconds down, equally spaced, from the run's start to the window's end;
    replicates across."""


class Times(NamedTuple):
    """The period as the site has it, s."""

    begin_s: float
    warm_up_s: float
    window_s: float
    cycles_s: tuple[float, ...]
    longest_trip_s: float


def mser5(pilots: ArrayLike) -> int | None:
    """Return how many observations to cut off so that the mean of the rest is most precise (White 1997).

    `pilots`: observations down, one column per replicate. With batch means of five, ``Z``, of one replicate,
    ``e(d) = sum((Z[d:] - mean(Z[d:]))**2) / (n - d)**2``; the cut is the ``d`` of ``0 <= d <= n/2`` with the
    least sum of ``e`` over the replicates (of a single short one the last cut would often win by chance),
    times five. None where it is the last allowed (the series never gets flat, so it says nothing), or where
    there are fewer than four batches.
    """
    series = np.asarray(pilots, dtype=float)
    series = series[:, np.newaxis] if series.ndim == 1 else series
    n = len(series) // BATCH
    if n < 4:  # noqa: PLR2004
        return None
    means = series[: n * BATCH].reshape(n, BATCH, -1).mean(axis=1)
    errors = [float(means[cut:].var(axis=0).sum()) / (n - cut) for cut in range(n // 2 + 1)]
    best = int(np.argmin(errors))
    return None if best == n // 2 else best * BATCH


def welch(values: ArrayLike, half_window: int = HALF_WINDOW) -> NDArray[np.float64]:
    """Return Welch's moving mean: symmetric, the window shrinks at the beginning; NaN where it does not fit.

    Welch 1983, as in Law and Kelton: observation ``i`` is averaged over ``i - k ... i + k`` with
    ``k = min(half_window, i)``.
    """
    series = np.asarray(values, dtype=float)
    smooth = np.full(series.size, math.nan)
    for i in range(series.size - half_window):
        k = min(half_window, i)
        smooth[i] = series[i - k : i + k + 1].mean()
    return smooth


def checked(pilots: Iterable[Pilot], times: Mapping[str, Times]) -> pd.DataFrame:
    """Judge the warm-up of every arm and period. `times`: by period. Columns `WARM_UP`."""
    rows: list[dict[str, object]] = []
    for pilot in pilots:
        at = times[pilot.period]
        cut = mser5(pilot.curves.to_numpy(dtype=float))
        clock_s, number = pilot.curves.index.to_numpy(dtype=float), pilot.curves.shape[1]
        needed_s = math.nan if cut is None else float(clock_s[cut] - clock_s[0])
        rows.append(
            {
                "arm": pilot.arm,
                "period": pilot.period,
                "pilots": number,
                "warm_up_s": at.warm_up_s,
                "needed_s": needed_s,
                "rule_s": max([900.0, 2 * at.longest_trip_s, *(3 * cycle for cycle in at.cycles_s)]),
                "chosen_s": math.nan,
                "begin_s": at.begin_s,
                "window_s": at.window_s,
                "cycles": ", ".join(f"{cycle:g}" for cycle in sorted(set(at.cycles_s))),
                "whole_cycles": all((at.window_s / cycle).is_integer() for cycle in at.cycles_s),
                "state": _state(number, needed_s, at.warm_up_s),
            }
        )
    table = typed(pd.DataFrame(rows, columns=list(WARM_UP)), WARM_UP)
    return table.assign(chosen_s=chosen_s(table))


def chosen_s(table: pd.DataFrame) -> float:
    """Return the warm-up that the pilots of today choose: whole minutes, one for all arms and periods.

    The longest, over the periods, of the rule and of what MSER-5 would cut off where it can tell. NaN as long
    as a period has fewer pilots than that takes. Columns `WARM_UP`.
    """
    today = table[table["arm"] == BASELINE]
    if today.empty or (today["pilots"] < FEWEST_PILOTS).any():
        return math.nan
    longest_s = float(np.nanmax(today[["needed_s", "rule_s"]].to_numpy(dtype=float)))
    return math.ceil(longest_s / MINUTE_S) * MINUTE_S


def _state(pilots: int, needed_s: float, warm_up_s: float) -> str:
    if pilots < FEWEST_PILOTS:
        return "few_pilots"
    if math.isnan(needed_s):
        return "never_flat"
    return "enough" if needed_s <= warm_up_s else "too_short"
