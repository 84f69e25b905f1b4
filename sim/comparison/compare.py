"""Baseline against every arm, replicate by replicate: the comparison table and its verdicts.

Tables in, tables out; the statistics are in `inference`. A pair is one replicate of one period run in
the baseline and in an arm. Nothing is dropped in silence: a pair that lacks a value is listed by
`missing_pairs`, counted out of ``n_pairs`` and raises the row's gate; one that lacks it on one side only
also counts as censored on that side, because what could not be observed may be exactly what stood still.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.comparison import inference
from sim.comparison.pairs import BASELINE, Pairs, all_pairs
from sim.comparison.shape import shape
from sim.errors import Problems, near
from sim.labels import Message
from sim.measures.spec import MeasureSpec
from sim.tables import FINDINGS, PLACEBO, typed

SEVERITIES = ("", "caution", "lower_bound", "invalid")
"""Gates from none to worst; only ``invalid`` removes a verdict."""

COMPARISON: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "measure": "string",
    "scope": "string",
    "unit": "string",
    "direction": "string",
    "before": "float64",  # mean over the pairs
    "after": "float64",
    "sd_before": "float64",  # between replicates
    "sd_after": "float64",
    "difference": "float64",  # mean of after - before
    "ci_low": "float64",
    "ci_high": "float64",
    "relative": "float64",  # difference / |before|, a fraction
    "relative_ci_low": "float64",
    "relative_ci_high": "float64",
    "mcid": "float64",  # smallest change that matters
    "n_pairs": "int64",
    "p": "float64",  # two-sided, unadjusted
    "p_holm": "float64",  # primary measure only
    "floor_low": "float64",  # the blank control's interval; NaN without one
    "floor_high": "float64",
    "within_noise": "bool",  # the interval overlaps the blank control's
    "no_harm": "bool",  # harm of the size that matters is ruled out
    "shape": "string",  # what is odd about the pairs: tokens of `shape`, separated by commas
    "gate": "string",
    "verdict": "string",
}
"""One row per arm (without the baseline and the blank control), period, measure and scope."""


def compare(
    measures: pd.DataFrame,
    findings: pd.DataFrame,
    specs: Mapping[str, MeasureSpec],
    *,
    primary: str,
    primary_scope: str = "network",
    confidence: float = 0.95,
    replicates: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Compare every arm with the baseline.

    `before` and `after` are means over complete pairs, so that ``difference = after - before``; without any
    pair they are each side's own mean and there is no difference. `mcid` follows from `before`. Intervals:
    paired t or bootstrap as the measure says; relative change by Fieller or bootstrap of the ratio, NaN
    ends where it is unbounded.

    ``gate`` is the worst severity that applies to the row: findings of the baseline or the arm in that
    period, about the whole run or about exactly this scope, in any replicate. One ``invalid`` replicate
    makes the row ``not_comparable``: dropping it would drop the gridlock. Added here: ``caution`` where a
    pair is missing, where two sides differ although neither varies between replicates, where the pairs fall
    into two groups, or where they have an outlier or a long tail and the interval is a t interval
    (`sim.comparison.shape`); ``lower_bound`` where a value is missing on one side only.

    The arm `PLACEBO`, if there is one, is the blank control: it has no rows of its own; its interval is the
    floor of every other arm's row. A row whose interval overlaps it is ``within_noise``: it cannot be told
    from chance. That is said beside the verdict, which rests on the row's own interval alone.

    ``p_holm`` is Holm's adjusted two-sided p-value. The family is every arm x period of the one declared
    primary measure at `primary_scope`, rows that could not be tested included in its size; NaN in all other
    rows. It describes the values as seen, censored or not; verdicts rest on each row's own interval
    (`inference.verdict`), not on p.

    Parameters
    ----------
    measures
        Columns `tables.MEASURES`; value NaN means not observed. The baseline's arm is `BASELINE`.
    findings
        Columns `tables.FINDINGS`, scope ``''`` for the whole run; severities as in `SEVERITIES`.
    specs
        One per measure that occurs.
    primary, primary_scope
        The one declared primary measure and where it is read.
    confidence
        Of the two-sided intervals; TOST uses ``2 * confidence - 1``.
    replicates
        The replicates planned, equal in all arms and periods; by default all that occur in either table.

    Returns
    -------
    pd.DataFrame
        Columns `COMPARISON`, sorted by arm, period, measure, scope; independent of the order of the input's
        rows.

    Raises
    ------
    ConfigError
        If `primary` is unknown or has no direction, or `confidence` lies outside (0.5, 1).
    ValueError
        If a table breaks its contract: columns, duplicate rows, infinite values, unknown measures or
        severities, replicates outside the plan.
    """
    _check_question(specs, primary, confidence)
    rows, p_values = [], []
    severities = _severities(findings)
    for pairs in all_pairs(measures, findings, specs, (primary, primary_scope), replicates):
        row, p = _row(pairs, specs[pairs.measure], severities, confidence)
        rows.append(row)
        p_values.append(p)
    table = typed(pd.DataFrame(rows, columns=list(COMPARISON)), COMPARISON)
    table["p"] = np.asarray(p_values, dtype=float)
    table = _beside_the_floor(table)
    family = ((table["measure"] == primary) & (table["scope"] == primary_scope)).to_numpy(dtype=bool)
    adjusted = np.full(len(table), math.nan)
    adjusted[family] = inference.holm(table["p"].to_numpy(dtype=float)[family])
    table["p_holm"] = adjusted
    return table


