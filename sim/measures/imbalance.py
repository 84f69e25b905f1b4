"""Imbalance (失衡系数): how unequally a junction's approaches are loaded."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="imbalance",
    name={"zh": "失衡系数", "en": "Imbalance"},
    definition={
        "zh": "交叉口各进口道最不利车道组饱和度的最大值与最小值之差。数值大表示绿灯在各进口道之间分配不均。"
        "由需求和配时计算，并非仿真；含让行左转的车道组不计。仅用于定时信号，且至少两个进口道可计算。",
        "en": "Highest less lowest degree of saturation among a junction's approaches, each by its "
        "worst lane group: large where green is shared out unevenly. Calculated from demand and "
        "plan, not simulated; lane groups with a left turn that gives way are left out. "
        "Fixed-time signals with two such approaches.",
    },
    unit="",
    direction="lower",
    of_network=False,
    decimals=2,
    mcid_abs=0.05,
    mcid_rel=float("nan"),
    formula="max x - min x over approaches; x as in degree_of_saturation",
    source="GA/T 527.2-2024 B.22 失衡系数 (name, second-hand); formula of huandu",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the difference of every junction with two approaches whose saturation is known."""
    for junction in view.junctions:
        worst: list[float] = []
        vehicles = 0
        for approach in junction.approaches:
            groups = view.lane_groups(approach)
            if groups:
                worst.append(max(group.saturation for group in groups))
                vehicles += sum(view.demand.get(name, 0) for group in groups for name in group.movements)
        if len(worst) > 1:
            yield Value(f"junction:{junction.id}", max(worst) - min(worst), vehicles)
