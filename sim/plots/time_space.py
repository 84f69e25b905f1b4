"""Time-space diagram (时距图): greens along a corridor and the bands that pass, today and in each policy."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Polygon

from sim.comparison.pairs import BASELINE
from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.drawing import Drawing
from sim.plots.facets import legend_below
from sim.plots.pictogram import GREEN
from sim.plots.signal_data import SignalData, read_signals
from sim.plots.study_data import StudyData
from sim.plots.style import AFTER, FAINT, INK, WORSE, axis_label, both, house_style, new_figure, short

KEY = "time_space"
CYCLES = 3
"""Of the longest cycle, on the time axis."""
LONGEST_COMMON_S = 3600
"""Vehicles are drawn where the cycles of an arm begin together at least so often."""
OUT, HOME = GREEN, AFTER
Spans = list[tuple[float, float]]


def draw(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Drawing]:
    """Draw one figure per period and corridor in which a policy changes a signal.

    A policy that lets some signal there react is not drawn: its greens lie elsewhere in every cycle.
    """
    signals = read_signals(data.folder)
    for period in data.periods:
        for name, corridor in signals.corridors.groupby("corridor", sort=False):
            along = set(corridor["signal"])
            arms = [
                arm["id"]
                for arm in data.policies
                if along & set(signals.changed(arm["id"], period))
                and all(signals.coordinated(arm["id"], period, signal) for signal in along)
            ]
            if arms:
                with house_style():
                    figure = diagram(data, signals, period, corridor, [BASELINE, *arms])
                    yield Drawing(KEY, period, figure, str(name))


def diagram(
    data: StudyData,
    signals: SignalData,
    period: str,
    corridor: pd.DataFrame,
    arms: Sequence[str],
) -> Figure:
    """Draw a corridor, one panel per arm on one time axis, with simulated vehicles where they were noted."""
    name = Text(str(corridor["title_zh"].iloc[0]), str(corridor["title_en"].iloc[0]))
    title = text(f"plot.{KEY}.title", corridor=name, period=data.period_title(period))
    columns = min(2, len(arms))
    lines = -(-len(arms) // columns)
    panel_in = 1.3 + 0.62 * len(corridor)
    figure = new_figure(max(7.6, 6.2 * columns), 1.25 + lines * panel_in, title, data.made_up, legend=True)
    grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    panels = [axes for row in grid for axes in row]
    cycles = [signals.of(arm, period, s)[0]["cycle_s"].max() for arm in arms for s in corridor["signal"]]
    end_s = CYCLES * float(np.nanmax(cycles))
    driven = 0
    for axes, arm in zip(panels, arms, strict=False):
        widths = _panel(axes, signals, arm, period, corridor, end_s)
        driven += _drive(axes, signals, arm, period, corridor, end_s)
        arm_title = text("plot.before") if arm == BASELINE else data.arm_title(arm)
        axes.set_title(f"{short(both(arm_title), 52)}\n{_band_words(widths)}", fontsize=9)
    for axes in panels[len(arms) :]:
        axes.set_visible(False)
    for row in grid:
        row[0].set_ylabel("\n".join(text("plot.time_space.position")) + " (m)")
    for axes in panels[max(0, len(arms) - columns) : len(arms)]:
        axes.set_xlabel(axis_label("plot.time_s", "s"))
        axes.tick_params(labelbottom=True)
    legend = {
        both(text("plot.time_space.out")): Patch(facecolor=OUT, alpha=0.35),
        both(text("plot.time_space.home")): Patch(facecolor=HOME, alpha=0.35),
        both(text("plot.light.r")): Patch(facecolor=WORSE),
    }
    if driven:
        legend[both(text("plot.time_space.vehicle"))] = Patch(facecolor=INK, alpha=0.6)
    legend_below(figure, legend)
    return figure


def _drive(
    axes: Axes, signals: SignalData, arm: str, period: str, corridor: pd.DataFrame, end_s: float
) -> int:
    """Draw who drove along in the middle of the period; return how many.

    Greens are drawn from a second at which a cycle of all signals begins, so vehicles are too; none are where
    the cycles of the arm have no such second within an hour.
    """
    table = signals.trajectories
    own = table[
        (table["arm"] == arm)
        & (table["period"] == period)
        & (table["corridor"] == corridor["corridor"].iloc[0])
    ]
    cycles_s = {float(signals.of(arm, period, str(s))[0]["cycle_s"].iloc[0]) for s in corridor["signal"]}
    if own.empty or any(cycle_s != round(cycle_s) for cycle_s in cycles_s):
        return 0
    together_s = math.lcm(*(round(cycle_s) for cycle_s in cycles_s))
    if together_s > LONGEST_COMMON_S:
        return 0
    begin_s = float(own["time_s"].median() // together_s) * together_s
    shown = 0
    for _, one in own.groupby("vehicle", sort=False):
        times_s = one["time_s"] - begin_s
        if times_s.max() >= 0 and times_s.min() <= end_s:
            axes.plot(times_s, one["position_m"], color=INK, linewidth=0.5, alpha=0.6)
            shown += 1
    return shown


def _panel(
    axes: Axes, signals: SignalData, arm: str, period: str, corridor: pd.DataFrame, end_s: float
) -> dict[str, float]:
    """Draw one arm; return the widest band of each direction in which there is one, s."""
    places = corridor["position_m"].to_numpy(dtype=float)
    room = float(places[-1] - places[0]) or 1.0
    widths = {}
    for direction, group, travel, colour, aside in (
        ("out", "out_group", "out_s", OUT, -0.016),
        ("home", "home_group", "home_s", HOME, 0.016),
    ):
        greens = []
        for _, stop in corridor.iterrows():
            spans = _greens(signals, arm, period, str(stop["signal"]), str(stop[group]), end_s)
            greens.append(spans)
            if stop[group]:
                y = float(stop["position_m"]) + aside * room
                axes.hlines(y, 0, end_s, color=WORSE, linewidth=2.2, zorder=2)
                axes.hlines(
                    [y] * len(spans), *zip(*spans, strict=True), color=colour, linewidth=3.2, zorder=3
                )
        times = corridor[travel].to_numpy(dtype=float)[1:]
        if np.isnan(times).any() or not corridor[group].astype(bool).all():
            continue
        outward = direction == "out"
        order = list(range(len(places))) if outward else list(range(len(places)))[::-1]
        reached_s = [0.0, *np.cumsum(times if outward else times[::-1])]
        found = bands([greens[i] for i in order], reached_s)
        for begin_s, stop_s in found:
            low = [(begin_s + t, places[i]) for i, t in zip(order, reached_s, strict=True)]
            high = [(stop_s + t, places[i]) for i, t in zip(order, reached_s, strict=True)]
            axes.add_patch(
                Polygon([*low, *high[::-1]], facecolor=colour, alpha=0.22, edgecolor=colour, linewidth=0.6)
            )
        whole = [stop_s - begin_s for begin_s, stop_s in found]
        widths[direction] = max(whole, default=0.0)
    axes.set_xlim(0, end_s)
    axes.set_ylim(places[0] - 0.09 * room, places[-1] + 0.09 * room)
    for place, junction in zip(places, corridor["junction"], strict=True):
        words = short(str(junction), 14)
        axes.annotate(words, (0.0, place), xytext=(3, 6), textcoords="offset points", fontsize=8, color=FAINT)
    axes.grid(axis="y", visible=False)
    return widths


def _band_words(widths: Mapping[str, float]) -> str:
    words = [
        both(text(f"plot.time_space.band_{direction}", width=f"{width:.0f}"))
        for direction, width in widths.items()
    ]
    return "   ".join(words)


def _greens(signals: SignalData, arm: str, period: str, signal: str, group: str, end_s: float) -> Spans:
    """Greens of a movement on the time axis, cycle after cycle; all of it where nothing holds it up."""
    lights, _ = signals.of(arm, period, signal)
    own = lights[lights["group"] == group]
    if own.empty:
        return [(0.0, end_s)]
    cycle_s, offset_s = float(own["cycle_s"].iloc[0]), float(own["offset_s"].iloc[0])
    shown = sorted(
        (float(row["begin_s"]), float(row["end_s"]))
        for _, row in own[own["letter"].isin(["G", "g"])].iterrows()
    )
    found: Spans = []
    for turn in range(-1, int(end_s // cycle_s) + 2):
        start_s = offset_s % cycle_s + turn * cycle_s
        for begin_s, stop_s in shown:
            found.append((begin_s + start_s, stop_s + start_s))
    merged: Spans = []
    for begin_s, stop_s in sorted(found):
        if merged and begin_s <= merged[-1][1] + 1e-6:
            merged[-1] = (merged[-1][0], max(stop_s, merged[-1][1]))
        else:
            merged.append((begin_s, stop_s))
    return [(max(0.0, b), min(end_s, e)) for b, e in merged if b < end_s and e > 0] or [(0.0, 0.0)]


def bands(greens: Sequence[Spans], reached_s: Sequence[float]) -> Spans:
    """Return when to leave the first stop line (s) to meet every green, reached after `reached_s`."""
    found = list(greens[0])
    for spans, after_s in zip(greens[1:], reached_s[1:], strict=True):
        shifted = [(begin_s - after_s, stop_s - after_s) for begin_s, stop_s in spans]
        found = [
            (max(a, c), min(b, d))
            for a, b in found
            for c, d in shifted
            if min(b, d) - max(a, c) > 1e-6  # noqa: PLR2004
        ]
    return found
