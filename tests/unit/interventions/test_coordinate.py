from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim.edits.edited_site import edited
from sim.errors import ConfigError
from sim.interventions.fixed_time import design_flows, shipped_rules
from sim.policy import AppliedPolicy, apply
from sim.signals.adaptive import controllers_of
from sim.signals.band import through_band_s
from sim.signals.corridor import band_inputs, corridor
from sim.signals.findings import Rule
from sim.signals.greens import Discharge
from sim.signals.lint import lint_controls
from sim.signals.program import GREEN
from sim.signals.rules import timing_rules
from sim.signals.streams import least_green_s
from sim.site.model import Site
from sim.sumo.site import load
from tests.sites import policy_of

CYCLES = {"J1": 120, "J2": 100}


def coordinated(site: Site, **fields: object) -> AppliedPolicy:
    given = {"kind": "coordinate", "junctions": ["J1", "J2"], "expect": {"cycles_s": CYCLES}, **fields}
    return apply(policy_of(a=given), site, "policy")


def refused(site: Site, **fields: object) -> str:
    with pytest.raises(ConfigError) as error:
        coordinated(site, **fields)
    return str(error.value)


def test_one_cycle_and_offsets_with_bands_as_wide_as_said(shiqiaopu: Site) -> None:
    applied = coordinated(shiqiaopu, period="am_peak", cycle_s=120)
    assert {sum(edit.durations_s) for edit in applied.edits} == {120}
    after = edited(shiqiaopu, applied.edits)
    programs = [after.signals["am_peak"][j].programs["peak"] for j in ("J1", "J2")]
    flows = design_flows(shiqiaopu, "am_peak")
    line = corridor(shiqiaopu.network, ["J1", "J2"], flows, "x")
    inputs = band_inputs(line, programs, flows, Discharge(1658, 2.5, 0.5))
    offsets = [program.offset_s for program in programs]
    out_s, _ = through_band_s(*inputs, 120, offsets)
    assert f"{out_s:.0f} s out" in applied.change_log[0].en
    # No other offset has wider bands, weighted by demand as the programme does; whole seconds cost a little.
    link = inputs[1][0]

    def value(offset_s: float) -> float:
        found = through_band_s(*inputs, 120, [offsets[0], offset_s])
        return link.out_weight * found[0] + link.home_weight * found[1]

    assert value(offsets[1]) >= max(value(offset_s) for offset_s in range(120)) - 2


def test_the_first_signal_keeps_its_offset_and_its_cycle_where_it_has_it(shiqiaopu: Site) -> None:
    first = coordinated(shiqiaopu, period="am_peak", cycle_s=120).edits[0]
    assert (first.durations_s, first.offset_s) == (first.expected_durations_s, first.expected_offset_s)


def test_splits_may_be_computed_too(shiqiaopu: Site) -> None:
    applied = coordinated(shiqiaopu, period="am_peak", splits="webster")
    assert len({sum(edit.durations_s) for edit in applied.edits}) == 1


def test_it_is_computed_alike_every_time(shiqiaopu: Site) -> None:
    one, other = (coordinated(shiqiaopu, cycle_s=110) for _ in range(2))
    assert one.edits == other.edits


def test_incompatible_cycles_are_named(shiqiaopu: Site) -> None:
    told = refused(shiqiaopu)
    assert "cycles of 100, 120 s cannot be coordinated" in told
    assert "cycle_s: 120" in told


def test_a_cycle_too_short_for_pedestrians_is_refused(shiqiaopu: Site) -> None:
    told = refused(shiqiaopu, cycle_s=50)
    assert "J1: a cycle of 50 s" in told
    assert "J2: a cycle of 50 s" in told


def test_every_slip_of_a_corridor_is_named(shiqiaopu: Site) -> None:
    told = refused(shiqiaopu, junctions=["J1", "J3", "J1"])
    assert "no junction named 'J3'" in told
    assert "'J1' stands twice" in told
    told = refused(shiqiaopu, expect={"cycles_s": {"J1": 90, "J4": 80}}, cycle_s=120)
    assert "'J2' is missing" in told
    assert "expected 90 s, found 120 s" in told
    assert "J4: not in the corridor" in told


def test_an_actuated_corridor_keeps_what_lies_along_it_and_its_pedestrians(shiqiaopu: Site) -> None:
    fixed = coordinated(shiqiaopu, period="am_peak", cycle_s=120)
    applied = coordinated(shiqiaopu, period="am_peak", cycle_s=120, actuated=True)
    plans = edited(shiqiaopu, fixed.edits).signals["am_peak"]
    after = edited(shiqiaopu, applied.edits).signals["am_peak"]
    (law,) = controllers_of({name: after[name] for name in ("J1", "J2")}, shiqiaopu.network)
    assert law["kind"] == "coordinated_actuated"
    line = corridor(shiqiaopu.network, ["J1", "J2"], {}, "x")
    for described, out, home in zip(law["plans"], line.out_moves, line.home_moves, strict=True):
        plan = plans[described["signal"]].programs["peak"]
        program = after[described["signal"]].programs["peak"]
        assert [i.duration_s for i in program.intervals] == [i.duration_s for i in plan.intervals]
        assert described["clock"]["offset_s"] == plan.offset_s
        links = {c.link for move in (out, home) if move for c in move.connections}
        states = {s["interval"]: program.intervals[s["interval"]].state for s in described["stages"]}
        serves = {n for n, state in states.items() if any(state[k] in GREEN for k in links if k is not None)}
        assert serves == set(described["clock"]["coordinated"])
        assert 0 < len(serves) < len(described["stages"])
        for stage, limits in zip(plan.stages(), described["stages"], strict=True):
            fixed_s = stage.green_s - plan.intervals[limits["interval"]].duration_s
            least_s = min(least_green_s(stage, plan, shiqiaopu.network, shipped_rules()), stage.green_s)
            assert limits["min_s"] == least_s - fixed_s
    assert "once nobody comes" in applied.change_log[0].en


def test_an_offset_beside_another_cycle_is_found_by_the_check(shiqiaopu: Site, repo_root: Path) -> None:
    controls = shiqiaopu.signals["am_peak"]
    one = controls["J1"].programs["peak"]

    def found(offset_s: float, cycle_factor: float) -> list[tuple[str, str, float, float]]:
        intervals = tuple(replace(i, duration_s=i.duration_s * cycle_factor) for i in one.intervals)
        program = replace(one, intervals=intervals, offset_s=offset_s)
        changed = {**controls, "J1": replace(controls["J1"], programs={"peak": program})}
        items = lint_controls(changed, shiqiaopu.network, timing_rules(repo_root), (27000, 30600))
        return [(f.signal, f.other, f.value, f.limit) for f in items if f.rule is Rule.OFFSET_OF_OTHER_CYCLE]

    assert one.cycle_s == 120
    assert found(7, 1.0) == [("J1", "J2", 120, 100)]
    assert found(7, 100 / 120) == []
    assert found(7, 200 / 120) == []  # a multiple


def test_junctions_that_no_street_joins_are_no_corridor(repo_root: Path, tmp_path: Path) -> None:
    site = load(repo_root / "scenarios" / "xiejiawan", tmp_path)
    cycles = {"X1": 100, "X3": 100, "X4": 100}
    told = refused(site, junctions=["X1", "X3", "X4"], expect={"cycles_s": cycles})
    assert "no street joins 'X1' and 'X3' without another signal between" in told
    assert "'X4'" not in told
