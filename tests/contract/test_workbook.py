"""The survey workbook: the template imports as the example it holds; every fault is named with its cell."""

from __future__ import annotations

import datetime
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from sim.errors import ConfigError
from sim.sumo.site import load
from sim.workbook import import_workbook, write_template

Change = Callable[[Workbook], object]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "survey.xlsx"
    write_template(path)
    return path


def changed(template: Path, tmp_path: Path, *changes: Change) -> Path:
    book = openpyxl.load_workbook(template)
    for change in changes:
        change(book)
    path = tmp_path / "changed.xlsx"
    book.save(path)
    return path


def problems(template: Path, tmp_path: Path, *changes: Change) -> list[str]:
    """Return what the import of a changed template says; it must have written nothing."""
    folder = tmp_path / "demo"
    folder.mkdir(exist_ok=True)
    with pytest.raises(ConfigError) as raised:
        import_workbook(changed(template, tmp_path, *changes), "demo", folder)
    assert list(folder.iterdir()) == []
    return [str(problem) for problem in raised.value.problems]


def put(sheet: str, cell: str, value: object) -> Change:
    def change(book: Workbook) -> None:
        book[sheet][cell] = value

    return change


def where(template: Path, sheet: str, table: str, heading: str, row: int = 1) -> str:
    """Return the cell of a column in the `row`-th row of a table of the template."""
    page = openpyxl.load_workbook(template)[sheet]
    assert isinstance(page, Worksheet)
    marker = next(cell.row for cell in page["A"] if cell.value == f"【{table}】")
    column = next(c.column_letter for c in page[marker + 1] if str(c.value).startswith(heading))
    return f"{column}{marker + 1 + row}"


