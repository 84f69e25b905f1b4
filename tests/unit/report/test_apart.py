"""The report is made by a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sim.apart import Apart
from sim.errors import ConfigError, RunError
from sim.measures import SPECS
from sim.report import apart


def test_what_studies_import_is_without_the_means_of_drawing() -> None:
    code = (
        "import sys, sim.cli, sim.evaluation; sys.exit(any(m in sys.modules for m in ('matplotlib', 'docx')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_error_of_the_child_is_raised_here(tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text('{"schema_version": 10000}')
    with pytest.raises(ConfigError, match="newer"):
        made(tmp_path)


def made(folder: Path) -> None:
    with Apart(1) as processes:
        apart.write_report(folder, SPECS, processes, "")


def killed(*given: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_child_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_figures", killed)
    with pytest.raises(RunError, match="resume=true"):
        made(tmp_path)
