"""What minor movements get through today in gaps: the model's base against an observation in the street.

Signals in place of signs gain what the minor movements lack today. The model's answer to that rests on the
gaps that its drivers accept, so a verdict on such a policy waits for an observation: the flow that a minor
approach discharged while its queue never cleared (`field_values`: `gap_capacity_vph`, by period).

Tables in, tables out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from sim.checks.findings import Finding, Found, Gates, as_table


class GapCapacity(NamedTuple):
    """What an approach discharges, veh/h, and the seconds of standing queue on which that rests."""

    vph: float
    queued_s: float


def gap_capacity(runs: Iterable[pd.DataFrame]) -> GapCapacity:
    """Return what an approach discharges while a queue stands on all of its lanes.

    `runs`: columns `tables.QUEUES` of the approach, one table per run. NaN where no queue ever stands.
    """
    vehicles = seconds = 0.0
    for rows in runs:
        served, queued = _lanes(rows)
        whole = queued.all(axis=1).to_numpy(dtype=bool)
        lasting_s = rows.groupby("begin_s")["end_s"].first() - served.index
        vehicles += float(served[whole].to_numpy(dtype=float).sum())
        seconds += float(lasting_s[whole].sum())
    return GapCapacity(3600 * vehicles / seconds if seconds else math.nan, seconds)


def _lanes(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return vehicles discharged and whether a queue stood throughout: intervals down, lanes across.

    At some moment of each interval the queue has the length noted for it. If two intervals together discharge
    no more than that, somebody of that queue is still there at the same moment of the next; an interval
    between two such moments has a queue from its beginning to its end.
    """
    served = rows.pivot_table(index="begin_s", columns="lane", values="vehicles", aggfunc="sum").fillna(0)
    queue = rows.pivot_table(index="begin_s", columns="lane", values="jam_max_veh", aggfunc="max").fillna(0)
    lasts = (queue > 0) & (queue >= served + served.shift(-1))
    return served, lasts & lasts.shift(1, fill_value=False)


def find_minor_capacity(
    observed: Mapping[str, float | None], simulated: Mapping[str, GapCapacity], gates: Gates
) -> pd.DataFrame:
    """Say why there is no verdict on an arm that rests on gaps; columns `findings.FOUND`, empty if there is.

    There is one where an approach was observed, where every approach on which queues stand in the model was,
    where queues stand on every one observed, and where all of these agree.

    `observed`: minor approach -> veh/h in the period, None where nobody has observed it; `simulated`: the
    same approaches, of today's runs.
    """
    return as_table(_found(observed, simulated, gates))


def _found(
    observed: Mapping[str, float | None], simulated: Mapping[str, GapCapacity], gates: Gates
) -> Iterator[Found]:
    known = {approach: vph for approach, vph in observed.items() if vph is not None}
    least_s, off = gates.minor_queue_s.limit, gates.minor_capacity.limit
    standing = {approach for approach, found in simulated.items() if found.queued_s >= least_s}
    if missing := (standing - known.keys() if known else observed.keys()):
        yield Found(Finding.MINOR_CAPACITY_UNOBSERVED, "", len(missing), 0)
    if known.keys() - standing:
        queued_s = min(simulated[approach].queued_s for approach in known)
        yield Found(Finding.MINOR_QUEUE_TOO_SHORT, "", queued_s, least_s)
    shares = [simulated[approach].vph / vph - 1 for approach, vph in known.items() if approach in standing]
    worst = max(shares, key=abs, default=0.0)
    if abs(worst) > off:
        yield Found(Finding.MINOR_CAPACITY_DIFFERS, "", worst, off)
