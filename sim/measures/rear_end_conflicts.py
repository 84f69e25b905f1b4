"""Rear-end conflicts, of a sample of travellers."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.conflicting import OBSERVED, SOURCE, conflicts
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="rear_end_conflicts",
    name={"zh": "追尾冲突", "en": "Rear-end conflicts"},
    definition={
        "zh": "每千名被观察的出行者与前车的冲突数（TTC 或 DRAC 越过阈值），车速低于 2 m/s 的走停不计。"
        + OBSERVED["zh"],
        "en": "Conflicts with the vehicle ahead, "
        "per 1000 travellers observed (TTC or DRAC beyond its threshold); closing up in a queue below 2 m/s "
        "is left out. " + OBSERVED["en"],
    },
    unit="1/1000 veh",
    direction="none",
    decimals=1,
    mcid_abs=float("nan"),
    mcid_rel=0.2,
    formula="c = 1000 n_rear_end / N, N travellers of K observed",
    source=SOURCE,
    interval="bootstrap",
    asked="conflicts",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the rate in the network and at each measured junction."""
    yield from conflicts(view, "rear_end")
