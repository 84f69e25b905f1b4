"""The part of the Chinese font that a page needs, as WOFF."""

from __future__ import annotations

from io import BytesIO

from fontTools import subset
from fontTools.ttLib import TTFont

from sim.plots.fonts import code_points, font_file

_ALWAYS = "".join(chr(code) for code in range(0x20, 0x7F))


def web_font(characters: str) -> bytes:
    """Return a WOFF font with these characters and printable ASCII; equal characters give equal bytes."""
    wanted = sorted({ord(c) for c in set(characters + _ALWAYS)} & code_points())
    options = subset.Options()
    options.flavor = "woff"
    options.hinting = False
    options.layout_features = []
    options.name_IDs = [1, 2, 13, 14]  # family, style, licence
    options.notdef_outline = True
    options.recalc_timestamp = False
    with TTFont(font_file(), lazy=True, recalcTimestamp=False) as font:
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=wanted)
        subsetter.subset(font)
        font.flavor = "woff"
        file = BytesIO()
        font.save(file, reorderTables=None)
    return file.getvalue()
