"""Share of vehicle kilometres that is searching (寻泊里程占比)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.parking_use import searches
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="search_share",
    name={"zh": "寻泊里程占比", "en": "Share of vehicle-km searching"},
    definition={
        "zh": "评价时段内计划出发的车辆行驶的总里程中，寻泊里程所占比例。",
        "en": "Share of the distance driven by the vehicles that wanted to leave in the window that "
        "was driven in search of a stall.",
    },
    unit="",
    direction="lower",
    of_network=True,
    decimals=3,
    mcid_abs=0.01,
    mcid_rel=float("nan"),
    formula="sum of search distances / VKT",
    source="after Shoup's share of cruising traffic (his 8 to 74% are selected cases: never an "
    "input); definition of huandu",
    interval="t",
    censoring="optimistic",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the share of the network, if anybody came to park."""
    people = searches(view)
    driven_m = float(view.cohort["route_m"].sum())
    if len(people) and driven_m > 0:
        yield Value("network", float(people["search_m"].sum()) / driven_m, len(people))
