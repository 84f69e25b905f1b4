"""Every trip before and after: one dot per person of one replicate, and the diagonal of no change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from matplotlib.figure import Figure

from sim.labels import text
from sim.measures.spec import MeasureSpec
from sim.plots.drawing import Drawing
from sim.plots.facets import grid, legend_below
from sim.plots.study_data import StudyData
from sim.plots.style import AFTER, INK, WORSE, axis_label, both, house_style, two_lines

KEY = "trip_scatter"
FARTHEST_SHARE = 0.995
"""The axes end where this share of the trips lies within: the last few would squeeze all others."""


def draw(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Drawing]:
    """Draw one figure per period with a panel per policy."""
    for period in data.periods:
        table = data.trip_pairs[data.trip_pairs["period"] == period]
        arms = [arm["id"] for arm in data.policies if (table["arm"] == arm["id"]).any()]
        if arms:
            with house_style():
                yield Drawing(KEY, period, _figure(data, period, arms))


READABLE = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.0}
"""Behind words that lie on dots."""


def _figure(data: StudyData, period: str, arms: list[str]) -> Figure:
    table = data.trip_pairs[(data.trip_pairs["period"] == period) & data.trip_pairs["arm"].isin(arms)]
    title = text(f"plot.{KEY}.title", period=data.period_title(period))
    figure, panels = grid(len(arms), 3.4, title, data.made_up)
    end = float(table[["before_s", "after_s"]].max(axis=1).quantile(FARTHEST_SHARE)) / 60 or 1.0
    handles = {}
    for position, (arm, axes) in enumerate(zip(arms, panels, strict=True)):
        own = table[table["arm"] == arm]
        for finished, colour, mark, key in (
            (True, AFTER, "o", "plot.trip_scatter.finished"),
            (False, WORSE, "^", "plot.trip_scatter.unfinished"),
        ):
            part = own[own["finished"] == finished]
            if len(part):
                handles[both(text(key))] = axes.plot(
                    part["before_s"] / 60,
                    part["after_s"] / 60,
                    mark,
                    color=colour,
                    markersize=2.6,
                    alpha=0.35,
                    markeredgewidth=0,
                    rasterized=True,
                )[0]
        (line,) = axes.plot([0, end], [0, end], color=INK, linewidth=1.0)
        handles[both(text("plot.trip_scatter.diagonal"))] = line
        axes.set_xlim(0, end)
        axes.set_ylim(0, end)
        below = float((own["after_s"] < own["before_s"]).mean())
        above = float((own["after_s"] > own["before_s"]).mean())
        for x, y, share, side in ((0.97, 0.04, below, "right"), (0.03, 0.93, above, "left")):
            axes.text(
                x, y, f"{100 * share:.0f}%", transform=axes.transAxes, ha=side, color=INK, bbox=READABLE
            )  # fmt: skip
        number = int(own["replicate"].iloc[0])
        axes.set_title(f"{two_lines(data.arm_title(arm))} · #{number}", fontsize=9.5)
        axes.set_xlabel(axis_label("plot.trip_scatter.before", "min"))
        if position % 3 == 0:
            axes.set_ylabel("\n".join(text("plot.trip_scatter.after")) + " (min)")
    legend_below(figure, handles)
    return figure
