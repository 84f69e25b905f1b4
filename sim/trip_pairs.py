"""Trips before and after, person by person, from the runs: a sample for the figure; who won and who lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pandas as pd

from sim.apart import Begin, done, here
from sim.comparison.pairs import BASELINE
from sim.comparison.people import PEOPLE, changes, winners_and_losers
from sim.runs.campaign import Key
from sim.runs.run import RunRecord
from sim.runs.store import Store
from sim.study import Study
from sim.tables import TRIP_PAIRS, RunFacts, empty, typed

MOST_TRIPS = 1500
"""Dots of one panel; more would be one cloud and a large file."""
TAKEN = (
    *("id", "origin", "destination", "route_m", "scheduled_s", "depart_delay_s", "duration_s", "stop_s"),
    "fate",
)
"""What `changes` looks at of a trip."""


def write_trip_pairs(
    study: Study, store: Store, runs: Mapping[Key, RunRecord], measures: pd.DataFrame, folder: Path
) -> None:
    """Write trip_pairs.parquet: per arm and period the replicate whose difference is nearest the median."""
    parts = []
    for arm in study.arms[1:]:
        for period in study.periods:
            chosen = nearest_the_median(paired_changes(study, runs, measures, arm.id, period))
            if chosen is None:
                continue
            before, after = (str(runs[id, period, chosen].digest) for id in (BASELINE, arm.id))
            table = paired(store.read(before, "trips"), store.read(after, "trips"), store.facts(before))
            parts.append(table.assign(arm=arm.id, period=period, replicate=chosen))
    whole = typed(pd.concat(parts, ignore_index=True), TRIP_PAIRS) if parts else empty(TRIP_PAIRS)
    whole.to_parquet(folder / "trip_pairs.parquet", index=False, compression="zstd")


def begin_people(
    study: Study,
    store: Store,
    runs: Mapping[Key, RunRecord],
    findings: pd.DataFrame,
    confidence: float,
    begin: Begin = here,
) -> list[Future[pd.DataFrame]]:
    """Begin to count winners and losers of every arm and period, for `people_table`.

    Two runs are in memory at a time, wherever `begin` has it done. `findings`: columns `tables.FINDINGS`;
    replicates in which the arm's people are not those of today are left out, as they have no verdict either.
    """
    other = findings[findings["finding"] == "arms_differ_in_demand"]
    unlike = set(zip(other["arm"], other["period"], other["replicate"], strict=True))
    return [
        begin(_people, study, store, dict(runs), arm.id, period, unlike, confidence)
        for arm in study.arms[1:]
        for period in study.periods
    ]


def people_table(begun: Iterable[Future[pd.DataFrame]]) -> pd.DataFrame:
    """Put together what `begin_people` has begun; columns `people.PEOPLE`."""
    kept = [part for one in begun if len(part := done(one))]
    return pd.concat(kept, ignore_index=True) if kept else empty(PEOPLE)


def _people(
    study: Study,
    store: Store,
    runs: Mapping[Key, RunRecord],
    arm: str,
    period: str,
    unlike: set[tuple[str, str, int]],
    confidence: float,
) -> pd.DataFrame:
    pairs = _changes(study, store, runs, arm, period, unlike)
    return winners_and_losers(arm, period, pairs, confidence=confidence)


def _changes(
    study: Study,
    store: Store,
    runs: Mapping[Key, RunRecord],
    arm: str,
    period: str,
    unlike: set[tuple[str, str, int]],
) -> Iterator[pd.DataFrame]:
    """Yield the pairs of trips of one replicate after the other; where a side did not run there are none."""
    for number in study.replicates:
        digests = [
            run.digest
            for side in (BASELINE, arm)
            if (run := runs.get((side, period, number))) is not None and run.digest and not run.failure
        ]
        if len(digests) == 2 and (arm, period, number) not in unlike:  # noqa: PLR2004 - before and after
            before, after = (store.read(digest, "trips", TAKEN) for digest in digests)
            yield changes(before, after, store.facts(digests[0]))


def paired_changes(
    study: Study, runs: Mapping[Key, RunRecord], measures: pd.DataFrame, arm: str, period: str
) -> dict[int, float]:
    """Return the change of the primary measure by replicate, of those that have both runs."""
    primary = measures[(measures["measure"] == study.primary) & (measures["scope"] == "network")]
    values = {
        id: primary[(primary["arm"] == id) & (primary["period"] == period)].set_index("replicate")["value"]
        for id in (BASELINE, arm)
    }
    found = {}
    for number in study.replicates:
        pair = [runs.get((id, period, number)) for id in (BASELINE, arm)]
        if all(one is not None and one.digest and not one.failure for one in pair):
            change = values[arm].get(number, np.nan) - values[BASELINE].get(number, np.nan)
            found[number] = float(change)
    return {number: change for number, change in found.items() if np.isfinite(change)}


def nearest_the_median(changes: Mapping[int, float]) -> int | None:
    """Return the replicate whose difference is nearest the median difference, the first of equals."""
    if not changes:
        return None
    median = float(np.median(list(changes.values())))
    return min(changes, key=lambda number: (abs(changes[number] - median), number))


def paired(before: pd.DataFrame, after: pd.DataFrame, facts: RunFacts) -> pd.DataFrame:
    """Pair the trips of who wanted to leave in the window by id; at most `MOST_TRIPS`, evenly taken.

    `before`, `after`: columns `tables.TRIPS`. Columns `before_s, after_s, finished`.
    """
    window = before["scheduled_s"].between(facts.window_begin_s, facts.window_end_s, inclusive="left")
    both = before[window].merge(after, on="id", suffixes=("_before", "_after")).sort_values("id")
    if len(both) > MOST_TRIPS:
        both = both.iloc[np.linspace(0, len(both) - 1, MOST_TRIPS).round().astype(int)]
    took = {
        f"{side}_s": both[f"depart_delay_s_{side}"] + both[f"duration_s_{side}"] - both[f"stop_s_{side}"]
        for side in ("before", "after")
    }
    finished = (both["fate_before"] == "arrived") & (both["fate_after"] == "arrived")
    return pd.DataFrame({**took, "finished": finished.astype(bool)}).reset_index(drop=True)
