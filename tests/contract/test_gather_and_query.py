"""Several studies in one table, on one page and behind SQL."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from sim.comparison.inference import holm
from sim.comparison.policy_verdict import BEST_FIRST
from sim.plots.study_data import read_study
from sim.report.gathered import Scale, differing_settings, gather
from sim.report.portfolio import ranking, site_map
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
    keys = ("arm", "period", "measure", "scope")
    verdicts = [
        {tuple(row[k] for k in keys): row["verdict"] for row in one} for one in (rows[: len(own)], own)
    ]
    assert verdicts[0] == verdicts[1]


def test_holm_counts_every_policy_of_every_study_on_the_one_primary_measure(root: Path) -> None:
    huandu("gather", "results/one", "results/two", "--root", root)
    table = pd.read_csv(root / "results" / "gather.csv")
    primary = (table["measure"] == "fair_travel_time") & (table["scope"] == "network")
    # Two studies of two policies in two periods, one policy without a value: it counts in the family's size.
    own = table[primary]
    assert len(own) == 8 and own["p"].notna().sum() == 4
    assert own["p_family"].to_numpy() == pytest.approx(holm(own["p"]), rel=1e-4, nan_ok=True)
    tested = own[own["p"].notna()]
    assert (tested["p_family"] > 1.9 * tested["p_holm"]).all()
    assert table.loc[~primary, "p_family"].isna().all()
    page = (root / "results" / "gather.html").read_text(encoding="utf-8")
    assert "全部研究的 Holm p" in page


def test_there_is_no_family_where_studies_are_judged_by_different_measures(
    root: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        shutil.copytree(root / "results" / name, tmp_path / name)
    said = tmp_path / "two" / "study.json"
    study = json.loads(said.read_text(encoding="utf-8")) | {"primary": "person_time"}
    said.write_text(json.dumps(study, ensure_ascii=False), encoding="utf-8")
    gather([tmp_path / "one", tmp_path / "two"], tmp_path)
    assert pd.read_csv(tmp_path / "gather.csv")["p_family"].isna().all()


def test_the_page_shows_every_study_on_one_scale(root: Path) -> None:
    huandu("gather", "results/one", "results/two", "--root", root)
    page = (root / "results" / "gather.html").read_text(encoding="utf-8")
    assert {page.count(f"<td>{name}</td>") for name in ("one", "two")} == {3}  # two periods and its rank
    zeros = set(re.findall(r'<line x1="([\d.]+)" x2="\1" y1="0" y2="18"', page))
    assert len(zeros) == 1
    assert "demand_scale=1.1" in page
    assert not re.findall(r'(?:src|href)="http', page)


def test_all_studies_are_gathered_where_none_is_named_and_ranked_by_what_is_assured(root: Path) -> None:
    answer = huandu("gather", "--root", root)
    assert answer.code == 0, answer.err
    page = (root / "results" / "gather.html").read_text(encoding="utf-8")
    assert page.count('<tr id="rank-') == 2
    assert "没有点位图" in page and "<circle" not in page, "no site says where it lies"


def test_policies_of_all_sites_are_ranked_and_sites_lie_where_they_say(tmp_path: Path) -> None:
    places = {"one": {"lat": 29.5, "lon": 106.4}, "two": {"lat": 29.6, "lon": 106.5}, "three": None}
    arms = {
        "one": ["baseline", "retime", "lane_use"],
        "two": ["baseline", "both"],
        "three": ["baseline", "x"],
    }
    studies = []
    for name, place in places.items():
        folder = write_synthetic_study(
            tmp_path / name, arms=arms[name], two_periods=name == "one", location=place, name=name
        )
        studies.append(read_study(folder))
    ranked = ranking(studies)
    assert len(ranked) == 4 and ranked[0].policy.en == "Lane use and retiming together"
    orders = [BEST_FIRST.index(one.verdict) for one in ranked]
    assert orders == sorted(orders)
    for one in ranked:
        assert one.assured in one.interval.replace("]", ",").replace("[", "").replace(",", "%,")
    drawn = str(site_map(ranked))
    x, y = ([float(v) for v in re.findall(rf'c{axis}="([\d.]+)"', drawn)] for axis in "xy")
    assert len(x) == 2, "the third site says not where it lies"
    assert x[0] > x[1] and y[0] < y[1], "the best policy's site lies in the north-east"
    km = float(re.findall(r">([\d.]+) km<", drawn)[0])
    (bar,) = re.findall(r'd="M24 [\d.]+h([\d.]+)"', drawn)
    north_km, east_km = 0.1 * 111.32, 0.1 * 111.32 * math.cos(math.radians(29.55))
    assert (y[1] - y[0]) / (float(bar) / km) == pytest.approx(north_km, rel=0.02)
    assert (x[0] - x[1]) / (float(bar) / km) == pytest.approx(east_km, rel=0.02)


def test_studies_of_different_sites_are_gathered(tmp_path: Path) -> None:
    folders = []
    for name in ("one", "two"):
        folder = write_synthetic_study(tmp_path / name, arms=["baseline", "both"], name=name)
        described = json.loads((folder / "study.json").read_text(encoding="utf-8"))
        described["config"]["site"] = described["site"]["name"] = name
        (folder / "study.json").write_text(json.dumps(described), encoding="utf-8")
        folders.append(folder)
    table, _ = gather(folders, tmp_path)
    assert set(pd.read_csv(table)["site"]) == {"one", "two"}


def test_hostile_names_stay_text_beside_each_other_too(root: Path, tmp_path: Path) -> None:
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}'
    for name in ("one", "two"):
        path = shutil.copytree(root / "results" / name, tmp_path / name) / "study.json"
        study = json.loads(path.read_text(encoding="utf-8"))
        for arm in study["arms"]:
            arm["title"] = {"zh": hostile, "en": hostile}
        study["site"] |= {"title": {"zh": hostile, "en": name}, "location": {"lat": 29.5, "lon": 106.4}}
        study["config"]["run"]["label"] = hostile + name
        study["periods"]["am_peak"]["title"] = {"zh": hostile, "en": hostile}
        path.write_text(json.dumps(study | {"name": hostile + name}, ensure_ascii=False), encoding="utf-8")
    _, page = gather([tmp_path / "one", tmp_path / "two"], tmp_path)
    text = page.read_text(encoding="utf-8")
    assert text.count("<script") == 1 and "<img" not in text and "49" not in text.split("alert(1)")[1][:40]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text and "<circle" in text


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