def test_the_template_is_the_same_every_time_and_marked_made_up(template: Path, tmp_path: Path) -> None:
    write_template(tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == template.read_bytes()
    book = openpyxl.load_workbook(template)
    assert book.sheetnames == ["说明", "基本信息", "渠化", "流量", "配时", "公交", "泊位", "行人"]
    assert all("示意数据" in str(book[name]["A1"].value) for name in book.sheetnames[1:])
    assert len(book["配时"].data_validations.dataValidation) >= 6


def test_the_template_imports_as_the_example_it_holds(template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    lines = import_workbook(template, "demo", folder)
    assert sorted(path.name for path in folder.iterdir()) == ["SOURCES.md", "counts.csv", "site.yaml"]
    left = [line for line in lines if line.startswith("not carried over")]
    assert left == [
        f"not carried over: 公交!{what} (buses run as they were counted)"
        for what in ("A5 bus stop 示例路站", "A17 bus line 402")
    ]
    assert left[0].of("zh") == "未导入：公交!A5 公交站 示例路站（公交车按流量表计入）"
    assert "示意数据,非该地实际" in (folder / "SOURCES.md").read_text(encoding="utf-8")

    site = load(folder, tmp_path / "cache")
    assert site.facts.made_up is True
    assert site.facts.warm_up_s == 600
    peak = site.facts.plans["peak"]["J1"]
    assert peak.cycle_s == 100
    assert json.loads(peak.stages["B"].model_dump_json()) == {
        "green": ["east.left", "west.left"], "permissive": [], "crossings": [],
        "green_s": 15, "flash_s": 3, "yellow_s": 3, "all_red_s": 2, "pedestrian_flash_s": 0,
        "late_start_s": {"east.left": 2}, "early_cut_s": {},
    }  # fmt: skip
    # Here the green is written without its flashing end: 22 + 3.
    off = site.facts.plans["offpeak"]["J1"].stages["A"]
    assert (off.green_s, off.flash_s, off.pedestrian_flash_s, off.crossings) == (
        25,
        3,
        12,
        ("north", "south"),
    )
    west = site.facts.junctions["J1"].approaches["west"]
    assert [(lane.use, lane.width_m, lane.length_m) for lane in west.lanes] == [
        ("left", 3, 60), ("through", 3.25, None), ("through+right", 3.25, None),
    ]  # fmt: skip
    assert (west.bearing_deg, west.grade_pct, west.exit_lanes, west.length_m) == (270, 1.5, 2, 500)
    assert site.facts.junctions["J2"].approaches["south"].bearing_deg == 175
    assert site.facts.streets["main"].legs == ("J1.east", "J2.west")
    am = site.facts.periods["am_peak"]
    assert (am.begin, am.end, am.day, am.plan, am.title.zh) == ("07:30", "08:30", "weekday", "peak", "早高峰")
    assert am.pedestrians_per_15min["J1.north"] == (18, 24, 22, 16)
    assert am.pedestrians_per_15min["J2.east"] == 8
    assert site.facts.parking["kerb_north"].stalls == 8
    assert site.facts.parking_demand["shoppers"].exit == "J1.south"

    counts = site.counts
    assert len(counts) == 18 * 3 * (4 + 2)  # movements, classes, quarters
    left = counts[(counts["approach"] == "J1.west") & (counts["movement"] == "left")]
    cars = left[(left["class"] == "car") & (left["period"] == "am_peak")]
    assert cars["start"].tolist() == ["07:30", "07:45", "08:00", "08:15"]
    assert cars["count"].tolist() == [33, 41, 43, 35]
    assert cars["taken_at"].unique().tolist() == ["stop_line"]
    assert cars["queue_start_veh"].tolist() == [2, 3, 6, 7]
    assert cars["queue_end_veh"].tolist() == [3, 6, 7, 4]
    peak_hour = counts[counts["period"] == "am_peak"].groupby(["approach", "movement"])["count"].sum()
    assert peak_hour["J2.west", "through"] == 760


def test_columns_may_move_rows_may_be_blank_and_own_notes_are_ignored(template: Path, tmp_path: Path) -> None:
    def shuffle(book: Workbook) -> None:
        page = book["流量"]
        rows = [[cell.value for cell in row] for row in page["A4:M112"]]
        for row, values in enumerate(rows, start=4):
            for column, value in enumerate([None, *reversed(values)], start=1):
                page.cell(row + (row > 20), column).value = value
                page.cell(row + (row > 20), column).number_format = (
                    "hh:mm" if isinstance(value, datetime.time) else "General"
                )
        for column in range(1, 15):
            page.cell(21, column).value = None
        page.cell(4, 1, "备注 (调查员)")
        page.cell(6, 1, "雨天")
        book.create_sheet("备注 原始表")["A1"] = "anything"
        del book["公交"]

    first, second = tmp_path / "a" / "demo", tmp_path / "b" / "demo"
    for folder in (first, second):
        folder.mkdir(parents=True)
    import_workbook(template, "demo", first)
    import_workbook(changed(template, tmp_path, shuffle), "demo", second)
    assert (first / "counts.csv").read_bytes() == (second / "counts.csv").read_bytes()


def test_a_median_is_carried_over(template: Path, tmp_path: Path) -> None:
    width = put("渠化", where(template, "渠化", "进口道", "中央分隔带宽"), 4)
    folder = tmp_path / "demo"
    folder.mkdir()
    import_workbook(changed(template, tmp_path, width), "demo", folder)
    first = load(folder, tmp_path / "cache").facts.junctions["J1"].approaches
    assert {name: leg.median_m for name, leg in first.items() if leg.median_m} == {"north": 4}


def test_looser_spellings_mean_the_same(template: Path, tmp_path: Path) -> None:
    changes = [
        put("渠化", where(template, "渠化", "车道", "用途", 2), "直右"),
        put("渠化", where(template, "渠化", "车道", "进口", 2), "北"),
        put("渠化", where(template, "渠化", "路段", "一端"), "J1东进口"),
        put("配时", where(template, "配时", "相位", "放行流向"), "东直,西直"),
        put("配时", where(template, "配时", "相位", "迟启", 2), "东左=2s"),
        put("基本信息", where(template, "基本信息", "时段", "开始"), "7:30"),
        put("流量", where(template, "流量", "流量", "流向"), "左"),
    ]
    first, second = tmp_path / "a" / "demo", tmp_path / "b" / "demo"
    for folder in (first, second):
        folder.mkdir(parents=True)
    import_workbook(template, "demo", first)
    import_workbook(changed(template, tmp_path, *changes), "demo", second)
    assert (first / "counts.csv").read_bytes() == (second / "counts.csv").read_bytes()
    written = [
        (folder / "site.yaml").read_text(encoding="utf-8").split("\n", 1)[1] for folder in (first, second)
    ]
    assert written[0] == written[1]


DATE = datetime.datetime(2024, 5, 1)
ONE_FAULT = [
    ("流量", "流量", "小客车", 2, "abc", '"abc" is not a number'),
    ("流量", "流量", "小客车", 1, "12", '"12" is text, not a number (format the cell as number, type'),
    ("流量", "流量", "小客车", 1, -3, "-3 is negative (0 or more)"),
    ("流量", "流量", "小客车", 1, "=1+1", "a formula without a stored result (open the file in Excel"),
    ("流量", "流量", "流向", 1, "左传", '"左传" is not a movement (known: '),
    ("流量", "流量", "进口", 1, "北近口", '"北近口" is not an approach (did you mean 北进口'),
    ("流量", "流量", "路口", 1, "J11", "no junction 'J11' (did you mean J1"),
    ("流量", "流量", "时段", 1, "早高锋", "no period '早高锋' (did you mean 早高峰?)"),
    ("流量", "流量", "开始时间", 1, DATE, "2024-05-01 is a date, not a time (format the cell as time"),
    ("流量", "流量", "统计位置", 1, "停车线", '"停车线" is none of 停止线/上游 (did you mean 停止线?)'),
    ("流量", "流量", "期末排队", 21 + 20, 9, "queue"),
    ("基本信息", "时段", "结束", 1, DATE, "2024-05-01 is a date, not a time"),
    ("基本信息", "时段", "编号", 1, "早高峰", '"早高峰" is not an id'),
    ("基本信息", "站点", "内容", 3, "假的", '"假的" is none of 示意/实测'),
    ("基本信息", "站点", "内容", 8, 3, "input should be less than or equal to 1, not 3"),
    ("基本信息", "站点", "项目", 7, "预热时间(s)", "unknown item '预热时间' (did you mean 预热时长?)"),
    ("渠化", "路口", "路口", 1, 1, "1 is not an id (write J1)"),
    ("渠化", "路口", "控制方式", 1, None, "控制方式 is empty"),
    ("渠化", "进口道", "限速", 1, 400, "input should be less than or equal to 120, not 400"),
    ("渠化", "进口道", "长度", 1, None, "missing: the leg is not a street to another junction"),
    ("渠化", "进口道", "出口车道数", 1, 1.5, "1.5 is not a whole number"),
    ("渠化", "车道", "用途", 2, "直走", '"直走" is not a lane use'),
    ("渠化", "车道", "宽度", 1, 9, "input should be less than or equal to 6, not 9"),
    ("渠化", "车道", "车道", 2, 3, "lanes 1, 3: number them 1 to 2 from the median"),
    ("渠化", "车道", "用途", 14, "左转+直行", "'through' leads to no exit lane"),
    ("渠化", "路段", "一端", 1, "J1东北", "no leg 'J1.northeast'"),
    ("配时", "方案", "周期", 1, 99, "cycle_s says 99 s but the stages add up to 100 s"),
    ("配时", "方案", "绿闪含在绿灯内", 1, None, "绿闪含在绿灯内 is empty"),
    ("配时", "相位", "绿灯", 1, "36s", '"36s" is not a number'),
    ("配时", "相位", "绿闪", 1, 40, "flashing green must be shorter than the green it ends"),
    ("配时", "相位", "行人绿灯", 1, 30, "walk 30 s and flashing walk 12 s are longer than the green of 36 s"),
    ("配时", "相位", "让行放行", 3, "北进口转左弯", '"北进口转左弯" is not a movement'),
    ("配时", "相位", "放行流向", 3, "北进口直行、南进口直行、北进口掉头", "no movement 'north.uturn'"),
    ("配时", "相位", "迟启", 2, "东进口左转", '"东进口左转" is not a movement and its seconds'),
    ("配时", "相位", "方案", 1, "peek", "peek at J1 is not in the table 【方案】"),
    ("配时", "时段表", "方案", 1, "peek", "no plan 'peek' (did you mean peak"),
    ("泊位", "停车场", "泊位数", 1, 80, "80 stalls do not fit on 48 m"),
    ("泊位", "停车需求", "停车场", 1, "kerb", "no parking area 'kerb'"),
    ("泊位", "停车场", "所在进口", 1, "北边", '"北边" is not a leg (write junction and approach'),
    ("行人", "行人", "开始时间", 2, datetime.time(9, 0), "09:00 is no quarter of the period"),
    ("行人", "行人", "进口", 7, "东北进口", "no leg 'J1.northeast'"),
]  # fmt: skip

CELL_OF_ROW = {("配时", "绿闪"): "C", ("行人", "进口"): "E"}
"""Columns whose fault is named elsewhere in the row."""


@pytest.mark.parametrize(("sheet", "table", "heading", "row", "value", "message"), ONE_FAULT)
def test_a_fault_is_named_with_its_cell(
    template: Path,
    tmp_path: Path,
    sheet: str,
    table: str,
    heading: str,
    row: int,
    value: object,
    message: str,
) -> None:
    cell = where(template, sheet, table, heading, row)
    found = problems(template, tmp_path, put(sheet, cell, value))
    assert len(found) <= 2, found  # the fault itself, hardly anything that only follows from it
    place = f"{sheet}!{CELL_OF_ROW.get((sheet, heading), cell[0])}{cell[1:]}"
    assert any(problem.startswith(f"{place}: ") and message in problem for problem in found), found


def test_all_faults_are_named_at_once_in_the_order_of_the_workbook(template: Path, tmp_path: Path) -> None:
    def break_it(book: Workbook) -> None:
        book["流量"]["F6"] = "abc"
        book["流量"]["B7"] = 0.3125
        book["流量"]["B7"].number_format = "General"
        book["流量"]["F9"] = -1
        book["流量"]["N4"] = "电动车"
        book["流量"].merge_cells("D11:D12")
        book["泊位"].title = "泊车"
        book["配时"]["G33"] = "36"
        book["配时"]["C19"] = 90
        book["渠化"]["E18"] = 400
        book["渠化"]["D42"] = "直行"

    found = problems(template, tmp_path, break_it)
    assert [problem.partition(": ")[0] for problem in found] == [
        "泊车!A1", "渠化!E18", "流量!N4", "流量!F6", "流量!B7", "流量!F9", "流量!D11:D12",
        *(f"流量!F{row}" for row in (37, 38, 39, 40, 93, 94)), "配时!C19", "配时!G33",
    ]  # fmt: skip
    text = "\n".join(found)
    assert "unknown sheet '泊车' (known: 泊位; call your own 备注...)" in text
    assert "unknown column '电动车' in 【流量】" in text
    assert "merged cells (unmerge them and fill in every cell)" in text
    assert "0.3125 is not a time (write 07:30 in a cell of the format time)" in text
    assert "vehicles counted for J1.south.right, a movement that no lane has" in text
    assert "cycle_s says 90 s but the stages add up to 100 s" in text


def test_missing_sheets_tables_and_columns(template: Path, tmp_path: Path) -> None:
    def drop(book: Workbook) -> None:
        book["配时"].title = "配时表"
        book["流量"]["C4"] = "路口名"
        book["渠化"]["A3"] = "【路囗】"

    found = problems(template, tmp_path, drop)
    text = "\n".join(found)
    assert "changed.xlsx: the sheet '配时' is missing (did you mean 配时表?)" in text
    assert "配时表!A1: unknown sheet '配时表' (did you mean 配时?; call your own 备注...)" in text
    assert "流量!C4: unknown column '路口名' in 【流量】 (did you mean 路口?)" in text
    assert "流量!A4: the column '路口' of 【流量】 is missing" in text
    assert "渠化!A3: unknown table 【路囗】 (did you mean 【路段】 or 【路口】?)" in text
    assert "渠化!A1: the table 【路口】 is missing" in text


@pytest.mark.parametrize("content", [b"", b"PK", b"\xd0\xcf\x11\xe0 an old or locked workbook"])
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "survey.xlsx"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="cannot be read as a workbook"):
        import_workbook(path, "demo", tmp_path)


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "survey.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(ConfigError, match="cannot be read as a workbook"):
        import_workbook(path, "demo", tmp_path)


def test_an_empty_template_is_refused_with_what_is_missing(template: Path, tmp_path: Path) -> None:
    def empty(book: Workbook) -> None:
        for name in book.sheetnames[1:]:
            page = book[name]
            heads = [c.row + 1 for c in page["A"] if str(c.value or "").startswith("【")]
            for row in range(5, page.max_row + 1):
                if row not in heads and row + 1 not in heads:
                    for cell in page[row]:
                        cell.value = None

    found = problems(template, tmp_path, empty)
    assert found
    assert all("!" in problem.partition(": ")[0] for problem in found), found
