"""Parking turnover (泊位周转率)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="parking_turnover",
    name={"zh": "泊位周转率", "en": "Parking turnover"},
    definition={
        "zh": "评价时段内开始停放的车辆数除以泊位数和时长。",
        "en": "Vehicles that began to park in the window, per stall and hour.",
    },
    unit="veh/(stall·h)",
    direction="none",
    of_network=False,
    decimals=2,
    mcid_abs=float("nan"),
    mcid_rel=0.05,
    formula="parked vehicles / (stalls (T1 - T0))",
    source="definition second-hand (泊位周转率, per day there); SUMO documentation, StopOutput",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the turnover of every parking area of the arm."""
    began = view.rows("parked", "started_s")["area"].value_counts()
    for name, area in sorted(view.parking.items()):
        parked = int(began.get(name, 0))
        yield Value(f"parking:{name}", parked / (area.stalls * view.window_h), parked)
