"""Who wanted to make which turn, and when: what vehicles planned, whatever became of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.site.network import Network
from sim.site.zones import BESIDE
from sim.tables import typed

PASSAGES: Mapping[str, str] = {
    "id": "string",
    "trip": "int64",  # row of the run's trips
    "movement": "string",
    "approach": "string",
    "vehicle_class": "string",
    "order": "int64",  # 0: the first measured approach on the vehicle's route
    "time_s": "float64",  # when it would reach the stop line without any delay
}

Turns = Mapping[tuple[str, str], tuple[str, str]]
"""Edge of an approach and the edge after it -> movement and approach."""


def passages(trips: pd.DataFrame, parked: pd.DataFrame, turns: Turns, network: Network) -> pd.DataFrame:
    """Return a row for every turn of `turns` on somebody's route: columns `PASSAGES`.

    The time is the scheduled departure plus the free-flow time along the planned route (ways through
    junctions included); the planned dwell of each stop that began is added from its street on. One rule for
    drawn and imported sites. A stall off the planned route (found by searching) adds none.

    `trips`, `parked`: columns TRIPS and PARKED of `sim.tables`.
    """
    counted = ~trips["vehicle_class"].isin(BESIDE).to_numpy(dtype=bool)
    trips = trips[counted]
    route_of, routes = pd.factorize(trips["edges"])
    on_routes = [_on_route(route.split(), turns, network) for route in routes]
    on_route = pd.DataFrame(
        [turn for own in on_routes for turn in own], columns=["index", "at_s", "movement", "approach"]
    ).astype({"movement": "string", "approach": "string"})
    many = np.array([len(own) for own in on_routes], dtype=np.int64)
    each = many[route_of]
    trip = np.repeat(np.arange(len(trips)), each)
    order = np.arange(len(trip)) - np.repeat(np.cumsum(each) - each, each)
    turn = (np.cumsum(many) - many)[route_of[trip]] + order
    dwell_s = _dwell_s(trips, parked, trip, on_route["index"].to_numpy()[turn])
    table = pd.DataFrame(
        {
            "id": trips["id"].array.take(trip),
            "trip": np.flatnonzero(counted)[trip],
            "movement": on_route["movement"].array.take(turn),
            "approach": on_route["approach"].array.take(turn),
            "vehicle_class": trips["vehicle_class"].array.take(trip),
            "order": order,
            "time_s": trips["scheduled_s"].to_numpy()[trip] + on_route["at_s"].to_numpy()[turn] + dwell_s,
        }
    )
    return typed(table, PASSAGES)


def _on_route(edges: Sequence[str], turns: Turns, network: Network) -> list[tuple[int, float, str, str]]:
    """Return of each turn on a route its number, when it is reached without delay, movement and approach."""
    ends_s = network.free_times_s(edges)
    return [
        (index, at_s, *turns[turn])
        for index, (turn, at_s) in enumerate(zip(pairwise(edges), ends_s, strict=False))
        if turn in turns
    ]


def _dwell_s(
    trips: pd.DataFrame, parked: pd.DataFrame, trip: NDArray[np.int64], index: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return how long whoever makes a turn has stood in planned stops before it.

    Of every passage `trip` is the row of `trips` (they ascend), `index` the number of the turn on its route.
    """
    stays_s = (parked["ended_s"] - parked["started_s"]).fillna(math.inf)
    stops: dict[str, list[tuple[str, float]]] = {}
    for vehicle, edge, stay_s in zip(
        parked["vehicle"].tolist(), parked["edge"].tolist(), stays_s.tolist(), strict=True
    ):
        stops.setdefault(vehicle, []).append((edge, stay_s))
    found = np.zeros(len(trip))
    rows = np.flatnonzero(trips["id"].isin(list(stops)))
    columns = (trips[name].iloc[rows].tolist() for name in ("id", "edges", "stop_s"))
    for row, name, route, planned_s in zip(rows, *columns, strict=True):
        edges = route.split()
        own = slice(*np.searchsorted(trip, (row, row + 1)))
        for edge, stay_s in stops[name]:
            if edge in edges:
                found[own] += np.where(index[own] >= edges.index(edge), stay_s, 0.0)
        # No more than was planned: who is kept in a stall by the queue beside it is delayed.
        found[own] = np.minimum(found[own], planned_s)
    return found
