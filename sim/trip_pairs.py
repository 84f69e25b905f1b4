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
from sim.measures.door_to_door import fair_s
from sim.runs.campaign import Key
from sim.runs.run import RunRecord
from sim.runs.store import Store
from sim.site.walking import Walks
from sim.study import Study
from sim.tables import PARKED, TRIP_PAIRS, RunFacts, empty, typed

MOST_TRIPS = 1500
"""Dots of one panel; more would be one cloud and a large file."""
TAKEN = (
    *("id", "origin", "destination", "route_m", "scheduled_s", "depart_delay_s", "duration_s", "stop_s"),
    *("purpose", "fate"),
)
"""What `trips_of` reads of a trip."""

OnFoot = Mapping[tuple[str, str], Walks]
"""Arm and period -> what there is to walk from its parking areas."""


def write_trip_pairs(
    study: Study,
    store: Store,
    runs: Mapping[Key, RunRecord],
    measures: pd.DataFrame,
    on_foot: OnFoot,
    folder: Path,
) -> None:
    """Write trip_pairs.parquet: per arm and period the replicate whose difference is nearest the median."""
    parts = []
    for arm in study.arms[1:]:
        for period in study.periods:
            chosen = nearest_the_median(paired_changes(study, runs, measures, arm.id, period))
            if chosen is None:
                continue
            digests = {id: str(runs[id, period, chosen].digest) for id in (BASELINE, arm.id)}
            before, after = (trips_of(store, digest, on_foot[id, period]) for id, digest in digests.items())
            table = paired(before, after, store.facts(digests[BASELINE]))
            parts.append(table.assign(arm=arm.id, period=period, replicate=chosen))
    whole = typed(pd.concat(parts, ignore_index=True), TRIP_PAIRS) if parts else empty(TRIP_PAIRS)
    whole.to_parquet(folder / "trip_pairs.parquet", index=False, compression="zstd")


def begin_people(
    study: Study,
    store: Store,
    runs: Mapping[Key, RunRecord],
    findings: pd.DataFrame,
    on_foot: OnFoot,
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
        begin(_people, study, store, dict(runs), arm.id, period, unlike, on_foot, confidence)
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
    on_foot: OnFoot,
    confidence: float,
) -> pd.DataFrame:
    pairs = _changes(study, store, runs, arm, period, unlike, on_foot)
    return winners_and_losers(arm, period, pairs, confidence=confidence)


def _changes(
    study: Study,
    store: Store,
    runs: Mapping[Key, RunRecord],
    arm: str,
    period: str,
    unlike: set[tuple[str, str, int]],
    on_foot: OnFoot,
) -> Iterator[pd.DataFrame]:
    """Yield the pairs of trips of one replicate after the other; where a side did not run there are none."""
    for number in study.replicates:
        digests = {
            side: run.digest
            for side in (BASELINE, arm)
            if (run := runs.get((side, period, number))) is not None and run.digest and not run.failure
        }
        if len(digests) == 2 and (arm, period, number) not in unlike:  # noqa: PLR2004 - before and after
            before, after = (trips_of(store, run, on_foot[side, period]) for side, run in digests.items())
            yield changes(before, after, store.facts(digests[BASELINE]))


def trips_of(store: Store, digest: str, walks: Walks) -> pd.DataFrame:
    """Read who travelled in a run, columns `TAKEN`, and how long they took from door to door: `fair_s`."""
    trips = store.read(digest, "trips", TAKEN)
    parked = store.read(digest, "parked") if walks else empty(PARKED)
    return trips.assign(fair_s=fair_s(trips, parked, walks))


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

    `before`, `after`: `trips_of` the same people. Columns `before_s, after_s, finished`.
    """
    window = before["scheduled_s"].between(facts.window_begin_s, facts.window_end_s, inclusive="left")
    both = before[window].merge(after, on="id", suffixes=("_before", "_after")).sort_values("id")
    if len(both) > MOST_TRIPS:
        both = both.iloc[np.linspace(0, len(both) - 1, MOST_TRIPS).round().astype(int)]
    took = {f"{side}_s": both[f"fair_s_{side}"] for side in ("before", "after")}
    finished = (both["fate_before"] == "arrived") & (both["fate_after"] == "arrived")
    return pd.DataFrame({**took, "finished": finished.astype(bool)}).reset_index(drop=True)
