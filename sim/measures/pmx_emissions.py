"""Particles emitted (exhaust)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.emitted import SOURCE, WAITING, total
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="pmx_emissions",
    name={"zh": "颗粒物排放量（尾气）", "en": "Particles emitted (exhaust)"},
    definition={
        "zh": "评价时段内计划出发的全部车辆自进入路网至到达的尾气颗粒物之和。" + WAITING["zh"],
        "en": "Particles emitted by the exhaust, summed over all vehicles that wanted "
        "to leave in the window. " + WAITING["en"],
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
