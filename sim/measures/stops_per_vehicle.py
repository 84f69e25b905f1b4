"""Stops per vehicle (停车次数)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, by_demand, mean
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="stops_per_vehicle",
    name={"zh": "平均停车次数", "en": "Stops per vehicle"},
    definition={
        "zh": "路网：评价时段内计划出发并已入网的车辆全程停车次数的平均值；流向：驶完测量区的车辆在区内停车"
        "次数的平均值，进口道和交叉口按需求加权。",
        "en": "Network: mean number of stops on the whole trip, over vehicles that wanted to leave in the "
        "window and entered. Movement: mean number of stops within the zone; approaches and junctions "
        "weighted by demand.",
    },
    unit="1/veh",
    direction="lower",
    decimals=2,
    mcid_abs=0.1,
    mcid_rel=0.05,
    formula="(1/n) sum_i stops_i",
    source="GA/T 527.2-2024 B.5 交叉口停车次数 (name, second-hand); SUMO documentation, TripInfo "
    "(waitingCount) and E3 (meanHaltsPerVehicle)",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the stops per trip, and per passage of every movement, approach and junction."""
    entered = view.cohort[view.cohort["fate"] != "never_inserted"]
    yield mean("network", entered["stops"])
    yield from by_demand(view, {str(movement): float(n) for movement, n in view.served["halts"].items()})
