"""Walking distance from the stall, P85 (停车后步行距离)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.parking_use import walks
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="walking_p85",
    name={"zh": "停车步行距离 P85", "en": "Walking distance from the stall, P85"},
    definition={
        "zh": "评价时段内计划前往停车且已停入泊位的车辆，自泊位至目的地的步行距离（直线距离的 1.3 倍）的 85"
        "%分位数。",
        "en": "P85 of the walk from the stall to the destination (1.3 times the straight line), over "
        "the vehicles that wanted to leave in the window in order to park and did.",
    },
    unit="m",
    direction="lower",
    of_network=True,
    decimals=0,
    mcid_abs=25.0,
    mcid_rel=0.1,
    formula="P85 of 1.3 |stall - destination|",
    source="walking radius 200 to 300 m (second-hand); definition of huandu",
    interval="bootstrap",
    censoring="optimistic",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the percentile of the network, if anybody has parked."""
    found_m = walks(view)
    if len(found_m):
        yield Value("network", float(found_m.quantile(0.85)), len(found_m))
