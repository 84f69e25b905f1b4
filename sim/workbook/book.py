"""From an .xlsx file to the rows of its tables; what is wrong becomes a problem with its cell."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from sim.errors import NOTHING, ConfigError, Problem, Problems, near
from sim.labels import Message
from sim.workbook.sheets import IGNORED, ITEMS, NOTES_SHEET, SHEETS, TABLES, Column, Sheet, Table, bare
from sim.workbook.words import Unfit

UNREADABLE = (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError, EOFError)
"""What openpyxl raises for a file that is no workbook, or a broken one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: values by column key, the cell of each, and the keys whose cell was unfit."""

    sheet: str
    anchor: str
    cells: Mapping[str, str]
    values: Mapping[str, Any]
    bad: frozenset[str]

    def __getitem__(self, key: str) -> Any:
        """Return a value; a stand-in where the cell was unfit, None where there is neither."""
        return self.values.get(key)

    def place(self, key: str = "") -> str:
        """Return where a value stands, `流量!D7`; the row's first cell where the sheet has no such column."""
        return f"{self.sheet}!{self.cells.get(key, self.anchor)}"


def read_book(path: Path, problems: Problems) -> dict[str, list[Row]]:
    """Read every table of the workbook: table key -> rows, blank ones left out.

    Raises ConfigError where the file is no workbook at all; everything else goes to `problems`.
    """
    values, formulas = _open(path, data_only=True), _open(path, data_only=False)
    found: dict[str, list[Row]] = {key: [] for key in TABLES}
    names = {name.strip(): name for name in values.sheetnames}
    known = [sheet.name for sheet in SHEETS]
    unknown = [n for n in names if n not in (*known, NOTES_SHEET) and not n.startswith(IGNORED)]
    for name in unknown:
        own = Message("call your own {name}", name=f"{IGNORED}...")
        hint = Message("{hints:;}", hints=[*filter(None, [near(name, set(known) - set(names))]), own])
        problems.add(f"{name}!A1", Message("unknown sheet {name!r}", name=name), hint)
    for sheet in SHEETS:
        if sheet.name in names:
            original = names[sheet.name]
            _Reader(sheet, values[original], formulas[original], problems).read(found)
        elif sheet.required:
            hint = near(sheet.name, unknown) if unknown else Message("`huandu template` writes every sheet")
            problems.add(path.name, Message("the sheet {name!r} is missing", name=sheet.name), hint)
    return found


def items_of(rows: Sequence[Row], problems: Problems) -> Row:
    """Turn the table 站点, whose rows are items, into one row with an item per column."""
    known = {column.name: column for column in ITEMS}
    cells: dict[str, str] = {}
    values: dict[str, Any] = {}
    bad: set[str] = set()
    for row in rows:
        name = bare(str(row["item"] or ""))
        column = known.get(name)
        if column is None:
            if name and not name.startswith(IGNORED):
                problems.add(
                    row.place("item"), Message("unknown item {name!r}", name=name), near(name, known)
                )
        elif column.key in cells:
            problems.add(
                row.place("item"),
                Message("{name!r} stands twice", name=name),
                Message("first in {cells}", cells=cells[column.key]),
            )
        else:
            cells[column.key] = row.cells.get("content", row.anchor)
            if "content" in row.bad:
                _spoil(column, values, bad)
            else:
                _take(column, row["content"], row.place("content"), values, bad, problems)
    sheet = TABLES["site"][0].name
    for column in ITEMS:
        if column.required and column.key not in cells and rows:
            problems.add(
                rows[0].place(), Message("the item {name!r} is missing from the table", name=column.name)
            )
            _spoil(column, values, bad)
    return Row(sheet, rows[0].anchor if rows else "A1", cells, values, frozenset(bad))


def _open(path: Path, *, data_only: bool) -> Workbook:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about Excel's decorations that openpyxl does not keep
            return openpyxl.load_workbook(path, data_only=data_only)
    except UNREADABLE as error:
        hint = Message("save it as .xlsx, without a password")
        raise ConfigError(
            [Problem(str(path), Message("cannot be read as a workbook: {error}", error=error), hint)]
        ) from None


