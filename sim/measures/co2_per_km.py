"""CO2 per vehicle-kilometre."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sim.measures.base import RunView, Value, groups
from sim.measures.emitted import SOURCE, WAITING, emitting
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="co2_per_km",
    name={"zh": "单位里程 CO2 排放", "en": "CO2 per vehicle-kilometre"},
    definition={
        "zh": "CO2 排放量除以行驶里程，按车辆类别分列。" + WAITING["zh"],
        "en": "CO2 emitted over distance driven, by vehicle class too. " + WAITING["en"],
    },
    unit="g/(veh·km)",
    direction="lower",
    decimals=0,
    mcid_abs=float("nan"),
    mcid_rel=0.05,
    formula="e = sum_{i in K} CO2_i / sum_{i in K} route_i",
    source=SOURCE,
    asked="emissions",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the ratio over the cohort, its vehicle classes and its purposes; NaN where nobody drove."""
    trips = emitting(view)
    for scope, part in groups(trips) if len(trips) else ():
        driven_km = float(part["route_m"].sum()) / 1000
        yield Value(scope, float(part["co2_g"].sum()) / driven_km if driven_km else math.nan, len(part))
