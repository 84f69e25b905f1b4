"""Particles emitted (abrasion included)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.emitted import SOURCE, WAITING, total
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="pmx_emissions",
    name={"zh": "颗粒物排放量（含磨损）", "en": "Particles emitted (abrasion included)"},
    definition={
        "zh": "计划在评价时段出发的全部车辆的颗粒物之和，含轮胎、制动和路面磨损：小汽车几乎全为磨损。"
        + WAITING["zh"],
        "en": "Particles of exhaust, tyres, brakes and road, summed over all vehicles that wanted to leave "
        "in the window. Those of modern cars are nearly all abrasion and follow distance. " + WAITING["en"],
    },
    unit="g",
    direction="lower",
    decimals=2,
    mcid_abs=float("nan"),
    mcid_rel=0.05,
    formula="E = sum_{i in K} PMx_i / 10^3, PMx_i in mg",
    source=SOURCE,
    asked="emissions",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the sum over the cohort, its vehicle classes and its purposes."""
    yield from total(view, "pmx_g")
