"""The best of several policies: chosen with its guarantee, held against today anew, refused with reasons."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from tests.command_line import huandu
from tests.own_root import write_root

GREENS = "sweep.policies.longer_main.interventions.j1.greens_s.A=[20,30,45]"


def test_the_best_of_a_sweep_is_chosen_and_held_against_today(tmp_path: Path) -> None:
    root = write_root(tmp_path)
    words = ("choose", "scenario=xingfu", GREENS, "--indifference", "8", "--root", root)
    answer = huandu(*words)
    assert (answer.code, answer.err) == (0, "")
    folder = root / "results" / "xingfu_choice" / "choice"
    table = pd.read_csv(folder / "choice.csv")
    facts = json.loads((folder / "choice.json").read_text(encoding="utf-8"))
    assert len(table) == 3 and table["chosen"].sum() == 1 and not table["failed"].any()
    assert table.loc[table["chosen"], "mean"].item() == table["mean"].min()
    assert table["replicates"].between(10, 400).all()
    assert facts["runs"] == table["replicates"].sum() + 20
    assert facts["share"] == facts["runs"] / table["equal_allocation"].sum()
    assert facts["fresh_runs"] == 20 and facts["best"] in answer.out
    assert "未参与选择的 10 对重复" in answer.out and "Rinott" in answer.out

    again = huandu(*words)
    assert again.code == 2 and "there is a choice of that name" in again.err
    assert huandu(*words, "resume=true").code == 0, "every run is in the store"
    assert json.loads((folder / "choice.json").read_text(encoding="utf-8")) == facts


def test_what_cannot_be_chosen_is_named_all_at_once(tmp_path: Path) -> None:
    root = write_root(tmp_path)
    words = ("scenario=xingfu", "primary=person_time", "--indifference", "0", "--root", root)
    answer = huandu("choose", *words)
    assert answer.code == 2
    for told in ("policies: there is nothing to choose from", "primary: policies", "--indifference: 0 s"):
        assert told in answer.err, answer.err
    assert not (root / "results" / "xingfu_choice").exists()
