"""Arrivals on green (绿灯到达率)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec
from sim.measures.stop_lines import in_window, shares, stop_lines

SPEC = MeasureSpec(
    id="arrivals_on_green",
    name={"zh": "绿灯到达率", "en": "Arrivals on green"},
    definition={
        "zh": "评价时段内，若排队不存在则恰在本流向绿灯期间到达停车线的车辆所占比例。到达时刻由驶入该进口路"
        "段的时刻加自由流行驶时间推算。不同流向合计按车辆数；始终放行的流向（如自由右转）不计。感应、自适应"
        "信号按实际灯色。",
        "en": "Share of vehicles that would have come to the stop line on green had nobody stood before "
        "them: the time at which they came onto the approach plus free-flow time. Movements together by "
        "vehicles; ones that are green all the time (a free right turn) are left out. Lights as they were "
        "shown, so of any kind of control.",
    },
    unit="",
    direction="higher",
    of_network=False,
    decimals=2,
    mcid_abs=0.05,
    mcid_rel=float("nan"),
    formula="vehicles with reached_s on green / vehicles with reached_s in the window",
    source="HCM proportion of vehicles arriving on green P (from memory); no name of GA/T 527.2 known",
    interval="t",
    asked="stop_lines",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the share of every movement that sees red, of its approach and junction."""
    lines = stop_lines(view)
    yield from shares(
        view, {name: line.green_at(line.reached_s[in_window(view, line)]) for name, line in lines.items()}
    )
