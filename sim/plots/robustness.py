"""Strip of robustness: the difference under other demands, and beside it in the other worlds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.drawing import Drawing
from sim.plots.facets import MOST_ACROSS
from sim.plots.study_data import StudyData, records
from sim.plots.style import (
    AFTER,
    BAND,
    VERDICT_COLOURS,
    VERDICT_MARKS,
    house_style,
    new_figure,
    two_lines,
    zero_line,
)

KEY = "robustness"


def draw(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Drawing]:
    """Draw one figure per period, a panel per policy."""
    table = data.optional("robustness")
    if table is None:
        return
    for period in data.periods:
        arms = [
            arm["id"]
            for arm in data.policies
            if ((table["arm"] == arm["id"]) & (table["period"] == period)).any()
        ]
        if arms:
            with house_style():
                yield Drawing(KEY, period, _figure(data, specs[data.primary], period, arms))


def _figure(data: StudyData, spec: MeasureSpec, period: str, arms: list[str]) -> Figure:
    table = data.optional("robustness")
    assert table is not None
    columns = min(len(arms), MOST_ACROSS)
    lines = -(-len(arms) // columns)
    title = text(
        f"plot.{KEY}.title", measure=Text(spec.name["zh"], spec.name["en"]), period=data.period_title(period)
    )
    figure = new_figure(max(7.6, 4.0 * columns), 1.1 + 3.1 * lines, title, data.made_up)
    panels = list(figure.subplots(lines, columns, sharey=True, squeeze=False).flat)
    for axes, arm in zip(panels, arms, strict=False):
        own = table[(table["arm"] == arm) & (table["period"] == period)]
        demand = own[own["axis"] == "demand"].sort_values("factor")
        others = own[own["axis"] != "demand"].sort_values(["axis", "level"])
        # Days, saturation flows and vehicle sets stand to the right of the demands, apart from them.
        x = [*demand["factor"] * 100, *(np.arange(len(others)) * 15.0 + 137.0)]
        rows = [*records(demand), *records(others)]
        axes.plot(x[: len(demand)], demand["difference"], color=AFTER, linewidth=1.2)
        for place, row in zip(x, rows, strict=True):
            _mark(axes, place, row)
        zero_line(axes, vertical=False)
        axes.fill_between(
            x[: len(demand)], -demand["mcid"], demand["mcid"], color=BAND, alpha=0.35, linewidth=0
        )
        names = [f"{100 * float(row['factor']):.0f}%" for row in records(demand)]
        axes.set_xticks(
            x, [*names, *(_name(str(row["axis"]), str(row["level"])) for row in records(others))], fontsize=8
        )
        axes.set_title(two_lines(data.arm_title(arm)))
        axes.grid(axis="x", visible=False)
        axes.set_xlabel("\n".join(text(f"plot.{KEY}.demand")), fontsize=8.5)
    for axes in panels[len(arms) :]:
        axes.set_visible(False)
    panels[0].set_ylabel(f"Δ ({spec.unit})")
    return figure


def _name(axis: str, level: str) -> str:
    """Return a world's name below the axis; S is the saturation flow."""
    if axis == "saturation":
        return f"S\n{100 * float(level):.0f}%"
    return level.replace("_", "_\n") if axis == "vehicles" else level.replace("-", "-\n", 1)


def _mark(axes: Axes, x: float, row: Mapping[str, object]) -> None:
    verdict = str(row["verdict"])
    colour = VERDICT_COLOURS[verdict]
    low, high, middle = (float(str(row[name])) for name in ("ci_low", "ci_high", "difference"))
    axes.plot([x, x], [low, high], color=colour, linewidth=1.8, marker="_", markersize=8)
    axes.plot([x], [middle], "D", color=colour, markersize=5)
    if np.isfinite(high):
        axes.annotate(
            VERDICT_MARKS[verdict],
            (x, high),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            color=colour,
        )
