"""Forest plot: change of the primary measure by policy and period, with the range that does not matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.drawing import Drawing
from sim.plots.facets import legend_below
from sim.plots.numbers import with_interval
from sim.plots.study_data import StudyData
from sim.plots.style import (
    BAND,
    FAINT,
    INK,
    VERDICT_COLOURS,
    VERDICT_MARKS,
    both,
    house_style,
    new_figure,
    short,
    zero_line,
)

KEY = "forest"


def draw(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Drawing]:
    """Draw one figure for the study; none where no policy has a row of the primary measure."""
    spec = specs[data.primary]
    rows = [
        (period, arm["id"], row)
        for period in data.periods
        for arm in data.policies
        if (row := data.row(arm["id"], period, data.primary)) is not None
    ]
    if not rows:
        return
    with house_style():
        figure = new_figure(
            10.2,
            1.85 + 0.52 * len(rows) + 0.25 * len(data.periods),
            text("plot.forest.title", measure=Text(spec.name["zh"], spec.name["en"])),
            data.made_up,
            legend=True,
        )
        axes = figure.subplots()
        places, labels, y = [], [], 0.0
        last = None
        for period, arm, row in rows:
            if period != last:
                y += 0.35
                axes.annotate(
                    short(both(data.period_title(period)), 60),
                    (0, y),
                    xycoords=("axes fraction", "data"),
                    fontsize=9,
                    color=FAINT,
                    va="center",
                    xytext=(4, 0),
                    textcoords="offset points",
                )
                y += 0.65
                last = period
            _row(axes, y, row, spec)
            places.append(y)
            names = data.arm_title(arm)
            labels.append(short(names.zh) + ("" if names.en == names.zh else "\n" + short(names.en, 34)))
            y += 1.0
        axes.set_ylim(y - 0.35, -0.2)
        axes.set_yticks(places, labels)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
        zero_line(axes)
        axes.margins(x=0.06)
        low, high = axes.get_xlim()
        low, high = min(low, -0.05 * (high - low)), max(high, 0.05 * (high - low))
        axes.set_xlim(low, high)
        axes.set_xlabel(_direction(spec))
        percent = f"{100 * float(data.study.get('confidence', 0.95)):g}"
        legend_below(
            figure,
            {
                both(text("plot.mcid")): Patch(facecolor=BAND, alpha=0.4),
                both(text("plot.interval", percent=percent)): Line2D(
                    [], [], color=INK, linewidth=2.6, marker="o"
                ),
            },
        )
        yield Drawing(KEY, "", figure)


def _row(axes: Any, y: float, row: Mapping[str, Any], spec: MeasureSpec) -> None:
    verdict, mcid = str(row["verdict"]), float(row["mcid"])
    colour = VERDICT_COLOURS[verdict]
    if np.isfinite(mcid) and mcid > 0:
        axes.add_patch(
            Rectangle((-mcid, y - 0.4), 2 * mcid, 0.8, facecolor=BAND, alpha=0.4, edgecolor="none", zorder=1)
        )
        axes.update_datalim([(-mcid, y), (mcid, y)])
    if np.isfinite(row["ci_low"]):
        axes.plot(
            [row["ci_low"], row["ci_high"]],
            [y, y],
            color=colour,
            linewidth=2.6,
            solid_capstyle="butt",
            zorder=3,
        )
        for end in ("ci_low", "ci_high"):
            axes.plot([row[end]] * 2, [y - 0.14, y + 0.14], color=colour, linewidth=1.6, zorder=3)
    if np.isfinite(row["difference"]):
        axes.plot(
            [row["difference"]], [y], "o", color=colour, markersize=7, zorder=4, markeredgecolor="white"
        )
    change, interval = with_interval(row["difference"], row["ci_low"], row["ci_high"], spec.decimals)
    words = text(f"verdict.{verdict}")
    axes.annotate(
        f"{change}  {interval} {spec.unit}\n{VERDICT_MARKS[verdict]} {both(words)}",
        (1.01, y),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=9,
        color=INK,
        annotation_clip=False,
        linespacing=1.35,
    )


def _direction(spec: MeasureSpec) -> str:
    better, worse = both(text("plot.better"), " "), both(text("plot.worse"), " ")
    left, right = (better, worse) if spec.direction == "lower" else (worse, better)
    unit = f" ({spec.unit})" if spec.unit else ""
    return f"← {left}        {both(text('plot.difference_after'))}{unit}        {right} →"
