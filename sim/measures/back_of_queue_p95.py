"""95th percentile of the back of queue (95%位排队长度)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="back_of_queue_p95",
    name={"zh": "95%位排队长度", "en": "Back of queue, 95th percentile"},
    definition={
        "zh": "评价时段内各统计间隔（一个信号周期）中，进口道最长车道的排队尾部至停车线的最大距离的 95%分"
        "位值（线性插值）。",
        "en": "Farthest back of queue from the stop line on the approach's worst lane in each interval (one "
        "cycle): the value that 95% of the window's intervals do not exceed (linear interpolation).",
    },
    unit="m",
    direction="lower",
    of_network=False,
    decimals=0,
    mcid_abs=7.5,
    mcid_rel=0.1,
    formula="P95_k max_lane jam_max(lane, k)",
    source="SUMO documentation, Lanearea Detectors (E2), maxJamLengthInMeters; smallest change: one queued "
    "car",
    interval="bootstrap",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the percentile of every approach."""
    for approach, queues in view.queues.groupby("approach", sort=True):
        yield Value(f"approach:{approach}", float(np.quantile(queues["queue_m"], 0.95)), len(queues))
