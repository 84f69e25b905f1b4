"""The page of what is hostile, missing, broken, failed or too new: it says so and shows the rest."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from sim.errors import ConfigError
from sim.measures import SPECS
from sim.measures.level_of_service import read_standards
from sim.plots.study_data import read_study
from sim.report.movements import movement_tables
from sim.report.page import write_report
from tests.report_page import edit, edit_comparison, read, small, write_page

HOSTILE = "\"><script>alert('x')</script><img src=x onerror=alert(1)>|{{7*7}}&amp;"


def test_without_streets_the_page_says_so(tmp_path: Path) -> None:
    folder = small(tmp_path)
    for name in ("geometry.json", "links.parquet", "link_intervals.parquet"):
        (folder / "tables" / name).unlink()
    reader = write_page(folder)
    assert "无法绘图" in reader.text("map") and "tables/geometry.json" in reader.text("")


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    folder = small(tmp_path, title={"zh": HOSTILE, "en": HOSTILE}, network_sha256=HOSTILE)

    def poison_streets(streets: dict[str, Any]) -> None:
        streets["edges"][HOSTILE] = {**streets["edges"].pop("J1.north"), "name": "</div>" + HOSTILE}
        streets["junctions"][HOSTILE] = streets["junctions"].pop("J1")
        streets["touched"]["retime"]["junctions"] = [HOSTILE, "J2"]

    edit(folder / "tables" / "geometry.json", poison_streets)

    def poison(study: dict[str, Any]) -> None:
        study["config"]["policies"]["retime"] = {"interventions": {"a": {"department": HOSTILE}}}
        study["name"] = HOSTILE
        study["vehicles"] = HOSTILE
        study["periods"]["am_peak"]["title"] = {"zh": HOSTILE, "en": "x"}
        for arm in study["arms"]:
            arm["title"] = {"zh": HOSTILE, "en": HOSTILE}
            arm["reason"] = {"zh": HOSTILE, "en": HOSTILE}
            arm["change_log"] = [{"zh": HOSTILE, "en": HOSTILE}]
            arm["swept"] = {HOSTILE: HOSTILE}
        study["site"]["declared_periods"]["other"] = {"zh": HOSTILE, "en": HOSTILE}
        study["site"]["titles"] = dict.fromkeys(("junction:J1", "approach:J1.north"), arm["title"])

    edit(folder / "study.json", poison)
    runs = [{"arm": HOSTILE, "period": HOSTILE, "replicate": 1, "digest": None, "failure": HOSTILE}]
    (folder / "runs.json").write_text(json.dumps(runs), encoding="utf-8")
    (folder / "tables" / "proof.json").write_text(
        json.dumps(
            [
                {
                    "arm": "retime",
                    "period": "am_peak",
                    "identical": 3,
                    "words": {"zh": HOSTILE, "en": HOSTILE},
                    "changed": [dict.fromkeys(("kind", "id", "what", "before", "after"), HOSTILE)],
                }
            ]
        ),
        encoding="utf-8",
    )
    write_report(folder, SPECS)
    reader = read(folder)
    assert sum(tag == "script" for tag, _ in reader.tags) == 1, "only our own script"
    assert not [
        attributes for _, attributes in reader.tags if any(name.startswith("on") for name in attributes)
    ]
    assert not [tag for tag, _ in reader.tags if tag == "img" and not _.get("src", "").startswith("data:")]
    assert json.loads("".join(reader.held["map-data"]))["junctions"]
    assert "{{7*7}}" in reader.text("verdicts"), "names are shown as they are, not evaluated"
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    assert "<script" not in markdown and "<img" not in markdown


def test_scopes_and_findings_with_html_stay_text(tmp_path: Path) -> None:
    folder = small(tmp_path)
    path = folder / "tables" / "comparison.csv"
    table = pd.read_csv(path, keep_default_na=False)
    table["scope"] = table["scope"].str.replace("J1.north.left", "J<script>.north.left")
    table.to_csv(path, index=False)
    findings = pd.read_parquet(folder / "tables" / "findings.parquet")
    findings["finding"] = findings["finding"].replace("uncalibrated", "<b>new</b>")
    findings.to_parquet(folder / "tables" / "findings.parquet")
    reader = write_page(folder)
    assert "J<script>" in reader.text("movements") and "<b>new</b>" in reader.text("findings")
    assert sum(tag == "script" for tag, _ in reader.tags) == 1


@pytest.fixture
def unsaved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are drawn, but a dot is written for each: most of their time goes into the files."""

    def dot(figure: object, folder: Path, name: str) -> list[Path]:
        folder.mkdir(exist_ok=True)
        png, svg = folder / f"{name}.png", folder / f"{name}.svg"
        Image.new("RGB", (1, 1)).save(png)
        svg.write_text("<svg/>", encoding="utf-8")
        return [png, svg]

    monkeypatch.setattr("sim.plots.figures.save", dot)


