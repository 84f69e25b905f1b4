"""Where congestion went (堵点转移), who paid for a better mean (分对象核查). Tables in, tables out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from sim.comparison import inference
from sim.comparison.pairs import BASELINE
from sim.measures.spec import Direction, MeasureSpec
from sim.tables import MEASURES, PLACEBO, empty, typed

FALSE_DISCOVERIES = 0.05
"""Share of the places called worse that may be called so by chance."""

DISPLACEMENT: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "kind": "string",  # movement, junction
    "scope": "string",
    "difference": "float64",  # control delay, s/veh
    "ci_low": "float64",
    "ci_high": "float64",
    "demand_vph": "float64",
    "delay_h_per_h": "float64",  # difference x demand / 3600
    "q": "float64",  # Benjamini-Hochberg within arm, period and kind
    "change": "string",  # better, worse, '' where neither can be told
}
"""One row per arm, period and place whose control delay was compared."""

CORDON: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "worse_places": "int64",
    "better_places": "int64",
    "lost_h_per_h": "float64",  # sum over movements that are worse
    "gained_h_per_h": "float64",  # sum over movements that are better, positive
    "net_h": "float64",  # change of everyone's door-to-door hours in the window: the fixed cordon
    "ci_low": "float64",
    "ci_high": "float64",
}
"""One row per arm and period: what is left of the benefit after displacement."""

PANEL: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "group": "string",  # main_road, side_road, worst_movement, pedestrians, buses
    "scope": "string",  # of the worst movement
    "measure": "string",
    "before": "float64",
    "after": "float64",
    "difference": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "n_pairs": "int64",
    "change": "string",  # better, worse, '' where neither can be told
    "mcid": "float64",  # smallest change that matters
    "starved": "bool",  # worse by what matters while the primary measure is improved
}
"""One row per arm, period and group of travellers, beside the mean."""

IMPROVED = ("improved", "improved_uncertain")

Change = Literal["better", "worse", ""]


def displacement(comparison: pd.DataFrame) -> pd.DataFrame:
    """List the movements and junctions whose control delay changed, false discoveries held to 5 %.

    `comparison`: columns `compare.COMPARISON`. Columns `DISPLACEMENT`, sorted; rows that may not be compared
    are left out.
    """
    told = comparison["verdict"] != "not_comparable"
    delay = comparison[(comparison["measure"] == "control_delay") & told]
    if delay.empty:
        return empty(DISPLACEMENT)
    flows = comparison[comparison["measure"] == "demand_flow"]
    flow = flows.set_index(["arm", "period", "scope"])["before"]
    kind = delay["scope"].str.split(":").str[0]  # `partition` of nothing has no columns
    table = delay[kind.isin(["movement", "junction"])].assign(kind=kind)
    where = list(zip(table["arm"], table["period"], table["scope"], strict=True))
    table = table.assign(
        demand_vph=[float(flow.get(key, math.nan)) for key in where],
        q=table.groupby(["arm", "period", "kind"])["p"].transform(inference.benjamini_hochberg),
    )
    found = (table["q"] <= FALSE_DISCOVERIES).to_numpy(dtype=bool)
    sign = np.sign(table["difference"].to_numpy(dtype=float))
    table = table.assign(
        delay_h_per_h=table["difference"] * table["demand_vph"] / 3600,
        change=np.where(found & (sign > 0), "worse", np.where(found & (sign < 0), "better", "")),
    )
    return typed(table[list(DISPLACEMENT)].sort_values(["arm", "period", "kind", "scope"]), DISPLACEMENT)


def cordon(displaced: pd.DataFrame, comparison: pd.DataFrame) -> pd.DataFrame:
    """Add up per arm and period what movements gained and lost, beside the total of the fixed cordon.

    The cordon is the whole model, the same in every arm: ``vehicle_hours`` of everyone who wanted to leave in
    the window, waiting to enter included, so nothing can be moved out of it. Columns `CORDON`.
    """
    totals = comparison[(comparison["measure"] == "vehicle_hours") & (comparison["scope"] == "network")]
    rows = []
    for total in totals.sort_values(["arm", "period"]).to_dict("records"):
        here = displaced[(displaced["arm"] == total["arm"]) & (displaced["period"] == total["period"])]
        places = here[here["kind"] == "movement"]
        worse, better = places[places["change"] == "worse"], places[places["change"] == "better"]
        rows.append(
            {
                "arm": total["arm"],
                "period": total["period"],
                "worse_places": len(worse),
                "better_places": len(better),
                "lost_h_per_h": float(worse["delay_h_per_h"].sum()),
                "gained_h_per_h": -float(better["delay_h_per_h"].sum()),
                "net_h": total["difference"],
                "ci_low": total["ci_low"],
                "ci_high": total["ci_high"],
            }
        )
    return typed(pd.DataFrame(rows, columns=list(CORDON)), CORDON)


def panel(
    measures: pd.DataFrame,
    comparison: pd.DataFrame,
    specs: Mapping[str, MeasureSpec],
    primary: str,
    confidence: float,
) -> pd.DataFrame:
    """Hold main road, side road, worst movement, pedestrians and buses beside the mean.

    An approach belongs to the main road if its demand before is at least the mean of its junction's
    approaches, else to the side road; control delay is weighted by the demand before. The worst movement is
    the one with the largest mean control delay after. ``starved``: that group is worse, by its smallest
    change that matters or more, while the primary measure of the whole network is improved. Each row rests on
    its own paired interval.

    `measures`: columns `tables.MEASURES`; `comparison`: `compare.COMPARISON`. Columns `PANEL`; groups that
    the site does not have (pedestrians, buses) have no row.
    """
    its = comparison[(comparison["measure"] == primary) & (comparison["scope"] == "network")]
    improved = {(row["arm"], row["period"]) for row in its.to_dict("records") if row["verdict"] in IMPROVED}
    rows = []
    parts = typed(measures, MEASURES).groupby(["arm", "period"], sort=False)
    own = {(str(arm), str(period)): part for (arm, period), part in parts}
    for arm in sorted({arm for arm, _ in own} - {BASELINE, PLACEBO}):
        for period in sorted({period for _, period in own}):
            sides = [_wide(own.get((side, period), empty(MEASURES))) for side in (BASELINE, arm)]
            for group, scope, measure, x, y in _groups(*sides):
                estimate = inference.paired_t(y - x, confidence)
                change = _change(estimate, "lower")
                before = float(x.mean()) if x.size else math.nan
                mcid = specs[measure].mcid(before)
                rows.append(
                    {
                        "arm": arm,
                        "period": period,
                        "group": group,
                        "scope": scope,
                        "measure": measure,
                        "before": before,
                        "after": float(y.mean()) if y.size else math.nan,
                        "difference": estimate.difference,
                        "ci_low": estimate.ci_low,
                        "ci_high": estimate.ci_high,
                        "n_pairs": x.size,
                        "change": change,
                        "mcid": mcid,
                        "starved": change == "worse"
                        and estimate.difference >= mcid
                        and (arm, period) in improved,
                    }
                )
    return typed(pd.DataFrame(rows, columns=list(PANEL)), PANEL)


def _groups(before: pd.DataFrame, after: pd.DataFrame) -> list[tuple[str, str, str, np.ndarray, np.ndarray]]:
    """Return group, scope, measure and the paired values of one arm and period; both sides as `_wide`."""
    both = sorted(set(before.columns) & set(after.columns))
    before, after = before[both], after[both]
    found = []
    delays = _of(before, "control_delay").index.intersection(_of(after, "control_delay").index)
    flows = _of(before, "demand_flow")
    approaches = [s for s in delays if s.startswith("approach:") and s in flows.index]
    junction = [s.removeprefix("approach:").rpartition(".")[0] for s in approaches]
    mean = flows.loc[approaches].mean(axis=1)
    main = mean >= mean.groupby(junction).transform("mean")
    for group, chosen in (("main_road", main), ("side_road", ~main)):
        scopes = list(mean.index[chosen])
        if scopes:
            weights = flows.loc[scopes].fillna(0.0)
            x, y = (_weighted(_of(side, "control_delay").loc[scopes], weights) for side in (before, after))
            found.append((group, "", "control_delay", *_complete(x, y)))
    movements = [s for s in delays if s.startswith("movement:")]
    if movements:
        worst = str(_of(after, "control_delay").loc[movements].mean(axis=1).idxmax())
        x, y = (_values(side, "control_delay", worst) for side in (before, after))
        found.append(("worst_movement", worst, "control_delay", *_complete(x, y)))
    for group, measure, scope in (
        ("pedestrians", "pedestrian_delay", "network"),
        ("buses", "fair_travel_time", "class:bus"),
    ):
        if (measure, scope) in before.index and (measure, scope) in after.index:
            x, y = (_values(side, measure, scope) for side in (before, after))
            found.append((group, scope, measure, *_complete(x, y)))
    return found


def _wide(table: pd.DataFrame) -> pd.DataFrame:
    """Return values by (measure, scope), replicates across."""
    return table.pivot(index=["measure", "scope"], columns="replicate", values="value")  # noqa: PD010


def _of(wide: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return one measure's values by scope; no rows where nothing was measured."""
    return wide[wide.index.get_level_values(0) == measure].droplevel(0)


def _values(wide: pd.DataFrame, measure: str, scope: str) -> np.ndarray:
    return np.asarray(wide.loc[[(measure, scope)]], dtype=float).ravel()


def _weighted(values: pd.DataFrame, weights: pd.DataFrame) -> np.ndarray:
    """Return the weighted mean of every replicate; NaN where an approach was not observed."""
    v, w = values.to_numpy(dtype=float), weights.to_numpy(dtype=float)
    found: np.ndarray = (v * w).sum(axis=0) / w.sum(axis=0)
    return found


def _complete(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    seen = ~np.isnan(x) & ~np.isnan(y)
    return x[seen], y[seen]


def _change(estimate: inference.Estimate, direction: Direction) -> Change:
    low, high = estimate.ci_low, estimate.ci_high
    if direction == "higher":
        low, high = -high, -low
    return "worse" if low > 0 else "better" if high < 0 else ""
