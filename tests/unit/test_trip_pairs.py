"""Trips before and after, person by person."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pandas as pd

from sim.runs.run import RunRecord
from sim.study import Study
from sim.tables import RunFacts
from sim.trip_pairs import MOST_TRIPS, nearest_the_median, paired, paired_changes

FACTS = RunFacts(0.0, 100.0, 200.0, 300.0, 0, 0, 0)


def trips(count: int, extra_s: float, fate: str = "arrived") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [f"v{i:05d}" for i in range(count)],
            "scheduled_s": [90.0 + 100.0 * i / count for i in range(count)],
            "fair_s": 55.0 + extra_s,
            "fate": fate,
        }
    )


def test_people_of_the_window_are_paired() -> None:
    table = paired(trips(10, 0.0), trips(10, 7.0), FACTS)
    assert len(table) == 9, "who left before the window is no pair"
    assert set(table["before_s"]) == {55.0} and set(table["after_s"]) == {62.0}
    assert table["finished"].all()
    assert not paired(trips(10, 0.0), trips(10, 0.0, "inside"), FACTS)["finished"].any()


def test_a_large_study_is_sampled_evenly() -> None:
    assert len(paired(trips(9000, 0.0), trips(9000, 1.0), FACTS)) == MOST_TRIPS


def test_the_replicate_nearest_the_median_difference() -> None:
    assert nearest_the_median({1: -9.0, 2: -4.0, 3: -5.5, 5: -1.0}) == 2
    assert nearest_the_median({}) is None


def test_a_replicate_is_a_pair_only_if_both_runs_are_there_and_say_something() -> None:
    arms = ("baseline", "policy")
    runs = {(arm, "am", n): RunRecord("d") for arm in arms for n in (1, 2, 3, 4)}
    runs["policy", "am", 2] = RunRecord(None, "failed")
    values = [(arm, "am", n, "time", "network", (n if arm == "policy" else 10.0)) for arm, _, n in runs]
    table = pd.DataFrame(values, columns=["arm", "period", "replicate", "measure", "scope", "value"])
    table.loc[(table["arm"] == "policy") & (table["replicate"] == 3), "value"] = float("nan")
    study = cast(Study, SimpleNamespace(primary="time", replicates=(1, 2, 3, 4, 5)))
    assert paired_changes(study, runs, table, "policy", "am") == {1: -9.0, 4: -6.0}
