"""The jobs behind `make`: when the environment is made, when it is left alone, what is said when it fails."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

import tasks


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with an environment that 'runs' and commands that are only noted."""
    inputs = [tmp_path / "pyproject.toml", tmp_path / "constraints.txt"]
    for path in inputs:
        path.write_text("first")
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(tasks, "INPUTS", inputs)
    monkeypatch.setattr(tasks, "STAMP", tmp_path / ".venv" / "installed-for")
    monkeypatch.setattr(tasks, "venv_runs", lambda: True)
    return tmp_path


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note every command instead of running it; one that contains `broken` fails."""
    noted: list[str] = []

    def note(*words: object) -> int:
        noted.append(" ".join(map(str, words)))
        return 3 if "broken" in noted[-1] else 0

    monkeypatch.setattr(tasks, "run", note)
    return noted


@pytest.mark.usefixtures("project")
def test_set_up_is_done_once(commands: list[str]) -> None:
    tasks.ensure_environment()
    assert len(commands) == 1
    assert "--constraint constraints.txt" in commands[0]
    tasks.ensure_environment()
    assert len(commands) == 1


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_set_up_is_repeated_when_an_input_changed(project: Path, commands: list[str], changed: str) -> None:
    tasks.ensure_environment()
    (project / changed).write_text("second")
    tasks.ensure_environment()
    assert len(commands) == 2


@pytest.mark.usefixtures("project")
def test_failed_set_up_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "run", lambda *words: 1)
    with pytest.raises(SystemExit, match="set-up failed"):
        tasks.ensure_environment()
    assert not tasks.STAMP.exists()


@pytest.mark.usefixtures("project")
def test_an_environment_that_no_longer_runs_is_made_again(
    monkeypatch: pytest.MonkeyPatch, commands: list[str]
) -> None:
    tasks.ensure_environment()
    monkeypatch.setattr(tasks, "venv_runs", lambda: False)
    tasks.ensure_environment()
    assert f"{sys.executable} -m venv --clear" in commands[1]
    assert "pip install" in commands[2]


@pytest.mark.usefixtures("project")
def test_missing_ensurepip_is_one_clear_message(monkeypatch: pytest.MonkeyPatch, commands: list[str]) -> None:
    monkeypatch.setattr(tasks, "venv_runs", lambda: False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        tasks.ensure_environment()
    assert commands == []


@pytest.mark.usefixtures("project")
def test_a_job_runs_all_its_commands_and_fails_as_the_first_that_failed(
    monkeypatch: pytest.MonkeyPatch, commands: list[str]
) -> None:
    monkeypatch.setitem(tasks.COMMANDS, "test", [["python", "broken"], ["python", "fine"]])
    assert tasks.main("test", "-x") == 3
    assert [line.split()[-2:] for line in commands[1:]] == [["broken", "-x"], ["fine", "-x"]]


def test_an_unknown_job_lists_the_jobs() -> None:
    with pytest.raises(SystemExit, match=r"usage: .*demo\|test\|lint"):
        tasks.main("tset")


def test_make_offers_exactly_these_jobs(repo_root: Path) -> None:
    makefile = (repo_root / "Makefile").read_text(encoding="utf-8")
    rule = re.search(r"^(.+):\n\t@\$\(PYTHON\) tasks\.py \$@$", makefile, flags=re.MULTILINE)
    assert rule is not None
    assert set(rule.group(1).split()) == {*tasks.COMMANDS, "clean"}
