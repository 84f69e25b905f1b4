"""Phase diagram (配时图): what everyone at a changed signal sees, today and in each policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.patches import Patch

from sim.comparison.pairs import BASELINE
from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.drawing import Drawing
from sim.plots.facets import legend_below
from sim.plots.pictogram import Arrow, draw_stage, mark_colours
from sim.plots.signal_data import SignalData, read_signals
from sim.plots.study_data import StudyData
from sim.plots.style import FAINT, INK, both, house_style, new_figure, short
from sim.site.places import leg, turn

KEY = "phase_diagram"
MOST = 12
"""Signals drawn per period: a network-wide policy would fill the page."""
ROW_IN, STAGES_IN, HEAD_IN = 0.2, 0.7, 0.56
ACROSS = 2
WIDTH_IN, LETTER_IN = 13.2, 0.056
"""Of the figure, and of a Latin letter in a row's name."""


Windows = tuple[tuple[float, float, str], ...]


class Row(NamedTuple):
    """Movements of one approach that see the same, or one crossing."""

    name: str
    walks: bool
    windows: Windows


def draw(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Drawing]:
    """Draw one figure per period and changed signal: today's plan first, then every policy's that differs.

    A signal that is new has no plan today.
    """
    signals = read_signals(data.folder)
    for period in data.periods:
        arms: dict[str, list[str]] = {}
        for arm in data.policies:
            for signal in signals.changed(arm["id"], period):
                arms.setdefault(signal, []).append(arm["id"])
        for signal in sorted(arms)[:MOST]:
            today = [BASELINE] if len(signals.of(BASELINE, period, signal)[0]) else []
            with house_style():
                figure = diagram(data, signals, period, signal, [*today, *arms[signal]])
                yield Drawing(KEY, period, figure, signal)


def diagram(data: StudyData, signals: SignalData, period: str, signal: str, arms: list[str]) -> Figure:
    """Draw one signal's plans beside each other on one time axis."""
    plans = [(arm, *signals.of(arm, period, signal)) for arm in arms]
    rows = {arm: rows_of(lights) for arm, lights, _ in plans}
    most = max(len(found) for found in rows.values())
    lines = -(-len(plans) // ACROSS)
    panel_in = HEAD_IN + STAGES_IN + ROW_IN * most + 0.35
    title = text(f"plot.{KEY}.title", signal=short(signal, 40), period=data.period_title(period))
    figure = new_figure(WIDTH_IN, 1.2 + lines * panel_in, title, data.made_up, legend=True)
    figure.set_layout_engine(None)
    margin_in = 0.2 + LETTER_IN * max(_letters(row.name) for found in rows.values() for row in found)
    height_in = figure.get_figheight()
    end_s = max(float(lights["cycle_s"].iloc[0]) for _, lights, _ in plans)
    for number, (arm, lights, stages) in enumerate(plans):
        across, line = number % ACROSS, number // ACROSS
        top_in = height_in - 0.66 - line * panel_in - HEAD_IN
        left, right = (margin_in / WIDTH_IN) + 0.5 * across, 0.49 + 0.5 * across
        grid = GridSpec(
            2, 1, figure, left=left, right=right, hspace=0.02,
            top=top_in / height_in, bottom=(top_in - STAGES_IN - ROW_IN * most) / height_in,
            height_ratios=[STAGES_IN, ROW_IN * most],
        )  # fmt: skip
        strip, axes = figure.add_subplot(grid[0]), figure.add_subplot(grid[1])
        name = text("plot.before") if arm == BASELINE else data.arm_title(arm)
        _panel(axes, rows[arm], lights, stages, most, end_s)
        _strip(figure, strip, lights, stages, end_s)
        strip.set_title(_heading(name, lights), fontsize=9.5, loc="left", pad=15)
    colours = mark_colours()
    legend = {
        both(text(f"plot.light.{key}")): Patch(facecolor=colours[key]) for key in ("G", "g", "walk", "y", "r")
    }
    legend[both(text("plot.light.clearance"))] = Patch(
        facecolor="white", edgecolor=colours["walk"], hatch="////"
    )
    legend_below(figure, legend)
    return figure


def rows_of(lights: pd.DataFrame) -> list[Row]:
    """Return the rows of a diagram: movements of one approach that see the same stand together."""
    found: dict[tuple[str, str, bool, Windows], list[str]] = {}
    for (junction, group), part in lights.groupby(["junction", "group"], sort=False):
        walks = bool(part["group_kind"].iloc[0] == "crossing")
        windows = tuple(
            (float(b), float(e), str(w)) for b, e, w in part[["begin_s", "end_s", "letter"]].to_numpy()
        )
        approach = str(group) if walks else str(group).rpartition(".")[0]
        found.setdefault((str(junction), approach, walks, windows), []).append(str(group))
    several = len(set(lights["junction"])) > 1
    return [
        Row(_label(junction if several else "", approach, groups, walks), walks, windows)
        for (junction, approach, walks, windows), groups in found.items()
    ]


def _letters(name: str) -> int:
    return sum(2 if ord(character) > 0x2E80 else 1 for character in name)  # noqa: PLR2004 - where CJK begins


def _label(junction: str, approach: str, groups: list[str], walks: bool) -> str:
    whose = leg(approach)
    turns = [text("plot.light.crossing")] if walks else [turn(group) for group in groups]
    zh = whose.zh + "、".join(t.zh for t in turns)
    en = f"{whose.en} {'+'.join(t.en for t in turns)}"
    name = both(Text(zh, en), "  ")
    return f"{short(junction, 8)} {name}" if junction else name


def _heading(name: Text, lights: pd.DataFrame) -> str:
    first = lights.iloc[0]
    kind = "" if first["kind"] == "static" else f"  {first['kind']}"
    plan = text("plot.phase_diagram.plan", cycle=f"{first['cycle_s']:g}", offset=f"{first['offset_s']:g}")
    return f"{short(both(name), 60)}{kind}\n{both(plan)}"


def _panel(
    axes: Axes, rows: list[Row], lights: pd.DataFrame, stages: pd.DataFrame, most: int, end_s: float
) -> None:
    colours = mark_colours()
    cycle_s = float(lights["cycle_s"].iloc[0])
    for place, row in enumerate(rows):
        for begin_s, window_end_s, letter in row.windows:
            colour = colours["walk"] if row.walks and letter in "Gg" else colours.get(letter, colours["r"])
            for part in _within((begin_s, window_end_s - begin_s), cycle_s):
                thin = letter not in "Ggy"
                axes.broken_barh(
                    [part],
                    (place + (0.4 if thin else 0.14), 0.2 if thin else 0.72),
                    color=colour,
                    linewidth=0,
                )
        if row.walks:
            _clearance(axes, place, row, stages, cycle_s)
    for begin_s in stages["begin_s"]:
        axes.axvline(begin_s, color=FAINT, linewidth=0.7, linestyle=(0, (2, 2)), zorder=0.5)
    axes.axvline(cycle_s, color=INK, linewidth=1.0)
    axes.set_xlim(0, end_s)
    axes.set_ylim(most, 0)
    axes.set_yticks([place + 0.5 for place in range(len(rows))], [row.name for row in rows], fontsize=7.5)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="y", visible=False)


