"""Small tables for the tests of `sim.comparison.compare`: measures and findings written as literals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sim.measures.spec import MeasureSpec
from sim.tables import FINDINGS, MEASURES, empty, typed

Key = tuple[str, str, str, str]


def spec(measure: str = "delay_s", /, **changes: Any) -> MeasureSpec:
    """Return a measure in seconds, less is better, of which 2 s or 5 % matters."""
    fields: dict[str, Any] = {
        "id": measure,
        "name": {"zh": "延误", "en": "delay"},
        "definition": {"zh": "测试用", "en": "for tests"},
        "unit": "s/veh",
        "direction": "lower",
        "decimals": 1,
        "mcid_abs": 2.0,
        "mcid_rel": 0.05,
        "formula": "d",
        "source": "tests",
    }
    return MeasureSpec(**(fields | changes))


def measures_table(values: Mapping[Key, Sequence[float | None]]) -> pd.DataFrame:
    """Lay out values by (arm, period, measure, scope); replicates count from 1; None: the row is absent."""
    rows = [
        (arm, period, replicate, measure, scope, value, 0 if math.isnan(value) else 100)
        for (arm, period, measure, scope), series in values.items()
        for replicate, value in enumerate(series, start=1)
        if value is not None
    ]
    return typed(pd.DataFrame(rows, columns=list(MEASURES)), MEASURES) if rows else empty(MEASURES)


def findings_table(*rows: tuple[str, str, int, str, str, str]) -> pd.DataFrame:
    """Lay out findings: arm, period, replicate, finding, severity, scope."""
    full = [(*row, 1.0, 0.0) for row in rows]
    return typed(pd.DataFrame(full, columns=list(FINDINGS)), FINDINGS) if full else empty(FINDINGS)


def two_arms(before: Sequence[float | None], after: Sequence[float | None]) -> pd.DataFrame:
    """Lay out one measure of the whole network, baseline and one arm, one period."""
    return measures_table(
        {
            ("baseline", "am", "delay_s", "network"): before,
            ("retime", "am", "delay_s", "network"): after,
        }
    )
