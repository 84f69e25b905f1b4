"""Person time (人时): the time all occupants spend, door to door."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, groups
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="person_time",
    name={"zh": "乘员总时间", "en": "Person time of occupants"},
    definition={
        "zh": "评价时段内计划出发的全部车辆的公平出行时间（含停车者的步行）乘以载客人数之和。"
        "不含行人（见行人延误）。",
        "en": "Fair travel time (parkers' walks included) times occupancy, summed over all vehicles that "
        "wanted to leave in the window. Pedestrians are not in it (see pedestrian delay).",
    },
    unit="person·h",
    direction="lower",
    decimals=1,
    mcid_abs=float("nan"),
    mcid_rel=0.05,
    formula="P = sum_{i in K} occupancy_i (depart_delay_i + duration_i - stop_i + walk_i) / 3600, walk_i "
    "from the stall to the destination",
    source="occupancy from the vehicle set; fair travel time as there",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the sum over the cohort, its vehicle classes and its purposes."""
    for scope, trips in groups(view.cohort):
        yield Value(scope, float((trips["fair_s"] * trips["occupancy"]).sum()) / 3600, len(trips))
