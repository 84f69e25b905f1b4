"""Queue at the start of green (绿灯启亮时排队车辆数)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sim.measures.base import RunView, Value, levels
from sim.measures.spec import MeasureSpec
from sim.measures.stop_lines import stop_lines

SPEC = MeasureSpec(
    id="queue_at_green",
    name={"zh": "绿灯启亮时排队车辆数", "en": "Queue at the start of green"},
    definition={
        "zh": "评价时段内本流向各次绿灯启亮时，已应到达停车线而尚未通过的车辆数的平均值（竖向排队：车辆视为"
        "在停车线处叠放）。进口道和交叉口取最大的流向。始终放行的流向不计。",
        "en": "Mean, over the starts of the movement's green in the window, of the vehicles that should "
        "have come to the stop line and had not passed it (a vertical queue: as if they were stacked at "
        "the line). Approach and junction take their longest movement. Movements that are green all the "
        "time are left out.",
    },
    unit="veh",
    direction="lower",
    of_network=False,
    decimals=1,
    mcid_abs=1.0,
    mcid_rel=float("nan"),
    formula="mean over starts of green t of the number with reached_s < t and not passed_s < t",
    source="textbook queue at the beginning of green, arrivals less departures; no name of GA/T 527.2 known",
    interval="t",
    asked="stop_lines",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the mean of every movement that sees red, and the largest of its approach and junction."""
    means: dict[str, tuple[float, int]] = {}
    for name, line in stop_lines(view).items():
        begins_s = line.begins_s[np.asarray(view.within(pd.Series(line.begins_s)), dtype=bool)]
        came = np.searchsorted(line.reached_s, begins_s, side="left")
        gone = np.searchsorted(np.sort(line.passed_s), begins_s, side="left")
        if len(begins_s):
            means[name] = (float((came - gone).mean()), len(begins_s))
    for scope, movements in levels(view):
        own = [means[name] for name in movements if name in means]
        if own:
            yield Value(scope, *max(own))
