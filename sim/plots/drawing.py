"""What a figure's file hands over."""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.figure import Figure


class Drawing(NamedTuple):
    """One drawn figure: its kind (`plot.<key>.*` in the catalogue) and its period, empty for all periods.

    `of` tells figures of one kind and period apart: a signal, a corridor.
    """

    key: str
    period: str
    figure: Figure
    of: str = ""
