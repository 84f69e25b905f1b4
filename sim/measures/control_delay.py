"""Control delay (控制延误): time lost to the junction, against free flow of the same movement."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, by_demand
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="control_delay",
    name={"zh": "平均控制延误", "en": "Control delay"},
    definition={
        "zh": "评价时段内驶完测量区（排队上游至交叉口下游约 100 m）的车辆的平均损失时间，减去同一流向自由流"
        "时的损失。进口道和交叉口按需求车辆数加权。时段末仍在排队的车辆不在其中，须与服务率和入网延误结合"
        "使用。",
        "en": "Mean time lost in the zone (upstream of the queue to about 100 m past the junction) by "
        "vehicles that completed it in the window, minus the loss of the same movement in free flow. "
        "Approaches and junctions are weighted by the vehicles that wanted to pass. A queue left at the end "
        "of the window is not in it: read it beside the service ratio and the insertion delay.",
    },
    unit="s/veh",
    direction="lower",
    of_network=False,
    decimals=1,
    mcid_abs=2.0,
    mcid_rel=0.05,
    formula="d_m = time_loss_m - time_loss_m,free;  d_A = sum_m q_m d_m / sum_m q_m (and so for the "
    "junction), q = vehicles that wanted to pass",
    source="HCM 6/7 ch. 19 (definition, from memory); GA/T 527.2-2024 B.7 平均控制延误 (name, second-hand); "
    "SUMO documentation, Multi-Entry-Exit Detectors (E3)",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the delay of every movement, approach and junction that somebody wanted to pass."""
    free = view.free_flow.set_index("movement")["time_loss_s"]
    delay = (view.served["time_loss_s"] - free.reindex(view.served.index)).dropna()
    yield from by_demand(view, {str(movement): float(value) for movement, value in delay.items()})