def _beside_the_floor(table: pd.DataFrame) -> pd.DataFrame:
    """Take the blank control's rows out and write their intervals beside those of the arms."""
    where = ["period", "measure", "scope"]
    own = (table["arm"] == PLACEBO).to_numpy(dtype=bool)
    valid = own & (table["verdict"] != "not_comparable").to_numpy(dtype=bool)
    floor = table[valid].set_index(where)[["ci_low", "ci_high"]]
    arms = table[~own].reset_index(drop=True)
    ends = floor.reindex(pd.MultiIndex.from_frame(arms[where]))
    arms["floor_low"], arms["floor_high"] = ends["ci_low"].to_numpy(), ends["ci_high"].to_numpy()
    low, high = arms["ci_low"] <= arms["floor_high"], arms["floor_low"] <= arms["ci_high"]
    arms["within_noise"] = (low & high).to_numpy(dtype=bool)
    return arms


def _check_question(specs: Mapping[str, MeasureSpec], primary: str, confidence: float) -> None:
    problems = Problems()
    directed = [name for name, spec in specs.items() if spec.direction != "none"]
    if primary not in specs:
        problems.add(
            "primary", Message("there is no measure {primary!r}", primary=primary), near(primary, directed)
        )
    elif primary not in directed:
        problems.add(
            "primary",
            Message(
                "measure {primary!r} has no direction, so nothing could be better or worse by it",
                primary=primary,
            ),
            near(primary, directed),
        )
    if not 0.5 < confidence < 1:  # noqa: PLR2004
        problems.add(
            "confidence",
            Message("{confidence} is not between 0.5 and 1", confidence=confidence),
            Message("the usual value is 0.95"),
        )
    problems.raise_if_any()


def _severities(findings: pd.DataFrame) -> dict[tuple[str, str, str], set[str]]:
    """Return the severities found per (arm, period, scope)."""
    table = typed(findings, FINDINGS)
    unknown = set(table["severity"].unique()) - set(SEVERITIES[1:])
    if unknown:
        raise ValueError(f"findings have unknown severities: {sorted(unknown)}")
    found: dict[tuple[str, str, str], set[str]] = {}
    once = table[["arm", "period", "scope", "severity"]].drop_duplicates()
    for arm, period, scope, severity in once.itertuples(index=False, name=None):
        found.setdefault((arm, period, scope), set()).add(severity)
    return found


