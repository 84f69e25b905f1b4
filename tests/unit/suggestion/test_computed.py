"""Plans computed before anything is simulated, on the embedded scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.edits.edited_site import edited
from sim.errors import ConfigError
from sim.interventions.fixed_time import design_flows
from sim.interventions.plans import taken_apart
from sim.policy import apply, empty_policy
from sim.signals.design_rules import design_rules
from sim.signals.findings import dangers_added
from sim.signals.greens import Discharge
from sim.signals.lint import lint
from sim.signals.rules import timing_rules
from sim.signals.search import SignalTiming
from sim.site.crossings import surveyed_crossings_m
from sim.site.model import Site
from sim.standard_data import vehicle_set
from sim.study import Arm, RunSettings, Study
from sim.suggestion.computed import Computing
from sim.suggestion.orders import orders_of
from sim.suggestion.targets import Request, targets_of
from sim.suggestion.written import interventions
from sim.sumo.site import load
from tests.sites import policy_of


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


def test_orders_that_may_be_tried_are_plans_that_the_check_lets_through(study: Study) -> None:
    (target,) = computing(study, junction="J1").targets
    names = tuple(stage.name for stage in target.problem.stages)
    assert target.orders
    assert all(set(order) == set(names) and order != names for order in target.orders)
    rules, crossings_m = timing_rules(study.root), surveyed_crossings_m(study.site.facts)
    present = lint(target.program, study.site.network, rules, crossings_m)
    for order, problem in target.orders.items():
        joined = taken_apart(target.program).joined(order, {})
        assert [stage.name for stage in joined.stages()] == list(order)
        assert problem.fixed_s + sum(problem.present_s) == joined.cycle_s
        assert not dangers_added(present, lint(joined, study.site.network, rules, crossings_m))


def test_an_order_that_leaves_walkers_less_time_is_not_tried(study: Study) -> None:
    (target,) = computing(study, junction="J1").targets
    network, rules = study.site.network, timing_rules(study.root)
    asked = (target.program, network, {}, Discharge(1658, 2.5, 0.5), design_rules(study.root), rules)
    # Over fifty metres nobody gets across in time today either; some orders leave still less.
    wide = {"J1.north": 50.0, "J1.south": 50.0}
    every, kept = orders_of(*asked, {}), orders_of(*asked, wide)
    assert set(kept) < set(every)
    present = lint(target.program, network, rules, wide)
    for order in every:
        proposed = lint(taken_apart(target.program).joined(order, {}), network, rules, wide)
        assert (order in kept) == (not dangers_added(present, proposed))


def test_a_plan_in_another_order_is_a_policy(study: Study) -> None:
    (target,) = computing(study, junction="J1").targets
    order, problem = next(iter(target.orders.items()))
    greens_s = (problem.present_s[0] + 2, *problem.present_s[1:])
    for timing, kinds in (
        (SignalTiming(greens_s, 7.0, order), ["reorder_stages", "retime_signal"]),
        (SignalTiming(problem.present_s, target.program.offset_s, order), ["reorder_stages"]),
        (SignalTiming(target.problem.present_s, 7.0), ["retime_signal"]),
        (target.present, []),
    ):
        said = interventions(study, "am_peak", (target,), (timing,))
        assert [item["kind"] for item in said.values()] == kinds
        if not kinds:
            continue
        applied = apply(policy_of(**said), study.site, "suggested")
        program = edited(study.site, applied.edits).signals["am_peak"]["J1"].programs[target.program.id]
        names = [stage.name for stage in target.problem_of(timing).stages]
        assert [(stage.name, stage.green_s) for stage in program.stages()] == list(
            zip(names, timing.greens_s, strict=True)
        )
        assert program.offset_s == timing.offset_s
