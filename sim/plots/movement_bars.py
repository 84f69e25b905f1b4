"""Bars before and after by movement: those that got worse first, then the largest changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.drawing import Drawing
from sim.plots.facets import grid, legend_below
from sim.plots.numbers import number, with_interval
from sim.plots.study_data import StudyData, records
from sim.plots.style import AFTER, BEFORE, VERDICT_MARKS, WORSE, both, house_style, short, two_lines
from sim.site.places import narrow_place

KEY = "movement_bars"
MEASURE = "control_delay"
MOST = 8
"""Movements per policy."""


def draw(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Drawing]:
    """Draw one figure per period with a panel per policy."""
    if MEASURE not in specs:
        return
    for period in data.periods:
        rows = {arm["id"]: chosen_rows(data, arm["id"], period) for arm in data.policies}
        rows = {arm: table for arm, table in rows.items() if len(table)}
        if rows:
            with house_style():
                yield Drawing(KEY, period, _figure(data, period, specs[MEASURE], rows))


def chosen_rows(data: StudyData, arm: str, period: str) -> pd.DataFrame:
    """Return at most `MOST` rows of the comparison: worse ones first, then by the size of the change."""
    table = data.comparison
    own = table[
        (table["arm"] == arm)
        & (table["period"] == period)
        & (table["measure"] == MEASURE)
        & table["scope"].str.startswith("movement:")
        & table["difference"].notna()
    ]
    order = pd.DataFrame(
        {
            "kept": ~own["verdict"].isin(["worse", "worse_uncertain"]),
            "size": -own["difference"].abs(),
            "scope": own["scope"],
        }
    ).sort_values(["kept", "size", "scope"])
    return own.loc[order.index[:MOST]]


def _figure(data: StudyData, period: str, spec: MeasureSpec, rows: Mapping[str, pd.DataFrame]) -> Figure:
    title = text(
        f"plot.{KEY}.title", period=data.period_title(period), measure=Text(spec.name["zh"], spec.name["en"])
    )
    longest = max(len(table) for table in rows.values())
    figure, panels = grid(len(rows), 1.05 + 0.46 * longest, title, data.made_up, share_y=False)
    top = max(float(np.nanmax(table[["before", "after"]].to_numpy())) for table in rows.values())
    for (arm, table), axes in zip(rows.items(), panels, strict=True):
        _panel(axes, table, spec, longest, data.titles)
        axes.set_title(two_lines(data.arm_title(arm)), fontsize=9.5)
        axes.set_xlim(0, 1.7 * top)
        axes.set_xlabel(both(Text(spec.name["zh"], f"{spec.name['en']} ({spec.unit})"), "\n"))
    legend_below(
        figure,
        {
            both(text("plot.before")): Patch(facecolor=BEFORE),
            both(text("plot.after")): Patch(facecolor=AFTER),
            both(text("plot.after_worse")): Patch(facecolor=WORSE, hatch="///", edgecolor="white"),
        },
    )
    return figure


def _panel(
    axes: Axes, table: pd.DataFrame, spec: MeasureSpec, longest: int, titles: Mapping[str, Text]
) -> None:
    y = np.arange(len(table), dtype=float)
    worse = table["verdict"].isin(["worse", "worse_uncertain"]).to_numpy()
    axes.barh(y - 0.2, table["before"], height=0.36, color=BEFORE)
    bars = axes.barh(y + 0.2, table["after"], height=0.36, color=np.where(worse, WORSE, AFTER))
    for bar, bad in zip(bars, worse, strict=True):
        if bad:
            bar.set_hatch("///")
            bar.set_edgecolor("white")
            bar.set_linewidth(0)
    for position, row, bad in zip(y, records(table), worse, strict=True):
        change, _ = with_interval(row["difference"], row["ci_low"], row["ci_high"], spec.decimals)
        mark = f" {VERDICT_MARKS[str(row['verdict'])]}" if bad else ""
        axes.annotate(
            f"{number(row['before'], 0)}→{number(row['after'], 0)} ({change}){mark}",
            (max(row["before"], row["after"]), position),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
        )
    names = [narrow_place(scope, titles) for scope in table["scope"]]
    axes.set_yticks(y, [f"{short(name.zh, 30)}\n{short(name.en, 28)}" for name in names], fontsize=8)
    axes.tick_params(axis="y", length=0, labelleft=True)
    axes.set_ylim(longest - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
