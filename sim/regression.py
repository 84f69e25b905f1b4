"""Have results drifted? A named set of studies against accepted values, by equivalence on paired seeds.

`results/baselines/set.yaml` names the set: id -> scenario and overrides. `results/baselines/<id>.csv` holds
what was accepted: one row per arm, period, replicate and measure of the whole network. Equality would fail
with every new compiler; so the mean paired difference has to lie, with its 90 % interval (two one-sided tests
at 5 %), inside a quarter of the smallest change that matters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from sim.errors import ConfigError, Problem
from sim.labels import Message
from sim.measures.spec import MeasureSpec
from sim.tables import typed

KEYS: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "measure": "string",
    "replicate": "int64",
    "value": "float64",
}
"""Of a baseline."""
SHARE = 0.25
"""A drift of a quarter of what would matter is far from turning a verdict."""
ALPHA = 0.05


def network_values(measures: pd.DataFrame, specs: Mapping[str, MeasureSpec]) -> pd.DataFrame:
    """Return of a study's measures what a baseline holds: columns `KEYS`, sorted.

    Those of the whole network for which it is said what change matters.
    """
    known = [name for name, spec in specs.items() if not math.isnan(_bound(spec, 1.0))]
    rows = measures[(measures["scope"] == "network") & measures["measure"].isin(known)]
    rows = rows[list(KEYS)].dropna(subset="value").sort_values(["arm", "period", "measure", "replicate"])
    return typed(rows.reset_index(drop=True), KEYS)


def drift(accepted: pd.DataFrame, found: pd.DataFrame, specs: Mapping[str, MeasureSpec]) -> pd.DataFrame:
    """Compare two tables of columns `KEYS`, pair by pair.

    Returns
    -------
    pd.DataFrame
        One row per arm, period and measure: `accepted` and `found` (means), `difference` with `ci_low` and
        `ci_high` (90 %), `bound`, `n_pairs`, and `state`: ``same`` (every pair equal to six digits),
        ``equivalent``, ``drifted`` or ``missing`` (no longer found). What was never accepted, say a new
        measure, is left out.
    """
    keys = ["arm", "period", "measure"]
    both = accepted.merge(found, on=[*keys, "replicate"], how="left", suffixes=("_accepted", "_found"))
    rows = []
    for key, pairs in both.groupby(keys, sort=True):
        arm, period, measure = key
        rows.append({"arm": arm, "period": period, "measure": measure, **_row(pairs, specs[str(measure)])})
    return pd.DataFrame(rows)


def _row(pairs: pd.DataFrame, spec: MeasureSpec) -> dict[str, Any]:
    before, after = (pairs[f"value_{side}"].to_numpy(float) for side in ("accepted", "found"))
    differences = after - before
    n = len(differences)
    mean = float(np.mean(differences))
    low = high = mean
    bound = SHARE * _bound(spec, float(np.mean(before)))
    if np.isnan(differences).any():
        state = "missing"
    elif np.allclose(before, after, rtol=1e-6, atol=1e-6):
        state = "same"
    else:
        error = float(np.std(differences, ddof=1)) / math.sqrt(n) if n > 1 else math.inf
        half = float(stdtrit(n - 1, 1 - ALPHA)) * error
        low, high = mean - half, mean + half
        state = "equivalent" if -bound < low and high < bound else "drifted"
    return {
        "accepted": float(np.mean(before)),
        "found": float(np.mean(after)),
        "difference": mean,
        "ci_low": low,
        "ci_high": high,
        "bound": bound,
        "n_pairs": n,
        "state": state,
    }


def _bound(spec: MeasureSpec, level: float) -> float:
    """Return the smallest change that matters at a level; NaN where nobody has said."""
    parts = [spec.mcid_abs, spec.mcid_rel * abs(level)]
    return max((part for part in parts if not math.isnan(part)), default=math.nan)


def read_baseline(path: Path) -> pd.DataFrame:
    """Read what was accepted; ConfigError where there is nothing yet."""
    if not path.is_file():
        raise ConfigError(
            [Problem(str(path), Message("no accepted values yet"), Message("huandu regress --accept"))]
        )
    return typed(pd.read_csv(path), KEYS)


def write_baseline(values: pd.DataFrame, path: Path) -> None:
    """Write what a person accepts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values.to_csv(path, index=False, float_format="%.9g", lineterminator="\n")
