"""A Word file of headings, paragraphs, three-line tables (三线表) and figures, in Chinese fonts."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from sim.labels import text

EPOCH = datetime(2000, 1, 1)
TEXT_FONT, HEAD_FONT = "SimSun", "SimHei"
"""宋体 and 黑体: every Chinese office has them; other systems replace them by their own."""
WIDTH_CM = 16.0
LETTERS = 100
"""Of a table as wide as the page; a Chinese character is as wide as two."""
MARGINS = 4
"""Letters that the margins of a cell take, with one to spare: not every computer has the same font."""
UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold."""


class WordFile:
    """Grows from top to bottom; `content` is the finished file."""

    def __init__(self, title: str) -> None:
        self._document = Document()
        properties = self._document.core_properties
        properties.created = properties.modified = EPOCH
        properties.author, properties.title = "huandu", _fit(title)
        for name, font, size in (
            ("Normal", TEXT_FONT, 10.5),
            ("Title", HEAD_FONT, 20),
            ("Heading 1", HEAD_FONT, 15),
            ("Heading 2", HEAD_FONT, 12),
            ("List Bullet", TEXT_FONT, 10.5),
        ):
            style: Any = self._document.styles[name]
            style.font.name, style.font.size = "Times New Roman", Pt(size)
            style.font.color.rgb = RGBColor(0, 0, 0)
            style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
        part = self._document.sections[0]
        part.page_width, part.page_height = Cm(21.0), Cm(29.7)
        part.left_margin = part.right_margin = Cm((21.0 - WIDTH_CM) / 2)
        self._document.add_heading(_fit(title), 0)
        self._tables = self._figures = self._chapters = 0

    def chapter(self, title: str) -> None:
        """Begin a chapter, numbered."""
        self._chapters += 1
        self._document.add_heading(f"{self._chapters} {_fit(title)}", 1)

    def appendix(self, title: str) -> None:
        """Begin an appendix: a chapter without a number."""
        self._document.add_heading(_fit(title), 1)

    def section(self, title: str) -> None:
        """Begin a section."""
        self._document.add_heading(_fit(title), 2)

    def paragraph(self, words: str, *, bold: bool = False, leads: bool = False) -> None:
        """Add a paragraph; one that `leads` to what follows stands on the same page."""
        added = self._document.add_paragraph()
        added.add_run(_fit(words)).bold = bold
        added.paragraph_format.keep_with_next = leads

    def bullets(self, lines: Sequence[str]) -> None:
        """Add a list."""
        for line in lines:
            self._document.add_paragraph(_fit(line), style="List Bullet")

    def table(self, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a three-line table with its numbered title above; a sentence where it has no rows."""
        self._tables += 1
        caption = self._document.add_paragraph()
        caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
        caption.paragraph_format.keep_with_next = True
        caption.add_run(f"{text('report.review.table').zh} {self._tables}  {_fit(title)}").bold = True
        if not rows:
            self.paragraph(text("report.review.no_rows").zh)
            return
        table = self._document.add_table(rows=1 + len(rows), cols=len(heads))
        table.autofit = False
        widths = [Cm(width) for width in _widths_cm([heads, *rows])]
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        for line, cells in zip(table.rows, [heads, *rows], strict=True):
            line._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
            for cell, words, width in zip(line.cells, cells, widths, strict=True):
                cell.width = width
                spacing = cell.paragraphs[0].paragraph_format
                spacing.space_before = spacing.space_after = Pt(1.5)
                spacing.line_spacing = 1.0
                run = cell.paragraphs[0].add_run(_fit(words))
                run.font.size = Pt(9)
        _rule(table.rows[0], top=12, bottom=6)
        _rule(table.rows[-1], bottom=12)
        repeated = OxmlElement("w:tblHeader")
        table.rows[0]._tr.get_or_add_trPr().append(repeated)
        self._document.add_paragraph()

    def picture(self, png: Path, words: str) -> None:
        """Add a figure over the whole width with its numbered sentence below."""
        self._figures += 1
        self._document.add_picture(str(png), width=Cm(WIDTH_CM))
        caption = self._document.add_paragraph()
        caption.add_run(f"{text('report.review.figure').zh} {self._figures}  {_fit(words)}").font.size = Pt(9)

    def content(self) -> bytes:
        """Return the file."""
        file = io.BytesIO()
        self._document.save(file)
        return file.getvalue()


def _widths_cm(rows: Sequence[Sequence[str]]) -> list[float]:
    """Share the page's width out: columns get what their longest words need, the widest ones what is left.

    Heads, which come first, may take two lines.
    """
    columns = zip(*rows, strict=True)
    needed = [
        max(MARGINS + 4, (_width(head) + MARGINS) // 2, *map(_width, words)) for head, *words in columns
    ]
    least = LETTERS / len(needed)
    most = next(
        (m for m in range(max(needed), int(least), -1) if sum(min(n, m) for n in needed) <= LETTERS), least
    )
    shares = [min(length, most) for length in needed]
    return [WIDTH_CM * share / sum(shares) for share in shares]


def _width(words: str) -> int:
    return MARGINS + sum(2 if ord(character) > 0x2E80 else 1 for character in words)  # noqa: PLR2004 - where CJK begins


def _rule(row: Any, **widths: int) -> None:
    """Draw lines at the edges of a row's cells; widths in eighths of a point."""
    for cell in row.cells:
        borders = OxmlElement("w:tcBorders")
        for edge, width in widths.items():
            line = OxmlElement(f"w:{edge}")
            for name, value in (("val", "single"), ("sz", str(width)), ("color", "000000")):
                line.set(qn(f"w:{name}"), value)
            borders.append(line)
        cell._tc.get_or_add_tcPr().append(borders)


def _fit(words: str) -> str:
    return UNFIT.sub("", words)
