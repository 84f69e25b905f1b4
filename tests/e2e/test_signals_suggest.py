"""`huandu signals suggest`: a plan significantly better on fresh replicates, or an honest no."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.command_line import Answer, huandu
from tests.own_root import write_root

SMALL = ("candidates=8", "search_replicates=2", "fresh=5")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_root(tmp_path_factory.mktemp("root"))


def suggest(root: Path, *words: str) -> Answer:
    return huandu("--root", root, "signals", "suggest", "scenario=xingfu", *words)


@pytest.fixture(scope="module")
def suggested(root: Path) -> Answer:
    return suggest(root, "junction=J1", *SMALL)


def test_a_better_plan_is_suggested_and_is_a_policy(root: Path, suggested: Answer) -> None:
    # The south has 35 s of green for 240 vehicles an hour on one lane; the main road waits for it.
    assert suggested.code == 0, suggested.err
    assert "suggested:" in suggested.out
    assert "建议采用" in suggested.out
    path = root / "results" / "xingfu_signals" / "suggested" / "suggested_J1.yaml"
    policy = yaml.safe_load(path.read_text(encoding="utf-8"))["suggested_J1"]
    assert "1001-1005" in policy["reason"]["en"]  # confirmed on replicates that no search has seen
    (change,) = policy["interventions"].values()
    assert change["greens_s"]["B"] < 35
    assert change["expect"]["greens_s"] == {"A": 25, "B": 35}
    target = root / "scenarios" / "xingfu" / "policies" / path.name
    target.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    scenario = root / "configs" / "scenario" / "xingfu.yaml"
    text = scenario.read_text(encoding="utf-8").replace("[longer_main]", "[longer_main, suggested_J1]")
    scenario.write_text(text, encoding="utf-8")
    checked = huandu("--root", root, "check", "scenario=xingfu")
    assert checked.code == 0, checked.err
    assert "stage B green 35→" in checked.out


def test_every_candidate_stands_in_a_table_with_its_interval(root: Path, suggested: Answer) -> None:
    assert suggested.code == 0
    folder = root / "results" / "xingfu_signals" / "suggested"
    candidates = pd.read_csv(folder / "candidates.csv")
    assert {"webster", "splits"} <= set(candidates["candidate"])
    tried = candidates[candidates["n_pairs"] > 0]
    assert (tried["n_pairs"] == 5).all()
    assert (tried["ci_low"] <= tried["difference"]).all()
    searched = pd.read_csv(folder / "search.csv")
    assert searched["plan"].nunique() <= 8
    assert set(searched["replicates"]) <= {1, 2}


def test_nothing_is_simulated_twice(root: Path, suggested: Answer) -> None:
    again = suggest(root, "junction=J1", *SMALL, "resume=true")
    assert again.code == 0, again.err
    assert "0 runs were simulated" in again.out
    assert _without_counts(again.out) == _without_counts(suggested.out)
    assert "there are suggestions of that name" in suggest(root, "junction=J1", *SMALL).err


def test_a_plan_that_is_good_already_is_kept(suggested: Answer, tmp_path: Path) -> None:
    # Today's plan is the one suggested above: four fresh replicates show nothing better.
    root = write_root(tmp_path)
    policy = yaml.safe_load(suggested.out[suggested.out.index("suggested_J1:") :].rpartition("\n\n")[0])
    (change,) = policy["suggested_J1"]["interventions"].values()
    greens = change["greens_s"]
    site = root / "scenarios" / "xingfu" / "site.yaml"
    text = site.read_text(encoding="utf-8").replace("cycle_s: 70", f"cycle_s: {sum(greens.values()) + 10:g}")
    text = text.replace("green_s: 25", f"green_s: {greens['A']:g}").replace(
        "green_s: 35", f"green_s: {greens['B']:g}"
    )
    site.write_text(text, encoding="utf-8")
    scenario = root / "configs" / "scenario" / "xingfu.yaml"
    scenario.write_text("# @package _global_\nsite: xingfu\nprimary: fair_travel_time\n", encoding="utf-8")
    kept = suggest(root, "candidates=5", "search_replicates=1", "fresh=4", "study=kept")
    assert kept.code == 0, kept.err
    assert "keep the present plan" in kept.out
    assert "维持现行配时" in kept.out
    assert re.search(r"a true improvement of \d+\.\d s/veh or more", kept.out)
    assert not list((root / "results" / "kept" / "suggested").glob("*.yaml"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("junction=J9",), "no junction named 'J9'"),
        (("juncton=J1",), "did you mean junction"),
        (("candidates=0",), "candidates"),
        (("hours=0",), "hours"),
        (("fresh=2",), "fresh"),
        (("candidates=many",), "'many' is not a number"),
        (("corridor=J1,J1",), "stands twice"),
        (("corridor=J1",), "two junctions or more"),
        (("junction=J1", "corridor=J1,J1"), "one of the two"),
        (("rules=chineze",), "did you mean chinese"),
        (("period=pm",), "no period 'pm'"),
    ],
)
def test_bad_input_is_named(root: Path, words: tuple[str, ...], told: str) -> None:
    answer = suggest(root, *words, "study=never")
    assert answer.code == 2, answer.out
    assert told in answer.err
    assert "Traceback" not in answer.err
    assert not (root / "results" / "never").exists()


def test_all_slips_are_named_at_once(root: Path) -> None:
    answer = huandu("--root", root, "signals", "suggest", "scenario=xingfu", "candidates=0", "run.jobs=none")
    assert answer.code == 2
    assert "candidates" in answer.err
    assert "run.jobs" in answer.err
    assert "no such command" in huandu("--root", root, "signals", "sugest").err


def _without_counts(out: str) -> list[str]:
    return [line for line in out.splitlines() if "simulated" not in line and "仿真小时" not in line]
