"""The report is made by a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

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
        apart.write_report(tmp_path, SPECS)


def killed(folder: Path, specs: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_child_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_write", killed)
    with pytest.raises(RunError, match="resume=true"):
        apart.write_report(tmp_path, SPECS)
