"""Share of time with at least 85% of the stalls taken (占用率≥85%时间比)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.parking_use import above, areas
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="parking_above_85",
    name={"zh": "占用率不低于 85%的时间比", "en": "Share of time at 85% or more of the stalls"},
    definition={
        "zh": "评价时段内，停放车辆数不少于泊位数 85%的时间所占比例。约 85%是常用的目标占用率。",
        "en": "Share of the window with at least 85% of the stalls taken. 85% is the usual target occupancy.",
    },
    unit="",
    direction="none",
    of_network=False,
    decimals=2,
    mcid_abs=0.05,
    mcid_rel=float("nan"),
    formula="time in [T0, T1) with parked vehicles >= 0.85 stalls / (T1 - T0)",
    source="target occupancy of about 85%: Shoup (medium confidence); definition of huandu",
    interval="t",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the share of every parking area of the arm."""
    for name, area in areas(view):
        yield Value(f"parking:{name}", above(view, name, area.stalls, 0.85), area.stalls)
