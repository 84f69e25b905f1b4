"""Figures as they were written, and the list of them beside them: known to who does not draw."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

INDEX = "index.json"


class FigureFile(NamedTuple):
    """One written figure."""

    key: str
    period: str
    png: Path
    svg: Path


def write_index(figures: Iterable[FigureFile], folder: Path) -> None:
    """List the figures of a folder, by names of files."""
    rows = [{**figure._asdict(), "png": figure.png.name, "svg": figure.svg.name} for figure in figures]
    text = json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    (folder / INDEX).write_text(text, encoding="utf-8", newline="\n")


def read_index(folder: Path) -> list[FigureFile]:
    """Return what `write_index` has listed."""
    rows = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    return [FigureFile(row["key"], row["period"], folder / row["png"], folder / row["svg"]) for row in rows]
