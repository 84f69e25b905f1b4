"""Distance driven in search of a stall (寻泊里程)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, mean
from sim.measures.parking_use import searches
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="search_distance",
    name={"zh": "寻泊里程", "en": "Search distance"},
    definition={
        "zh": "评价时段内计划前往停车的车辆在寻泊期间行驶的平均距离；首选停车场即停入者计 0。以自由流速度绕"
        "行没有延误，只在此指标中可见。",
        "en": "Mean distance driven while searching, by the vehicles that wanted to leave in the "
        "window in order to park; 0 for those who found a stall at once. Circling at free speed has "
        "no delay: it is seen here.",
    },
    unit="m",
    direction="lower",
    of_network=True,
    decimals=0,
    mcid_abs=50.0,
    mcid_rel=0.1,
    formula="(1/|P|) sum_{i in P} distance driven between t_first_full,i and the end of the search",
    source="SUMO documentation, VehRoutes (exitTimes); definition of huandu",
    interval="t",
    censoring="optimistic",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the mean of the network, if anybody came to park."""
    people = searches(view)
    if len(people):
        yield mean("network", people["search_m"])
