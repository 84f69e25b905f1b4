"""Demand flow (需求流量): who wanted to pass."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, levels
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="demand_flow",
    name={"zh": "需求流量", "en": "Demand flow"},
    definition={
        "zh": "评价时段内计划通过的车辆数，折算为每小时：按计划出发时刻和自由流行程推算到达停车线的时刻。各"
        "方案相同（路径不变时）。不含自行车和轨道车辆。",
        "en": "Vehicles that wanted to pass in the window, per hour: they would have reached the stop line "
        "in it at free flow from their scheduled departure. Equal in all arms where routes are equal. "
        "Bicycles and trains aside.",
    },
    unit="veh/h",
    direction="none",
    decimals=0,
    mcid_abs=float("nan"),
    mcid_rel=0.05,
    formula="q = (number of vehicles with T0 <= scheduled + free-flow time to the stop line < T1) / (T1 - "
    "T0)",
    source="definition of huandu; planned routes",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the demand of the network, and of every movement, approach and junction that has any."""
    yield Value("network", len(view.cohort) / view.window_h, len(view.cohort))
    for scope, movements in levels(view):
        wanted = sum(view.demand.get(movement, 0) for movement in movements)
        if wanted:
            yield Value(scope, wanted / view.window_h, wanted)
