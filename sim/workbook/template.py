"""`huandu template`: the survey workbook, filled with a small made-up site that imports and runs as it is."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from sim.spreadsheet import workbook_bytes
from sim.workbook.example import rows
from sim.workbook.sheets import IGNORED, ITEMS, NOTES_SHEET, SHEETS, Sheet, Table

SPARE_ROWS = 8
"""Empty rows under each table that has another one below it."""
SPARE_ROWS_LAST = 200
MADE_UP = "示意数据,非该地实际:请用调查数据覆盖。 Made-up example: write your survey over it."
NOTES = (
    ("缓堵 huandu 调查表", "Survey workbook"),
    ("表中已填一个可直接运行的小例子（示意数据）。请逐表改为本点位的调查数据。",
     "It holds a small example that runs as it is (made up). Write your own survey over it, sheet by sheet."),
    ("导入：huandu import 本文件.xlsx --name 站点编号；所有问题会连同表名和单元格一次列出。",
     "Import: huandu import THIS.xlsx --name SITE; every problem is listed at once, with sheet and cell."),
    ("每张表以【表名】开头，下一行是列名，再下面是数据。可以调整列的次序，可以留空行、插入行。",
     "A table begins with its title in brackets, then headings, then rows. Columns may be reordered."),
    ("不要合并单元格。数字用数字格式，时间用时间格式（如 07:30）。公式须已保存结果。",
     "No merged cells. Numbers as numbers, times as times (07:30). Formulas need stored results."),
    (f"自己的列或表，名称以“{IGNORED}”开头即可，导入时忽略。",
     f"Columns and sheets of your own: begin their names with {IGNORED}; they are ignored."),
    ("路口编号、时段编号、方案编号用英文字母、数字和下划线，如 J1、am_peak、peak。",
     "Ids of junctions, periods and plans: Latin letters, digits, underscore."),
    ("进口以来车方向命名：北进口的车从北面来。车道从中央分隔带向路侧编号。",
     "An approach is named after where its traffic comes from. Lanes count from the median."),
    ("流量：每流向每 15 分钟一行。停止线流量在拥堵时小于需求，请同时填期初、期末排队。",
     "One row per movement and quarter. At the stop line of a jam also write the queues."),
    ("配时：绿灯是否含绿闪，各地写法不同，请在【方案】中写明。",
     "Signal plans: say in 【方案】 whether the green includes the flashing green."),
    ("公交表暂不带入模型；泊位、行人、公交三张表没有数据时可以删除。",
     "Buses are not carried over yet. The sheets 泊位, 行人, 公交 may be deleted."),
)  # fmt: skip

_TITLE = Font(bold=True, size=12, color="1F3864")
_HEAD = Font(bold=True, color="FFFFFF")
_HEAD_FILL = PatternFill("solid", fgColor="2F5597")
_OPTIONAL_FILL = PatternFill("solid", fgColor="7F9BC8")
_NOTE = Font(italic=True, color="7F7F7F")
_WARNING = Font(bold=True, color="C00000")
_LINE = Side(style="thin", color="BFBFBF")
_BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)


def write_template(path: Path) -> None:
    """Write the survey workbook; the same bytes every time."""
    book = Workbook()
    notes = book.active
    assert isinstance(notes, Worksheet)
    _write_notes(notes)
    example = rows()
    ranges: dict[str, str] = {}
    lists: list[tuple[Worksheet, str, str]] = []
    for sheet in SHEETS:
        page = book.create_sheet(sheet.name)
        _write_sheet(page, sheet, example, ranges, lists)
    for page, area, source in lists:
        _add_list(page, area, f"={ranges[source]}")
    for page in book.worksheets:
        _fit_to_paper(page)
    path.write_bytes(workbook_bytes(book))


def _fit_to_paper(page: Worksheet) -> None:
    """One A4 sheet wide, since surveys are taken on paper."""
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _write_notes(page: Worksheet) -> None:
    page.title = NOTES_SHEET
    page.sheet_view.showGridLines = False
    page.column_dimensions["A"].width = 110
    number = 1
    for index, (zh, en) in enumerate(NOTES):
        page.cell(number, 1, zh).font = Font(bold=True, size=16) if index == 0 else Font(size=11)
        page.cell(number + 1, 1, en).font = _NOTE
        number += 3
    page.cell(number, 1, MADE_UP).font = _WARNING


def _write_sheet(
    page: Worksheet,
    sheet: Sheet,
    example: dict[str, list[tuple[Any, ...]]],
    ranges: dict[str, str],
    lists: list[tuple[Worksheet, str, str]],
) -> None:
    page.cell(1, 1, MADE_UP).font = _WARNING
    number = 3
    widths: dict[int, float] = {}
    for table in sheet.tables:
        spare = SPARE_ROWS if table is not sheet.tables[-1] else SPARE_ROWS_LAST
        first = number + 2
        last = first + len(example[table.key]) - 1 + spare
        _write_headings(page, table, number)
        for index, row in enumerate(example[table.key]):
            for place, value in enumerate(row, start=1):
                _write_cell(page, first + index, place, value)
        for index, column in enumerate(table.columns, start=1):
            letter = get_column_letter(index)
            area = f"{letter}{first}:{letter}{last}"
            ranges[f"{table.key}.{column.key}"] = f"'{sheet.name}'!${letter}${first}:${letter}${last}"
            if column.offers:
                _add_list(page, area, '"' + ",".join(column.offers) + '"')
            if column.offers_from:
                lists.append((page, area, column.offers_from))
            shown = [str(row[index - 1] or "") for row in example[table.key]]
            widths[index] = max(widths.get(index, 0), _width(column.heading, *shown))
        if table.key == "site":
            _offer_items(page, first, example["site"])
        number = last + 2 if table is not sheet.tables[-1] else last
    for index, width in widths.items():
        page.column_dimensions[get_column_letter(index)].width = width
    if len(sheet.tables) == 1:
        page.freeze_panes = "A5"


def _write_headings(page: Worksheet, table: Table, number: int) -> None:
    page.cell(number, 1, table.marker).font = _TITLE
    page.cell(number, 3, f"{table.english}.  {table.note}").font = _NOTE
    for index, column in enumerate(table.columns, start=1):
        cell = page.cell(number + 1, index, f"{column.heading}\n{column.english}")
        cell.font, cell.border = _HEAD, _BOX
        cell.fill = _HEAD_FILL if column.required else _OPTIONAL_FILL
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
    page.row_dimensions[number + 1].height = 60


def _write_cell(page: Worksheet, row: int, column: int, value: Any) -> None:
    cell = page.cell(row, column, value)
    cell.border = _BOX
    if isinstance(value, datetime.time):
        cell.number_format = "hh:mm"


def _offer_items(page: Worksheet, first: int, items: list[tuple[Any, ...]]) -> None:
    offers = {column.heading: column.offers for column in ITEMS if column.offers}
    for index, (name, _) in enumerate(items):
        if name in offers:
            _add_list(page, f"B{first + index}", '"' + ",".join(offers[name]) + '"')


def _add_list(page: Worksheet, area: str, formula: str) -> None:
    # The list helps and does not forbid: the import says what is wrong, and takes more spellings (直右).
    rule = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=False)
    rule.add(area)
    page.add_data_validation(rule)


def _width(heading: str, *values: str) -> float:
    """Width of a column, in characters; Chinese ones take two."""

    def length(text: str) -> int:
        return sum(2 if ord(character) > 0x2E7F else 1 for character in text)  # noqa: PLR2004 - CJK begins

    return min(max(10, length(heading) + 2, *(length(value) + 2 for value in values)), 44)
