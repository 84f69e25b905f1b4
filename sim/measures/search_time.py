"""Time spent searching for a stall (寻泊时间)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, mean
from sim.measures.parking_use import searches
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="search_time",
    name={"zh": "寻泊时间", "en": "Search time"},
    definition={
        "zh": "评价时段内计划前往停车的车辆，自到达第一个满位停车场所在路段起，至停入泊位（或放弃离开）止的"
        "平均时间；首选停车场即停入者计 0。",
        "en": "Mean time of the vehicles that wanted to leave in the window in order to park, from "
        "entering the street of the first full area to standing in a stall, or turning to leave "
        "without one; 0 for those who found one at once.",
    },
    unit="s/veh",
    direction="lower",
    of_network=True,
    decimals=1,
    mcid_abs=5.0,
    mcid_rel=0.1,
    formula="(1/|P|) sum_{i in P} (t_parked,i or t_gave_up,i - t_first_full,i)",
    source="SUMO documentation, VehRoutes (replacedAtTime) and StopOutput; definition of huandu",
    interval="t",
    censoring="optimistic",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the mean of the network, if anybody came to park."""
    people = searches(view)
    if len(people):
        yield mean("network", people["search_s"])
