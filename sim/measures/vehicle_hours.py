"""Vehicle hours (车小时数), VHT, waiting to enter included."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, groups
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="vehicle_hours",
    name={"zh": "车小时数（含入网等待）", "en": "Vehicle hours (waiting to enter included)"},
    definition={
        "zh": "评价时段内计划出发的全部车辆的驾车时间之和：入网等待加路网内行驶（含寻泊），扣除计划停留，"
        "不含步行。",
        "en": "Time at the wheel summed over all vehicles that wanted to leave in the window: waiting to "
        "enter plus time in the network, search included, planned stops and walks not.",
    },
    unit="veh·h",
    direction="lower",
    decimals=1,
    mcid_abs=float("nan"),
    mcid_rel=0.05,
    formula="VHT = sum_{i in K} (depart_delay_i + duration_i - stop_i) / 3600",
    source="SUMO documentation, StatisticOutput (totalTravelTime + totalDepartDelay); planned stops taken "
    "out",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the sum over the cohort, its vehicle classes and its purposes."""
    for scope, trips in groups(view.cohort):
        yield Value(scope, float(trips["drive_s"].sum()) / 3600, len(trips))
