"""Several studies in one table, on one page and behind SQL."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from sim.report.gathered import Scale, differing_settings
from tests.command_line import huandu
from tests.synthetic_study import write_synthetic_study


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("gather")
    for name in ("scenarios", "configs"):
        (root / name).mkdir()
    for name, scale in (("one", 0.9), ("two", 1.1)):
        folder = write_synthetic_study(root / "results" / name, arms=["baseline", "retime"])
        study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
        study |= {"name": name, "config": {"site": "s", "run": {"demand_scale": scale, "replicates": 10}}}
        (folder / "study.json").write_text(json.dumps(study, ensure_ascii=False), encoding="utf-8")
    return root


def test_one_table_holds_every_comparison_and_what_differs(root: Path) -> None:
    answer = huandu("gather", "results/one", "results/two", "--root", root)
    assert answer.code == 0, answer.err
    with (root / "results" / "gather.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (root / "results" / "one" / "tables" / "comparison.csv").open(encoding="utf-8", newline="") as file:
        own = list(csv.DictReader(file))
    assert len(rows) == 2 * len(own)
    assert {(row["study"], row["run.demand_scale"]) for row in rows} == {("one", "0.9"), ("two", "1.1")}
    assert "run.replicates" not in rows[0]
    assert [row["verdict"] for row in rows[: len(own)]] == [row["verdict"] for row in own]


def test_the_page_shows_every_study_on_one_scale(root: Path) -> None:
    huandu("gather", "results/one", "results/two", "--root", root)
    page = (root / "results" / "gather.html").read_text(encoding="utf-8")
    assert {page.count(f"<td>{name}</td>") for name in ("one", "two")} == {2}  # two periods
    zeros = set(re.findall(r'<line x1="([\d.]+)" x2="\1" y1="0" y2="18"', page))
    assert len(zeros) == 1
    assert "demand_scale=1.1" in page
    assert not re.findall(r'(?:src|href)="http', page)


def test_a_folder_without_a_finished_study_is_named(root: Path) -> None:
    answer = huandu("gather", "results/one", "results/tow", "--root", root)
    assert answer.code == 2
    assert "holds no study.json (did you mean two?)" in answer.err


def test_settings_that_differ_are_found_wherever_they_lie() -> None:
    one = {"a": {"b": 1, "c": 2}, "policies": {"p": 1}}
    two = {"a": {"b": 1, "c": 3}, "d": None, "policies": {}}
    assert differing_settings([one, two]) == [{"a.c": "2"}, {"a.c": "3"}]
    assert differing_settings([one]) == [{}]


def test_a_scale_holds_zero_and_every_finite_end() -> None:
    scale = Scale.of([5.0, float("inf"), float("nan"), 9.0])
    assert 0 < scale.place(0.0) < scale.place(5.0) < scale.place(9.0) < 100
    assert scale.place(float("inf")) == 100
    assert Scale.of([]).place(0.0) == 50


def test_a_query_sees_the_tables_of_all_studies(root: Path) -> None:
    pytest.importorskip("duckdb", reason='DuckDB is not installed: pip install "huandu[query]"')
    sql = (
        "SELECT study, count(*) AS n, count(DISTINCT replicate) AS r FROM measures GROUP BY study ORDER BY 1"
    )
    answer = huandu("query", sql, "--root", root)
    assert answer.code == 0, answer.err
    rows = list(csv.DictReader(io.StringIO(answer.out)))
    assert [(row["study"], row["r"]) for row in rows] == [("one", "10"), ("two", "10")]
    assert rows[0]["n"] == rows[1]["n"] != "0"


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT * FROM meassures", 'Did you mean "measures"?'),
        ("SELECT 1; SELECT 2", "is not one SELECT"),
        ("DROP VIEW measures", "is not one SELECT"),
        ("COPY (SELECT 1) TO 'x.csv'", "is not one SELECT"),
        ("SELECT * FROM read_csv('/etc/hostname')", "disabled by configuration"),
        ("SELEKT", "syntax error"),
    ],
)
def test_a_query_that_cannot_be_answered_is_a_message(root: Path, sql: str, told: str) -> None:
    pytest.importorskip("duckdb", reason='DuckDB is not installed: pip install "huandu[query]"')
    answer = huandu("query", sql, "--root", root)
    assert answer.code == 2
    assert told in answer.err
    assert "views: " in answer.err


def test_a_tree_without_studies_is_named(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("duckdb", reason='DuckDB is not installed: pip install "huandu[query]"')
    answer = huandu("query", "SELECT 1", "--results", tmp_path)
    assert answer.code == 2
    assert "holds no study with tables" in answer.err
