"""Studies that stop when sure, with a known truth: look by look, as `huandu run` goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from sim.comparison.compare import compare
from sim.comparison.pairs import BASELINE
from sim.comparison.replication import LOOKS, confidence_at_looks, reason_to_stop
from sim.tables import PLACEBO
from tests.comparison_tables import findings_table, spec

DIRECTIONAL = {"improved", "improved_uncertain", "worse", "worse_uncertain"}
MCID = 3.0

Values = Callable[[str, np.ndarray, int, int], np.ndarray]
"""Arm, studies, first replicate and the one after the last, from 0 -> values, a row per study."""


def stopped(differences: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Return per study (rows) the number of pairs at its stop, and the half-width there."""
    n_stop = np.zeros(len(differences), dtype=int)
    half = np.full(len(differences), np.nan)
    for n in LOOKS:
        t = stats.t.ppf((1 + confidence) / 2, n - 1)
        now = t * differences[:, :n].std(axis=1, ddof=1) / np.sqrt(n)
        for i in np.flatnonzero(n_stop == 0):
            if reason_to_stop([(float(now[i]), 0.5 * MCID)], n) is not None:
                n_stop[i], half[i] = n, now[i]
    return n_stop, half


def looked(count: int, arms: Sequence[str], values: Values, mcid: float) -> pd.DataFrame:
    """Run studies look by look through the real comparison, each as a period; a row per study and policy."""
    measure = spec(mcid_abs=mcid, mcid_rel=0.0)
    going, done, before = np.arange(count), [], 0
    seen = {arm: np.full((count, LOOKS[-1]), np.nan) for arm in arms}
    for n in LOOKS:
        for arm in arms:
            seen[arm][going, before:n] = values(arm, going, before, n)
        before = n
        index = pd.MultiIndex.from_product(
            [[f"{i:04d}" for i in going], range(n)], names=["period", "replicate"]
        )
        parts = [
            pd.DataFrame({"value": own[going, :n].ravel()}, index=index).reset_index().assign(arm=arm)
            for arm, own in seen.items()
        ]
        table = pd.concat(parts).assign(measure="delay_s", scope="network", n=100)
        rows = compare(
            table,
            findings_table(),
            {"delay_s": measure},
            primary="delay_s",
            confidence=confidence_at_looks(0.95),
        )
        half = (rows["ci_high"] - rows["ci_low"]) / 2
        stop = np.array([reason_to_stop([(float(h), 0.5 * mcid)], n) is not None for h in half], dtype=bool)
        done.append(rows[stop])
        going = going[~stop]
        if not going.size:
            break
    return pd.concat(done)


def studies(seed: int, count: int, shift: float, spreads: list[float]) -> pd.DataFrame:
    """Run synthetic studies of one policy with a blank control; the spread of a difference is given."""
    rng = np.random.default_rng(seed)
    most = LOOKS[-1]
    noise = np.resize(spreads, count)[:, None] / np.sqrt(2)
    demand = rng.normal(60, 8, (count, most))
    drawn = {
        arm: demand + level + noise * rng.normal(size=(count, most))
        for arm, level in ((BASELINE, 0.0), ("arm", shift), (PLACEBO, 0.0))
    }

    def values(arm: str, going: np.ndarray, first: int, last: int) -> np.ndarray:
        return drawn[arm][going, first:last]

    return looked(count, list(drawn), values, MCID)