def _row(
    pairs: Pairs,
    spec: MeasureSpec,
    severities: Mapping[tuple[str, str, str], set[str]],
    confidence: float,
) -> tuple[dict[str, object], float]:
    """Return one row of the comparison, its p_holm still empty, and its unadjusted p-value."""
    complete = pairs.complete
    n = int(complete.sum())
    before, after = (side[complete] if n else side[~np.isnan(side)] for side in (pairs.before, pairs.after))
    x, y = (before, after) if n else (np.empty(0), np.empty(0))
    if spec.interval == "bootstrap":
        estimate = inference.paired_bootstrap(y - x, confidence)
        relative = inference.relative_bootstrap(x, y, confidence)
    else:
        estimate = inference.paired_t(y - x, confidence)
        relative = inference.relative_fieller(x, y, confidence)
    mean_before, mean_after = _mean(before), _mean(after)
    sd_before, sd_after = inference.standard_deviation(before), inference.standard_deviation(after)
    mcid = spec.mcid(mean_before)

    found, censored = _gates(pairs, spec, severities)
    if sd_before == 0 and sd_after == 0 and estimate.difference != 0:
        found.add("caution")
    odd = shape(y - x, x, y)
    if "two_groups" in odd or (odd and spec.interval == "t"):
        found.add("caution")
    valid = "invalid" not in found
    row = {
        "arm": pairs.arm,
        "period": pairs.period,
        "measure": pairs.measure,
        "scope": pairs.scope,
        "unit": spec.unit,
        "direction": spec.direction,
        "before": mean_before,
        "after": mean_after,
        "sd_before": sd_before,
        "sd_after": sd_after,
        "difference": estimate.difference,
        "ci_low": estimate.ci_low,
        "ci_high": estimate.ci_high,
        "relative": relative[0],
        "relative_ci_low": relative[1],
        "relative_ci_high": relative[2],
        "mcid": mcid,
        "n_pairs": n,
        "p": math.nan,
        "p_holm": math.nan,
        "floor_low": math.nan,
        "floor_high": math.nan,
        "within_noise": False,
        "no_harm": valid
        and n >= inference.MINIMUM_PAIRS
        and "after" not in censored
        and inference.no_harm(estimate, mcid, spec.direction),
        "shape": ",".join(odd),
        "gate": max(found, key=SEVERITIES.index, default=""),
        "verdict": inference.verdict(estimate, mcid, spec.direction, n, lower_bound=censored, valid=valid),
    }
    return row, estimate.p if valid else math.nan


def _gates(
    pairs: Pairs, spec: MeasureSpec, severities: Mapping[tuple[str, str, str], set[str]]
) -> tuple[set[str], set[inference.Side]]:
    """Return the severities that apply to a row, and the sides on which its values are censored."""
    found: set[str] = set() if pairs.complete.all() else {"caution"}
    censored: set[inference.Side] = set()
    both_ran = pairs.before_ran & pairs.after_ran
    sides: tuple[tuple[inference.Side, str, NDArray[np.float64], NDArray[np.float64]], ...] = (
        ("before", BASELINE, pairs.before, pairs.after),
        ("after", pairs.arm, pairs.after, pairs.before),
    )
    for side, arm, own, other in sides:
        its = {
            severity
            for scope in ("", pairs.scope)
            for severity in severities.get((arm, pairs.period, scope), ())
        }
        # Seen in the other arm's run of the same demand but not in this one. Without any complete pair the
        # object itself is missing (a new car park, a closed movement): no verdict can rest on it anyway.
        vanished = pairs.complete.any() and (both_ran & np.isnan(own) & ~np.isnan(other)).any()
        if vanished:
            its.add("lower_bound")
        if vanished or ("lower_bound" in its and spec.censoring == "optimistic"):
            censored.add(side)
        found |= its
    return found, censored


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else math.nan
