"""The Chinese font of figures and pages: Noto Sans SC (OFL 1.1), a file of the distribution `zhplot`."""

from __future__ import annotations

from functools import lru_cache
from importlib import metadata
from pathlib import Path

from fontTools.ttLib import TTFont
from matplotlib import font_manager

from sim.errors import MissingTool
from sim.labels import Message

FAMILY = "Noto Sans SC"
PLACEHOLDER = "□"
"""Stands for a character that the font cannot draw."""


@lru_cache(maxsize=1)
def font_file() -> Path:
    """Locate the font without importing zhplot, which would change matplotlib's settings."""
    path = Path(str(metadata.distribution("zhplot").locate_file("zhplot/fonts/NotoSansSC-Regular.ttf")))
    if not path.is_file():
        raise MissingTool(
            Message("the Chinese font is not at {path}: reinstall the package zhplot", path=path)
        )
    return path


@lru_cache(maxsize=1)
def code_points() -> frozenset[int]:
    """All code points that the font can draw."""
    with TTFont(font_file(), lazy=True) as font:
        return frozenset(font.getBestCmap())


def undrawable(text: str) -> set[str]:
    """Characters of a text, line breaks and tabs apart, that the font cannot draw."""
    return {
        character for character in text if ord(character) not in code_points() and character not in "\n\r\t"
    }


def drawable(text: str) -> str:
    """One line of text for a figure: white space joined, what the font lacks replaced by `PLACEHOLDER`."""
    line = " ".join(text.split())
    missing = undrawable(line)
    return "".join(PLACEHOLDER if character in missing else character for character in line)


@lru_cache(maxsize=1)
def register() -> None:
    """Tell matplotlib where the font is; once per process, no setting is changed."""
    font_manager.fontManager.addfont(font_file())