@pytest.mark.usefixtures("unsaved")
@pytest.mark.parametrize(
    "lost", ["comparison.csv", "measures.parquet", "findings.parquet", "profiles", "fates.parquet"]
)
def test_a_missing_table_is_named_and_the_rest_is_shown(tmp_path: Path, lost: str) -> None:
    folder = small(tmp_path)
    gone = folder / "tables" / lost
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    write_report(folder, SPECS)
    reader = read(folder)
    assert f"tables/{lost}" in reader.text("")
    verdicts = reader.text("verdicts")
    assert "信号重配时" in verdicts
    if lost == "comparison.csv":
        assert "不给结论" in verdicts
        assert not [
            a
            for tag, a in reader.tags
            if tag == "span" and (a.get("class") or "").split()[:2] == ["verdict", "good"]
        ]
    else:
        assert "146." in verdicts or "147." in verdicts or "→" in verdicts


@pytest.mark.usefixtures("unsaved")
def test_a_broken_table_is_named(tmp_path: Path) -> None:
    folder = small(tmp_path)
    (folder / "tables" / "profiles" / "0001.parquet").write_bytes(b"PAR1 cut short")
    (folder / "tables" / "comparison.csv").write_text("arm,period\nretime,am_peak\n", encoding="utf-8")
    write_report(folder, SPECS)
    said = read(folder).text("")
    assert "tables/profiles" in said and "tables/comparison.csv" in said


@pytest.mark.parametrize("content", ["[1, 2]", '{"a": ', '"text"'])
@pytest.mark.parametrize(
    "name", ["runs.json", "provenance.json", "tables/geometry.json", "tables/replay.json"]
)
def test_a_file_that_holds_something_else_is_named(tmp_path: Path, name: str, content: str) -> None:
    folder = small(tmp_path)
    (folder / name).write_text(content, encoding="utf-8")
    assert any(told.startswith(name) for told in read_study(folder).missing)


@pytest.mark.parametrize("content", ["[]", "{", "{}", '{"schema_version": 2, "name": "x"}'])
def test_what_is_no_study_is_refused_by_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "study.json").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"study\.json: is broken"):
        read_study(tmp_path)


def test_failed_runs_are_told(tmp_path: Path) -> None:
    folder = small(tmp_path)
    edit(
        folder / "runs.json",
        lambda runs: runs[2].update(digest=None, failure="sumo ended with code 1: no such lane"),
    )
    said = write_page(folder).text("")
    assert "1 次仿真运行失败" in said and "no such lane" in said


def test_invalid_runs_give_no_verdict(tmp_path: Path) -> None:
    folder = small(tmp_path)
    path = folder / "tables" / "comparison.csv"
    table = pd.read_csv(path, keep_default_na=False)
    table["verdict"], table["gate"] = "not_comparable", "invalid"
    table.to_csv(path, index=False)
    said = write_page(folder).text("verdicts")
    assert "不可比" in said and "不给结论" in said
    assert not re.search(r"(?<!显著)改善", said.replace("结论均指", ""))


