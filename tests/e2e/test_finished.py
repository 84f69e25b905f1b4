"""What is finished is not made again, and whatever has changed is."""

import os
import shutil
from pathlib import Path

import pytest

from sim.runs.campaign import read_records
from sim.runs.store import Store
from tests.command_line import Answer, huandu
from tests.own_root import write_root


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_root(tmp_path_factory.mktemp("finished"))
    assert resumed(root).code == 0
    return root


@pytest.fixture
def root(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "root")


def resumed(root: Path) -> Answer:
    return huandu("run", "scenario=xingfu", "run=smoke", "run.replay=false", "resume=true", "--root", root)


def test_the_summary_says_in_plain_text_what_was_printed(finished: Path) -> None:
    told = (finished / "results" / "xingfu" / "summary.txt").read_text(encoding="utf-8")
    assert "study xingfu): 4 runs, 2 replicates, 0 failed" in told
    printed = resumed(finished).out.splitlines()[2:-1]
    assert len(printed) > 10
    assert set(printed) <= set(told.splitlines())


def test_a_study_that_was_moved_is_still_finished(root: Path) -> None:
    before = when(root)
    assert resumed(root).code == 0
    assert when(root) == before


def when(root: Path) -> int:
    return (root / "results" / "xingfu" / "report.html").stat().st_mtime_ns


def test_a_finished_study_says_so_and_touches_nothing(finished: Path) -> None:
    before, again = when(finished), resumed(finished)
    assert (again.code, when(finished)) == (0, before)
    lines = again.out.splitlines()
    assert lines[-1] == str(finished / "results" / "xingfu" / "report.html")
    assert lines[1].startswith("This study was finished already")
    assert any(line.startswith("Longer green for the main road") for line in lines)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def remove_a_figure(root: Path) -> None:
    next((root / "results" / "xingfu" / "figures").glob("*.png")).unlink()


def flip_a_table(root: Path) -> None:
    flip(root / "results" / "xingfu" / "tables" / "comparison.csv")


def flip_a_stored_run(root: Path) -> None:
    run = next(iter(read_records(root / "results" / "xingfu").values()))
    assert run.digest is not None
    flip(Store(root / "results" / ".store").folder(run.digest) / "trips.parquet")


def give_the_root_vehicles_of_its_own(root: Path) -> None:
    (root / "configs" / "vehicles").mkdir()
    (root / "configs" / "vehicles" / "mine.yaml").write_text("not: named by anybody")


@pytest.mark.parametrize(
    "change",
    [
        remove_a_figure,
        flip_a_stored_run,
        pytest.param(flip_a_table, marks=pytest.mark.validate),
        pytest.param(give_the_root_vehicles_of_its_own, marks=pytest.mark.validate),
    ],
)
def test_whatever_has_changed_is_made_again(change, root: Path) -> None:  # type: ignore[no-untyped-def]
    before = when(root)
    change(root)
    assert resumed(root).code == 0
    assert when(root) > before


def made_by_report(root: Path) -> set[str]:
    """Which of the folders of tables and figures `huandu report` writes again."""
    study = root / "results" / "xingfu"
    files = {"tables": study / "tables" / "comparison.parquet", "figures": study / "figures" / "forest.png"}
    for path in files.values():
        os.utime(path, ns=(0, 0))
    assert huandu("report", study).code == 0
    return {name for name, path in files.items() if path.stat().st_mtime_ns}


def change_free_flow(root: Path) -> None:
    path = root / "results" / "xingfu" / "free_flow.json"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")


def write_another_scenario(root: Path) -> None:
    (root / "configs" / "scenario" / "other.yaml").write_text("# @package _global_\nsite: xingfu\n")


@pytest.mark.parametrize(
    ("change", "made"),
    [
        (write_another_scenario, set()),
        (flip_a_table, {"tables"}),
        (change_free_flow, {"tables", "figures"}),
        pytest.param(remove_a_figure, {"figures"}, marks=pytest.mark.validate),
        pytest.param(give_the_root_vehicles_of_its_own, {"tables", "figures"}, marks=pytest.mark.validate),
    ],
)
def test_report_keeps_tables_and_figures_that_nothing_has_changed(  # type: ignore[no-untyped-def]
    change, made: set[str], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(root))  # no browser: nothing is printed
    change(root)
    assert made_by_report(root) == made
