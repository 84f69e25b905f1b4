"""The people of a drawn site: arrivals at its entries as counted, routes by turning shares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.demand.counts import QUARTER_S
from sim.demand.tables import VEHICLES, floored, stream
from sim.demand.turning import Turning
from sim.site.model import Site
from sim.site.network import Approach
from sim.vehicles import FILLS_EXIT, VehicleSet

DEPART = {"depart_lane": "best", "depart_pos": "base", "depart_speed": "avg"}
"""How vehicles come in. `base` (whole vehicle just inside the edge) keeps the full length of the leg; with it
`avg` loses least: at 2,800 veh/h on two lanes (85 % of saturation) the mean wait to enter was 4.6 s, with
`max` it grew without bound (430 s over an hour), `desired` 76 s, `last` 31 s (SUMO 1.28, set sigma_zero, step
1 s). `departPos="last"` waits least but places vehicles anywhere down an empty leg."""


def arrivals(
    site: Site, begin_s: float, period: str, replicate: int, scale: float, vehicles: VehicleSet
) -> pd.DataFrame:
    """Draw the vehicles that enter from `begin_s` to the period's end: columns VEHICLES.

    Per quarter, entry and class the number is Poisson with the quarter's demand times `scale` as mean, times
    are uniform within the quarter. The warm-up repeats the first quarter's rates. ConfigError where counts
    and network disagree.
    """
    turning = Turning(site, period)
    blocks = [
        _block(turning, entry, kind, block, replicate, vehicles)
        for entry in turning.entries
        for kind in turning.classes
        for block in _blocks(turning, entry.id, kind, begin_s, scale)
        if block[2] > 0
    ]
    # One table at the end: a table per block would cost more than everything else together.
    columns = {
        name: np.concatenate([block[name] for block in blocks]) for name in (blocks[0] if blocks else ())
    }
    rest: dict[str, Any] = {
        **DEPART,
        "arrival_lane": "",
        "arrival_pos": "max",
        "stops": "[]",
        "lot": "",
        "stay_s": np.nan,
    }
    return pd.DataFrame(columns, columns=list(VEHICLES)).assign(**rest).astype(dict(VEHICLES))


def _blocks(
    turning: Turning, entry: str, kind: str, begin_s: float, scale: float
) -> Iterator[tuple[float, float, float, int]]:
    """Yield (start, end, expected vehicles, quarter whose shares hold) of warm-up and quarters."""
    first = turning.quarters[0]
    if begin_s < first:
        share = (first - begin_s) / QUARTER_S
        yield begin_s, first, scale * share * turning.entry_veh(entry, kind, first), first
    for start_s in turning.quarters:
        yield start_s, start_s + QUARTER_S, scale * turning.entry_veh(entry, kind, start_s), start_s


def _block(
    turning: Turning,
    entry: Approach,
    kind: str,
    block: tuple[float, float, float, int],
    replicate: int,
    vehicles: VehicleSet,
) -> dict[str, NDArray[Any]]:
    start_s, end_s, mean, quarter_s = block
    site = turning.site
    vehicle = vehicles.of(kind, "counts.csv")
    rng = stream(site.name, replicate, turning.period, "entry", entry.id, kind, f"{start_s:g}")
    n = int(rng.poisson(mean))
    times = np.sort(floored(rng.uniform(start_s, end_s, n)))
    way, speed, fills, own = rng.random((4, n))
    routes = turning.routes(entry, kind, quarter_s)
    edges = np.array([" ".join(route.edges) for route in routes], dtype=object)
    bounds = np.cumsum([route.probability for route in routes])
    chosen = np.minimum(np.searchsorted(bounds, way, side="right"), len(routes) - 1)
    return {
        "id": np.array([f"{entry.id}.{kind}.{start_s:g}.{i}" for i in range(n)], dtype=object),
        "scheduled_s": times,
        "type": np.where(fills < site.facts.enters_full_exit_share, kind + FILLS_EXIT, kind).astype(object),
        "vehicle_class": np.full(n, kind, dtype=object),
        "purpose": np.full(n, "bus" if kind == "bus" else "through", dtype=object),
        "edges": edges[chosen],
        "speed_factor": vehicle.speed_factor.at(speed),
        "occupancy": np.full(n, vehicle.occupancy_persons.value),
        "uniform": own,
    }
