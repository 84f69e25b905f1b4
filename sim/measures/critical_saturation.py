"""Critical degree of saturation of a junction (关键流向饱和度)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec
from sim.signals.streams import StageRoom, TimingProblem, streams_of
from sim.signals.webster import critical

SPEC = MeasureSpec(
    id="critical_saturation",
    name={"zh": "关键流向饱和度", "en": "Critical degree of saturation"},
    definition={
        "zh": "现周期内绿灯在关键流向之间分配得再好也达到的饱和度：关键流向流量比之和 Y 乘以周期，除以周期"
        "与损失时间之差。高于 1 时任何绿信比都放不完，低于最大车道组饱和度时重新分配绿灯有余地。为计算值，"
        "假定同“饱和度（最大车道组）”，但让行左转按对向间隙计通行能力。仅用于全时段只运行一个定时方案的信号"
        "。",
        "en": "The degree of saturation that the critical movements would have with the green of this "
        "cycle shared out as well as can be: the sum Y of their flow ratios times the cycle, over the "
        "cycle less lost time. Above 1 no split serves everybody; below the worst lane group's, another "
        "split would. Calculated, with the assumptions of the worst lane group's, but a left turn that "
        "gives way has the capacity of gaps. Signals with one fixed-time program in the window only.",
    },
    unit="",
    direction="lower",
    of_network=False,
    decimals=2,
    mcid_abs=0.05,
    mcid_rel=float("nan"),
    formula="X_c = Y C / (C - L); Y and L of the critical streams (sim/signals/webster.py)",
    source="HCM ch. 19 critical intersection v/c ratio X_c (from memory)",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the value of every junction whose signal runs one fixed-time program."""
    if view.discharge is None:
        return
    for junction in view.junctions:
        running = view.greens.running(junction.signal) if junction.signal is not None else None
        if running is None or len(running) != 1:
            continue
        program = running[0][0]
        streams = streams_of(program, view.network, view.demand_pcuph, view.discharge)
        stages = program.stages()
        fixed_s = program.cycle_s - sum(stage.green_s for stage in stages)
        rooms = tuple(StageRoom(stage.name, stage.green_s, 0.0) for stage in stages)
        if not streams or len(stages) == 1:
            continue
        found = critical(TimingProblem(rooms, streams, fixed_s), program.cycle_s)
        left_s = program.cycle_s - found.lost_s
        vehicles = sum(view.demand.get(m.id, 0) for a in junction.approaches for m in a.movements)
        if left_s > 0 and found.flow_ratio > 0:
            yield Value(f"junction:{junction.id}", found.flow_ratio * program.cycle_s / left_s, vehicles)
