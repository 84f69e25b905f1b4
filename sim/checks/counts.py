"""Findings about a site's counts, before anything is simulated: do they fit together, do they hide a jam."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from sim.checks.findings import Finding, Found, Gates, as_table
from sim.signals.greens import Discharge, Greens
from sim.signals.lane_groups import lane_groups
from sim.site.network import Approach, Network
from sim.site.parking import ParkingArea


def find_in_counts(
    counts: pd.DataFrame,
    network: Network,
    greens: Greens,
    gates: Gates,
    *,
    discharge: Discharge | None,
    pce: Mapping[str, float],
    parking: Mapping[str, ParkingArea],
) -> pd.DataFrame:
    """Check the counts of one period; the findings hold for every arm, since all share the demand.

    ``counts_unbalanced``: what leaves a junction along a street and what enters the next one differ over the
    whole period (streets with parking, and streets of which a side was not counted, are left out).
    ``stop_line_counts_at_saturation``: counts taken at the stop line, without queues, in a quarter hour whose
    demand comes near capacity: they are what the signal let through, not what people wanted.

    Parameters
    ----------
    counts
        Columns ``start, approach, movement, class, count, taken_at, queue_start_veh, queue_end_veh`` of one
        period, one row per quarter hour, movement and class.
        Empty for an imported site, which has none.
    greens
        The baseline's signals in the period.
    discharge, pce
        Of the vehicle set, as in `RunView`.
    parking
        The site's parking areas.

    Returns
    -------
    pd.DataFrame
        Columns `checks.FOUND`.
    """
    if counts.empty:  # an imported site
        return as_table(iter(()))
    named = counts.assign(
        full=counts["approach"].astype("string") + "." + counts["movement"].astype("string"),
        pcu=counts["count"] * counts["class"].map(lambda name: pce.get(name, 1.0)).astype("float64"),
    )
    lots = {network.edge(area.on, "parking").id for area in parking.values()}
    return as_table(
        item
        for approach in network.approaches.values()
        for item in (
            *_balance(approach, named, network, gates, lots),
            *_hidden(approach, named, greens, gates, discharge),
        )
    )


def _balance(
    approach: Approach, counts: pd.DataFrame, network: Network, gates: Gates, lots: set[str]
) -> Iterator[Found]:
    feeding = [m for m in network.movements.values() if m.to_edge in approach.chain]
    sources = {f"{m.junction}.{m.approach}" for m in feeding}
    counted = set(counts["approach"])
    if not feeding or not ({approach.id, *sources} <= counted) or lots & set(approach.chain):
        return
    hours = counts["start"].nunique() / 4
    arriving = float(counts.loc[counts["full"].isin([m.id for m in feeding]), "count"].sum()) / hours
    leaving = float(counts.loc[counts["approach"] == approach.id, "count"].sum()) / hours
    gap, larger = abs(arriving - leaving), max(arriving, leaving)
    limit = gates.counts_unbalanced.limit
    if gap > gates.counts_unbalanced_vph.limit and gap / larger > limit:
        yield Found(Finding.COUNTS_UNBALANCED, f"approach:{approach.id}", gap / larger, limit)


def _hidden(
    approach: Approach, counts: pd.DataFrame, greens: Greens, gates: Gates, discharge: Discharge | None
) -> Iterator[Found]:
    own = counts[counts["approach"] == approach.id]
    limit = gates.stop_line_counts_at_saturation.limit
    worst = 0.0
    for _, quarter in own.groupby("start"):
        # A movement's queue is written once, on any of its class rows.
        seen = quarter["queue_start_veh"].notna() | quarter["queue_end_veh"].notna()
        seen = seen.groupby(quarter["full"]).transform("any")
        blind = quarter[(quarter["taken_at"] == "stop_line") & ~seen]
        flows = {str(name): 4 * float(pcu) for name, pcu in quarter.groupby("full")["pcu"].sum().items()}
        for group in lane_groups(approach, greens, flows, discharge):
            if blind["full"].isin(group.movements).any():
                worst = max(worst, group.saturation)
    if worst > limit:
        yield Found(Finding.STOP_LINE_COUNTS_AT_SATURATION, f"approach:{approach.id}", worst, limit)
