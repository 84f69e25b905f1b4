"""Share of parkers who gave up (放弃停车比例)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, mean
from sim.measures.parking_use import cohort
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="gave_up_parking",
    name={"zh": "放弃停车比例", "en": "Share that gave up parking"},
    definition={
        "zh": "评价时段内计划前往停车的车辆中，因步行范围内的停车场均已满位或不再开放而离开的比例。",
        "en": "Share of the vehicles that wanted to leave in the window in order to park and left "
        "without: every area within walking distance was full, closed or gone.",
    },
    unit="",
    direction="lower",
    of_network=True,
    decimals=2,
    mcid_abs=0.02,
    mcid_rel=float("nan"),
    formula="cohort parkers who left without having parked / cohort parkers",
    source="definition of huandu",
    interval="t",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the share of the network, if anybody came to park."""
    people = cohort(view)
    if len(people):
        parked = people["id"].isin(view.tables["parked"]["vehicle"])  # or stopped where it is forbidden
        left = people["fate"].isin(["gave_up", "arrived"])
        yield mean("network", (left & ~parked).astype(float))
