"""Service ratio (服务率): served over demanded."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, levels
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="service_ratio",
    name={"zh": "服务率", "en": "Service ratio"},
    definition={
        "zh": "评价时段内的通过量与需求量之比。小于 1 表示时段末仍有车辆未通过；略大于 1 表示消化了时段前的"
        "排队。",
        "en": "Vehicles served over vehicles that wanted to pass, in the window. Below 1 some were still "
        "waiting at its end; a little above 1 a queue from before the window was served.",
    },
    unit="",
    direction="higher",
    of_network=False,
    decimals=2,
    mcid_abs=0.05,
    mcid_rel=float("nan"),
    formula="v / q",
    source="served flow and demand flow as there",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the ratio of every movement, approach and junction that somebody wanted to pass."""
    for scope, movements in levels(view):
        wanted = sum(view.demand.get(movement, 0) for movement in movements)
        if wanted:
            served = sum(view.served_vehicles.get(movement, 0) for movement in movements)
            yield Value(scope, served / wanted, wanted)
