"""Fair delay (公平延误): time lost by everyone, waiting to enter included."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sim.labels import Text, text
from sim.measures.base import RunView, Value, groups, mean
from sim.measures.spec import MeasureSpec
from sim.site.network import Network

SPEC = MeasureSpec(
    id="fair_delay",
    name={"zh": "公平延误", "en": "Fair delay"},
    definition={
        "zh": "评价时段内计划出发的全部车辆的平均损失时间：入网等待加相对于各路段限速的行程损失，含计划停放"
        "结束后驶出泊位的操作和等待；不含计划停留和驶入泊位前的减速。限速或路径变化时会失真，因此仅当两个"
        "对比方案的路径、长度、限速相同时才可作为主要指标。",
        "en": "Mean time lost by all vehicles that wanted to leave in the window: waiting to enter plus "
        "time lost against the limit of each street, manoeuvring and waiting to get out of a stall past the "
        "planned stay included; planned stops, and braking for them, are not in it. Misleading where limits "
        "or routes change, so it may be primary only where routes, lengths and limits are equal in both "
        "arms.",
    },
    unit="s/veh",
    direction="lower",
    of_time_loss=True,
    decimals=1,
    mcid_abs=2.0,
    mcid_rel=0.05,
    formula="d_fair = (1/|K|) sum_{i in K} (time_loss_i + depart_delay_i), K = {i: T0 <= scheduled_i < T1}",
    source="SUMO documentation, TripInfo (timeLoss, departDelay); cohort rule of huandu",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the mean of the cohort, of its vehicle classes and of its purposes."""
    for scope, trips in groups(view.cohort):
        yield mean(scope, trips["time_loss_s"] + trips["depart_delay_s"])


def delay_may_be_primary(
    base_network: Network, arm_network: Network, base_trips: pd.DataFrame, arm_trips: pd.DataFrame
) -> tuple[bool, Text]:
    """Tell whether a measure of time loss may be the primary one of this pair of arms, and if not, why.

    It may where every vehicle has the same planned route in both arms and every edge of those routes has the
    same lane lengths and limits: time loss is measured against each edge's own limit, so a lower limit
    "improves" it (from 60 to 30 km/h: delay 109 to 87 s, travel time 223 to 285 s).

    Parameters
    ----------
    base_network, arm_network
        The streets of both arms.
    base_trips, arm_trips
        Columns `tables.TRIPS` of one replicate; `id` and `edges` are read.
    """
    base_routes = dict(zip(base_trips["id"], base_trips["edges"], strict=True))
    arm_routes = dict(zip(arm_trips["id"], arm_trips["edges"], strict=True))
    rerouted = sum(base_routes.get(name) != route for name, route in arm_routes.items())
    rerouted += len(base_routes.keys() - arm_routes.keys())
    if rerouted:
        return False, text("fair_delay.routes_differ", n=rerouted)
    used = {edge for route in set(base_routes.values()) for edge in str(route).split()}
    for what in ("length_m", "speed_mps"):
        changed = sorted(
            edge
            for edge in used
            if [getattr(lane, what) for lane in base_network.edges[edge].lanes]
            != [getattr(lane, what) for lane in arm_network.edges[edge].lanes]
        )
        if changed:
            return False, text(f"fair_delay.{what}_differs", n=len(changed), first=changed[0])
    return True, Text("", "")
