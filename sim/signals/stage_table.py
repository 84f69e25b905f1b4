"""The stage table (配时表) for people and controllers: CSV and XLSX, before and after."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sim.labels import text
from sim.spreadsheet import workbook_bytes

if TYPE_CHECKING:
    from openpyxl import Workbook

# openpyxl is imported where a workbook is written: many who import this write none, and it takes 12 MB.
# ruff: noqa: PLC0415

COLUMNS = (
    "arm", "period", "program", "kind", "cycle_s", "offset_s", "number", "stage", "begin_s", "green_s",
    "yellow_s", "all_red_s", "clearance_s", "min_green_s", "max_green_s", "protected", "permissive",
    "crossings",
)  # fmt: skip
LONGEST_SHEET_NAME = 31
WIDEST = 48
"""Characters of a column; longer lists of movements run on in the cell."""


def write_stage_tables(stages: pd.DataFrame, folder: Path) -> list[Path]:
    """Write `stage_tables.xlsx` (one sheet per signal) and `stage_tables/<signal>.csv`.

    Parameters
    ----------
    stages
        `sim.signals.tables.STAGES` behind columns ``arm`` and ``period``; today's rows first.

    Returns
    -------
    list[Path]
        Every file written; none where there is no signal.
    """
    if stages.empty:
        return []
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    paths = [folder / "stage_tables.xlsx"]
    (folder / "stage_tables").mkdir(parents=True, exist_ok=True)
    for number, (signal, rows) in enumerate(stages.groupby("signal", sort=True), 1):
        table = rows[list(COLUMNS)]
        path = folder / "stage_tables" / f"{file_name(number, str(signal))}.csv"
        # Excel takes a file for UTF-8 only where it begins with the mark.
        table.to_csv(path, index=False, float_format="%g", encoding="utf-8-sig")
        paths.append(path)
        _add_sheet(book, number, str(signal), table)
    paths[0].write_bytes(workbook_bytes(book))
    return paths


def file_name(number: int, signal: str) -> str:
    """Name a signal in a file's name: its number keeps two apart that differ in what a name cannot hold."""
    return f"{number:03d}.{re.sub(r'[^A-Za-z0-9_-]+', '_', signal)[:40]}"


def _add_sheet(book: Workbook, number: int, signal: str, table: pd.DataFrame) -> None:
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    plain = re.sub(r"[\[\]:*?/\\']", "_", signal)
    name = plain if len(plain) <= LONGEST_SHEET_NAME else f"{number:03d} {plain[: LONGEST_SHEET_NAME - 4]}"
    sheet = book.create_sheet(name)
    sheet.append([signal])
    sheet["A1"].font = Font(bold=True, size=13)
    for row in ("zh", "en"):
        sheet.append([getattr(text(f"stage_table.{column}"), row) for column in COLUMNS])
    for heading in sheet.iter_rows(min_row=2, max_row=3):
        for cell in heading:
            cell.font = Font(bold=True)
            cell.fill = PatternFill("solid", fgColor="E8EEF4")
    before = None
    for values in table.itertuples(index=False, name=None):
        if before is not None and values[:2] != before:
            sheet.append([])
        before = values[:2]
        sheet.append([None if pd.isna(value) else value for value in values])
    for index, column in enumerate(COLUMNS, 1):
        longest = max([len(str(value)) for value in table[column]] + [len(text(f"stage_table.{column}").en)])
        sheet.column_dimensions[get_column_letter(index)].width = min(longest + 2, WIDEST)
    sheet.freeze_panes = "A4"
