"""What is written beside the page: public notice, workbook, expert review."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from docx import Document
from openpyxl import load_workbook

from sim.measures import SPECS
from sim.plots.fonts import undrawable
from sim.plots.study_data import read_study
from sim.report.expert_review import write_review
from sim.report.page import context, public_notice
from sim.report.workbook import write_workbook
from tests.synthetic_study import write_synthetic_study

HOSTILE = "=cmd|' /C calc'!A0<script>|{{7*7}}\x07"
CHAPTERS = [
    "概况",
    "调查与诊断",
    "方案",
    "模型与标定",
    "方案比选",
    "慢行、公交、停车、安全影响",
    "实施与估算",
    "结论",
    "附：调查表",
    "附：配时表",
    "附：评审意见采纳表",
]


def write(folder: Path) -> dict[str, Any]:
    data = read_study(folder)
    shown = context(data, SPECS, {}, [])
    write_workbook(data, SPECS, folder / "report.xlsx")
    write_review(data, shown, [], folder / "report.docx")
    (folder / "notice.md").write_text(public_notice(shown), encoding="utf-8")
    return shown


def study(folder: Path) -> Path:
    return write_synthetic_study(folder, replicates=4, two_periods=False, arms=["baseline", "both"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = study(tmp_path_factory.mktemp("study"))
    write(made)
    return made


def words(path: Path) -> str:
    document = Document(str(path))
    cells = [c.text for table in document.tables for row in table.rows for c in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def test_the_review_has_the_chapters_of_the_issue_in_order(folder: Path) -> None:
    paragraphs = Document(str(folder / "report.docx")).paragraphs
    heads = [p.text for p in paragraphs if p.style is not None and p.style.name == "Heading 1"]
    assert heads == [name if name.startswith("附") else f"{i} {name}" for i, name in enumerate(CHAPTERS, 1)]


def test_the_survey_table_has_what_was_counted(folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folder, tmp_path / "s")
    site = json.loads((other / "study.json").read_text(encoding="utf-8"))["site"]["name"]
    rows = [
        "period,start,approach,movement,class,count",
        "am_peak,07:30,J1.north,left,car,29",
        "am_peak,07:45,J1.north,left,car,31",
        "am_peak,07:45,J1.north,left,bus,2",
        "am_peak,07:45,J1.east,through,car,7",
    ]
    (other / "inputs" / site).mkdir(parents=True, exist_ok=True)
    (other / "inputs" / site / "counts.csv").write_text("\n".join(rows), encoding="utf-8")
    write(other)
    tables = Document(str(other / "report.docx")).tables
    shown = [[c.text for c in row.cells] for table in tables for row in table.rows]
    assert ["石桥铺路口 J1 北进口左转", "60", "2", "62"] in shown
    assert ["石桥铺路口 J1 东进口直行", "7", "0", "7"] in shown
    assert "各计数时段起于 07:30 至 07:45" in words(other / "report.docx")


def test_its_tables_have_three_lines_and_its_characters_a_font(folder: Path) -> None:
    document = Document(str(folder / "report.docx"))
    assert len(document.tables) >= 5
    for table in document.tables:
        lines = re.findall(r'<w:(top|bottom|left|right) w:val="single"', table._tbl.xml)
        columns = len(table.columns)
        assert lines.count("top") == columns and lines.count("bottom") == 2 * columns
        assert "left" not in lines and "right" not in lines
    text = words(folder / "report.docx")
    assert not undrawable(text)
    assert "示意数据" in text and "未标定" in text and "改善" in text and "8.5" in text
    assert "证明" not in text


def test_the_notice_tells_no_percentage_and_claims_nothing(folder: Path) -> None:
    text = (folder / "notice.md").read_text(encoding="utf-8")
    for wanted in ("车道功能", "实施时间", "绕行", "联系方式", "交警大队设施科", "【待填写】"):
        assert wanted in text
    assert not re.search(r"[%%]|证明|prove|改善|减少|improve", text)


def test_the_notice_is_whole_in_either_language(folder: Path) -> None:
    chinese, english = (folder / "notice.md").read_text(encoding="utf-8").split("\n---\n")
    assert "示意数据" in chinese and "made-up data" in english
    assert "绕行" in chinese and "Detour" not in chinese and "Detour" in english and "绕行" not in english


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ([("closure", "x", "absent", "yes")], "绕行路线"),
        ([("connection", "a_0->b_0", "yes", "absent")], "绕行：** 【待填写】"),
        (
            [("connection", "a_0->b_0", "yes", "absent"), ("connection", "a_1->b_0", "absent", "yes")],
            "不取消转向",
        ),
        ([], "不取消转向"),
    ],
)
def test_the_notice_says_whether_somebody_must_drive_round(
    tmp_path: Path, changed: list[tuple[str, ...]], wanted: str
) -> None:
    folder = study(tmp_path)
    changes = [
        {"kind": kind, "id": id, "what": "exists", "before": before, "after": after}
        for kind, id, before, after in changed
    ]
    proof = {"arm": "both", "period": "am_peak", "changed": changes, "words": {"zh": "", "en": ""}}
    (folder / "tables" / "proof.json").write_text(json.dumps([proof]), encoding="utf-8")
    notice = public_notice(context(read_study(folder), SPECS, {}, []))
    assert wanted in notice


def test_the_workbook_holds_the_verdicts_and_no_formula(folder: Path) -> None:
    book = load_workbook(folder / "report.xlsx")
    assert [name.split(" ")[0] for name in book.sheetnames] == [
        "结论", "比较", "路段", "证据", "车辆去向", "检查", "定义",
    ]  # fmt: skip
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert "车道调整加信号重配时" in str(rows[1][0])
    assert [str(row[0]).split(" / ")[0] for row in rows[2:]] == ["示意数据,非该地实际", "未标定"]
    assert [cell.value for cell in book.worksheets[4][1]][:2] == ["方案 / arm", "时段 / period"]
    assert book.worksheets[1].max_row == 1 + len(read_study(folder).comparison)


def test_hostile_names_are_text_in_every_file(tmp_path: Path) -> None:
    folder = study(tmp_path)
    path = folder / "study.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    for arm in data["arms"]:
        arm["title"] = {"zh": HOSTILE, "en": HOSTILE}
        arm["change_log"] = [{"zh": HOSTILE, "en": HOSTILE}]
    data["site"]["title"] = {"zh": HOSTILE, "en": HOSTILE}
    path.write_text(json.dumps(data), encoding="utf-8")
    write(folder)
    for sheet in load_workbook(folder / "report.xlsx").worksheets:
        assert not [c for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    assert "{{7*7}}" in words(folder / "report.docx")
    assert "<script" not in (folder / "notice.md").read_text(encoding="utf-8")


def test_equal_studies_give_equal_files(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        made = study(tmp_path / name)
        write(made)
        found.append([(made / file).read_bytes() for file in ("report.docx", "report.xlsx", "notice.md")])
        with ZipFile(made / "report.docx") as archive:
            assert {info.date_time[:3] for info in archive.infolist()} == {(2000, 1, 1)}
    assert found[0] == found[1]


def test_a_study_without_results_gets_files_without_verdicts(tmp_path: Path) -> None:
    folder = study(tmp_path)
    shutil.rmtree(folder / "tables")
    write(folder)
    text = words(folder / "report.docx")
    assert "不给结论" in text and "本研究没有这类数据" in text
