"""Longest red (最长红灯时间)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.measures.base import RunView, Value, levels
from sim.measures.spec import MeasureSpec
from sim.measures.stop_lines import greens

SPEC = MeasureSpec(
    id="longest_red",
    name={"zh": "最长红灯时间", "en": "Longest red"},
    definition={
        "zh": "与评价时段相交的各次红灯（含黄灯）中最长的一次；进口道和交叉口取最大的流向。感应、自适应信号按"
        "实际灯色，可看出有无流向被长期搁置。始终放行的流向不计。",
        "en": "The longest time without green, yellow included, that meets the window; approach and junction "
        "take their longest movement. Lights as they were shown: tells whether adaptive control lets "
        "somebody wait. Movements that are green all the time are left out.",
    },
    unit="s",
    direction="none",
    of_network=False,
    decimals=0,
    mcid_abs=5.0,
    mcid_rel=float("nan"),
    formula="max over reds of the movement of end - begin",
    source="definition of huandu; no name of GA/T 527.2 known",
    interval="bootstrap",
    censoring="exact",
    asked="stop_lines",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the longest red of every movement that sees red, of its approach and junction."""
    longest: dict[str, tuple[float, int]] = {}
    for name, (begins_s, ends_s) in greens(view).items():
        reds = np.column_stack((np.append(view.facts.begin_s, ends_s), np.append(begins_s, view.facts.end_s)))
        inside = reds[
            (reds[:, 1] > view.facts.window_begin_s)
            & (reds[:, 0] < view.facts.window_end_s)
            & (reds[:, 1] > reds[:, 0])
        ]
        if len(inside):
            longest[name] = float((inside[:, 1] - inside[:, 0]).max()), len(inside)
    for scope, movements in levels(view):
        own = [longest[name] for name in movements if name in longest]
        if own:
            yield Value(scope, *max(own))
