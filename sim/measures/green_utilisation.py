"""Green utilisation (绿灯利用率): how much of what the greens could discharge was discharged."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="green_utilisation",
    name={"zh": "绿灯利用率", "en": "Green utilisation"},
    definition={
        "zh": "评价时段内实际通过的当量交通量与有效绿灯所能通过的交通量之比；进口道和交叉口按通行能力加权。"
        "假定同饱和度（各车道取直行饱和流率，让行绿灯不计）。绿灯空放时低，接近 1 时绿灯用尽；本身无好坏"
        "之分。仅用于定时信号。",
        "en": "Traffic that passed in the window over what its effective green could discharge; "
        "approach and junction weighted by capacity. Assumptions as for the degree of saturation "
        "(every lane discharges like a straight one, green that gives way counts for nothing). "
        "Low where green runs empty, near 1 where all of it is used; neither is good in itself. "
        "Fixed-time signals only.",
    },
    unit="",
    direction="none",
    of_network=False,
    decimals=2,
    mcid_abs=0.05,
    mcid_rel=float("nan"),
    formula="sum of served pcu/h / sum of S N lambda, over lane groups; served vehicles taken as pcu in the "
    "proportion of the movement's demand",
    source="GA/T 527.2-2024 B.6 绿灯利用率 (name, second-hand); formula of huandu",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the share of every movement (its lane group's), approach and junction."""
    for junction in view.junctions:
        whole: list[tuple[float, float, int]] = []
        for approach in junction.approaches:
            own: list[tuple[float, float, int]] = []
            for group in view.lane_groups(approach):
                capacity_pcuph = group.demand_pcuph / group.saturation
                served_pcuph = sum(_served_pcuph(view, name) for name in group.movements)
                vehicles = sum(view.served_vehicles.get(name, 0) for name in group.movements)
                own.append((served_pcuph, capacity_pcuph, vehicles))
                share = served_pcuph / capacity_pcuph
                yield from (Value(f"movement:{name}", share, vehicles) for name in group.movements)
            if own:
                yield _weighted(f"approach:{approach.id}", own)
            whole += own
        if whole:
            yield _weighted(f"junction:{junction.id}", whole)


def _served_pcuph(view: RunView, movement: str) -> float:
    """Vehicles served as pcu/h, each as heavy as those who wanted to make the movement are on average."""
    wanted = view.demand.get(movement, 0)
    each_pcu = view.demand_pcuph[movement] * view.window_h / wanted if wanted else 1.0
    return view.served_vehicles.get(movement, 0) * each_pcu / view.window_h


def _weighted(scope: str, groups: list[tuple[float, float, int]]) -> Value:
    flows, capacities, vehicles = zip(*groups, strict=True)
    return Value(scope, sum(flows) / sum(capacities), sum(vehicles))
