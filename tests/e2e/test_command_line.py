"""Studies as an engineer makes them at the command line, on the folder that docs/example.md prints."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.runs.campaign import read_records
from sim.runs.run import SIMULATION_CODE
from sim.runs.store import Store
from sim.sumo.driver import Children
from tests.command_line import huandu
from tests.own_root import example_commands, write_root

STUDY = ("run", "scenario=xingfu", "run=smoke")
SWEPT = "sweep.policies.longer_main.interventions.j1.greens_s.A=[30,40]"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with a finished study and everything built; copy it before you change it."""
    root = write_root(tmp_path_factory.mktemp("undisturbed"))
    answer = huandu(*STUDY, "--root", root)
    assert (answer.code, answer.err) == (0, "")
    return root


@pytest.fixture
def root(undisturbed: Path, tmp_path: Path) -> Path:
    """A copy of it of one's own."""
    return shutil.copytree(undisturbed, tmp_path / "an engineer's folder")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Simulations begun, by their seed."""
    seeds: list[str] = []
    run = Children.run

    def counted(self, command, folder, log, timeout_s):  # type: ignore[no-untyped-def]
        seeds.extend(word for word in command if word.startswith("--seed="))
        return run(self, command, folder, log, timeout_s)

    monkeypatch.setattr(Children, "run", counted)
    return seeds


@pytest.fixture
def without_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the page out where a test is about something else: drawing takes longer than simulating."""
    monkeypatch.setattr("sim.evaluation.write_report", lambda *given, **named: None)


