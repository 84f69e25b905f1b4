"""Served flow (通过量): who did pass."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, levels
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="served_flow",
    name={"zh": "通过量", "en": "Served flow"},
    definition={
        "zh": "评价时段内驶完流向测量区的车辆数，折算为每小时。仅当需求超过通行能力时才说明问题，否则必然等"
        "于需求。",
        "en": "Vehicles that completed the movement's zone in the window, per hour. It informs only where "
        "demand exceeds capacity; below, it equals demand by construction.",
    },
    unit="veh/h",
    direction="higher",
    of_network=False,
    decimals=0,
    mcid_abs=float("nan"),
    mcid_rel=0.05,
    formula="v = vehicleSum / (T1 - T0)",
    source="SUMO documentation, Multi-Entry-Exit Detectors (E3)",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the flow of every movement, approach and junction that somebody wanted to pass or passed."""
    for scope, movements in levels(view):
        served = sum(view.served_vehicles.get(movement, 0) for movement in movements)
        if served or any(movement in view.demand for movement in movements):
            yield Value(scope, served / view.window_h, served)
