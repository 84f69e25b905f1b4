"""Curves of the tiny run at hand-picked points."""

from __future__ import annotations

import pandas as pd
import pytest

from sim.measures.profiles import PROFILES, profiles
from tests import tiny_run


@pytest.fixture(scope="module")
def curves() -> pd.Series[float]:
    table = profiles(tiny_run.view())
    assert list(table.columns) == list(PROFILES)
    return table.set_index(["profile", "scope", "x"])["value"]


def test_queue_is_the_longest_lane(curves: pd.Series[float]) -> None:
    queue = curves["queue_m", "approach:J1.west"]
    assert queue.to_dict() == {940: 999, 1000: 45, 1060: 225}


def test_counts_so_far(curves: pd.Series[float]) -> None:
    # Scheduled at 900, 990, 1000, 2000, 3000, 4000, 4590; c never leaves, d stays inside, five arrive.
    at = {
        name: curves[name, "network"]
        for name in ("demanded_veh", "inserted_veh", "arrived_veh", "running_veh")
    }
    assert [at["demanded_veh"][t] for t in (840, 900, 1020, 4980)] == [0, 1, 3, 7]
    assert [at["inserted_veh"][t] for t in (840, 900, 1020, 4980)] == [0, 1, 3, 6]
    assert [at["arrived_veh"][t] for t in (1020, 1080, 4980)] == [0, 2, 5]
    assert [at["running_veh"][t] for t in (1020, 1080, 4980)] == [3, 1, 1]


def test_quantiles_of_the_cohort(curves: pd.Series[float]) -> None:
    times = curves["travel_time_quantile", "network"]
    assert [times[share] for share in (0, 0.25, 0.5, 0.75, 1)] == [52, 60, 60, 100, 2000]
    delays = curves["delay_quantile", "network"]
    assert [delays[share] for share in (0, 0.25, 0.5, 0.75, 1)] == [5, 12, 20, 64, 2000]
