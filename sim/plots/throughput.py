"""Throughput against demand: vehicles that wanted to leave and that arrived, and the gap between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from sim.comparison.pairs import BASELINE
from sim.labels import text
from sim.measures.spec import MeasureSpec
from sim.plots.drawing import Drawing
from sim.plots.facets import MOST_ACROSS, band, clock_axis, legend_below
from sim.plots.study_data import StudyData
from sim.plots.style import AFTER, BEFORE, INK, axis_label, both, house_style, new_figure, two_lines

KEY = "throughput"


def draw(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Drawing]:
    """Draw one figure per period; per policy one panel of totals and one of the gap."""
    for period in data.periods:
        shown = [
            arm["id"] for arm in data.policies if not data.curves(arm["id"], period, "arrived_veh").empty
        ]
        if shown:
            with house_style():
                yield Drawing(KEY, period, _figure(data, period, shown))


def so_far(data: StudyData, arm: str, period: str, profile: str) -> pd.DataFrame:
    """Return cumulative curves; a run that ended before the longest one keeps its last count."""
    return data.curves(arm, period, profile).ffill()


def _figure(data: StudyData, period: str, arms: list[str]) -> Figure:
    title = text(f"plot.{KEY}.title", period=data.period_title(period))
    columns = min(len(arms), MOST_ACROSS)
    blocks = -(-len(arms) // columns)
    figure = new_figure(max(7.2, 3.7 * columns), 1.45 + 4.1 * blocks, title, data.made_up, legend=True)
    grid = figure.subplots(
        2 * blocks, columns, sharex=True, sharey="row", squeeze=False, height_ratios=[1.3, 1] * blocks
    )
    wanted = so_far(data, BASELINE, period, "demanded_veh")
    before = so_far(data, BASELINE, period, "arrived_veh")
    handles: dict[str, Any] = {}
    for number in range(blocks * columns):
        above, below = (
            grid[2 * (number // columns)][number % columns],
            grid[2 * (number // columns) + 1][number % columns],
        )
        if number >= len(arms):
            above.set_visible(False)
            below.set_visible(False)
            continue
        after = so_far(data, arms[number], period, "arrived_veh")
        wanted_after = so_far(data, arms[number], period, "demanded_veh")
        band(above, wanted, INK, both(text("plot.demanded")), ":")
        band(above, before, BEFORE, both(text("plot.arrived_before")))
        band(above, after, AFTER, both(text("plot.arrived_after")), "--")
        handles |= dict(zip(*reversed(above.get_legend_handles_labels()), strict=True))
        band(below, wanted - before, BEFORE, "")
        band(below, wanted_after - after, AFTER, "", "--")
        for axes in (above, below):
            axes.set_ylim(bottom=0)
        above.set_title(two_lines(data.arm_title(arms[number])), fontsize=9.5)
        is_clock = clock_axis(below, [wanted, before, after])
        below.tick_params(labelbottom=True)
        below.set_xlabel(axis_label("plot.time") if is_clock else axis_label("plot.time_s", "s"))
        if number % columns == 0:
            above.set_ylabel("\n".join(text("plot.vehicles")))
            below.set_ylabel("\n".join(text("plot.unserved")))
    legend_below(figure, handles, note=text("plot.band"))
    return figure
