"""Plans computed before anything is simulated, on the embedded scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ConfigError
from sim.interventions.fixed_time import design_flows
from sim.policy import apply, empty_policy
from sim.signals.design_rules import design_rules
from sim.signals.greens import Discharge
from sim.site.model import Site
from sim.standard_data import vehicle_set
from sim.study import Arm, RunSettings, Study
from sim.suggestion.computed import Computing
from sim.suggestion.targets import Request, targets_of
from sim.sumo.site import load


@pytest.fixture(scope="module")
def study(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    site: Site = load(repo_root / "scenarios" / "shiqiaopu", tmp_path_factory.mktemp("store"))
    return Study(
        name="s",
        scenario="shiqiaopu",
        site=site,
        arms=(Arm("baseline", apply(empty_policy(), site, "baseline")),),
        periods=("am_peak",),
        primary="fair_travel_time",
        mcid=(None, None),
        settings=RunSettings(),
        vehicles=vehicle_set(repo_root, None),
        root=repo_root,
    )


def computing(study: Study, **asked: object) -> Computing:
    flows = design_flows(study.site, "am_peak")
    rules = design_rules(study.root)
    targets, left_out, line = targets_of(study, "am_peak", Request.model_validate(asked), flows, rules)
    assert left_out == []
    return Computing(targets, line, flows, Discharge(1658, 2.5, 0.5), rules, 1.0)


def test_a_site_is_timed_whole_without_a_name(study: Study) -> None:
    found = computing(study)
    assert [target.junction for target in found.targets] == ["J1", "J2"]
    assert set(dict(found.plans())) == {"webster", "splits", "storage", "webster_common"}


def test_one_junction_alone(study: Study) -> None:
    found = computing(study, junction="J2")
    assert [target.junction for target in found.targets] == ["J2"]
    assert "webster_common" not in dict(found.plans())


def test_every_computed_plan_keeps_its_minimum_greens(study: Study) -> None:
    found = computing(study)
    for name, plans in found.plans():
        for target, plan in zip(found.targets, plans, strict=True):
            for stage, green_s in zip(target.problem.stages, plan.greens_s, strict=True):
                assert green_s >= min(stage.least_s, stage.green_s), (name, target.junction, stage.name)


def test_plans_of_a_corridor_share_a_cycle(study: Study) -> None:
    found = computing(study, corridor=("J1", "J2"))
    plans = dict(found.plans())
    assert "band_webster_common" in plans
    assert "webster" not in plans  # 96 and 64 s
    for each in plans.values():
        cycles = {t.problem.fixed_s + sum(p.greens_s) for t, p in zip(found.targets, each, strict=True)}
        assert len(cycles) == 1
    base, banded = plans["webster_common"], plans["band_webster_common"]
    assert [p.greens_s for p in base] == [p.greens_s for p in banded]
    assert banded[0].offset_s == base[0].offset_s
    assert banded != base


def test_what_cannot_be_timed_is_named(study: Study) -> None:
    with pytest.raises(ConfigError, match="no junction named 'J7'"):
        computing(study, junction="J7")
    with pytest.raises(ConfigError, match="no junction named 'J7'"):
        computing(study, corridor=("J1", "J7"))
