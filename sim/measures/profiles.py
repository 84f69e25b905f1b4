"""Curves of one run for figures: queues over time, cumulative counts, distributions; not measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from sim.measures.base import RunView
from sim.tables import typed

PROFILES: Mapping[str, str] = {
    "profile": "string",
    "scope": "string",
    "x": "float64",
    "value": "float64",
}
"""Long table of one run; the caller puts `arm`, `period`, `replicate` in front.

| profile | scope | x | value |
|---|---|---|---|
| ``queue_m`` | approach | start of the interval, s | back of queue, m |
| ``demanded_veh`` | network | time, s | vehicles that wanted to leave so far |
| ``inserted_veh`` | network | time, s | vehicles that entered so far |
| ``arrived_veh`` | network | time, s | vehicles that arrived so far |
| ``running_veh`` | network | time, s | inserted - arrived - removed so far |
| ``travel_time_quantile`` | network | share of the cohort, 0..1 | fair travel time not exceeded, s |
| ``delay_quantile`` | network | share of the cohort, 0..1 | fair delay not exceeded, s |
"""

RUNNING = "running_veh"
STEP_S = 60.0
SHARES = np.linspace(0, 1, 101)


def profiles(view: RunView) -> pd.DataFrame:
    """Draw every curve of a run; columns `PROFILES`, sorted."""
    parts = [_queues(view), *_cumulative(view), *_distributions(view)]
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return typed(table, PROFILES).sort_values(["profile", "scope", "x"], ignore_index=True)


def running(view: RunView) -> pd.DataFrame:
    """Draw the curve of vehicles under way alone: columns `x`, seconds, and `value`."""
    curves = (curve for curve in _cumulative(view) if curve["profile"].iloc[0] == RUNNING)
    return next(curves)[["x", "value"]]


def _curve(profile: str, scope: str, x: np.ndarray, value: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"profile": profile, "scope": scope, "x": x, "value": value})


def _queues(view: RunView) -> pd.DataFrame:
    rows = view.tables["queues"]
    rows = rows[rows["approach"].isin(list(view.approaches))]
    longest = rows.groupby(["approach", "begin_s"], sort=True)["jam_max_m"].max().reset_index()
    scopes = "approach:" + longest["approach"]
    return pd.DataFrame(
        {"profile": "queue_m", "scope": scopes, "x": longest["begin_s"], "value": longest["jam_max_m"]}
    )


def _cumulative(view: RunView) -> Iterator[pd.DataFrame]:
    trips = view.tables["trips"]
    clock_s = np.arange(view.facts.begin_s, view.facts.end_s + STEP_S, STEP_S)

    def so_far(times_s: pd.Series[float]) -> np.ndarray:
        known = np.sort(times_s.dropna().to_numpy(dtype=float))
        return np.searchsorted(known, clock_s, side="right").astype(float)

    removed = trips[trips["fate"] == "removed"]
    inserted, arrived = so_far(trips["depart_s"]), so_far(trips["arrival_s"][trips["fate"] == "arrived"])
    yield _curve("demanded_veh", "network", clock_s, so_far(trips["scheduled_s"]))
    yield _curve("inserted_veh", "network", clock_s, inserted)
    yield _curve("arrived_veh", "network", clock_s, arrived)
    gone = so_far(removed["depart_s"] + removed["duration_s"])
    yield _curve(RUNNING, "network", clock_s, inserted - arrived - gone)


def _distributions(view: RunView) -> Iterator[pd.DataFrame]:
    cohort = view.cohort
    if cohort.empty:
        return
    delay_s = cohort["time_loss_s"] + cohort["depart_delay_s"]
    for profile, values in (
        ("travel_time_quantile", cohort["fair_s"]),
        ("delay_quantile", delay_s),
    ):
        yield _curve(profile, "network", SHARES, np.quantile(values.to_numpy(dtype=float), SHARES))
