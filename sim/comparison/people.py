"""Winners and losers: what each person's trip gained or lost, the same person before and after.

Pure functions over the trips of one replicate in two arms. The unit of every interval is the replicate; trips
are counted, never tested.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from sim.comparison import inference
from sim.tables import RunFacts, typed

CHANGED_S = 10.0
"""A trip won or lost if it took so much less or more; what lies below nobody notices."""

SMALL_S = 30.0
"""Whether savings of less count in money is disputed: what they add up to is told apart."""

LENGTHS_M = (0.0, 500.0, 1000.0, 2000.0, 5000.0, math.inf)
"""Bounds of the groups by length of the trip as driven before."""

FEWEST_TRIPS = 10
"""Pairs of origin and destination with fewer trips in the first replicate are one group."""

SUMS = ("trips", "winners", "losers", "unchanged", "unfinished", "gained_h", "lost_h", "small_h")
"""What is added up over replicates."""

GROUPS = ("all", "length", "od")
OTHER = "other"

CHANGES: Mapping[str, str] = {
    "id": "string",
    "origin": "string",
    "destination": "string",
    "route_m": "float64",
    "before_s": "float64",
    "after_s": "float64",
    "change_s": "float64",
    "finished": "bool",  # in both arms; else the change is what could be seen until the end
}
"""One row per trip that wanted to leave in the window, in both arms of one replicate."""

PEOPLE: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "group": "string",  # one of GROUPS
    "name": "string",  # '', 500-1000 m, origin > destination, other
    "replicates": "int64",
    "trips": "int64",  # over all replicates
    "winners": "int64",
    "losers": "int64",
    "unchanged": "int64",
    "unfinished": "int64",
    "gained_h": "float64",  # sum over winners
    "lost_h": "float64",  # sum over losers
    "small_h": "float64",  # gained less lost by trips that change by less than SMALL_S
    "change_s": "float64",  # mean per trip
    "ci_low": "float64",
    "ci_high": "float64",
}
"""One row per arm, period and group of trips."""


def changes(before: pd.DataFrame, after: pd.DataFrame, facts: RunFacts) -> pd.DataFrame:
    """Pair the trips of one replicate by person.

    `before`, `after`: columns `tables.TRIPS` and how long each trip took, `fair_s` of
    `measures.door_to_door`; who wanted to leave within the window of `facts` before, whatever became of
    them. Columns `CHANGES`, by id.

    Raises
    ------
    ValueError
        If somebody is in one arm only: the pairing is broken, and no comparison may rest on it.
    """
    window = before["scheduled_s"].between(facts.window_begin_s, facts.window_end_s, inclusive="left")
    cohort = before[window].reset_index(drop=True)
    if before["id"].equals(
        after["id"]
    ):  # as runs are stored: to look for each other's ids costs ten times this
        then = after[window].reset_index(drop=True)
    else:
        alone = int((~cohort["id"].isin(after["id"])).sum()) + int((~after["id"].isin(before["id"])).sum())
        if alone:
            raise ValueError(f"{alone} people travel in one arm only: the arms cannot be paired")
        then = cohort[["id"]].merge(after, on="id", how="left")
    took = [side["fair_s"] for side in (cohort, then)]
    table = cohort[["id", "origin", "destination", "route_m"]].assign(
        before_s=took[0],
        after_s=took[1],
        change_s=took[1] - took[0],
        finished=(cohort["fate"] == "arrived") & (then["fate"] == "arrived"),
    )
    return typed(table.sort_values("id"), CHANGES)


def winners_and_losers(
    arm: str,
    period: str,
    replicates: Iterable[pd.DataFrame],
    *,
    confidence: float,
    changed_s: float = CHANGED_S,
) -> pd.DataFrame:
    """Count who gained and who lost, over all trips, by length and by origin and destination.

    `replicates`: one table `CHANGES` per replicate, taken one at a time: no two are in memory together. The
    interval is that of the replicates' mean changes, paired t. A trip that did not finish counts by what was
    seen, and as unfinished. Columns `PEOPLE`, sorted.
    """
    kept: frozenset[str] | None = None
    parts = []
    for table in replicates:
        pair = table["origin"].astype(str) + " > " + table["destination"].astype(str)
        if kept is None:
            counts = pair.value_counts()
            kept = frozenset(counts.index[counts >= FEWEST_TRIPS])
        parts.append(_tally(table, pair.where(pair.isin(kept), OTHER), changed_s))
    if not parts:
        return typed(pd.DataFrame([], columns=list(PEOPLE)), PEOPLE)
    rows = []
    for (group, name), own in pd.concat(parts).groupby(["group", "name"], sort=False):
        estimate = inference.paired_t(own["change_s"].to_numpy(dtype=float), confidence)
        row = {"arm": arm, "period": period, "group": group, "name": name, "replicates": len(own)}
        trips = own["trips"].to_numpy(dtype=float)
        change_s = float(own["change_s"].to_numpy(dtype=float) @ trips / trips.sum())
        ends = {"change_s": change_s, "ci_low": estimate.ci_low, "ci_high": estimate.ci_high}
        rows.append(row | own[list(SUMS)].sum().to_dict() | ends)
    table = pd.DataFrame(rows, columns=list(PEOPLE))
    first = {name: number for number, name in enumerate(("", *_length_names()))}
    order = table.assign(
        kind=table["group"].map(GROUPS.index), place=[first.get(name, len(first)) for name in table["name"]]
    ).sort_values(["kind", "place", "name"])
    return typed(order[list(PEOPLE)], PEOPLE)


def _tally(trips: pd.DataFrame, pair: pd.Series[str], changed_s: float) -> pd.DataFrame:
    """Count one replicate: one row per group and name, its sums and its mean change."""
    change = trips["change_s"].to_numpy(dtype=float)
    won, lost = change <= -changed_s, change >= changed_s
    each = {
        "trips": np.ones(len(change)),
        "winners": won,
        "losers": lost,
        "unchanged": ~won & ~lost,
        "unfinished": ~trips["finished"].to_numpy(dtype=bool),
        "gained_h": np.where(won, -change, 0.0) / 3600,
        "lost_h": np.where(lost, change, 0.0) / 3600,
        "small_h": np.where(np.abs(change) < SMALL_S, -change, 0.0) / 3600,
        "change_s": change,
    }
    length = pd.cut(trips["route_m"], LENGTHS_M, right=False, labels=_length_names()).astype(str)
    names = (pd.Series("", index=trips.index), length, pair)
    parts = []
    for group, of_trips in zip(GROUPS, names, strict=True):
        codes, found = pd.factorize(of_trips, sort=True)
        sums = pd.DataFrame({name: np.bincount(codes, values, len(found)) for name, values in each.items()})
        sums["change_s"] /= sums["trips"]
        parts.append(sums.assign(name=found, group=group))
    return pd.concat(parts, ignore_index=True)


def _length_names() -> list[str]:
    bounds = [f"{bound:.0f}" for bound in LENGTHS_M[:-1]]
    return [f"{low}-{high} m" for low, high in pairwise(bounds)] + [f">= {bounds[-1]} m"]
