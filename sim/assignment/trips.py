"""Who chooses a way, between what places; and which way each person takes, given shares of ways.

Ways are texts, edges with spaces between them, as in VEHICLES.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.demand.tables import Demand, own_uniforms
from sim.site.network import Network


class Trip(NamedTuple):
    """What people have in common who choose among the same ways. Edges are those of the arm."""

    vclass: str
    origin: str
    destination: str
    met: tuple[int, ...] = ()
    """Numbers of the arm's timed closures that hold at some time of the trip."""


Shares = Mapping[Trip, Mapping[str, float]]
"""Trip -> way -> probability; each trip's add up to 1."""


def trips_of(demand: Demand, met: Sequence[tuple[int, ...]]) -> list[Trip | None]:
    """Return each vehicle's trip; None for who does not choose: buses keep their line, parkers their way.

    `met`: of each vehicle, the closures that it may meet.
    """
    found: list[Trip | None] = []
    table = demand.vehicles
    columns = (table[name].tolist() for name in ("type", "purpose", "stops", "edges"))
    for type_id, purpose, stops, text, closures in zip(*columns, met, strict=True):
        if purpose != "through" or stops != "[]":
            found.append(None)
            continue
        edges = text.split()
        vclass = demand.types[type_id].get("vClass", "passenger")
        found.append(Trip(vclass, edges[0], edges[-1], closures))
    return found


def counted(trips: Sequence[Trip | None], ways: Sequence[str]) -> dict[Trip, dict[str, float]]:
    """Count vehicles by trip and way, in the order in which they come."""
    found: dict[Trip, dict[str, float]] = {}
    for trip, way in zip(trips, ways, strict=True):
        if trip is not None:
            own = found.setdefault(trip, {})
            own[way] = own.get(way, 0.0) + 1.0
    return found


def shares_of(counts: Mapping[Trip, Mapping[str, float]]) -> dict[Trip, dict[str, float]]:
    """Return shares instead of numbers."""
    return {
        trip: {way: n / sum(ways.values()) for way, n in sorted(ways.items())}
        for trip, ways in counts.items()
    }


def on_parts(ways: Mapping[str, float], network: Network) -> dict[str, float]:
    """Return shares of ways of the site over the parts of edges that an arm has cut."""
    return {" ".join(network.on_parts(way.split())): share for way, share in ways.items()}


def drawn(
    vehicles: pd.DataFrame,
    trips: Sequence[Trip | None],
    shares: Shares,
    today: Sequence[Mapping[str, float] | None],
    who: tuple[str, int],
) -> pd.DataFrame:
    """Give everybody who chooses a way by its probability: VEHICLES in, VEHICLES out; only `edges` differ.

    Each person has three numbers of their own, the same in every arm (`who`: site and replicate). The first
    one chooses among the ways of today by their shares there (`today`, in the arm's edges; None: those of
    `shares`). In an arm the second one decides whether the person keeps that way, with probability
    min(1, share in the arm / share today), and the third one chooses among the ways that have gained. So
    shares are met in every arm, and no more people change than have to (a maximal coupling).

    Who has no shares, because nobody made that trip where they were found, keeps the way of `vehicles`.
    """
    uniforms = own_uniforms(f"{who[0]}/ways", who[1], vehicles["id"].tolist(), 3)
    ways = vehicles["edges"].tolist()
    for row, (trip, before) in enumerate(zip(trips, today, strict=True)):
        if trip is None or trip not in shares:
            continue
        after, (first, second, third) = shares[trip], uniforms[row]
        if before is None:
            ways[row] = _chosen(after, first)
            continue
        ways[row] = own = _chosen(before, first)
        if second * before[own] < after.get(own, 0.0):
            continue
        gained = {way: share - before.get(way, 0.0) for way, share in after.items()}
        ways[row] = _chosen({way: more for way, more in gained.items() if more > 0}, third)
    return vehicles.assign(edges=pd.Series(ways, index=vehicles.index, dtype="string"))


def _chosen(shares: Mapping[str, float], uniform: float) -> str:
    bounds = np.cumsum(list(shares.values()))
    at = int(np.searchsorted(bounds, uniform * bounds[-1], side="right"))
    return list(shares)[min(at, len(shares) - 1)]
