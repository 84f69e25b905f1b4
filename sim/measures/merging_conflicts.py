"""Merging conflicts, of a sample of travellers."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.conflicting import OBSERVED, SOURCE, conflicts
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="merging_conflicts",
    name={"zh": "合流冲突", "en": "Merging conflicts"},
    definition={
        "zh": "每千名被观察的出行者与合流车辆的冲突数（TTC、DRAC 或 PET 越过阈值）。" + OBSERVED["zh"],
        "en": "Conflicts with vehicles that merge, "
        "per 1000 travellers observed (TTC, DRAC or PET beyond its threshold). " + OBSERVED["en"],
    },
    unit="1/1000 veh",
    direction="none",
    decimals=1,
    mcid_abs=float("nan"),
    mcid_rel=0.2,
    formula="c = 1000 n_merging / N, N travellers of K observed",
    source=SOURCE,
    interval="bootstrap",
    asked="conflicts",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the rate in the network and at each measured junction."""
    yield from conflicts(view, "merging")
