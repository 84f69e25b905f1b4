"""Workbooks whose bytes depend on their contents alone."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl import Workbook

EPOCH = datetime.datetime(2000, 1, 1)
"""Excel wants a date of making; one fixed date makes equal workbooks equal byte for byte."""


def workbook_bytes(book: Workbook) -> bytes:
    """Return a workbook as it is written to a file, every date in its archive set to one fixed date."""
    book.properties.creator = "huandu"
    book.properties.created = EPOCH
    drawn, content = io.BytesIO(), io.BytesIO()
    book.save(drawn)
    stamp = EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(drawn) as old, zipfile.ZipFile(content, "w") as new:
        for info in old.infolist():
            part = old.read(info)
            if info.filename == "docProps/core.xml":
                part = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, part)
            fixed = zipfile.ZipInfo(info.filename, EPOCH.timetuple()[:6])
            new.writestr(fixed, part, zipfile.ZIP_DEFLATED)
    return content.getvalue()
