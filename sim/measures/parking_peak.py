"""Peak parking occupancy (泊位高峰占用率)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.parking_use import areas, occupied
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="parking_peak",
    name={"zh": "泊位高峰占用率", "en": "Peak parking occupancy"},
    definition={
        "zh": "评价时段内同时停放车辆数的最大值除以泊位数。",
        "en": "Largest number of vehicles parked at the same time in the window, per stall.",
    },
    unit="",
    direction="none",
    of_network=False,
    decimals=2,
    mcid_abs=0.05,
    mcid_rel=float("nan"),
    formula="max over [T0, T1) of parked vehicles / stalls",
    source="definition of huandu; SUMO documentation, StopOutput",
    interval="bootstrap",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the peak of every parking area of the arm."""
    for name, area in areas(view):
        lengths_s, vehicles = occupied(view, name)
        yield Value(f"parking:{name}", float(vehicles[lengths_s > 0].max()) / area.stalls, area.stalls)
