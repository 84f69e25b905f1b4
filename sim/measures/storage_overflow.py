"""Storage overflow (溢流率): how often a queue fills its lane."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import VEHICLE_SPACE_M, RunView, Value
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="storage_overflow",
    name={"zh": "溢流率", "en": "Storage overflow"},
    definition={
        "zh": "评价时段内，排队占满车道蓄车长度（展宽车道长度，或至上游交叉口）的车道·时间"
        "占全部车道·时间的比例。",
        "en": "Share of lane-time of the window in which the queue filled the lane's storage (a short "
        "lane's length, or back to the upstream junction).",
    },
    unit="",
    direction="lower",
    of_network=False,
    decimals=2,
    mcid_abs=0.05,
    mcid_rel=float("nan"),
    formula="sum of interval lengths with jam_max > storage - 7.5 m / sum of interval lengths, over lanes",
    source="GA/T 527.2-2024 B.3 溢流率 (name, second-hand); formula of huandu",
    interval="bootstrap",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the share of every approach."""
    rows = view.lane_queues
    lasts_s = rows["end_s"] - rows["begin_s"]
    full_s = lasts_s.where(rows["jam_max_m"] > rows["storage_m"] - VEHICLE_SPACE_M, 0.0)
    for approach, index in rows.groupby("approach", sort=True).groups.items():
        yield Value(
            f"approach:{approach}", float(full_s.loc[index].sum() / lasts_s.loc[index].sum()), len(index)
        )
