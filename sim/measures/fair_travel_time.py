"""Fair travel time (出行时间): door to door, everyone counted. The primary measure."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, groups, mean
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="fair_travel_time",
    name={"zh": "公平出行时间", "en": "Fair travel time"},
    definition={
        "zh": "评价时段内计划出发的全部车辆，从计划出发至到达的平均时间：入网等待加路网内行驶，扣除计划停留"
        "（停车、公交停站）；停车者的寻泊行驶计入，并加上自泊位步行至目的地的时间，停放时间不计。开始时已停在"
        "泊位上的车辆自计划停放结束起算。未能入网和未到达的车辆按已耗时间计入，此时数值为下限。",
        "en": "Mean time from wanting to leave to arriving, over all vehicles that wanted to leave in the "
        "window: waiting to enter plus time in the network, planned stops (parking, bus stops) taken out; "
        "parkers' search is in it, and so is their walk from the stall to the destination (1.2 m/s), not "
        "their stay; who stood in a stall from the start wants to leave when the planned stay ends. "
        "Vehicles never inserted or not arrived count with their time so far; the value is then a lower "
        "bound.",
    },
    unit="s/veh",
    direction="lower",
    decimals=1,
    mcid_abs=2.0,
    mcid_rel=0.05,
    formula="t_fair = (1/|K|) sum_{i in K} (depart_delay_i + duration_i - stop_i + walk_i), "
    "walk_i = 1.3 |stall - destination| / 1.2 m/s of who has parked, else 0, K = {i: T0 <= scheduled_i < T1}",
    source="SUMO documentation, StatisticOutput, 'Fair Traveltime comparison between simulations'; planned "
    "stops taken out and walks added by huandu",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the mean of the cohort, of its vehicle classes and of its purposes."""
    for scope, trips in groups(view.cohort):
        yield mean(scope, trips["fair_s"])
