"""Flow-weighted mean degree of saturation of a junction (交叉口饱和度)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="degree_of_saturation_mean",
    name={"zh": "饱和度（流量加权平均）", "en": "Degree of saturation (weighted by flow)"},
    definition={
        "zh": "交叉口各车道组饱和度按需求流量的加权平均。为计算值，假定同“饱和度（最大车道组）”；平均值会掩"
        "盖最不利车道组。",
        "en": "Mean of the lane groups' degrees of saturation, weighted by demand. Calculated, with the "
        "assumptions of the worst lane group's; a mean hides the worst group.",
    },
    unit="",
    direction="lower",
    of_network=False,
    decimals=2,
    mcid_abs=0.05,
    mcid_rel=float("nan"),
    formula="sum_g q_g x_g / sum_g q_g",
    source="RoadGee documentation (intersection 饱和度: flow-weighted mean)",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the mean of every junction with fixed-time signals."""
    for junction in view.junctions:
        groups = [group for approach in junction.approaches for group in view.lane_groups(approach)]
        flow = sum(group.demand_pcuph for group in groups)
        if flow:
            value = sum(group.demand_pcuph * group.saturation for group in groups) / flow
            vehicles = sum(view.demand.get(name, 0) for group in groups for name in group.movements)
            yield Value(f"junction:{junction.id}", value, vehicles)
