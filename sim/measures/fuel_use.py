"""Fuel used."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.emitted import SOURCE, WAITING, total
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="fuel_use",
    name={"zh": "燃油消耗量", "en": "Fuel used"},
    definition={
        "zh": "评价时段内计划出发的全部车辆自进入路网至到达的燃油消耗之和。" + WAITING["zh"],
        "en": "Fuel used from entering until arriving, summed over all vehicles that wanted "
        "to leave in the window. " + WAITING["en"],
    },
    unit="kg",
    direction="lower",
    decimals=1,
    mcid_abs=float("nan"),
    mcid_rel=0.05,
    formula="F = sum_{i in K} fuel_i / 10^6, fuel_i in mg",
    source=SOURCE,
    asked="emissions",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the sum over the cohort, its vehicle classes and its purposes."""
    yield from total(view, "fuel_g", per=1000.0)
