"""Parking occupancy (泊位利用率)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="parking_occupancy",
    name={"zh": "泊位利用率", "en": "Parking occupancy"},
    definition={
        "zh": "评价时段内停放占用的泊位·时间占全部泊位·时间的比例。仿真开始时停车场已按停车需求的稳态存量（"
        "到达率 × 平均停放时间，服从泊松分布，不超过泊位数）停有车辆，各方案相同。",
        "en": "Stall-time taken over stall-time offered, in the window. Car parks with a demand begin with "
        "its stationary stock (Poisson, arrival rate times mean stay, no more than the stalls), the same in "
        "every arm.",
    },
    unit="",
    direction="none",
    of_network=False,
    decimals=2,
    mcid_abs=0.05,
    mcid_rel=float("nan"),
    formula="sum of parked time within [T0, T1) / (stalls (T1 - T0))",
    source="definition of huandu; SUMO documentation, StopOutput",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the share of every parking area of the arm."""
    begin, end = view.facts.window_begin_s, view.facts.window_end_s
    stays = view.tables["parked"]
    taken_s = stays["ended_s"].fillna(end).clip(upper=end) - stays["started_s"].clip(lower=begin)
    for name, area in sorted(view.parking.items()):
        inside = (stays["area"] == name) & (taken_s > 0)
        share = float(taken_s[inside].sum()) / (area.stalls * (end - begin))
        yield Value(f"parking:{name}", share, int(inside.sum()))
