"""Parking supply (泊位数)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.parking_use import areas
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="parking_stalls",
    name={"zh": "泊位数", "en": "Parking stalls"},
    definition={
        "zh": "方案中各停车场的泊位数及其合计；用于按泊位计算效益。",
        "en": "Stalls of every parking area of an arm and their sum; what a gain per stall is divided by.",
    },
    unit="",
    direction="none",
    decimals=0,
    mcid_abs=0.5,
    mcid_rel=float("nan"),
    formula="sum of stalls over the areas of the arm",
    source="the site's facts and the policy's edits",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the sum and every area, where there are any."""
    found = list(areas(view))
    for name, area in found:
        yield Value(f"parking:{name}", float(area.stalls), area.stalls)
    if found or view.site.parking:
        stalls = sum(area.stalls for _, area in found)
        yield Value("network", float(stalls), stalls)
