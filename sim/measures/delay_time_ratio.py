"""Delay time ratio (延误时间比), DTP of GB/T 33171, on simulated trips."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="delay_time_ratio",
    name={"zh": "延误时间比（仿真口径）", "en": "Delay time ratio (of the simulation)"},
    definition={
        "zh": "已入网车辆的损失时间之和与行程时间之和的比；自由流取模型限速。口径与规范的浮动车数据不同，不含"
        "入网等待。",
        "en": "Time lost over travel time, summed over the vehicles that entered; free flow is the model's "
        "limit. Not the probe-car data of the standard; waiting to enter is not in it.",
    },
    unit="",
    direction="lower",
    of_time_loss=True,
    decimals=2,
    mcid_abs=0.02,
    mcid_rel=0.05,
    formula="DTP = sum_i time_loss_i / sum_i (duration_i - stop_i)",
    source="GB/T 33171-2016 3.10 延误时间比 (second-hand)",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the ratio of the cohort."""
    entered = view.cohort[view.cohort["fate"] != "never_inserted"]
    total_s = float((entered["duration_s"] - entered["stop_s"]).sum())
    value = float(entered["time_loss_s"].sum()) / total_s if total_s else math.nan
    yield Value("network", value, len(entered))
