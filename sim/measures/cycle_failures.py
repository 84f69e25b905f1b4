"""Cycle failures (周期未清空率): cycles whose queue did not get through in that cycle."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec
from sim.signals.program import GREEN
from sim.site.network import Approach

ROUNDING_S = 1e-6
"""Sums of floats differ by so much."""

SPEC = MeasureSpec(
    id="cycle_failures",
    name={"zh": "周期未清空率", "en": "Cycle failures"},
    definition={
        "zh": "评价时段内，车道最大排队车辆数多于该周期驶离车辆数的周期所占比例，"
        "按受信号控制的车道合计（二次排队）。排队按检测区间记录，仅当该区间恰为一个信号周期时计算；"
        "区间起点与绿灯起点不一定对齐，故为近似值。",
        "en": "Share of cycles in which a lane's longest queue held more vehicles than left the lane "
        "in that cycle, over the lanes that a signal holds up: somebody waited for a second "
        "green. Queues are recorded by interval, so this is known only where the interval is one "
        "cycle; it need not begin with the green, which makes it an approximation.",
    },
    unit="",
    direction="lower",
    of_network=False,
    decimals=2,
    mcid_abs=0.05,
    mcid_rel=float("nan"),
    formula="lane-cycles with jam_max > vehicles that left / lane-cycles",
    source="HCM cycle failure (from memory); 二次排队 in Chinese practice; formula of huandu",
    interval="bootstrap",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the share of every approach whose queue intervals are its signal's cycle, and of junctions."""
    rows = view.lane_queues
    of_approach = rows.groupby("approach").indices
    none = np.empty(0, dtype=np.int64)
    failing = (rows["jam_max_veh"] > rows["vehicles"]).to_numpy()
    lasts_s = (rows["end_s"] - rows["begin_s"]).to_numpy()
    lane_of = rows["lane"].to_numpy()
    for junction in view.junctions:
        failed = cycles = 0
        for approach in junction.approaches:
            cycle_s, lanes = _held_up(view, approach)
            own = np.asarray(of_approach.get(approach.id, none))
            own = own[np.isin(lane_of[own], lanes) & (np.abs(lasts_s[own] - cycle_s) < ROUNDING_S)]
            if len(own):
                count = int(failing[own].sum())
                yield Value(f"approach:{approach.id}", count / len(own), len(own))
                failed, cycles = failed + count, cycles + len(own)
        if cycles:
            yield Value(f"junction:{junction.id}", failed / cycles, cycles)


def _held_up(view: RunView, approach: Approach) -> tuple[float, list[int]]:
    """Cycle of the approach's signal and the lanes (1 at the median) that ever see red; NaN: no cycle."""
    links = [(c.from_lane, c.signal, c.link) for m in approach.movements for c in m.connections]
    signals = {signal for _, signal, _ in links if signal is not None}
    programs = view.greens.running(next(iter(signals))) if len(signals) == 1 else None
    if programs is None or len(programs) != 1:
        return math.nan, []
    program = programs[0][0]
    count = len(view.network.edges[approach.edge].lanes)
    red = {
        lane
        for lane, signal, link in links
        if signal is not None
        and link is not None
        and any(i.state[link] not in GREEN for i in program.intervals)
    }
    return program.cycle_s, sorted(count - lane for lane in red)
