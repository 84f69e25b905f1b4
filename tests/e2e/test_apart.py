"""Measuring in other processes gives what measuring here gives, byte by byte."""

import shutil
from pathlib import Path

import pytest

from sim.kept import note_of
from tests.command_line import huandu
from tests.own_root import write_root


def tables(study: Path) -> dict[str, bytes]:
    """What is measured or compared; when a run took place stands in timing.csv."""
    paths = sorted(path for path in (study / "tables").rglob("*") if path.is_file())
    return {str(path.relative_to(study)): path.read_bytes() for path in paths if path.stem != "timing"}


def test_tables_made_here_and_apart_are_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_root(tmp_path)
    study = root / "results" / "xingfu"
    monkeypatch.setattr("sim.evaluation.write_report", lambda *given, **named: None)
    monkeypatch.setattr("sim.apart.FEW", 10**6)
    assert huandu("run", "scenario=xingfu", "run=smoke", "run.replay=false", "--root", root).code == 0
    before = tables(study)
    shutil.rmtree(root / "results" / ".store" / "measured")
    note_of(study / "tables").unlink()
    monkeypatch.setattr("sim.apart.FEW", 0)
    monkeypatch.setattr("sim.analysis.measured_runs.__code__", _never.__code__)
    assert huandu("report", study).code == 0
    assert tables(study) == before != {}
    for name in ("FEW", "MANY"):  # as if these were thousands: a process of its own holds them
        monkeypatch.setattr(f"sim.evaluation.{name}", 0)
    again = ("run", "scenario=xingfu", "run=smoke", "run.replay=false", "overwrite=true", "--root", root)
    assert huandu(*again).code == 0
    assert tables(study) == before


def _never(analysis, keys):  # type: ignore[no-untyped-def]
    if keys:
        raise AssertionError("measured here")
    return {}