class _Reader:
    """Reads the tables of one sheet."""

    def __init__(self, sheet: Sheet, values: Worksheet, formulas: Worksheet, problems: Problems) -> None:
        self.sheet = sheet
        self.values = values
        self.formulas = formulas
        self.problems = problems
        self.last_column = values.max_column
        self.unfit: set[tuple[int, int]] = set()

    def read(self, found: dict[str, list[Row]]) -> None:
        """Read every table into `found`."""
        tables = {table.marker: table for table in self.sheet.tables}
        markers: list[tuple[int, str]] = []
        for number in range(1, self.values.max_row + 1):
            first = self._text(number, 1)
            if first.startswith("【"):
                markers.append((number, first))
                if first not in tables:
                    self._add(number, 1, Message("unknown table {first}", first=first), near(first, tables))
        seen: dict[str, int] = {}
        ends = [number for number, _ in markers[1:]] + [self.values.max_row + 1]
        for (number, marker), end in zip(markers, ends, strict=True):
            if marker in seen:
                self._add(
                    number,
                    1,
                    Message("the table {marker} stands twice", marker=marker),
                    Message("first in A{seen}", seen=seen[marker]),
                )
            elif marker in tables:
                seen[marker] = number
                self._merged(number + 1, end)
                found[tables[marker].key] = self._table(tables[marker], number, end)
        for marker in tables:
            if marker not in seen:
                hint = Message("a table begins with its title in column A; without rows it may stay empty")
                self.problems.add(
                    f"{self.sheet.name}!A1", Message("the table {marker} is missing", marker=marker), hint
                )

    def _merged(self, begin: int, end: int) -> None:
        for area in sorted(self.values.merged_cells.ranges, key=lambda r: (r.min_row, r.min_col)):
            if begin <= area.min_row < end:
                hint = Message("unmerge them and fill in every cell")
                self.problems.add(f"{self.sheet.name}!{area.coord}", Message("merged cells"), hint)
                self.unfit |= {(row, column) for row, column in area.cells}

    def _table(self, table: Table, marker: int, end: int) -> list[Row]:
        numbers = [n for n in range(marker + 1, end) if self._filled(n)]
        if not numbers:
            self._add(marker, 1, Message("the table {marker} has no headings", marker=table.marker))
            return []
        columns, ignored = self._headings(table, numbers[0])
        return [self._row(table, columns, ignored, number) for number in numbers[1:]]

    def _headings(self, table: Table, number: int) -> tuple[dict[str, int], set[int]]:
        known = {column.name: column for column in table.columns}
        found: dict[str, int] = {}
        ignored: set[int] = set()
        for index in range(1, self.last_column + 1):
            name = bare(self._text(number, index))
            if name.startswith(IGNORED):
                ignored.add(index)
            elif name in known and known[name].key in found:
                self._add(number, index, Message("the column {name!r} stands twice", name=name))
            elif name in known:
                found[known[name].key] = index
            elif name:
                ignored.add(index)
                left = [n for n in known if n not in {bare(self._text(number, i)) for i in range(1, index)}]
                self._add(
                    number,
                    index,
                    Message("unknown column {name!r} in {marker}", name=name, marker=table.marker),
                    near(name, left),
                )
        for column in table.columns:
            if column.required and column.key not in found:
                self._add(
                    number,
                    1,
                    Message(
                        "the column {name!r} of {marker} is missing", name=column.name, marker=table.marker
                    ),
                )
        return found, ignored

    def _row(self, table: Table, columns: Mapping[str, int], ignored: set[int], number: int) -> Row:
        values: dict[str, Any] = {}
        bad: set[str] = set()
        cells = {key: f"{get_column_letter(index)}{number}" for key, index in columns.items()}
        for column in table.columns:
            index = columns.get(column.key)
            if index is None:
                if column.required:
                    _spoil(column, values, bad)
                continue
            place = f"{self.sheet.name}!{cells[column.key]}"
            fits, value = self._content(number, index)
            if not fits:
                _spoil(column, values, bad)
            else:
                _take(column, value, place, values, bad, self.problems)
        for index in range(1, self.last_column + 1):
            if index not in columns.values() and index not in ignored and self._text(number, index):
                self._add(
                    number,
                    index,
                    Message("a value without a heading above it"),
                    Message("call it {ignored}...", ignored=IGNORED),
                )
        anchor = min(columns.values(), default=1)
        return Row(self.sheet.name, f"{get_column_letter(anchor)}{number}", cells, values, frozenset(bad))

    def _content(self, row: int, column: int) -> tuple[bool, Any]:
        """Whether a cell holds something that can be read, and what (None: empty)."""
        if (row, column) in self.unfit:
            return False, None
        cell = self.values.cell(row, column)
        if cell.data_type == "e":
            self._add(row, column, Message("the formula's result is an error, {value}", value=cell.value))
            return False, None
        if cell.value is None and self.formulas.cell(row, column).data_type == "f":
            hint = Message("open the file in Excel or WPS and save it, or paste the values")
            self._add(row, column, Message("a formula without a stored result"), hint)
            return False, None
        value = cell.value.strip() if isinstance(cell.value, str) else cell.value
        return True, None if value == "" else value

    def _filled(self, row: int) -> bool:
        """Whether anything stands in a row; a formula counts."""
        cells = (self.formulas.cell(row, column).value for column in range(1, self.last_column + 1))
        return any(value is not None and str(value).strip() for value in cells)

    def _text(self, row: int, column: int) -> str:
        value = self.values.cell(row, column).value
        return "" if value is None else str(value).strip()

    def _add(self, row: int, column: int, message: Message, suggestion: Message = NOTHING) -> None:
        self.problems.add(f"{self.sheet.name}!{get_column_letter(column)}{row}", message, suggestion)


def _take(
    column: Column, value: Any, place: str, values: dict[str, Any], bad: set[str], problems: Problems
) -> None:
    """Read one cell's value into `values`."""
    if value is None:
        if column.required:
            problems.add(place, Message("{name} is empty", name=column.name))
            _spoil(column, values, bad)
        return
    try:
        values[column.key] = column.read(value)
    except Unfit as unfit:
        problems.add(place, unfit.message, unfit.suggestion)
        _spoil(column, values, bad)


def _spoil(column: Column, values: dict[str, Any], bad: set[str]) -> None:
    bad.add(column.key)
    if column.stand_in is not None:
        values[column.key] = column.stand_in
