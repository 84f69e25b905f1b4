"""Paired dots: every replicate before and after, and the differences with their interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.drawing import Drawing
from sim.plots.facets import MOST_ACROSS
from sim.plots.numbers import with_interval
from sim.plots.study_data import StudyData
from sim.plots.style import (
    AFTER,
    BAND,
    BEFORE,
    INK,
    VERDICT_MARKS,
    both,
    house_style,
    new_figure,
    two_lines,
)

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]

KEY = "paired_dots"
FAINT_LINE = "#9a9a9a"


def draw(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Drawing]:
    """Draw one figure per period; per policy a pair of panels."""
    spec = specs[data.primary]
    for period in data.periods:
        before = data.values("baseline", period, data.primary)
        pairs: dict[str, Pair] = {}
        for arm in data.policies:
            after = data.values(arm["id"], period, data.primary)
            shared = before.dropna().index.intersection(after.dropna().index)
            if len(shared):
                pairs[arm["id"]] = (
                    np.asarray(before[shared], np.float64),
                    np.asarray(after[shared], np.float64),
                )
        if pairs:
            with house_style():
                yield Drawing(KEY, period, _figure(data, period, spec, pairs))


def _figure(data: StudyData, period: str, spec: MeasureSpec, pairs: Mapping[str, Pair]) -> Figure:
    title = text(
        f"plot.{KEY}.title", period=data.period_title(period), measure=Text(spec.name["zh"], spec.name["en"])
    )
    columns = min(len(pairs), MOST_ACROSS)
    lines = -(-len(pairs) // columns)
    figure = new_figure(max(7.6, 3.9 * columns), 0.95 + 3.35 * lines, title, data.made_up)
    boxes = figure.subfigures(lines, columns, squeeze=False).flat
    values = np.concatenate([np.concatenate(pair) for pair in pairs.values()])
    changes = np.concatenate([after - before for before, after in pairs.values()])
    spread = (values.min(), values.max())
    mcids = [row["mcid"] for arm in pairs if (row := data.row(arm, period, spec.id)) is not None]
    mcid = max((float(m) for m in mcids if np.isfinite(m)), default=0.0)
    low, high = min(changes.min(), -mcid), max(changes.max(), mcid)
    reach = (low - 0.08 * (high - low or 1.0), high + 0.08 * (high - low or 1.0))
    for box, (arm, (before, after)) in zip(boxes, pairs.items(), strict=False):
        box.set_facecolor("none")
        left, right = box.subplots(1, 2, width_ratios=[1.5, 1])
        for x, y in zip(before, after, strict=True):
            left.plot([0, 1], [x, y], color=FAINT_LINE, linewidth=0.9, zorder=2)
        left.plot(np.zeros_like(before), before, "o", color=BEFORE, markersize=5, zorder=3)
        left.plot(np.ones_like(after), after, "o", color=AFTER, markersize=5, zorder=3)
        left.set_xlim(-0.35, 1.35)
        pad = 0.08 * (spread[1] - spread[0]) or 1.0
        left.set_ylim(spread[0] - pad, spread[1] + pad)
        left.set_xticks([0, 1], ["\n".join(text(key)) for key in ("plot.before", "plot.after")])
        left.set_ylabel(spec.unit)
        left.grid(axis="x", visible=False)
        row = data.row(arm, period, spec.id)
        _differences(right, after - before, row, reach)
        names = data.arm_title(arm)
        caption = two_lines(names)
        if row is not None:
            change, interval = with_interval(row["difference"], row["ci_low"], row["ci_high"], spec.decimals)
            verdict = str(row["verdict"])
            caption += f"\n{change}  {interval}\n{VERDICT_MARKS[verdict]} {both(text(f'verdict.{verdict}'))}"
        left.set_title(caption, fontsize=9.5, linespacing=1.3)
    return figure


def _differences(
    axes: Axes, changes: Floats, row: Mapping[str, Any] | None, reach: tuple[float, float]
) -> None:
    axes.axhline(0, color=INK, linewidth=1)
    if row is not None and np.isfinite(row["mcid"]):
        axes.axhspan(-row["mcid"], row["mcid"], color=BAND, alpha=0.4, linewidth=0)
    # Spread sideways in a fixed pattern: equal values stay visible, no random numbers in a figure.
    sideways = 0.16 * ((np.arange(len(changes)) * 0.618) % 1 - 0.5)
    axes.plot(sideways - 0.12, changes, "o", color=AFTER, markersize=4, alpha=0.75)
    if row is not None and np.isfinite(row["ci_low"]):
        axes.plot(
            [0.22, 0.22],
            [row["ci_low"], row["ci_high"]],
            color=INK,
            linewidth=1.8,
            marker="_",
            markersize=9,
            solid_capstyle="butt",
        )
        axes.plot([0.22], [row["difference"]], "D", color=INK, markersize=4)
    axes.set_xlim(-0.4, 0.45)
    axes.set_ylim(*reach)
    axes.set_xticks([0], ["\n".join(text("plot.difference"))])
    axes.grid(axis="x", visible=False)
    axes.yaxis.tick_right()
    axes.spines["right"].set_visible(True)
    axes.spines["left"].set_visible(False)
