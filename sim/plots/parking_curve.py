"""What more stalls do: through traffic, searching and occupancy against the stalls of the swept lots."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy import special  # scipy.stats alone would take 45 MB of memory

from sim.comparison.pairs import BASELINE
from sim.comparison.turning_point import Turn, turning_point
from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.drawing import Drawing
from sim.plots.study_data import StudyData
from sim.plots.style import AFTER, BEFORE, axis_label, house_style, new_figure

KEY = "parking_curve"
CONFIDENCE = 0.95
PANELS = (
    ("fair_delay", "purpose:through"),
    ("search_distance", "network"),
    ("gave_up_parking", "network"),
    ("parking_occupancy", ""),
)
"""Measure and scope of each panel; '' stands for the mean over all areas of the arm."""
SWEPT = frozenset({"stalls", "keeps"})
"""Fields of a policy that say how many stalls there are."""


class Point(NamedTuple):
    """One number of stalls: mean and interval over replicates."""

    stalls: float
    mean: float
    low: float
    high: float


Arms = Sequence[tuple[float, str]]
"""(stalls of the swept areas, arm), from the fewest stalls on; the baseline is one of them."""


def draw(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Drawing]:
    """Draw one figure per period and swept policy."""
    for period in data.periods:
        for policy, arms in swept(data, period).items():
            with house_style():
                yield Drawing(KEY, period, _figure(data, specs, period, arms), policy)


def swept(data: StudyData, period: str) -> dict[str, Arms]:
    """Policy -> the arms that differ in nothing but stalls, with today; only where there are several."""
    groups: dict[str, list[str]] = {}
    for arm in data.policies:
        fields = {field.split(".")[-1] for field in arm.get("swept") or {}}
        if fields and fields <= SWEPT:
            groups.setdefault(str(arm["id"]).partition("[")[0], []).append(str(arm["id"]))
    own = data.measures[(data.measures["measure"] == "parking_stalls") & (data.measures["period"] == period)]
    own = own[own["scope"].str.startswith("parking:")]
    areas = own.pivot_table(index="arm", columns="scope", values="value").fillna(0.0)  # no area: no stalls
    found: dict[str, Arms] = {}
    for policy, members in sorted(groups.items()):
        arms = [arm for arm in (BASELINE, *members) if arm in areas.index]
        part = areas.loc[arms]
        stalls = part.loc[:, part.max() > part.min()].sum(axis=1)
        if len({stalls[arm] for arm in arms if arm != BASELINE}) > 1:
            found[policy] = sorted((float(stalls[arm]), arm) for arm in arms)
    return found


def curve(data: StudyData, arms: Arms, period: str, measure: str, scope: str) -> list[Point]:
    """Return the points of one panel. Two-sided t intervals, cut off at 0."""
    points = []
    for stalls, arm in arms:
        values = _values(data, arm, period, measure, scope)
        n, centre = int(values.count()), float(values.mean())
        half = math.nan
        if n > 1:
            half = float(special.stdtrit(n - 1, (1 + CONFIDENCE) / 2) * values.std(ddof=1) / math.sqrt(n))
        if n:
            points.append(Point(stalls, centre, max(0.0, centre - half), centre + half))  # none is negative
    return points


def turn(data: StudyData, arms: Arms, period: str, measure: str, scope: str, matters: float) -> Turn | None:
    """Find where the curve of a measure of which less is better turns; None where replicates are lacking.

    Only replicates with a value at every number of stalls count.
    """
    table = pd.DataFrame({arm: _values(data, arm, period, measure, scope) for _, arm in arms}).dropna()
    if len(table) < 2 or len(arms) < 2:  # noqa: PLR2004 - an interval needs two
        return None
    return turning_point([stalls for stalls, _ in arms], table.to_numpy(), matters, CONFIDENCE)


def matters(data: StudyData, spec: MeasureSpec, arms: Arms, period: str, scope: str) -> float:
    """Return the smallest change of a measure that matters, by its value at the fewest stalls."""
    before = float(_values(data, arms[0][1], period, spec.id, scope).mean())
    parts = [spec.mcid_abs, spec.mcid_rel * abs(before)]
    return max((part for part in parts if not math.isnan(part)), default=0.0)


def turns(
    data: StudyData, specs: Mapping[str, MeasureSpec], arms: Arms, period: str
) -> Iterator[tuple[str, str, Turn]]:
    """Yield measure, scope and turning point of every panel in which less is better."""
    for measure, scope in PANELS:
        spec = specs[measure]
        if spec.direction == "lower":
            found = turn(data, arms, period, measure, scope, matters(data, spec, arms, period, scope))
            if found is not None:
                yield measure, scope, found


def _values(data: StudyData, arm: str, period: str, measure: str, scope: str) -> pd.Series[float]:
    if scope:
        return data.values(arm, period, measure, scope)
    table = data.measures
    own = (table["arm"] == arm) & (table["period"] == period) & (table["measure"] == measure)
    return table[own].groupby("replicate")["value"].mean()


def _figure(data: StudyData, specs: Mapping[str, MeasureSpec], period: str, arms: Arms) -> Figure:
    title = text(f"plot.{KEY}.title", period=data.period_title(period))
    figure = new_figure(10.4, 5.6, title, data.made_up, legend=False)
    panels: list[Axes] = list(figure.subplots(2, 2, sharex=True).flat)
    turned = {(measure, scope): found for measure, scope, found in turns(data, specs, arms, period)}
    today = next(number for number, (_, arm) in enumerate(arms) if arm == BASELINE)
    for axes, (measure, scope) in zip(panels, PANELS, strict=True):
        points = curve(data, arms, period, measure, scope)
        if len(points) < len(arms):
            axes.set_visible(False)
            continue
        x, mean, low, high = (np.array(column) for column in zip(*points, strict=True))
        axes.fill_between(x, low, high, color=AFTER, alpha=0.22, linewidth=0)
        axes.plot(x, mean, color=AFTER, marker="o", markersize=3.5)
        axes.plot(x[today], mean[today], color=BEFORE, marker="s", markersize=6, linestyle="none")
        axes.axhline(mean[today], color=BEFORE, linewidth=0.8, linestyle=":")
        _mark(axes, turned.get((measure, scope)), float(x[-1]))
        name = specs[measure].name
        unit = f" ({specs[measure].unit})" if specs[measure].unit else ""
        who = text(f"plot.{KEY}.through") if scope.startswith("purpose:") else Text("", "")
        axes.set_title(f"{name['zh']}{who.zh}{unit}\n{name['en']}{who.en}{unit}", fontsize=9)
        axes.tick_params(labelbottom=True)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in panels[2:]:
        axes.set_xlabel(axis_label(f"plot.{KEY}.stalls"))
    return figure


def _mark(axes: Axes, found: Turn | None, most: float) -> None:
    """Draw a turning point that lies within what was tried, with its interval."""
    if found is None or not math.isfinite(found.stalls):
        return
    axes.axvline(found.stalls, color=BEFORE, linewidth=1.0, linestyle="--")
    if math.isfinite(found.low):
        axes.axvspan(found.low, min(found.high, most), color=BEFORE, alpha=0.12, linewidth=0)
