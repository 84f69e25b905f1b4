"""Sums that the parking measures share: who stands where and when, and who searched."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.measures.base import RunView
from sim.site.parking import ParkingArea

PARKERS = ("parking",)
"""Purpose of those who come to park."""


def areas(view: RunView) -> Iterator[tuple[str, ParkingArea]]:
    """Yield the parking areas of the arm, by id."""
    yield from sorted(view.parking.items())


def cohort(view: RunView) -> pd.DataFrame:
    """Trips of those who wanted to leave in the window in order to park."""
    return view.cohort[view.cohort["purpose"].isin(PARKERS)]


def occupied(view: RunView, area: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return how many stand in an area, as steps within the window: lengths in s, vehicles.

    The lengths add up to the window's.
    """
    begin_s, end_s = view.facts.window_begin_s, view.facts.window_end_s
    stays = view.tables["parked"]
    stays = stays[stays["area"] == area]
    came_s = stays["started_s"].clip(lower=begin_s, upper=end_s).to_numpy()
    left_s = stays["ended_s"].fillna(end_s).clip(lower=begin_s, upper=end_s).to_numpy()
    times_s = np.concatenate([[begin_s], came_s, left_s, [end_s]])
    steps = np.concatenate([[0], np.ones(len(came_s)), -np.ones(len(left_s)), [0]]).astype(np.int64)
    order = np.argsort(times_s, kind="stable")
    return np.diff(times_s[order]), np.cumsum(steps[order])[:-1]


def above(view: RunView, area: str, stalls: int, share: float) -> float:
    """Share of the window during which at least so large a share of the stalls is taken."""
    lengths_s, vehicles = occupied(view, area)
    return float(lengths_s[vehicles >= share * stalls - 1e-9].sum() / lengths_s.sum())


def searches(view: RunView) -> pd.DataFrame:
    """Cohort parkers with their search: `search_s`, `search_m`, 0 for those who never met a full area."""
    people = cohort(view)[["id", "route_m", "fate"]]
    made = view.tables["searches"].set_index("vehicle")
    ids = people["id"]
    spent_s = (made["ended_s"] - made["began_s"]).reindex(ids).fillna(0.0).to_numpy()
    driven_m = made["driven_m"].reindex(ids).fillna(0.0).to_numpy()
    return people.assign(search_s=spent_s, search_m=driven_m)


def walks(view: RunView) -> pd.Series[float]:
    """Metres on foot from the stall to the destination, of cohort parkers of whom the walk is known."""
    return cohort(view)["walk_m"].dropna()
