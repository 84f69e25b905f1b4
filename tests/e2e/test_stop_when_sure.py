"""A study whose number of replicates is open: looks, reasons, the blank control, the same tables again."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import sim.comparison.replication
import sim.study
from sim.comparison.replication import confidence_at_looks
from tests.command_line import huandu
from tests.own_root import write_root

LOOKS = (4, 5, 6)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An engineer's folder, and looks that a test can wait for."""
    monkeypatch.setattr(sim.study, "LOOKS", LOOKS)
    monkeypatch.setattr(sim.comparison.replication, "LOOKS", LOOKS)
    return write_root(tmp_path)


def tables(study: Path) -> dict[str, bytes]:
    paths = [study / "study.json", study / "runs.json", *(study / "tables").rglob("*.*")]
    return {path.name: path.read_bytes() for path in paths if path.name != "timing.csv" and path.is_file()}


def test_replicates_are_added_until_the_cap_and_a_resumed_study_says_the_same(root: Path) -> None:
    command = ("run", "scenario=xingfu", "run.stop_half_width=0.001", "--root", root)
    answer = huandu(*command)
    assert (answer.code, answer.err) == (0, "")
    study = root / "results" / "xingfu"
    evidence = pd.read_csv(study / "tables" / "evidence.csv").set_index("arm")
    assert set(evidence["reason"]) == {"cap"}
    assert set(evidence["replicates"]) == set(evidence["n_pairs"]) == {LOOKS[-1]}
    assert evidence["confidence"].to_numpy() == pytest.approx(confidence_at_looks(0.95), abs=1e-5)
    assert json.loads((study / "study.json").read_text())["replicates"] == [1, 2, 3, 4, 5, 6]
    assert "placebo" in evidence.index

    comparison = pd.read_csv(study / "tables" / "comparison.csv")
    assert "placebo" not in set(comparison["arm"])
    row = comparison[(comparison["measure"] == "fair_travel_time") & (comparison["scope"] == "network")].iloc[
        0
    ]
    floor = evidence.loc["placebo"]
    assert (row["floor_low"], row["floor_high"]) == pytest.approx(
        (floor["ci_low"], floor["ci_high"]), rel=1e-4
    )
    # Another second is another run, and no other people.
    assert floor["sd_difference"] > 0
    findings = pd.read_parquet(study / "tables" / "findings.parquet")
    assert "arms_differ_in_demand" not in set(findings["finding"])

    before = tables(study)
    again = huandu(*command[:3], "resume=true", *command[3:])
    assert (again.code, again.err) == (0, "")
    assert tables(study) == before
    # A study that was on its way to more replicates is not told as one that is done.
    whole = json.loads((study / "study.json").read_text())
    (study / "study.json").write_text(json.dumps({**whole, "replicates": [1, 2, 3, 4]}))
    refused = huandu("report", study, "--root", root)
    assert refused.code == 2
    assert "the study has not finished" in refused.err


def test_a_study_stops_at_the_first_look_that_is_narrow_enough(root: Path) -> None:
    answer = huandu("run", "scenario=xingfu", "mcid_rel=3", "run.placebo=false", "--root", root)
    assert (answer.code, answer.err) == (0, "")
    evidence = pd.read_csv(root / "results" / "xingfu" / "tables" / "evidence.csv")
    assert list(evidence["reason"].unique()) == ["narrow"]
    assert list(evidence["replicates"].unique()) == [LOOKS[0]]
    assert (evidence["half_width"] <= evidence["half_width_wanted"]).all()


def test_fewer_than_four_replicates_are_refused_by_name(root: Path) -> None:
    answer = huandu("run", "scenario=xingfu", "run.replicates=3", "--root", root)
    assert answer.code == 2
    assert "run.replicates: 3 are too few: a verdict needs 4 at least" in answer.err
    assert "run=smoke" in answer.err
