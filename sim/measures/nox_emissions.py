"""NOx emitted."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.emitted import SOURCE, WAITING, total
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="nox_emissions",
    name={"zh": "NOx 排放量", "en": "NOx emitted"},
    definition={
        "zh": "评价时段内计划出发的全部车辆自进入路网至到达的氮氧化物排放量之和。" + WAITING["zh"],
        "en": "Nitrogen oxides emitted, summed over all vehicles that wanted "
        "to leave in the window. " + WAITING["en"],
    },
    unit="g",
    direction="lower",
    decimals=1,
    mcid_abs=float("nan"),
    mcid_rel=0.05,
    formula="E = sum_{i in K} NOx_i / 10^3, NOx_i in mg",
    source=SOURCE,
    asked="emissions",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the sum over the cohort, its vehicle classes and its purposes."""
    yield from total(view, "nox_g")
