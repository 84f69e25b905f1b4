"""Insertion delay (入网延误): waiting outside because the first street is full."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, mean
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="insertion_delay",
    name={"zh": "入网延误", "en": "Insertion delay"},
    definition={
        "zh": "评价时段内计划出发的车辆在模型入口外等待的平均时间，归入其路径上第一个被测进口道。不计入控制"
        "延误。",
        "en": "Mean wait outside the model of the vehicles that wanted to leave in the window, attributed "
        "to the first measured approach on their route. Not contained in control delay.",
    },
    unit="s/veh",
    direction="lower",
    decimals=1,
    mcid_abs=2.0,
    mcid_rel=0.05,
    formula="(1/|K_A|) sum_{i in K_A} depart_delay_i, K_A = cohort vehicles whose first measured approach "
    "is A",
    source="SUMO documentation, TripInfo (departDelay); attribution as SUMO's "
    "tools/output/edgeDepartDelay.py",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the mean of the cohort and of those who first come to each approach."""
    cohort = view.cohort
    yield mean("network", cohort["depart_delay_s"])
    for name, waits in cohort["depart_delay_s"].groupby(view.first_approaches, sort=True):
        yield mean(f"approach:{name}", waits)
