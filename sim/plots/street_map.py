"""The map as a picture: links today, and per policy which of them really changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.comparison.pairs import BASELINE
from sim.labels import text
from sim.measures.spec import MeasureSpec
from sim.plots.drawing import Drawing
from sim.plots.facets import grid, legend_below
from sim.plots.study_data import StudyData, records
from sim.plots.style import BEFORE, BETTER, WORSE, both, house_style, two_lines

KEY = "street_map"
LEAST_SCALE_S = 10.0
"""The widest line stands for at least this delay: a site without congestion is not to look congested."""
COLOURS = {"improved": BETTER, "worse": WORSE, "equivalent": "#8d959e"}
"""Everything else is dashed: not enough evidence."""
UNTESTED = (0.0, "#b3bac2", "solid")
NEW, NEW_DASHES = "#e69f00", (0, (3, 1.5))
"""Streets that only a policy has."""


def draw(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Drawing]:
    """Draw one figure per period: the baseline, then the difference of every policy."""
    if not data.geometry:
        return
    for period in data.periods:
        own = data.links[data.links["period"] == period]
        arms = [arm["id"] for arm in data.policies if (own["arm"] == arm["id"]).any()]
        if arms:
            with house_style():
                yield Drawing(KEY, period, _figure(data, period, arms))


def scale_s(data: StudyData) -> float:
    """Return the delay of the widest line, of all policies: 95 % of the baseline's links stay below it."""
    base = data.link_intervals[data.link_intervals["arm"] == BASELINE]
    if base.empty:
        return LEAST_SCALE_S
    sums = base.assign(lost=base["delay_s"] * base["vehicles"]).groupby(["period", "edge"])
    whole = sums["lost"].sum() / sums["vehicles"].sum()
    return max(LEAST_SCALE_S, float(whole.quantile(0.95)))


def _figure(data: StudyData, period: str, arms: list[str]) -> Figure:
    figure, panels = grid(
        1 + len(arms), 3.2, text(f"plot.{KEY}.title", period=data.period_title(period)), data.made_up
    )
    widest = scale_s(data)
    links = data.links[data.links["period"] == period]
    today = links.drop_duplicates("edge").set_index("edge")["before"]
    _streets(panels[0], data, {str(e): (float(d), BEFORE, "solid") for e, d in today.items()}, widest)
    panels[0].set_title(two_lines(text("plot.before")), fontsize=9.5)
    for arm, axes in zip(arms, panels[1:], strict=True):
        drawn = {
            str(row["edge"]): UNTESTED
            if math.isnan(row["q"]) and row["verdict"] != "not_comparable"
            else (
                float(row["after"]),
                COLOURS.get(str(row["verdict"]), "#8d959e"),
                "solid" if row["verdict"] in COLOURS else (0, (0.8, 0.8)),
            )
            for row in records(links[links["arm"] == arm])
        }
        built = (data.geometry.get("new") or {}).get(arm) or {}
        axes.add_collection(
            LineCollection(
                [one["line"] for one in built.values()], colors=NEW, linestyles=[NEW_DASHES], linewidths=1.6
            )
        )
        _streets(axes, data, drawn, widest)
        axes.set_title(two_lines(data.arm_title(arm)), fontsize=9.5)
    new = any((data.geometry.get("new") or {}).get(arm) for arm in arms)
    legend_below(
        figure,
        {
            both(text(f"report.map.verdict.{name}")): Line2D([], [], color=colour, linewidth=4)
            for name, colour in COLOURS.items()
        }
        | {
            both(text("report.map.verdict.inconclusive")): Line2D(
                [], [], color="#8d959e", linewidth=4, linestyle=(0, (0.8, 0.8))
            )
        }
        | (
            {both(text("report.map.new")): Line2D([], [], color=NEW, linewidth=1.6, linestyle=NEW_DASHES)}
            if new
            else {}
        ),
    )
    return figure


def _streets(axes: Axes, data: StudyData, drawn: Mapping[str, tuple[float, str, Any]], widest: float) -> None:
    edges = data.geometry["edges"]
    axes.add_collection(
        LineCollection(
            [lane for one in edges.values() for lane in one["lanes"]], colors="#dfe3e8", linewidths=1
        )
    )
    names = [name for name in drawn if name in edges]
    axes.add_collection(
        LineCollection(
            [edges[name]["line"] for name in names],
            colors=[drawn[name][1] for name in names],
            linestyles=[drawn[name][2] for name in names],
            linewidths=[0.8 + 4 * min(drawn[name][0] / widest, 1.0) for name in names],
        )
    )
    axes.set_aspect("equal", adjustable="box")
    axes.autoscale_view()
    axes.grid(False)
    axes.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
