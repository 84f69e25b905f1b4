"""Pedestrian delay from the signal plan alone (行人过街延误,解析), for legs without a simulated crossing."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec
from sim.signals.greens import seconds
from sim.signals.program import SignalProgram
from sim.site.network import Approach

SPEC = MeasureSpec(
    id="pedestrian_delay_analytic",
    name={"zh": "行人过街平均延误（解析）", "en": "Pedestrian delay (analytic)"},
    definition={
        "zh": "由配时计算，并非仿真：用于模型中没有人行横道的进口，假定行人在该进口的车流及驶入该进口道路的"
        "直行、左转车流均无保护绿灯和黄灯时通行，随机到达；右转车让行人。仅用于定时信号。",
        "en": "Calculated from the plan, not simulated, for legs that have no crossing in the model: "
        "pedestrians are assumed to arrive at random and to walk while no through, left or U-turn movement "
        "out of or into the leg has protected green or yellow; right turns give way. Fixed-time signals "
        "only.",
    },
    unit="s/ped",
    direction="lower",
    of_network=False,
    decimals=1,
    mcid_abs=2.0,
    mcid_rel=0.05,
    formula="d = (C - g)^2 / (2 C)",
    source="HCM 2000 ch. 18 (from memory)",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the delay of every signalised leg without a crossing, if the plan ever lets pedestrians walk."""
    for approach in view.approaches.values():
        signal = next((c.signal for m in approach.movements for c in m.connections if c.signal), None)
        programs = view.greens.running(signal) if signal and approach.crossing is None else None
        if signal is None or programs is None:
            continue
        against = tuple(view.greens.links(signal, _conflicting(view, approach)))
        walks_s = [_walk_s(program, against) for program, _ in programs]
        if all(walks_s):
            delay_s = sum(
                share * (program.cycle_s - walk_s) ** 2 / (2 * program.cycle_s)
                for (program, share), walk_s in zip(programs, walks_s, strict=True)
            )
            yield Value(f"approach:{approach.id}", delay_s, 0)


def _walk_s(program: SignalProgram, against: tuple[int, ...]) -> float:
    """Seconds of the cycle in which none of the links `against` has protected green or yellow."""
    return seconds(program, lambda state: all(state[link] not in "Gy" for link in against))


def _conflicting(view: RunView, approach: Approach) -> set[str]:
    """Keys of the connections out of and into the leg that cross the pedestrians' way, right turns apart."""
    node = view.network.junctions[approach.junction].node
    return {
        connection.key
        for connection in view.network.connections
        if connection.direction != "right"
        and view.network.edges[connection.from_edge].to_node == node
        and (connection.from_edge == approach.edge or connection.to_edge == approach.exit_edge)
    }