def _clearance(axes: Axes, place: int, row: Row, stages: pd.DataFrame, cycle_s: float) -> None:
    """Hatch the time in which who is on the crossing finishes: to the end of the stage's green."""
    hatched: Any = {"facecolor": "white", "edgecolor": mark_colours()["walk"], "hatch": "////"}
    ends_s = [(s["begin_s"] + s["green_s"]) % cycle_s for _, s in stages.iterrows() if s["clearance_s"] > 0]
    for _, window_end_s, letter in row.windows:
        if letter not in "Gg":
            continue
        left = [(end_s - window_end_s) % cycle_s for end_s in ends_s]
        longest_s = float(stages["clearance_s"].max())
        lasts_s = min((s for s in left if 0 < s <= longest_s + 1e-6), default=0.0)
        for part in _within((window_end_s % cycle_s, lasts_s), cycle_s):
            axes.broken_barh([part], (place + 0.14, 0.72), **hatched)


def _within(bar: tuple[float, float], cycle_s: float) -> list[tuple[float, float]]:
    """Cut a bar (begin, length) that runs over the end of the cycle in two."""
    begin_s, length_s = bar
    if length_s <= 0:
        return []
    if begin_s + length_s <= cycle_s + 1e-6:
        return [(begin_s, length_s)]
    return [(begin_s, cycle_s - begin_s), (0.0, begin_s + length_s - cycle_s)]


def _strip(figure: Figure, strip: Axes, lights: pd.DataFrame, stages: pd.DataFrame, end_s: float) -> None:
    """Put the picture of every stage above its green, as wide as there is room."""
    strip.set_axis_off()
    strip.set_xlim(0, end_s)
    legs = {
        str(name): (float(bearing), float(away))
        for name, bearing, away in lights[["group", "bearing_deg", "exit_bearing_deg"]].to_numpy()
    }
    box = strip.get_position()
    square = box.height * figure.get_figheight() / figure.get_figwidth()
    width = min(square, box.width / max(1, len(stages)))
    ordered = [row for _, row in stages.sort_values("begin_s").iterrows()]
    last = box.x0 - 1.5 * width
    for left, stage in zip(range(len(ordered), 0, -1), ordered, strict=True):
        middle = box.x0 + box.width * (stage["begin_s"] + stage["green_s"] / 2) / end_s
        # No picture covers another, and there is room for those to come.
        last = min(max(middle - width / 2, last + width), box.x1 - left * width + 0.35 * width)
        arrows = [
            Arrow(*legs[name], protected)
            for column, protected in (("protected", True), ("permissive", False))
            for name in str(stage[column]).split()
            if name in legs
        ]
        walking = [legs[name][0] for name in str(stage["crossings"]).split() if name in legs]
        name = f"{short(str(stage['stage']), 8)} {stage['green_s']:g} s"
        draw_stage(figure.add_axes((last, box.y0, width, box.height)), arrows, walking, name)
