"""The study's tables as one workbook, for whoever goes on calculating."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

import pandas as pd

from sim.labels import Text, catalogue, text
from sim.measures.spec import MeasureSpec
from sim.plots.study_data import StudyData
from sim.report.cards import outcomes
from sim.report.evidence import definitions, evidence
from sim.report.words import SEVERITIES, finding_words
from sim.site.places import place

MOST_ROWS = 20_000
"""Of one sheet; tables/comparison.csv has all of them."""

COMPARISON_COLUMNS = (
    "period", "unit", "before", "after", "difference", "ci_low", "ci_high", "relative", "mcid", "n_pairs",
    "p", "p_holm", "gate",
)  # fmt: skip

SEEN_ROWS = 50
WIDEST = 48.0
"""A column is as wide as the first rows need, up to so many characters."""

_ILLEGAL = re.compile(r"[\000-\010]|[\013-\014]|[\016-\037]")
"""Control characters, which no workbook can hold."""

FINDING_HEADS = ("severity", "finding", "policy", "period", "places", "runs")
VERDICT_HEADS = ("policy", "period", "before", "after", "unit", "change", "interval", "verdict")
EVIDENCE_HEADS = (
    "policy", "period", "pairs", "sd_before", "sd_after", "half", "smallest", "mcid", "pairing", "p_holm",
)  # fmt: skip


def write_workbook(data: StudyData, specs: Mapping[str, MeasureSpec], path: Path) -> None:
    """Write report.xlsx; equal studies give equal bytes. Names are text, also where they begin with `=`."""
    from openpyxl import Workbook  # noqa: PLC0415 - only who writes it needs its memory
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    from sim.spreadsheet import workbook_bytes  # noqa: PLC0415

    book = Workbook(write_only=True)
    compared = (
        *_heads("policy", "measure", "places", "verdict"),
        *(_column(name) for name in COMPARISON_COLUMNS),
    )
    defined = (*_heads("measure", "unit", "definition", "mcid"), "", "")
    sheets: list[tuple[str, Sequence[Any], Iterable[Sequence[Any]]]] = [
        ("verdicts", _heads(*VERDICT_HEADS), [*_verdicts(data, specs), *_marks(data)]),
        ("comparison", compared, _comparison(data, specs)),
        ("links", _columns(data.links), _plain(data, data.links)),
        ("evidence", _heads(*EVIDENCE_HEADS), _evidence(data, specs)),
        ("fates", _columns(data.fates), _plain(data, data.fates)),
        ("findings", _heads(*FINDING_HEADS), _findings(data)),
        ("definitions", defined, _definitions(data, specs)),
    ]
    for name, heads, rows in sheets:
        sheet = book.create_sheet(_both(text(f"report.sheet.{name}"), " "))
        sheet.freeze_panes = "A2"
        left = iter(rows)
        first = list(islice(left, SEEN_ROWS))
        for i, width in enumerate(_widths([heads, *first]), 1):
            sheet.column_dimensions[get_column_letter(i)].width = width
        sheet.append([_cell(sheet, head, bold=True) for head in heads])
        for row in chain(first, left):
            sheet.append([_cell(sheet, value) for value in row])
    path.write_bytes(workbook_bytes(book))


def _widths(rows: Sequence[Sequence[Any]]) -> Iterator[float]:
    """Return widths in which the rows can be read; a Chinese character counts twice."""
    for column in zip_longest(*rows, fillvalue=""):
        words = [_both(value, " / ") if isinstance(value, Text) else str(value) for value in column]
        yield min(max(sum(1 + (char > "\u2e80") for char in one) for one in words) + 2, WIDEST)


def _marks(data: StudyData) -> Iterator[Sequence[Any]]:
    """Say below the verdicts what the page says above them."""
    for holds, key in ((data.made_up, "plot.made_up"), (not data.calibrated, "report.uncalibrated")):
        if holds:
            yield (text(key),)


def _plain_value(value: Any) -> Any:
    """Return a number or text, None for what is not known."""
    if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, Text):
        value = _both(value, " / ")
    return _ILLEGAL.sub("", value) if isinstance(value, str) else value


def _cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
    """Return what a sheet takes: a value, or a cell where text would be taken for a formula or an error."""
    value = _plain_value(value)
    if not bold and not (isinstance(value, str) and value.startswith(("=", "#"))):
        return value
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.styles import Font  # noqa: PLC0415

    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _both(words: Text, between: str) -> str:
    return words.zh if words.zh == words.en else f"{words.zh}{between}{words.en}"


def _heads(*names: str) -> tuple[Any, ...]:
    return tuple(text(f"report.column.{name}") for name in names)


def _verdicts(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Sequence[Any]]:
    for arm in data.policies:
        title = data.arm_title(arm["id"])
        for outcome in outcomes(data, specs[data.primary], arm["id"]):
            one = outcome.change
            if one is None:
                yield title, outcome.period, "", "", "", "", "", text("report.no_result")
            else:
                verdict = text(f"verdict.{one.verdict}")
                yield (
                    title,
                    outcome.period,
                    one.before,
                    one.after,
                    one.unit,
                    one.difference,
                    one.interval,
                    verdict,
                )


def _comparison(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Sequence[Any]]:
    for row in data.comparison.head(MOST_ROWS).to_dict("records"):
        spec = specs.get(str(row["measure"]))
        name: Any = Text(spec.name["zh"], spec.name["en"]) if spec else str(row["measure"])
        where = place(str(row["scope"]), data.titles)
        verdict = text(f"verdict.{row['verdict']}")
        yield (
            data.arm_title(str(row["arm"])), name, where, verdict,
            *(row[column] for column in COMPARISON_COLUMNS),
        )  # fmt: skip


def _evidence(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Sequence[Any]]:
    for line in evidence(data, specs[data.primary]):
        yield (
            line.arm, line.period, line.n_pairs, line.sd_before, line.sd_after, line.half_width,
            line.smallest, line.mcid, line.pairing, line.p_holm,
        )  # fmt: skip


def _findings(data: StudyData) -> Iterator[Sequence[Any]]:
    """Say what was found of an arm at a place, the worst of its runs, and in how many of them."""
    table = data.findings.assign(
        beyond=(data.findings["value"] - data.findings["limit"]).abs().fillna(0.0),
        rank=data.findings["severity"].map({name: i for i, name in enumerate(SEVERITIES)}),
    )
    where, passport = ["rank", "finding", "arm", "period", "scope"], len(data.passport) > 0
    runs = table.groupby(where, sort=False)["replicate"].nunique()
    worst = table.sort_values([*where, "beyond"], kind="stable").drop_duplicates(where, keep="last")
    for row in worst.head(MOST_ROWS).to_dict("records"):
        yield (
            text(f"gate.{row['severity']}"),
            finding_words(str(row["finding"]), float(row["value"]), float(row["limit"]), passport),
            data.arm_title(str(row["arm"])),
            data.period_title(str(row["period"])),
            place(str(row["scope"]), data.titles) if row["scope"] else text("report.findings.whole"),
            int(runs[tuple(row[name] for name in where)]),
        )


def _definitions(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Sequence[Any]]:
    for one in definitions(data, specs):
        yield one.name, one.unit, one.definition, one.mcid, one.formula, one.source


def _columns(table: pd.DataFrame) -> tuple[Text, ...]:
    return tuple(_column(str(name)) for name in table.columns)


def _column(name: str) -> Text:
    """Name a column of a table: in Chinese, and as the table has it."""
    return catalogue().get(f"report.sheet.column.{name}", Text(name, name))


def _plain(data: StudyData, table: pd.DataFrame) -> Iterator[Sequence[Any]]:
    said: Mapping[str, Callable[[str], Text]] = {
        "arm": data.arm_title,
        "period": data.period_title,
        "verdict": lambda verdict: text(f"verdict.{verdict}"),
    }
    shown = table.head(MOST_ROWS)
    columns = [
        [said[name](str(value)) for value in shown[name]] if name in said else shown[name]
        for name in map(str, shown.columns)
    ]
    yield from zip(*columns, strict=True)
