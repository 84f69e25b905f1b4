"""Welch's curve: vehicles in the network from the start of the run, and whether the warm-up is enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sim.comparison.pairs import BASELINE
from sim.comparison.warm_up import welch
from sim.labels import text
from sim.measures.spec import MeasureSpec
from sim.plots.drawing import Drawing
from sim.plots.facets import clock_axis, legend_below
from sim.plots.study_data import StudyData
from sim.plots.style import AFTER, BEFORE, INK, WORSE, axis_label, both, house_style, new_figure

KEY = "warm_up"


def draw(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Drawing]:
    """Draw one figure per period of today's runs."""
    table = data.optional("warm_up")
    if table is None:
        return
    for period in data.periods:
        rows = table[(table["arm"] == BASELINE) & (table["period"] == period)]
        curves = data.curves(BASELINE, period, "running_veh")
        if len(rows) and len(curves):
            with house_style():
                yield Drawing(KEY, period, _figure(data, period, rows.iloc[0]))


def _figure(data: StudyData, period: str, row: pd.Series[float]) -> Figure:
    begins_s, ends_s = float(row["begin_s"]), float(row["begin_s"] + row["window_s"])
    curves = data.curves(BASELINE, period, "running_veh")
    curves = curves[(curves.index >= begins_s - float(row["warm_up_s"])) & (curves.index <= ends_s)]
    mean = curves.mean(axis=1)
    figure = new_figure(
        8.6, 4.2, text(f"plot.{KEY}.title", period=data.period_title(period)), data.made_up, legend=True
    )
    axes = figure.subplots()
    x = mean.index.to_numpy(dtype=float)
    axes.plot(x, mean, ".", color=BEFORE, markersize=4, label=both(text(f"plot.{KEY}.mean")))
    axes.plot(x, welch(mean.to_numpy(dtype=float)), color=AFTER, label=both(text(f"plot.{KEY}.welch")))
    axes.axvspan(x[0], begins_s, color=BEFORE, alpha=0.12, linewidth=0)
    axes.axvline(begins_s, color=INK, linewidth=1.2, label=both(text(f"plot.{KEY}.declared")))
    if np.isfinite(row["needed_s"]):
        cut = begins_s - float(row["warm_up_s"]) + float(row["needed_s"])
        axes.axvline(cut, color=WORSE, linewidth=1.6, linestyle="--", label=both(text(f"plot.{KEY}.needed")))
    axes.set_ylim(bottom=0)
    axes.set_ylabel(axis_label(f"plot.{KEY}.running"))
    is_clock = clock_axis(axes, [curves])
    axes.set_xlabel(axis_label("plot.time") if is_clock else axis_label("plot.time_s", "s"))
    handles, labels = axes.get_legend_handles_labels()
    legend_below(figure, dict(zip(labels, handles, strict=True)))
    return figure