def contents(folder: Path, *without: str) -> dict[str, bytes]:
    """Return every file below a folder, by its path."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return {name: content for name, content in found.items() if name not in without}


def test_a_run_writes_what_is_promised(undisturbed: Path) -> None:
    study = undisturbed / "results" / "xingfu"
    names = {path.relative_to(study).as_posix() for path in study.rglob("*")}
    tables = {"measures", "findings", "profiles/0001", "fates", "comparison", "free_flow"}
    assert {f"tables/{name}.parquet" for name in tables} <= names
    assert {"tables/comparison.csv", "tables/runs.csv", "tables/timing.csv", "tables/proof.json"} <= names
    assert {"study.json", "provenance.json", "runs.json", "report.html", "inputs/xingfu/site.yaml"} <= names
    assert json.loads((study / "free_flow.json").read_text())["failure"] is None
    site = json.loads((study / "study.json").read_text())["site"]
    assert site["declared_periods"] == {"am": {"zh": "早高峰", "en": "AM peak"}}
    assert site["titles"] == {"junction:J1": {"zh": "幸福路口", "en": "Xingfu junction"}}
    assert site["controls"] == {"J1": "signals"}
    comparison = pd.read_csv(study / "tables" / "comparison.csv")
    assert set(comparison["arm"]) == {"longer_main"}
    assert "fair_travel_time" in set(comparison["measure"])
    assert len(json.loads((study / "runs.json").read_text())) == 4
    assert sorted(path.name for path in undisturbed.iterdir()) == ["configs", "results", "scenarios"]


def test_the_example_runs_exactly_as_it_is_printed(
    root: Path, monkeypatch: pytest.MonkeyPatch, without_page: None
) -> None:
    monkeypatch.chdir(root / "scenarios" / "xingfu")  # the nearest parent that holds both folders
    for words in example_commands():
        answer = huandu(*words)
        assert (answer.code, answer.err) == (0, ""), words
    lines = answer.out.splitlines()
    assert lines[-1] == str(root / "results" / "grid" / "report.html")
    assert any("主路增加绿灯" in line for line in lines)
    assert any(line.startswith("Longer green for the main road") for line in lines)


def test_a_finished_study_is_refused_resumed_or_overwritten_without_simulating_twice(
    root: Path, started: list[str], without_page: None
) -> None:
    study = root / "results" / "xingfu"
    before = contents(study / "tables", "timing.csv")
    runs = (study / "runs.json").read_bytes()
    refused = huandu(*STUDY, "--root", root)
    assert refused.code == 2
    assert refused.refusal == (
        f"huandu: 1 problem:\n- {study}: there is a study of that name"
        " (resume=true, overwrite=true or study=OTHER)\n"
    )
    for settings in ("resume=true", "resume=true run.timeout_s=99 run.jobs=1", "overwrite=true"):
        (study / "stray.txt").write_text("left here")
        assert huandu(*STUDY, *settings.split(), "--root", root).code == 0
        assert (study / "stray.txt").exists() == ("resume" in settings)
        (study / "stray.txt").unlink(missing_ok=True)
        assert contents(study / "tables", "timing.csv") == before
        assert (study / "runs.json").read_bytes() == runs
    assert started == []


def test_a_study_is_not_resumed_with_other_settings_or_inputs(root: Path) -> None:
    study = root / "results" / "xingfu"
    before = contents(study)
    counts = root / "scenarios" / "xingfu" / "counts.csv"
    counts.write_text(counts.read_text().replace(",150,", ",140,"))
    answer = huandu(*STUDY, "run.replicates=3", "resume=true", "--root", root)
    assert answer.code == 2
    changed = "config.run.replicates, site.files.counts.csv"
    assert answer.refusal == (
        f"huandu: 1 problem:\n- {study}: was made with other settings ({changed})"
        " (overwrite=true or study=OTHER)\n"
    )
    assert contents(study, "report.pdf") == before  # printed only when a report is asked for


@pytest.mark.skipif(sys.platform == "win32", reason="signals to a process are POSIX")
@pytest.mark.parametrize("sent", ["SIGKILL", "SIGINT"])
def test_a_study_stopped_midway_resumes_to_the_same_tables(
    sent: str, undisturbed: Path, tmp_path: Path, without_page: None
) -> None:
    root = write_root(tmp_path / "root")
    command = [sys.executable, "-c", "import sys; from sim.cli import main; sys.exit(main())"]
    words = [*STUDY, "run.jobs=1", "--root", str(root)]
    here = Path(__file__).resolve().parents[2]
    with subprocess.Popen([*command, *words], cwd=here, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 120
        while not list((root / "results" / ".store").glob("*/*/run.json")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.Signals[sent])
        _, err = process.communicate(timeout=60)
    study = root / "results" / "xingfu"
    assert not (study / "report.html").exists()
    if sent == "SIGINT":
        assert process.returncode == 130
        assert err == (
            "huandu: 已停止；已完成的运行已保留，加 `resume=true` 可从此处继续\n"
            "huandu: stopped; finished runs are kept, `resume=true` goes on from here\n"
        )
    else:
        assert process.returncode == -signal.SIGKILL
    unfinished = huandu("report", study)
    assert unfinished.code == 2
    assert "the study has not finished (huandu run ... resume=true)" in unfinished.err
    assert huandu(*STUDY, "resume=true", "--root", root).code == 0
    volatile = ("timing.csv",)
    assert contents(study / "tables", *volatile) == contents(
        undisturbed / "results" / "xingfu" / "tables", *volatile
    )


@pytest.fixture
def shorter_main(root: Path) -> Path:
    """A second policy."""
    policies = root / "scenarios" / "xingfu" / "policies"
    text = (policies / "longer_main.yaml").read_text(encoding="utf-8")
    (policies / "shorter_main.yaml").write_text(
        text.replace("longer_main:", "shorter_main:").replace("A: 40, B: 20", "A: 23, B: 37"),
        encoding="utf-8",
    )
    scenario = root / "configs" / "scenario" / "xingfu.yaml"
    scenario.write_text(scenario.read_text().replace("[longer_main]", "[longer_main, shorter_main]"))
    return root


def test_one_failing_arm_is_a_row_and_the_others_stand(
    shorter_main: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = shorter_main
    run = Children.run

    def poisoned(self, command, folder, log, timeout_s):  # type: ignore[no-untyped-def]
        (files,) = [word for word in command if word.startswith("--additional-files=")]
        signals = Path(files.removeprefix("--additional-files=").split(",")[0]).read_text()
        if 'duration="37' in signals:
            command = ["sh", "-c", "echo 'Error: out of paper.'; exit 3"]
        return run(self, command, folder, log, timeout_s)

    with monkeypatch.context() as patch:
        patch.setattr(Children, "run", poisoned)
        answer = huandu(*STUDY, "study=three", "--root", root)
    assert (answer.code, answer.err) == (1, "")
    study = root / "results" / "three"
    rows = json.loads((study / "runs.json").read_text())
    failed = {(row["arm"], row["failure"]) for row in rows if row["failure"]}
    assert failed == {("shorter_main", "out of paper.")}
    comparison = pd.read_csv(study / "tables" / "comparison.csv")
    verdicts = comparison.groupby("arm")["verdict"].agg(set)
    assert verdicts["shorter_main"] == {"not_comparable"}
    assert "not_comparable" not in verdicts["longer_main"]
    assert (study / "report.html").is_file()
    # The poison is gone: only what failed is simulated.
    assert huandu(*STUDY, "study=three", "resume=true", "--root", root).code == 0
    assert not any(row["failure"] for row in json.loads((study / "runs.json").read_text()))


def test_a_study_of_which_every_run_fails_says_so_without_a_traceback(tmp_path: Path) -> None:
    root = write_root(tmp_path)
    answer = huandu(*STUDY, "run.timeout_s=0.001", "--root", root)
    assert answer.code == 1
    # Only the free-flow run's failure, once in each language: the other runs' failures are in the report.
    assert [re.split("[:：] ?", line)[-1] for line in answer.err.splitlines()] == [
        "运行超过 0.001 s，已停止",
        "ran longer than 0.001 s and was stopped",
    ]
    study = root / "results" / "xingfu"
    rows = json.loads((study / "runs.json").read_text())
    assert {row["failure"] for row in rows} == {"ran longer than 0.001 s and was stopped"}
    before = contents(study)
    assert "自由流运行失败" in (study / "report.html").read_text(encoding="utf-8")
    again = huandu("report", study)
    assert (again.code, again.err) == (1, answer.err)
    assert contents(study, "report.pdf") == before  # printed only when a report is asked for


def test_a_report_is_not_made_from_runs_of_other_files(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = root / "results" / "xingfu"
    site = study / "inputs" / "xingfu" / "site.yaml"
    before = contents(study / "tables")

    def refused(where: str) -> None:
        answer = huandu("report", study)
        assert (answer.code, answer.out) == (2, "")
        assert answer.refusal == (
            f"huandu: 1 problem:\n- {study / 'runs.json'}: runs were made with other code or files than are"
            f" built now: {where} (huandu run ... resume=true simulates them again)\n"
        )
        assert contents(study / "tables") == before

    written = site.read_text()
    site.write_text(written.replace("cycle_s: 70", "cycle_s: 70\n      offset_s: 7"))
    assert site.read_text() != written
    refused("baseline/am, longer_main/am")
    site.write_text(written)
    monkeypatch.setattr("sim.runs.run.SIMULATION_CODE", SIMULATION_CODE + 1)
    refused("baseline/am, longer_main/am")


def test_arms_of_another_release_of_sumo_are_refused_by_name(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = root / "results" / "xingfu"
    before = contents(study / "tables")
    stored = Store.inputs

    def older(store: Store, digest: str) -> dict[str, Any]:
        arms = {run.digest: arm for (arm, _, _), run in read_records(study).items()}
        inputs = stored(store, digest)
        return {**inputs, "sumo": "1.27.0"} if arms[digest] == "longer_main" else inputs

    monkeypatch.setattr(Store, "inputs", older)
    answer = huandu("report", study)
    assert (answer.code, answer.out) == (2, "")
    assert answer.refusal == (
        f"huandu: 1 problem:\n- {study / 'runs.json'}: runs were made with another SUMO than 1.28.0, which is"
        " installed (longer_main/am: 1.27.0): arms of different releases cannot be compared"
        " (huandu run ... resume=true simulates them again)\n"
    )
    assert contents(study / "tables") == before


def test_a_sweep_makes_arms_that_share_the_baseline(
    root: Path, started: list[str], without_page: None
) -> None:
    assert huandu(*STUDY, "study=grid", SWEPT, "--root", root).code == 0
    study = root / "results" / "grid"
    arms = {arm["id"]: arm["swept"] for arm in json.loads((study / "study.json").read_text())["arms"]}
    field = "interventions.j1.greens_s.A"
    assert arms == {
        "baseline": {},
        "longer_main[A=30]": {field: "30"},
        "longer_main[A=40]": {field: "40"},
    }
    runs = {(r["arm"], r["replicate"]): r["digest"] for r in json.loads((study / "runs.json").read_text())}
    assert len(runs) == len(set(runs.values())) == 6
    # Baseline and A=40 are those of the study before.
    assert sorted(started) == ["--seed=1", "--seed=2"]


def test_a_multirun_makes_a_study_per_job_named_by_what_differs(root: Path, without_page: None) -> None:
    answer = huandu(*STUDY, "-m", "study=demand", "run.demand_scale=0.8,1.0", "--root", root)
    assert answer.code == 0, answer.err
    results = root / "results"
    assert {path.name for path in results.glob("[!.]*")} == {
        "xingfu",
        "demand,demand_scale=0.8",
        "demand,demand_scale=1.0",
    }
    one, two = (
        json.loads((results / f"demand,demand_scale={scale}" / "runs.json").read_text())
        for scale in ("0.8", "1.0")
    )
    assert {row["digest"] for row in two} == {
        row["digest"] for row in json.loads((results / "xingfu" / "runs.json").read_text())
    }
    assert {row["digest"] for row in one}.isdisjoint(row["digest"] for row in two)
    assert sorted(path.name for path in root.iterdir()) == ["configs", "results", "scenarios"]
    misspelt = huandu("run", "-m", "scenario=xingfu", "rum.replicates=1,2", "--root", root)
    assert misspelt.code == 2
    assert "override rum.replicates: unknown key" in misspelt.err


OF_THE_RUNS = {"free_flow.parquet", "timing.csv", "assignment.csv", "passport.parquet", "replay.json"}
"""Tables that take simulating: `report` reads them."""


def test_report_rebuilds_the_same_files_without_simulating(root: Path, started: list[str]) -> None:
    study = root / "results" / "xingfu"
    before = contents(study)
    shutil.rmtree(study / "figures", ignore_errors=True)
    (study / "report.html").unlink()
    for path in (study / "tables").iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in OF_THE_RUNS:
            path.unlink()
    answer = huandu("report", "results/xingfu", "--root", root)
    assert (answer.code, answer.err) == (0, "")
    assert contents(study, "report.pdf") == before
    assert started == []
    store = Store(root / "results" / ".store")
    digest = json.loads((study / "runs.json").read_text())[0]["digest"]
    shutil.rmtree(store.folder(digest))
    gone = huandu("report", study)
    assert gone.code == 2
    assert gone.refusal == (
        f"huandu: 1 problem:\n- {study / 'runs.json'}: 1 of its runs are not in the store:"
        " baseline/am/1 (huandu run ... resume=true simulates them again)\n"
    )
    misspelt = huandu("report", root / "results" / "xingfuu")
    assert misspelt.code == 2
    assert "holds no study.json (did you mean xingfu?)" in misspelt.err
