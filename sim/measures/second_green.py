"""Waited for a second green (二次排队率)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec
from sim.measures.stop_lines import in_window, shares, stop_lines

SPEC = MeasureSpec(
    id="second_green",
    name={"zh": "二次排队率", "en": "Waited for a second green"},
    definition={
        "zh": "评价时段内到达停车线的车辆中，等到本流向第二次及以后绿灯启亮才通过（或至仿真结束仍未通过）的"
        "比例，即一个周期未能放完的车辆。始终放行的流向不计。",
        "en": "Share of the vehicles that came to the stop line in the window which saw their green begin "
        "twice or more before they passed, or had not passed by the end: what one cycle could not let "
        "through. Movements that are green all the time are left out.",
    },
    unit="",
    direction="lower",
    of_network=False,
    decimals=2,
    mcid_abs=0.02,
    mcid_rel=float("nan"),
    formula="vehicles with two or more starts of green in (reached_s, passed_s] / vehicles",
    source="HCM cycle failure (from memory), counted by vehicle; 二次排队 in Chinese practice",
    interval="t",
    asked="stop_lines",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the share of every movement that sees red, of its approach and junction."""
    hits = {}
    for name, line in stop_lines(view).items():
        inside = in_window(view, line)
        hits[name] = line.greens_between(line.reached_s[inside], line.passed_s[inside]) > 1
    yield from shares(view, hits)
