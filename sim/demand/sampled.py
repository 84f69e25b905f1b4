"""Trips of an imported site that agree with counts: ways of its own vehicles, drawn anew."""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import astuple, fields, replace
from itertools import pairwise

import pandas as pd

from sim.demand.counts import QUARTER_S, demand_table
from sim.demand.imported import Trip
from sim.site.model import Site


def ways_of(trips: Iterable[Trip]) -> Counter[str]:
    """Return way -> how many drive it; who runs by the clock is not drawn."""
    return Counter(trip.edges for trip in trips if not trip.timetabled)


def quarters(site: Site, counts: pd.DataFrame, period: str) -> pd.DataFrame:
    """Return `start_s, movement, vehicles` of every quarter, those of the warm-up with the first's counts.

    Vehicles are those who wanted to pass (`demand_table`), bicycles left out, rounded to whole ones.
    """
    table = demand_table(counts[counts["period"] == period])
    table = table[table["class"] != "bicycle"].assign(movement=table["approach"] + "." + table["movement"])
    found = table.groupby(["start_s", "movement"], as_index=False)["demand_veh"].sum()
    found["vehicles"] = found["demand_veh"].round().astype("int64")
    first_s = int(found["start_s"].min())
    before = [
        found[found["start_s"] == first_s].assign(start_s=first_s - QUARTER_S * (i + 1))
        for i in range(math.ceil(site.facts.warm_up_s / QUARTER_S))
    ]
    whole: pd.DataFrame = pd.concat([*before, found], ignore_index=True)
    return whole.sort_values(["start_s", "movement"], ignore_index=True)


def replaced(
    trips: Sequence[Trip],
    drawn: Mapping[tuple[float, float], Sequence[tuple[float, str]]],
    counted: Set[tuple[str, str]],
) -> list[Trip]:
    """Replace who leaves within the windows of `drawn` by who was drawn there, sorted as they leave.

    `drawn`: window (s) -> departure and way; `counted`: the turns, as pairs of edges. Everything else about a
    drawn vehicle is that of the model's own on that way, one after the other. Who runs by the clock, leaves
    at another time or passes no counted turn stays.
    """
    passing = {way: not counted.isdisjoint(pairwise(way.split())) for way in ways_of(trips)}
    kept = [
        trip
        for trip in trips
        if trip.timetabled
        or not passing[trip.edges]
        or not any(first <= trip.depart_s < end for first, end in drawn)
    ]
    models: dict[str, list[Trip]] = {}
    for trip in trips:
        if not trip.timetabled:
            models.setdefault(trip.edges, []).append(trip)
    made: list[Trip] = []
    used: Counter[str] = Counter()
    for window in sorted(drawn):
        for depart_s, way in drawn[window]:
            if window[0] <= depart_s < window[1]:
                model = models[way][used[way] % len(models[way])]
                used[way] += 1
                made.append(replace(model, id=f"drawn.{len(made)}", depart_s=depart_s))
    return sorted([*kept, *made], key=lambda trip: (trip.depart_s, trip.id))


def trips_bytes(trips: Iterable[Trip]) -> bytes:
    """Return the content of a trips.csv.gz; equal trips give equal bytes."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([field.name for field in fields(Trip)])
    writer.writerows(astuple(trip) for trip in trips)
    return gzip.compress(table.getvalue().encode(), 6, mtime=0)
