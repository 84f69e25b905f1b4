"""Distribution of the vehicles' delay: baseline against each policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.comparison.pairs import BASELINE
from sim.labels import text
from sim.measures.spec import MeasureSpec
from sim.plots.drawing import Drawing
from sim.plots.facets import grid, legend_below
from sim.plots.study_data import StudyData
from sim.plots.style import AFTER, BEFORE, axis_label, both, house_style, two_lines

KEY = "delay_distribution"
PROFILE = "delay_quantile"
FARTHEST_SHARE = 0.98
"""The axis ends at this quantile of the slowest curve: the last vehicles would squeeze all others."""


def draw(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Drawing]:
    """Draw one figure per period with a panel per policy."""
    for period in data.periods:
        arms = [arm["id"] for arm in data.policies if not data.curves(arm["id"], period, PROFILE).empty]
        if arms and not data.curves(BASELINE, period, PROFILE).empty:
            with house_style():
                yield Drawing(KEY, period, _figure(data, period, arms))


def _figure(data: StudyData, period: str, arms: list[str]) -> Figure:
    figure, panels = grid(
        len(arms), 2.95, text(f"plot.{KEY}.title", period=data.period_title(period)), data.made_up
    )
    before = data.curves(BASELINE, period, PROFILE)
    handles: dict[str, Any] = {}
    farthest = 1.0
    for position, (arm, axes) in enumerate(zip(arms, panels, strict=True)):
        after = data.curves(arm, period, PROFILE)
        for curves, colour, key, style in (
            (before, BEFORE, "plot.before", "-"),
            (after, AFTER, "plot.after", "--"),
        ):
            _sideways(axes, curves, colour, both(text(key)), style)
            farthest = max(farthest, float(np.interp(FARTHEST_SHARE, curves.index, curves.mean(axis=1))))
        handles |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        axes.set_title(two_lines(data.arm_title(arm)), fontsize=9.5)
        if position % 3 == 0:
            axes.set_ylabel("\n".join(text("plot.share")) + " (%)")
        axes.set_xlabel(axis_label("plot.delay", "s"))
    panels[0].set_xlim(0, farthest)
    panels[0].set_ylim(0, 100)
    legend_below(figure, handles, note=text("plot.band"))
    return figure


def _sideways(axes: Axes, curves: pd.DataFrame, colour: str, label: str, style: str) -> None:
    """Draw a quantile function as the share of vehicles up to each delay."""
    share, delay = 100 * curves.index.to_numpy(dtype=float), curves.to_numpy(dtype=float)
    if delay.shape[1] >= 3:  # noqa: PLR2004
        low, high = np.nanquantile(delay, [0.1, 0.9], axis=1)
        axes.fill_betweenx(share, low, high, color=colour, alpha=0.22, linewidth=0)
    axes.plot(np.nanmean(delay, axis=1), share, color=colour, label=label, linestyle=style)
