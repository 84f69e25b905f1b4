"""Verbs that make no study, on the folder that docs/example.md prints; and what loading them costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.cli import VERBS
from tests.command_line import huandu
from tests.own_root import write_root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An engineer's folder in which nothing has run."""
    return write_root(tmp_path / "an engineer's folder")


def test_check_prints_the_change_log_and_the_proof_in_both_languages(root: Path) -> None:
    answer = huandu("check", "scenario=xingfu", "--root", root)
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0] == "  am: 信号体检，现状配时"  # before the policies: what is wrong today
    start = next(number for number, line in enumerate(lines) if line.startswith("longer_main:"))
    assert lines[start : start + 7] == [
        "longer_main: 主路增加绿灯 / Longer green for the main road",
        "  - 幸福路口 J1 配时：A 相位绿灯 25→40 s，B 相位绿灯 35→20 s",
        "  - Xingfu junction J1 timing: stage A green 25→40 s, stage B green 35→20 s",
        "  am: 1 个对象改变，在声明范围之内；其余 49 个完全相同",
        "  am: 1 object changed, inside the footprint; 49 identical",
        "    信号配时 J1@am: 各灯态时长",
        "    signal_timing J1@am: intervals",
    ]


@pytest.mark.parametrize(
    ("what", "key", "one"),
    [
        ("scenarios", "scenario", "xingfu"),
        ("policies", "policy", "longer_main"),
        ("interventions", "intervention", "retime_signal"),
        ("measures", "measure", "fair_travel_time"),
    ],
)
def test_list_says_what_there_is(root: Path, what: str, key: str, one: str) -> None:
    answer = huandu("list", what, "--json", "--root", root)
    assert answer.code == 0
    rows = {row[key]: row for row in json.loads(answer.out)}
    assert {"zh", "en"} <= rows[one].keys()
    if what == "interventions":
        assert "greens_s" in rows[one]["fields"]
    if what == "measures":
        assert rows[one]["unit"] == "s/veh"
    plain = huandu("list", what, "--root", root)
    assert plain.code == 0
    assert one in plain.out.splitlines()


def test_root_may_stand_anywhere_or_nowhere(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = huandu("list", "scenarios", "--root", root).out
    assert huandu("--root", root, "list", "scenarios").out == expected
    assert huandu("list", f"--root={root}", "scenarios").out == expected
    monkeypatch.chdir(root / "scenarios")
    assert huandu("list", "scenarios").out == expected
    monkeypatch.chdir(root.parent)
    lost = huandu("list", "scenarios")
    assert lost.code == 2
    hint = "(name one: --root FOLDER)"
    assert f"neither here nor above is a folder with scenarios/ and configs/ {hint}" in lost.err
    assert huandu("list", "scenarios", "--root").code == 2
    wrong = huandu("list", "scenarios", "--root", root / "configs")
    assert wrong.err.endswith("holds no folder scenarios or configs\n")


def test_template_writes_a_workbook_and_never_over_one(tmp_path: Path) -> None:
    path = tmp_path / "调查表.xlsx"
    assert huandu("template", path) == (0, f"{path}\n", "")
    before = path.read_bytes()
    again = huandu("template", path)
    assert (again.code, again.refusal) == (
        2,
        f"huandu: 1 problem:\n- {path}: is already there (name another file)\n",
    )
    assert path.read_bytes() == before


def test_view_says_in_one_line_that_there_is_no_display(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    for policy in ([], ["policy=longer_main"]):
        answer = huandu("view", "scenario=xingfu", *policy, "--root", root)
        assert (answer.code, answer.err) == (0, "")
        (line,) = answer.out.splitlines()
        assert line.startswith("huandu view: 此处没有显示器")
        assert "there is no display here" in line
        configuration = Path(line.partition(" -c ")[2])
        assert configuration.is_file()
    unknown = huandu("view", "scenario=xingfu", "policy=longer", "--root", root)
    assert unknown.code == 2
    assert unknown.err.endswith("- policy=longer: no such arm (did you mean longer_main?)\n")


def test_every_verb_explains_itself() -> None:
    whole = huandu("--help")
    assert whole.code == 0
    for verb in VERBS:
        assert f"\n  {verb} " in whole.out
        own = huandu(verb, "--help")
        assert (own.code, own.err) == (0, "")
        assert f"huandu {verb}" in own.out
    wrong = huandu("rnu")
    assert wrong == (
        2,
        "",
        "huandu: 1 处问题：\n- huandu rnu: 没有这个命令（是否想写 run？）\n"
        "huandu: 1 problem:\n- huandu rnu: no such command (did you mean run?)\n",
    )


@pytest.fixture
def completed(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Return what the shell is offered after a line, in the root."""
    monkeypatch.chdir(root)

    def offered(line: str) -> list[str]:
        monkeypatch.setenv("COMP_LINE", line)
        monkeypatch.setenv("COMP_POINT", str(len(line)))
        answer = huandu("-sc", "query=bash")
        assert (answer.code, answer.err) == (0, "")
        return answer.out.split()

    yield offered


def test_the_shell_completes_verbs_scenarios_and_keys(completed) -> None:  # type: ignore[no-untyped-def]
    assert completed("huandu ") == sorted(VERBS)
    assert completed("huandu re") == ["regress", "report"]
    assert completed("huandu run scenario=") == ["scenario=xingfu"]
    assert completed("huandu check scenario=x") == ["scenario=xingfu"]
    assert completed("huandu run scenario=xingfu run=") == ["run=default", "run=final", "run=smoke"]
    assert completed("huandu run scenario=xingfu run.repli") == ["run.replicates="]
    field = "policies.longer_main.interventions.j1.greens_s."
    assert completed(f"huandu run scenario=xingfu {field}") == [f"{field}A=", f"{field}B="]
    assert completed("huandu list ") == []


def test_loading_the_command_line_needs_nothing_of_what_a_study_needs() -> None:
    # Help and completion must answer at once.
    code = "import sys, sim.cli; sys.exit('pandas' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, env=os.environ).returncode == 0
