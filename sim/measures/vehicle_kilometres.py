"""Vehicle kilometres (车公里数), VKT."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, groups
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="vehicle_kilometres",
    name={"zh": "车公里数", "en": "Vehicle kilometres"},
    definition={
        "zh": "评价时段内计划出发的车辆行驶的总里程（未到达者计已行驶部分）。用于判断绕行。",
        "en": "Distance driven by the vehicles that wanted to leave in the window (so far, if not arrived). "
        "Shows detours.",
    },
    unit="veh·km",
    direction="none",
    decimals=1,
    mcid_abs=float("nan"),
    mcid_rel=0.05,
    formula="VKT = sum_{i in K} length driven_i / 1000",
    source="GB/T 33171-2016 3.13 车公里数 (name, second-hand); SUMO documentation, TripInfo (routeLength)",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the sum over the cohort, its vehicle classes and its purposes."""
    for scope, trips in groups(view.cohort):
        yield Value(scope, float(trips["route_m"].sum()) / 1000, len(trips))
