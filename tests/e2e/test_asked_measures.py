"""Emissions and conflicts, asked for: nobody drives otherwise, and what comes out has the right size."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from sim.analysis import Analysis
from sim.runs.campaign import run_study
from sim.runs.preflight import preflight
from sim.runs.store import Store
from sim.study import Study

GRAMS_PER_KM = (120.0, 400.0)
"""A petrol car in town, with a stop at a signal on 800 m."""


def analysed(study: Study, **asked: bool) -> Analysis:
    """Simulate one run of today."""
    settings = study.settings.model_copy(update={"replicates": 1, "jobs": 1, **asked})
    study = replace(study, arms=study.arms[:1], settings=settings)
    store = Store(study.root / "results" / ".store")
    checked = preflight(study, store.root)
    done = run_study(study, checked.builds, store, lambda tally: None)
    assert not done.failures
    return Analysis(study, store, checked, done.runs, done.free_flow)


def test_trajectories_stay_and_cars_emit_what_cars_emit(small_study: Study) -> None:
    plain, asked = analysed(small_study), analysed(small_study, emissions=True, conflicts=True)
    key = ("baseline", "peak", 1)
    digests = [str(analysis.runs[key].digest) for analysis in (plain, asked)]
    assert digests[0] != digests[1]
    inputs = [plain.store.inputs(digest) for digest in digests]
    assert not [name for name in inputs[0]["options"] if "emissions" in name or "ssm" in name]
    one, two = (plain.store.read(digest, "trips") for digest in digests)
    pd.testing.assert_frame_equal(one, two)
    assert plain.store.read(digests[0], "emissions").empty
    emitted = plain.store.read(digests[1], "emissions")
    assert set(emitted["vehicle"]) == set(two["id"])
    assert (emitted[["co2_g", "nox_g", "pmx_g", "fuel_g"]] > 0).all().all()

    values = asked.long("measures").set_index(["measure", "scope"])["value"]
    assert GRAMS_PER_KM[0] < values["co2_per_km", "network"] < GRAMS_PER_KM[1]
    # Petrol: 3.0 to 3.2 kg of CO2 from a kg of fuel.
    assert 3.0 < values["co2_emissions", "network"] / values["fuel_use", "network"] < 3.25
    conflicts = asked.store.read(digests[1], "conflicts")
    people = set(conflicts.loc[conflicts["kind"] == "none", "ego"])
    assert 5 < len(people) < 0.2 * len(two) + 5
    assert set(conflicts["ego"]) == people <= set(two["id"])
    met = conflicts[conflicts["kind"] != "none"]
    assert {"rear_end"} <= set(met["kind"]) <= {"rear_end", "crossing", "merging", "other"}
    beyond = (met["ttc_s"] <= 1.5) | (met["drac_mps2"] >= 3.35) | (met["pet_s"] <= 5)
    assert beyond.all()
    assert values["rear_end_conflicts", "network"] > 0
    assert ("crossing_conflicts", "junction:C") in values.index

    measured = set(plain.long("measures")["measure"])
    assert not {"co2_emissions", "fuel_use", "crossing_conflicts"} & measured


def test_who_comes_to_stop_lines_is_noted_and_nobody_drives_otherwise(small_study: Study) -> None:
    plain, asked = analysed(small_study), analysed(small_study, stop_lines=True)
    key = ("baseline", "peak", 1)
    one, two = (str(analysis.runs[key].digest) for analysis in (plain, asked))
    assert one != two
    assert plain.store.read(one, "stop_lines").empty
    trips, came = asked.store.read(two, "trips"), asked.store.read(two, "stop_lines")
    pd.testing.assert_frame_equal(plain.store.read(one, "trips"), trips)
    assert sorted(came["vehicle"]) == sorted(trips["id"])  # one signal on everybody's way
    assert (came["passed_s"] >= came["reached_s"]).all()
    # What is lost between coming and passing is what the signal costs, all but braking for turns behind it.
    lost_s = came.set_index("vehicle")["passed_s"] - came.set_index("vehicle")["reached_s"]
    assert abs(lost_s - trips.set_index("id")["time_loss_s"]).mean() < 8
    states = asked.store.read(two, "signal_states")
    program = small_study.site.signals["peak"]["C"].programs["0"]
    assert set(states["state"]) == {interval.state for interval in program.intervals}
    values = asked.long("measures").set_index(["measure", "scope"])["value"]
    share = values["arrivals_on_green", "junction:C"]
    assert 0.2 < share < 0.8  # 42 s of green in 90 for each street, arrivals at random
    assert values["second_green", "junction:C"] < 0.1
    assert 0.2 < values["queue_at_green", "junction:C"] < 4
    assert not {"arrivals_on_green", "queue_at_green"} & set(plain.long("measures")["measure"])
