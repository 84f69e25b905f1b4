"""Parkers who found no stall (未停入比例)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, mean
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="parking_failed",
    name={"zh": "未停入比例", "en": "Share that never parked"},
    definition={
        "zh": "评价时段内计划前往停车的车辆中，直到仿真结束仍未停入泊位的比例（包括未能入网者）。",
        "en": "Share of the vehicles that wanted to leave in the window in order to park and had not parked "
        "when the run ended (never inserted included).",
    },
    unit="",
    direction="lower",
    decimals=2,
    mcid_abs=0.05,
    mcid_rel=float("nan"),
    formula="cohort parkers without a parking stop / cohort parkers",
    source="definition of huandu",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the share of the network, if anybody came to park."""
    parkers = view.cohort[view.cohort["purpose"] == "parking"]
    stays = view.tables["parked"]
    if len(parkers):
        parked = parkers["id"].isin(stays.loc[stays["area"] != "", "vehicle"])
        yield mean("network", (~parked).astype(float))
