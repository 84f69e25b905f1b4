"""What more stalls do: through traffic, searching and occupancy against the stalls of a swept lot."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import special  # scipy.stats alone would take 45 MB of memory

from sim.comparison.pairs import BASELINE
from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.drawing import Drawing
from sim.plots.study_data import StudyData
from sim.plots.style import AFTER, BEFORE, axis_label, house_style, new_figure

KEY = "parking_curve"
CONFIDENCE = 0.95
PANELS = (
    ("fair_travel_time", "purpose:through"),
    ("search_distance", "network"),
    ("gave_up_parking", "network"),
    ("parking_occupancy", ""),
)
"""Measure and scope of each panel; '' stands for the mean over all areas of the arm."""


class Point(NamedTuple):
    """One number of stalls: mean and interval over replicates."""

    stalls: float
    mean: float
    low: float
    high: float


def draw(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Drawing]:
    """Draw one figure per period and swept policy."""
    for period in data.periods:
        for policy, arms in sorted(_swept(data).items()):
            if len(arms) > 1:
                with house_style():
                    yield Drawing(KEY, period, _figure(data, specs, period, arms), policy)


def _swept(data: StudyData) -> dict[str, list[tuple[float, str]]]:
    """Policy -> (stalls, arm) of the arms that differ in the stalls of one area, by stalls."""
    found: dict[str, list[tuple[float, str]]] = {}
    for arm in data.policies:
        fields = dict(arm.get("swept") or {})
        stalls = [value for field, value in fields.items() if field.split(".")[-1] == "stalls"]
        if len(fields) == len(stalls) == 1:
            found.setdefault(str(arm["id"]).partition("[")[0], []).append((float(stalls[0]), arm["id"]))
    return {policy: sorted(arms) for policy, arms in found.items()}


def curve(
    data: StudyData, arms: Sequence[tuple[float, str]], period: str, measure: str, scope: str
) -> list[Point]:
    """Return the points of one panel; no stalls at all is today. Two-sided t intervals, cut off at 0."""
    points = []
    for stalls, arm in [(0.0, BASELINE), *arms]:
        values = (
            data.values(arm, period, measure, scope) if scope else _over_areas(data, arm, period, measure)
        )
        n, centre = int(values.count()), float(values.mean())
        half = math.nan
        if n > 1:
            half = float(special.stdtrit(n - 1, (1 + CONFIDENCE) / 2) * values.std(ddof=1) / math.sqrt(n))
        if n:
            points.append(Point(stalls, centre, max(0.0, centre - half), centre + half))  # none is negative
    return points


def _over_areas(data: StudyData, arm: str, period: str, measure: str) -> pd.Series[float]:
    table = data.measures
    own = (table["arm"] == arm) & (table["period"] == period) & (table["measure"] == measure)
    return table[own].groupby("replicate")["value"].mean()


def _figure(
    data: StudyData, specs: Mapping[str, MeasureSpec], period: str, arms: Sequence[tuple[float, str]]
) -> Figure:
    title = text(f"plot.{KEY}.title", period=data.period_title(period))
    figure = new_figure(10.4, 5.6, title, data.made_up, legend=False)
    panels: list[Axes] = list(figure.subplots(2, 2, sharex=True).flat)
    for axes, (measure, scope) in zip(panels, PANELS, strict=True):
        points = curve(data, arms, period, measure, scope)
        if not points:
            axes.set_visible(False)
            continue
        x, mean, low, high = (np.array(column) for column in zip(*points, strict=True))
        axes.fill_between(x, low, high, color=AFTER, alpha=0.22, linewidth=0)
        axes.plot(x, mean, color=AFTER, marker="o", markersize=3.5)
        axes.axhline(mean[0], color=BEFORE, linewidth=0.8, linestyle=":")
        name = specs[measure].name
        unit = f" ({specs[measure].unit})" if specs[measure].unit else ""
        who = text(f"plot.{KEY}.through") if scope.startswith("purpose:") else Text("", "")
        axes.set_title(f"{name['zh']}{who.zh}{unit}\n{name['en']}{who.en}{unit}", fontsize=9)
        axes.tick_params(labelbottom=True)
    for axes in panels[2:]:
        axes.set_xlabel(axis_label(f"plot.{KEY}.stalls"))
    return figure