def test_without_knowing_the_control_nothing_is_graded(tmp_path: Path, repo_root: Path) -> None:
    data = read_study(small(tmp_path, controls={}))
    standards = read_standards(repo_root / "configs" / "standards")
    (group,) = movement_tables(data, SPECS, standards)
    assert all(table.standards == () for table in group.junctions)


def test_a_failed_free_flow_run_is_told(tmp_path: Path) -> None:
    folder = small(tmp_path)
    (folder / "free_flow.json").write_text('{"failure": "out of <paper>"}', encoding="utf-8")
    said = write_page(folder).text("")
    assert "自由流运行失败" in said and "out of <paper>" in said
    assert "out of &lt;paper&gt;" in (folder / "report.md").read_text(encoding="utf-8")


def test_a_folder_of_a_newer_huandu_is_refused(tmp_path: Path) -> None:
    folder = small(tmp_path)
    edit(folder / "study.json", lambda study: study.update(schema_version=99))
    with pytest.raises(ConfigError, match="newer huandu"):
        write_report(folder, SPECS)


def test_a_broken_further_table_is_left_out(tmp_path: Path) -> None:
    folder = small(tmp_path)
    (folder / "tables" / "people.parquet").write_bytes(b"PAR1 cut short")
    pd.DataFrame({"arm": ["retime"]}).to_parquet(folder / "tables" / "displacement.parquet")
    assert not {"winners", "displacement"} & {
        a["id"] for tag, a in write_page(folder).tags if tag == "section"
    }


@pytest.mark.usefixtures("unsaved")
def test_an_older_study_is_shown_and_says_what_it_lacks(tmp_path: Path) -> None:
    """As schema 1 wrote it: no streets, links, trips nor tables of what the evidence rests on."""
    folder = small(tmp_path)
    needed = ("comparison.csv", "measures.parquet", "findings.parquet", "fates.parquet", "profiles")
    for path in (folder / "tables").iterdir():
        if path.name not in needed:
            path.unlink() if path.is_file() else shutil.rmtree(path)

    def older(study: dict[str, Any]) -> None:
        study["schema_version"] = 1
        for name in ("routes", "horizon", "mcid", "vehicles", "confidence"):
            study.pop(name, None)
        for name in ("declared_periods", "titles", "controls", "calibrated"):
            study["site"].pop(name, None)

    edit(folder / "study.json", older)
    reader = write_page(folder)
    assert "tables/links.parquet" in reader.text("") and "tables/geometry.json" in reader.text("")
    assert "无法绘图" in reader.text("map")
    assert "配时" in reader.text("verdicts") and reader.text("board") and reader.text("fates")
    write_report(folder, SPECS)
    assert (folder / "report.docx").stat().st_size and (folder / "report.xlsx").stat().st_size


@pytest.mark.usefixtures("unsaved")
def test_a_study_without_any_significant_result_is_a_whole_page(tmp_path: Path) -> None:
    folder = small(tmp_path)
    edit_comparison(folder, verdict="inconclusive", ci_low=-5.0, ci_high=5.0, difference=0.1)
    links = pd.read_parquet(folder / "tables" / "links.parquet")
    links.assign(verdict="inconclusive", q=0.9).to_parquet(folder / "tables" / "links.parquet")
    write_report(folder, SPECS)
    reader = read(folder)
    assert "证据不足" in reader.text("verdicts") and "没有一项显示变差" in reader.text("verdicts")
    assert not re.search(r"✓ (改善|improved)|× (变差|worse)", reader.text("verdicts") + reader.text("board"))
    changes = json.loads("".join(reader.held["map-data"]))["changes"]
    shown = {one[0] for arm in changes.values() for period in arm.values() for one in period if one}
    assert shown == {"inconclusive"}
    assert "0 段延误减少，0 段增加，0 段可忽略" in reader.text("map")
