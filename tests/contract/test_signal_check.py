"""The signal check in `huandu check`: told for every plan, refused where dangerous, made legal beside it."""

from __future__ import annotations

from pathlib import Path

from tests.command_line import Answer, huandu
from tests.own_root import write_root


def checked(root: Path, *, rewritten: bool = True, **changes: str) -> Answer:
    """Check the example with texts of its files replaced, each of which must be there."""
    if rewritten:
        write_root(root)
    for name in ("scenarios/xingfu/site.yaml", "scenarios/xingfu/policies/longer_main.yaml"):
        path = root / name
        text = path.read_text(encoding="utf-8")
        for old, new in changes.items():
            text = text.replace(f"{old}: {new.partition(' -> ')[0]}", f"{old}: {new.partition(' -> ')[2]}")
        path.write_text(text, encoding="utf-8")
    return huandu("--root", root, "check", "scenario=xingfu")


def test_a_plan_is_told_with_its_rule_and_made_legal_beside_it(tmp_path: Path) -> None:
    said = checked(tmp_path, length_m="7 -> 15")
    assert said.code == 0, said.err
    present, _, policy = said.out.partition("longer_main:")
    assert "[endangers pedestrians] signal J1, program day, stage A" in present
    assert "to walk across takes 15 s" in present
    assert "走完需 15 s" in present
    assert "GB 50647-2011" in present
    assert "as in the present plan are not listed again" in policy
    present, _, legal = present.partition("present_legal:")
    assert "endangers pedestrians" in present
    assert "现状配时合规化" in legal
    assert "cycle 70 s → 70 s" in legal
    assert "endangers pedestrians" not in legal, "what was made up is no longer found"
    assert "signal_timing J1@am" in legal, "a build of its own, proved like any other"


def test_no_second_baseline_where_the_scenario_wants_none(tmp_path: Path) -> None:
    write_root(tmp_path)
    scenario = tmp_path / "configs/scenario/xingfu.yaml"
    scenario.write_text(scenario.read_text(encoding="utf-8") + "legal_baseline: false\n", encoding="utf-8")
    said = checked(tmp_path, rewritten=False, length_m="7 -> 15")
    assert said.code == 0, said.err
    assert "endangers pedestrians" in said.out
    assert "present_legal" not in said.out


def test_a_policy_that_endangers_pedestrians_is_refused(tmp_path: Path) -> None:
    said = checked(tmp_path, length_m="7 -> 13", greens_s="{A: 40, B: 20} -> {A: 14, B: 46}")
    assert said.code == 2
    assert (
        "policy longer_main, period am: signal J1, program day, stage A: the crossing J1.south has 19 s"
        in said.err
    )
    assert "the shortest is 20 s" in said.err
    assert "is not evaluated" in said.err


def test_no_policy_takes_the_name_of_the_second_baseline(tmp_path: Path) -> None:
    write_root(tmp_path)
    policy = tmp_path / "scenarios/xingfu/policies/longer_main.yaml"
    text = policy.read_text(encoding="utf-8").replace("longer_main:", "present_legal:")
    (policy.parent / "present_legal.yaml").write_text(text, encoding="utf-8")
    scenario = tmp_path / "configs/scenario/xingfu.yaml"
    scenario.write_text(
        scenario.read_text(encoding="utf-8").replace("longer_main", "present_legal"), encoding="utf-8"
    )
    said = huandu("--root", tmp_path, "check", "scenario=xingfu")
    assert said.code == 2
    assert "may not be called 'present_legal'" in said.err
