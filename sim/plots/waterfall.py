"""Waterfall: what each intervention of a policy brings, from the difference to today down to its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from sim.interventions import REGISTRY
from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.drawing import Drawing
from sim.plots.study_data import StudyData, records
from sim.plots.style import BEFORE, BETTER, INK, WORSE, house_style, new_figure, short, zero_line

KEY = "waterfall"


def draw(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Iterator[Drawing]:
    """Draw one figure per policy and period that was taken apart."""
    table = data.optional("attribution")
    if table is None:
        return
    table = table[table["term"] != "interaction"]
    for period in data.periods:
        for arm in data.policies:
            own = records(table[(table["arm"] == arm["id"]) & (table["period"] == period)])
            if own and np.isfinite([float(row["difference"]) for row in own]).all():
                with house_style():
                    yield Drawing(
                        KEY, period, _figure(data, specs[data.primary], arm, period, own), arm["id"]
                    )


def _figure(
    data: StudyData, spec: MeasureSpec, arm: Mapping[str, Any], period: str, rows: list[dict[str, Any]]
) -> Figure:
    title = text(f"plot.{KEY}.title", arm=data.arm_title(arm["id"]), period=data.period_title(period))
    parts = [row for row in rows if row["term"] != "total"]
    steps = [*parts, next(row for row in rows if row["term"] == "total")]
    figure = new_figure(8.6, 1.5 + 0.55 * len(steps), title, data.made_up)
    axes = figure.subplots()
    sign = -1 if spec.direction == "higher" else 1
    start = 0.0
    for y, row in enumerate(steps):
        whole = row["term"] == "total"
        change = float(row["difference"])
        left = 0.0 if whole else start
        told = float(row["ci_low"]) > 0 or float(row["ci_high"]) < 0
        colour = BEFORE if whole or not told else BETTER if sign * change < 0 else WORSE
        axes.barh(y, change, left=left, height=0.56, color=colour, alpha=0.85)
        ends = [left + float(row["ci_low"]), left + float(row["ci_high"])]
        axes.plot(ends, [y, y], color=INK, linewidth=1.6, marker="|", markersize=8)
        start = left + change
        if not whole:
            axes.plot([start, start], [y, y + 1], color=INK, linewidth=0.6, linestyle=":")
    axes.set_yticks(range(len(steps)), [_name(data, arm["id"], row) for row in steps])
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    name = Text(spec.name["zh"], spec.name["en"])
    axes.set_xlabel(f"Δ {name.zh}  {name.en}  ({spec.unit})")
    zero_line(axes)
    return figure


def _name(data: StudyData, arm: str, row: Mapping[str, Any]) -> str:
    if row["term"] == "share":
        return "\n".join(short(words, 30) for words in part_title(data, arm, str(row["names"])))
    return "\n".join(text(f"report.attribution.{row['term']}"))


def part_title(data: StudyData, arm: str, names: str) -> Text:
    """Name interventions that were told apart as one: their ids, joined by ``+``, and what kinds they are."""
    written = data.interventions(arm)
    kinds = [str((written.get(name) or {}).get("kind", "")) for name in names.split("+")]
    titles = [REGISTRY[kind].title for kind in kinds if kind in REGISTRY]
    if len(titles) < len(kinds):
        return Text(names, names)
    zh, en = "、".join(title.zh for title in titles), ", ".join(title.en for title in titles)
    return Text(f"{names}（{zh}）", f"{names} ({en})")
