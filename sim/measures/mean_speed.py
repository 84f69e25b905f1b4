"""Mean speed (平均行程速度): total distance over total time."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sim.measures.base import RunView, Value, groups
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="mean_speed",
    name={"zh": "平均行程速度", "en": "Mean travel speed"},
    definition={
        "zh": "评价时段内计划出发的车辆的总里程除以总时间（含入网等待，扣除计划停留），不是各车速度的平均。",
        "en": "Total distance over total time (waiting to enter included, planned stops taken out) of the "
        "vehicles that wanted to leave in the window; not a mean of speeds.",
    },
    unit="km/h",
    direction="higher",
    decimals=1,
    mcid_abs=1.0,
    mcid_rel=0.05,
    formula="v = VKT / VHT",
    source="Edie (1963), generalised mean speed",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the speed of the cohort, its vehicle classes and its purposes."""
    for scope, trips in groups(view.cohort):
        total_s = float(trips["drive_s"].sum())
        yield Value(scope, 3.6 * float(trips["route_m"].sum()) / total_s if total_s else math.nan, len(trips))
