"""Mean back of queue (平均最大排队长度)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, mean
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="back_of_queue_mean",
    name={"zh": "平均排队长度（每周期最远）", "en": "Back of queue, mean"},
    definition={
        "zh": "评价时段内各统计间隔（一个信号周期）中，进口道最长车道的排队尾部至停车线的最大距离的平均值。",
        "en": "Farthest back of queue from the stop line on the approach's worst lane in each interval (one "
        "cycle), averaged over the intervals of the window.",
    },
    unit="m",
    direction="lower",
    of_network=False,
    decimals=0,
    mcid_abs=7.5,
    mcid_rel=0.1,
    formula="mean_k max_lane jam_max(lane, k)",
    source="SUMO documentation, Lanearea Detectors (E2), maxJamLengthInMeters; smallest change: one queued "
    "car",
    interval="bootstrap",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the mean of every approach."""
    for approach, queues in view.queues.groupby("approach", sort=True):
        yield mean(f"approach:{approach}", queues["queue_m"])
