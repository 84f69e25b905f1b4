"""Car parks begin with their stationary stock and keep it, in every arm with the same people."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.checks.findings import find_between
from sim.policy import BASELINE
from sim.runs.campaign import StudyRuns, run_study
from sim.runs.preflight import preflight
from sim.runs.store import Store
from sim.site.facts import Period
from sim.site.model import Site
from sim.site.parking import ParkingArea, ParkingDemand
from sim.study import Study
from sim.tables import RUN_TABLES

TITLE = {"zh": "场", "en": "Lot"}
BEGIN_S, T0_S, T1_S = 3300, 3600, 7200
REPLICATES = 4
MEAN_VEH = 120 / 60 * 20
"""Arrivals per minute times minutes of stay."""


@pytest.fixture(scope="module")
def parked_site(small_site: Site) -> Site:
    """The crossing an hour after its own traffic: nobody but those who park."""
    demand = {"origin": "NC", "lot": "P", "exit": "CS", "vehicles_per_h": 120, "stay_min": 20}
    area = {"title": TITLE, "kind": "off_street", "on": "NC", "at_m": 60, "stalls": 150}
    period = {"title": TITLE, "begin": "01:00", "end": "02:00"}
    facts = small_site.facts.model_copy(
        update={
            "name": "parked",
            "parking": {"P": ParkingArea.model_validate(area)},
            "parking_demand": {"shop": ParkingDemand.model_validate(demand)},
            "periods": {"peak": Period.model_validate(period)},
        }
    )
    return replace(small_site, facts=facts)


@pytest.fixture
def runs(parked_site: Site, small_study: Study, tmp_path: Path) -> tuple[StudyRuns, Store]:
    settings = small_study.settings.model_copy(update={"replicates": REPLICATES, "clear_factor": 1.0})
    study = replace(small_study, site=parked_site, settings=settings)
    store = Store(tmp_path / "store")
    done = run_study(study, preflight(study, tmp_path / "cache").builds, store)
    assert not done.failures
    return done, store


def occupied(parked: pd.DataFrame, time_s: float) -> int:
    ended_s = parked["ended_s"].fillna(math.inf)
    return int(((parked["started_s"] <= time_s) & (ended_s > time_s)).sum())


def test_the_stock_is_there_and_stays_in_every_arm(runs: tuple[StudyRuns, Store]) -> None:
    done, store = runs
    tables: dict[tuple[str, int], dict[str, pd.DataFrame]] = {
        (arm, n): {name: store.read(digest, name) for name in RUN_TABLES}
        for (arm, _, n), digest in done.finished()
    }
    times_s = np.arange(BEGIN_S, T1_S + 1, 300)
    found = np.array(
        [
            [occupied(t["parked"], time_s) for time_s in times_s]
            for (arm, _), t in tables.items()
            if arm == BASELINE
        ]
    )
    assert found.shape == (REPLICATES, len(times_s))
    # Poisson counts: the mean of four has a standard error of sqrt(40 / 4) = 3.2. Empty lots would hold
    # nothing at first, 9 vehicles when the window begins, 38 when it ends.
    error = math.sqrt(MEAN_VEH / REPLICATES)
    assert np.abs(found.mean(axis=0) - MEAN_VEH).max() < 4 * error
    for row, n in enumerate(sorted({n for _, n in tables})):
        base, arm = tables[BASELINE, n], tables["retime", n]
        assert find_between(base, arm).empty
        trips = base["trips"].set_index("id")
        stood = trips[trips["purpose"] == "leaving"]
        at_start = found[row, 0]
        assert len(stood) == at_start, "all of them stand there before anybody drives"
        # They count in the window if they want to leave in it, from then on.
        cohort = stood[(stood["scheduled_s"] >= T0_S) & (stood["scheduled_s"] < T1_S)]
        assert 0.5 < len(cohort) / len(stood) < 0.95  # exp(-5/20) - exp(-65/20): 0.74
        left = cohort[cohort["fate"] == "arrived"]
        assert len(left) > 0.9 * len(cohort)
        assert left["duration_s"].between(10, 300).all(), "the drive alone, not the stay"
        assert (left["arrival_s"] - left["scheduled_s"] - left["duration_s"]).abs().max() < 0.02
        assert (left["stop_s"] == 0).all() and (left["depart_delay_s"] == 0).all()
        slow_s = left["duration_s"] - left["time_loss_s"]
        assert slow_s.between(0.5 * slow_s.median(), 1.5 * slow_s.median()).all()
