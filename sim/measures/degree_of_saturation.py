"""Degree of saturation (饱和度), v/c: demand over capacity of the worst lane group."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="degree_of_saturation",
    name={"zh": "饱和度（最大车道组）", "en": "Degree of saturation (worst lane group)"},
    definition={
        "zh": "需求与通行能力之比，进口道和交叉口取最不利车道组。为计算值而非仿真值。假定：每车道饱和流率取"
        "车辆参数集标定的直行值（转弯车道实际偏低），有效绿灯时间等于保护绿灯时间减起动损失时间加黄灯利用"
        "时间（均为车辆参数集标定值），让行绿灯不计通行能力；含让行左转的车道组不计算。仅用于定时信号。",
        "en": "Demand over capacity; approach and junction take their worst lane group. Calculated, not "
        "simulated. Assumed: every lane has the calibrated saturation flow of a straight lane (turning "
        "lanes really have less), effective green is protected green minus start-up loss plus the part of "
        "yellow in use (both as calibrated for the vehicle set), green that gives way adds no capacity; lane "
        "groups with a left turn that gives way are left out. Fixed-time signals only.",
    },
    unit="",
    direction="lower",
    of_network=False,
    decimals=2,
    mcid_abs=0.05,
    mcid_rel=float("nan"),
    formula="x = q / (S N lambda); q demand in pcu/h, S pcu/h per lane, N lanes of the group, lambda = g_e "
    "/ C (demand-weighted over the group's movements), g_e = g + A - (l1 + l2) = g - l1 + e: g protected "
    "green, A yellow, l1 start-up loss, l2 = A - e, e yellow in use",
    source="RoadGee documentation (饱和度 q/(S λ), q is demand); lane groups and effective green after "
    "HCM ch. 19 (from memory; its e of 2.0 s is not the simulator's); l1 and e measured, configs/vehicles",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the ratio of every movement (its lane group's), and the highest of each approach and junction."""
    for junction in view.junctions:
        worst: list[tuple[float, int]] = []
        for approach in junction.approaches:
            own: list[tuple[float, int]] = []
            for group in view.lane_groups(approach):
                vehicles = sum(view.demand.get(movement, 0) for movement in group.movements)
                own.append((group.saturation, vehicles))
                yield from (Value(f"movement:{name}", *own[-1]) for name in group.movements)
            if own:
                worst.append(max(own))
                yield Value(f"approach:{approach.id}", *max(own))
        if worst:
            yield Value(f"junction:{junction.id}", *max(worst))
