"""Queue over time on the approaches that are worst today: baseline against each policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from matplotlib.figure import Figure

from sim.comparison.pairs import BASELINE
from sim.labels import text
from sim.measures.spec import MeasureSpec
from sim.plots.drawing import Drawing
from sim.plots.facets import band, clock_axis, legend_below
from sim.plots.study_data import StudyData
from sim.plots.style import AFTER, BEFORE, FAINT, axis_label, both, house_style, new_figure, short
from sim.site.places import narrow_place

KEY = "queue_over_time"
PROFILE = "queue_m"
APPROACHES = 3


def draw(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Drawing]:
    """Draw one figure per period: a row per policy, a column per approach."""
    for period in data.periods:
        worst = worst_approaches(data, period)
        if worst and data.policies:
            with house_style():
                yield Drawing(KEY, period, _figure(data, period, worst))


def worst_approaches(data: StudyData, period: str, count: int = APPROACHES) -> list[str]:
    """Return the scopes with the longest mean queue in the baseline, longest first."""
    table = data.profiles
    queues = table[(table["arm"] == BASELINE) & (table["period"] == period) & (table["profile"] == PROFILE)]
    means = queues.groupby("scope")["value"].mean().sort_index()
    return [str(scope) for scope in means.sort_values(ascending=False, kind="stable").index[:count]]


def _figure(data: StudyData, period: str, scopes: list[str]) -> Figure:
    title = text(f"plot.{KEY}.title", period=data.period_title(period))
    figure = new_figure(11.2, 1.35 + 2.2 * len(data.policies), title, data.made_up, legend=True)
    grid = figure.subplots(len(data.policies), len(scopes), sharex=True, sharey=True, squeeze=False)
    handles: dict[str, Any] = {}
    for arm, line in zip(data.policies, grid, strict=True):
        for scope, axes in zip(scopes, line, strict=True):
            # A run ends when everyone has arrived: no queue from then on.
            before = data.curves(BASELINE, period, PROFILE, scope).fillna(0.0)
            after = data.curves(arm["id"], period, PROFILE, scope).fillna(0.0)
            band(axes, before, BEFORE, both(text("plot.before")))
            band(axes, after, AFTER, both(text("plot.after")), "--")
            handles |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
            axes.set_ylim(bottom=0)
            is_clock = clock_axis(axes, [before, after])
            axes.annotate(
                short(both(narrow_place(scope, data.titles)), 40),
                (0.985, 0.97),
                xycoords="axes fraction",
                ha="right",
                va="top",
                fontsize=9,
                color=FAINT,
            )
            if axes in grid[-1]:
                axes.set_xlabel(axis_label("plot.time") if is_clock else axis_label("plot.time_s", "s"))
        line[0].set_title(short(both(data.arm_title(arm["id"])), 100))
        line[0].set_ylabel(axis_label("plot.queue", "m"))
    legend_below(figure, handles, note=text("plot.band"))
    return figure
