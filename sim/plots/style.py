"""How every figure looks and is written: font, colours, the mark of made-up data, reproducible bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import Bbox

from sim.labels import LANGS, Text, text
from sim.plots import fonts

# Okabe and Ito (2008), readable with any colour vision.
BEFORE = "#6b6b6b"
AFTER = "#0072b2"
BETTER = "#009e73"
WORSE = "#d55e00"
BAND = "#f0e442"
INK = "#222222"
FAINT = "#5f5f5f"

VERDICT_COLOURS: Mapping[str, str] = {
    "improved": BETTER,
    "improved_uncertain": BETTER,
    "worse": WORSE,
    "worse_uncertain": WORSE,
    "equivalent": BEFORE,
    "inconclusive": BEFORE,
    "not_comparable": BEFORE,
}
"""Beside the words, never instead of them."""

VERDICT_MARKS: Mapping[str, str] = {
    "improved": "✓",
    "improved_uncertain": "(✓)",
    "worse": "×",
    "worse_uncertain": "(×)",
    "equivalent": "=",
    "inconclusive": "?",
    "not_comparable": "—",
}

FOOT_IN = 0.3
"""Height of the strip below the axes for the mark of made-up data and a note."""

PAGE_CM = 16.0
"""Width of the text of a printed report, which a figure fills."""

PNG_LEVEL = 3
"""Half the time of zlib's own level, for 3% more bytes."""

MARK_GID = "made-up-data"
"""Group id in the SVG of the mark that made-up data carries."""

_SETTINGS: Any = {  # matplotlib's stubs want a union of three hundred names
    "font.family": [fonts.FAMILY],
    "font.size": 9.5,
    "text.parse_math": False,  # a title with two dollar signs is a title
    "text.usetex": False,
    "axes.unicode_minus": True,
    "axes.facecolor": "none",  # the mark of made-up data lies behind the axes
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.6,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.dpi": 100,
    "svg.fonttype": "path",
    "svg.hashsalt": "huandu",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with huandu's settings; matplotlib's own are restored afterwards."""
    fonts.register()
    with rc_context(_SETTINGS):
        yield


def both(words: Text, between: str = "  ") -> str:
    """Both languages of a text on one line, once where they are equal; fit for a figure."""
    zh, en = (fonts.drawable(words.of(lang)) for lang in LANGS)
    return zh if zh == en else f"{zh}{between}{en}"


def axis_label(key: str, unit: str = "") -> str:
    """Label of an axis from the catalogue in both languages, with its unit."""
    return both(text(key)) + (f"  ({unit})" if unit else "")


def short(words: str, length: int = 26) -> str:
    """Cut a title to fit, with an ellipsis; a Chinese character counts twice."""
    words, width = fonts.drawable(words), 0
    for position, character in enumerate(words):
        width += 2 if ord(character) > 0x2E80 else 1  # noqa: PLR2004 - where CJK begins
        if width > length:
            return words[:position] + "…"
    return words


def two_lines(title: Text, length: int = 40) -> str:
    """Write a panel's title: Chinese above English, each cut to fit."""
    zh, en = short(title.zh, length), short(title.en, length)
    return zh if title.zh == title.en else f"{zh}\n{en}"


class RepeatableLayout(ConstrainedLayoutEngine):
    """Matplotlib's constrained layout with its last digits cut off.

    The solver adds up in an order that depends on addresses in memory; the SVG's ids are digests of the sums.
    """

    def execute(self, fig: Figure) -> None:
        """Lay out and round every box to a millionth of the figure."""
        super().execute(fig)
        for box in fig.subfigs:
            box.bbox_relative.set_points(box.bbox_relative.get_points().round(6))
        for axes in fig.axes:
            axes.set_position(Bbox(axes.get_position(original=True).get_points().round(6)))
            axes.set_in_layout(True)  # `set_position` takes them out


def new_figure(
    width_in: float, height_in: float, title: Text, made_up: bool, *, legend: bool = False
) -> Figure:
    """Begin a figure: Chinese title with the English one below, and the mark where data are made up.

    The layout keeps axes below the title and above the foot, which holds the mark and a legend where wanted.
    """
    figure = Figure(figsize=(width_in, height_in))
    inch = 1 / height_in
    figure.text(
        0.012, 1 - 0.09 * inch, short(title.zh, int(9 * width_in)), fontsize=13, va="top", weight="normal"
    )
    figure.text(
        0.012, 1 - 0.37 * inch, short(title.en, int(12 * width_in)), fontsize=9.5, va="top", color=FAINT
    )
    bottom = (FOOT_IN + (0.28 if legend else 0)) * inch
    figure.set_layout_engine(RepeatableLayout(rect=(0.005, bottom, 0.99, 1 - bottom - 0.62 * inch)))
    if made_up:
        words = text("plot.made_up")
        figure.text(
            0.988,
            0.06 * inch,
            both(words),
            fontsize=9.5,
            ha="right",
            va="bottom",
            color="#8a3b00",
            gid=MARK_GID,
        )
        figure.text(
            0.5,
            0.48,
            words.zh,
            fontsize=26,
            ha="center",
            va="center",
            color="#8a3b00",
            alpha=0.09,
            rotation=16,
            gid=f"{MARK_GID}-across",
            zorder=-1,
        )
    return figure


def zero_line(axes: Axes, vertical: bool = True) -> None:
    """Draw where nothing changes."""
    (axes.axvline if vertical else axes.axhline)(0, color=INK, linewidth=1.0, zorder=1.5)


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write `name`.png (300 dpi on a page of `PAGE_CM`) and `name`.svg; equal figures give equal bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    png, svg = folder / f"{name}.png", folder / f"{name}.svg"
    dpi = max(150, round(300 * PAGE_CM / 2.54 / figure.get_figwidth()))
    if (layout := figure.get_layout_engine()) is not None:
        # Laid out once, here: `savefig` would draw the whole figure for it, and again for each file.
        figure.set_dpi(dpi)
        layout.execute(figure)
        figure.set_layout_engine(None)
    figure.savefig(png, dpi=dpi, metadata={"Software": None}, pil_kwargs={"compress_level": PNG_LEVEL})
    figure.savefig(svg, metadata={"Date": None, "Creator": None})
    return [png, svg]
