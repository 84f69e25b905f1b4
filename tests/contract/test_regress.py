"""`huandu regress` on a set of its own: silent while nothing drifts, a table where something does."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sim.regression import KEYS
from sim.tables import typed
from tests.command_line import huandu


def values(level: float) -> pd.DataFrame:
    rows = [("policy", "am", "fair_travel_time", n, level + n % 3) for n in range(1, 7)]
    return typed(pd.DataFrame(rows, columns=list(KEYS)), KEYS)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root whose set has one study; what it is found to give is `found`."""
    for name in ("scenarios", "configs/scenario", "results/baselines"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "results" / "baselines" / "set.yaml").write_text("one: [scenario=one]\n", encoding="utf-8")
    found_now(monkeypatch, 100.0)
    return tmp_path


def found_now(monkeypatch: pytest.MonkeyPatch, level: float) -> None:
    monkeypatch.setattr("sim.cli.regress._simulated", lambda *given: values(level))


def test_what_drifts_is_a_table_and_to_accept_it_fails_the_run_that_writes(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = root / "results" / "baselines" / "one.csv"
    assert huandu("regress", "--accept", "--root", root).code == 1
    before = accepted.read_bytes()
    assert huandu("regress", "--root", root).code == 0

    found_now(monkeypatch, 150.0)
    told = huandu("regress", "--root", root)
    assert told.code == 1
    row = next(line for line in told.out.splitlines() if "fair_travel_time" in line).split()
    assert row[:3] == ["policy", "am", "fair_travel_time"] and row[-1] == "drifted"
    assert {"101", "151"} <= set(row), row
    assert accepted.read_bytes() == before, "only --accept writes"

    assert huandu("regress", "one", "--accept", "--root", root).code == 1
    assert accepted.read_bytes() != before
    assert huandu("regress", "one", "--root", root).code == 0


def test_a_name_that_is_not_in_the_set_is_refused(root: Path) -> None:
    told = huandu("regress", "on", "--root", root)
    assert told.code == 2
    assert "one" in told.refusal
