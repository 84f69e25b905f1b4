"""Pairs: one replicate of one period, run in the baseline and in an arm; and those that could not be formed.

Nothing is dropped in silence: a pair that lacks a value is listed by `missing_pairs`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.measures.spec import MeasureSpec
from sim.tables import FINDINGS, MEASURES, typed

BASELINE = "baseline"

MISSING: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "measure": "string",
    "scope": "string",
    "replicate": "int64",
    "before": "string",  # '', no_run, not_observed
    "after": "string",
}
"""One row per pair that could not be formed, and what each side lacked."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """One row of the comparison before any statistics; arrays run over `replicates`."""

    arm: str
    period: str
    measure: str
    scope: str
    replicates: tuple[int, ...]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    before_ran: NDArray[np.bool_]
    after_ran: NDArray[np.bool_]

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Where both sides have a value."""
        return ~np.isnan(self.before) & ~np.isnan(self.after)


def missing_pairs(
    measures: pd.DataFrame,
    findings: pd.DataFrame,
    specs: Mapping[str, MeasureSpec],
    *,
    primary: str,
    primary_scope: str = "network",
    replicates: Sequence[int] | None = None,
) -> pd.DataFrame:
    """List the pairs that `compare`, given the same tables, could not form; columns `MISSING`, sorted."""
    rows = [
        (
            pairs.arm,
            pairs.period,
            pairs.measure,
            pairs.scope,
            pairs.replicates[i],
            _lacks(pairs.before[i], bool(pairs.before_ran[i])),
            _lacks(pairs.after[i], bool(pairs.after_ran[i])),
        )
        for pairs in all_pairs(measures, findings, specs, (primary, primary_scope), replicates)
        for i in np.flatnonzero(~pairs.complete)
    ]
    return typed(pd.DataFrame(rows, columns=list(MISSING)), MISSING)


def all_pairs(
    measures: pd.DataFrame,
    findings: pd.DataFrame,
    specs: Mapping[str, MeasureSpec],
    primary: tuple[str, str],
    replicates: Sequence[int] | None,
) -> Iterator[Pairs]:
    """Yield every row of the comparison in order; the primary's row exists even where every run failed."""
    table, failed = typed(measures, MEASURES), typed(findings, FINDINGS)
    _check_measures(table, specs)
    runs = table[["arm", "period", "replicate"]].drop_duplicates()
    both = pd.concat([runs, failed[["arm", "period", "replicate"]].drop_duplicates()])
    planned = tuple(sorted({int(r) for r in (both["replicate"] if replicates is None else replicates)}))
    ran = set(runs.itertuples(index=False, name=None))
    spare = set(runs["replicate"]) - set(planned)
    if spare:
        raise ValueError(f"measures of replicates that were not planned: {sorted(spare)}")
    # Not pivot_table: that drops rows without any value.
    wide = table.pivot(  # noqa: PD010
        index=["arm", "period", "measure", "scope"], columns="replicate", values="value"
    )
    values = wide.reindex(columns=list(planned)).to_numpy(dtype=float)
    line = {key: number for number, key in enumerate(wide.index)}
    nothing = np.full(len(planned), math.nan)
    what: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for arm, period, measure, scope in line:
        what.setdefault((arm, period), set()).add((measure, scope))

    for arm in sorted(set(both["arm"]) - {BASELINE}):
        for period in sorted(set(both["period"])):
            known = what.get((BASELINE, period), set()) | what.get((arm, period), set()) | {primary}
            sides_ran = [
                np.array([(side, period, replicate) in ran for replicate in planned], dtype=bool)
                for side in (BASELINE, arm)
            ]
            for measure, scope in sorted(known):
                before, after = (
                    values[line[key]] if (key := (side, period, measure, scope)) in line else nothing
                    for side in (BASELINE, arm)
                )
                yield Pairs(arm, period, measure, scope, planned, before, after, *sides_ran)


def _check_measures(table: pd.DataFrame, specs: Mapping[str, MeasureSpec]) -> None:
    key = ["arm", "period", "replicate", "measure", "scope"]
    unknown = set(table["measure"].unique()) - set(specs)
    if unknown:
        raise ValueError(f"no MeasureSpec for {sorted(unknown)}")
    twice = table[table.duplicated(key)]
    if len(twice):
        raise ValueError(f"{len(twice)} rows of measures occur twice, the first: {tuple(twice[key].iloc[0])}")
    endless = table[np.isinf(table["value"].to_numpy(dtype=float))]
    if len(endless):
        raise ValueError(f"{len(endless)} values are infinite, the first: {tuple(endless[key].iloc[0])}")


def _lacks(value: float, ran: bool) -> str:
    if not math.isnan(value):
        return ""
    return "not_observed" if ran else "no_run"
