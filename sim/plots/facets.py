"""Panels in a grid, one per policy, on shared scales."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sim.labels import Text
from sim.plots.style import FAINT, FOOT_IN, both, new_figure

MOST_ACROSS = 3
"""Panels beside each other: more would not be readable on a page."""


def grid(
    count: int, panel_height_in: float, title: Text, made_up: bool, *, share_y: bool = True
) -> tuple[Figure, list[Axes]]:
    """Make a figure with `count` panels, at most `MOST_ACROSS` beside each other, on one x (and y) axis."""
    columns = min(max(count, 1), MOST_ACROSS)
    rows = math.ceil(max(count, 1) / columns)
    figure = new_figure(max(7.6, 3.7 * columns), 1.25 + panel_height_in * rows, title, made_up, legend=True)
    axes = figure.subplots(rows, columns, sharex=True, sharey=share_y, squeeze=False)
    panels = [axis for row in axes for axis in row]
    for spare in panels[count:]:
        spare.set_visible(False)
    # Under a panel without a neighbour below it, the numbers of the shared axis have to stand.
    for position, axis in enumerate(panels[:count]):
        axis.tick_params(labelbottom=position + columns >= count)
    return figure, panels[:count]


def band(axes: Axes, curves: pd.DataFrame, colour: str, label: str, style: str = "-") -> None:
    """Draw the mean over replicates and, from three replicates on, the band that holds 10-90 % of them."""
    if curves.empty:
        return
    x, values = curves.index.to_numpy(dtype=float), curves.to_numpy(dtype=float)
    if values.shape[1] >= 3:  # noqa: PLR2004
        quantile = np.nanquantile if np.isnan(values).any() else np.quantile  # the first goes row by row
        low, high = quantile(values, [0.1, 0.9], axis=1)
        axes.fill_between(x, low, high, color=colour, alpha=0.22, linewidth=0)
    axes.plot(x, np.nanmean(values, axis=1), color=colour, label=label, linestyle=style)


def clock_axis(axes: Axes, curves: Sequence[pd.DataFrame]) -> bool:
    """Write seconds of the day as hours and minutes where they can be a time of day; else leave seconds.

    Returns whether it is a clock.
    """
    ends = [float(table.index.max()) for table in curves if not table.empty]
    starts = [float(table.index.min()) for table in curves if not table.empty]
    if not ends or min(starts) < 4 * 3600:
        return False
    span = max(ends) - min(starts)
    step = next((s for s in (300, 600, 900, 1800, 3600, 7200) if span / s <= 5), 14400)  # noqa: PLR2004
    axes.set_xticks(np.arange(math.ceil(min(starts) / step) * step, max(ends) + 1, step))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda s, _: f"{int(s) // 3600 % 24}:{int(s) % 3600 // 60:02d}")
    )
    return True


def legend_below(figure: Figure, handles: Mapping[str, Any], note: Text | None = None) -> None:
    """One legend for all panels in the strip below them; the note stands beside the mark of made-up data."""
    height_in = figure.get_figheight()
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="lower left",
        bbox_to_anchor=(0.005, (FOOT_IN - 0.02) / height_in),
        ncols=len(handles),
        handlelength=2.2,
        borderaxespad=0,
    )
    if note is not None:
        figure.text(0.012, 0.06 / height_in, both(note), fontsize=8.5, color=FAINT, va="bottom")
