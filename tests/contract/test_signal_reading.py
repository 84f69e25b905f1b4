"""Real programs, of whatever kind, are read whole; the shipped scenarios come back from SUMO as written."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.signals.legal import breaks_a_minimum, legalised
from sim.signals.lint import lint
from sim.signals.reading import read
from sim.signals.rules import TimingRules, read_rules
from sim.sumo.read_network import read_network
from sim.sumo.signals import read_controls, write_controls
from sim.sumo.site import load
from tests.contract.test_real_networks import NETS

KINDS = {
    "bologna_acosta": {"static"},
    "cologne8": {"static"},
    "ingolstadt7": {"static"},
    "jinan_3x4": {"static"},
    "doerpfeldstr": {"static", "actuated"},
}


@pytest.fixture(scope="module")
def rules(repo_root: Path) -> TimingRules:
    return read_rules(repo_root / "configs" / "standards" / "signals" / "timing.yaml")


@pytest.mark.data
@pytest.mark.parametrize("name", KINDS)
def test_a_reading_accounts_for_every_second(shared_data: Path, rules: TimingRules, name: str) -> None:
    net, additional = NETS[name]
    network = read_network(shared_data / name / net)
    controls = read_controls(
        shared_data / name / net, [shared_data / name / additional] if additional else []
    )
    kinds = set()
    for control in controls.values():
        for program in control.programs.values():
            found = read(program, network)
            kinds.add(found.kind)
            assert found.cycle_s == pytest.approx(program.cycle_s)
            shown_s = sum(s.green_s + s.yellow_s + s.all_red_s for s in found.stages)
            assert shown_s == pytest.approx(found.cycle_s), "no second is in two stages or in none"
            for group in found.groups:
                assert sum(w.length_s for w in group.windows) == pytest.approx(found.cycle_s)
                went = group.name in found.free or any(
                    group.name in (*s.protected, *s.permissive, *s.crossings) for s in found.stages
                )
                assert went == any(w.letter in "Gg" for w in group.windows)
            known = {group.name for group in found.groups}
            stages = {stage.name for stage in found.stages}
            for item in lint(program, network, rules):
                assert {item.movement, item.other} <= known | {""}
                assert item.stage in stages | {""}
            legal = legalised(program, network, rules)
            assert not breaks_a_minimum(lint(legal, network, rules))
            if program.kind == "static":
                assert legal.cycle_s == program.cycle_s, "what was missing comes from the longest greens"
    assert kinds == KINDS[name]


def test_the_drawn_scenarios_come_back_from_sumo(repo_root: Path, tmp_path: Path) -> None:
    for folder in sorted((repo_root / "scenarios").glob("*/site.yaml")):
        site = load(folder.parent, tmp_path / "store")
        for period, controls in site.signals.items():
            write_controls(tmp_path / "w.add.xml", controls)
            again = read_controls(site.network_file, [tmp_path / "w.add.xml"])
            for signal, control in controls.items():
                assert {id: again[signal].programs[id] for id in control.programs} == control.programs
                assert (again[signal].active, again[signal].switches) == (control.active, control.switches)
            for signal, control in controls.items():
                plan = site.facts.plans[site.periods[period].plan or ""][signal]
                found = read(control.programs[control.active], site.network)
                assert (found.cycle_s, found.offset_s) == (plan.length_s, plan.offset_s)
                assert [s.name for s in found.stages] == list(plan.stages)
                for stage, written in zip(found.stages, plan.stages.values(), strict=True):
                    assert stage.green_s == written.green_s
                    assert (stage.yellow_s, stage.all_red_s) == (written.yellow_s, written.all_red_s)
                    assert set(stage.protected) == {f"{signal}.{name}" for name in written.green}
                    assert set(stage.crossings) == {f"{signal}.{leg}" for leg in written.crossings}
