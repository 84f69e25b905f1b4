"""An arm under adaptive control, like any other; and one whose control law raises while the run goes on."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from sim.edits.edited_site import footprint
from sim.errors import ConfigError
from sim.interventions.plans import set_programs
from sim.policy import BASELINE, AppliedPolicy, apply, empty_policy, parse_policy
from sim.runs import work
from sim.runs.campaign import run_study
from sim.runs.preflight import preflight
from sim.runs.store import Store
from sim.signals.adaptive import controllers_of, coordinated
from sim.signals.program import SignalControl
from sim.site.network import Network
from sim.study import Arm, Study


@pytest.fixture
def study(small_study: Study) -> Study:
    site = small_study.site
    policy = {
        "site": site.name,
        "title": {"zh": "自适应", "en": "adaptive"},
        "interventions": {
            "signal": {
                "kind": "adaptive_control",
                "junctions": ["C"],
                "expect": {"cycles_s": {"C": site.signals["peak"]["C"].programs["0"].cycle_s}},
            }
        },
    }
    arm = Arm("adaptive", apply(parse_policy("adaptive", policy, "adaptive"), site, "adaptive"))
    return dataclasses.replace(small_study, arms=(*small_study.arms, arm))


def test_it_runs_beside_the_others_and_serves_the_same_people(study: Study) -> None:
    store = Store(study.root / "results" / ".store")
    checked = preflight(study, store.root)
    assert checked.builds["adaptive", "peak"].controls["C"].programs["huandu.0"].kind == "max_pressure"
    assert checked.proofs["adaptive", "peak"].objects == {("signal_timing", "C@peak")}
    runs = run_study(study, checked.builds, store)
    assert not runs.failures
    trips = {
        arm: store.read(runs.runs[arm, "peak", 1].digest or "", "trips") for arm in (BASELINE, "adaptive")
    }
    assert list(trips["adaptive"]["id"]) == list(trips[BASELINE]["id"])
    assert (trips["adaptive"]["fate"] == "arrived").all()
    assert trips["adaptive"]["duration_s"].sum() != trips[BASELINE]["duration_s"].sum()


def test_a_law_that_raises_costs_its_run_and_no_other(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(controls: Mapping[str, SignalControl], network: Network) -> tuple[dict[str, Any], ...]:
        laws = controllers_of(controls, network)
        for law in laws:
            for plan in law["plans"]:
                plan["exits"] = {}  # looked up at the first decision
        return laws

    monkeypatch.setattr(work, "controllers_of", broken)
    store = Store(study.root / "results" / ".store")
    runs = run_study(study, preflight(study, store.root).builds, store)
    assert set(runs.failures) == {("adaptive", "peak", n) for n in study.replicates}
    assert all("KeyError" in reason for reason in runs.failures.values())
    digest = runs.runs["adaptive", "peak", 1].digest
    log = "\n".join(json.loads((store.root / "failed" / f"{digest}.json").read_text())["log"])
    assert "Traceback" in log
    assert "max_pressure.py" in log
    assert len(list(runs.finished())) == len(study.replicates) * (len(study.arms) - 1)


def test_the_plain_binary_is_refused_where_a_controller_is_needed(study: Study) -> None:
    settings = study.settings.model_copy(update={"driver": "sumo"})
    plain = dataclasses.replace(study, settings=settings)
    with pytest.raises(ConfigError, match="runs no controllers"):
        preflight(plain, study.root / "results" / ".store")


def test_where_every_stage_keeps_the_clock_nobody_drives_otherwise(small_study: Study) -> None:
    site = small_study.site
    program = site.signals["peak"]["C"].programs["0"]
    names = [stage.name for stage in program.stages()]
    store = Store(small_study.root / "results" / ".store")
    runs = {}
    for kept in (names, names[-1:]):
        new = coordinated(program, kept, dict.fromkeys(names, 7.0))
        edits = set_programs(site, {"peak": (program, new)})
        applied = AppliedPolicy(empty_policy(), edits, footprint(site, edits), ())
        study = dataclasses.replace(small_study, arms=(small_study.arms[0], Arm("clock", applied)))
        made = run_study(study, preflight(study, store.root).builds, store)
        assert not made.failures
        runs[len(kept)] = {
            arm: store.read(made.runs[arm, "peak", 1].digest or "", "trips") for arm in (BASELINE, "clock")
        }
    same, reacts = runs[len(names)], runs[1]
    pd.testing.assert_frame_equal(same["clock"], same[BASELINE])
    assert (reacts["clock"]["fate"] == "arrived").all()
    lost_s = {arm: trips.groupby("origin")["time_loss_s"].sum() for arm, trips in reacts.items()}
    gained_s = lost_s[BASELINE] - lost_s["clock"]
    assert gained_s["EC"] > 0  # the stage that keeps the clock gets what the other leaves over
    assert gained_s["WC"] > 0
    assert gained_s["NC"] < 0
