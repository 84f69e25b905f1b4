"""One demand per period and replicate, made outside the simulator and shared by all arms."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pandas as pd

from sim.demand.buses import line_buses
from sim.demand.drawn import arrivals
from sim.demand.imported import shifted
from sim.demand.parkers import parkers, standing, stoppers
from sim.demand.routing import Router
from sim.demand.tables import Demand
from sim.demand.vehicle_types import BUILT_IN, VehicleTypes
from sim.demand.walks import walks
from sim.site.model import Site
from sim.site.network import Network
from sim.study import RunSettings
from sim.vehicles import FILLS_EXIT, VehicleSet, filling_exit, type_attributes


def begin_s(site: Site, period: str) -> float:
    """When the demand of a period begins: the warm-up before its window."""
    return float(site.periods[period].begin_s - site.facts.warm_up_s)


def realise(site: Site, period: str, replicate: int, settings: RunSettings, vehicles: VehicleSet) -> Demand:
    """Draw the people of one period and replicate. Pure: the same arguments give the same people.

    `vehicles` is the vehicle set named in the settings, else the default one: drawn sites drive with it;
    imported sites only if it is named, and take occupancies (and the type of parkers) from it in any case. Of
    the settings only `vehicles` and `demand_scale` count. Nobody departs after the window but
    some of those who stood in a stall at the start.

    Raises ConfigError where counts, parking demand, pedestrians or imported files do not fit the site.
    """
    window_s = (begin_s(site, period), float(site.periods[period].end_s))
    scale = settings.demand_scale
    imported: VehicleTypes | None = None
    if site.facts.imported is None:
        main = arrivals(site, window_s[0], period, replicate, scale, vehicles)
    else:
        main, imported = shifted(
            site, window_s, replicate, scale, vehicles, named=settings.vehicles is not None
        )
    parts = [
        main,
        parkers(site, window_s, period, replicate, scale, vehicles),
        standing(site, window_s[0], period, replicate, scale, vehicles),
        stoppers(site, window_s, period, replicate, scale, vehicles),
        line_buses(site, window_s, period, replicate, vehicles),
    ]
    filled = [part for part in parts if len(part)] or [main]
    table = pd.concat(filled).sort_values(["scheduled_s", "id"], ignore_index=True)
    return Demand(
        table, walks(site, window_s[0], period, replicate, scale), _types(table, vehicles, imported)
    )


def _types(
    table: pd.DataFrame, vehicles: VehicleSet, imported: VehicleTypes | None
) -> Mapping[str, Mapping[str, str]]:
    """Collect all attributes of the types in use, by id."""
    known = {name: type_attributes(vehicles, vehicle) for name, vehicle in vehicles.by_name.items()}
    if imported is not None:
        known |= {id: {"vClass": vclass} for id, vclass in BUILT_IN.items()} | {
            id: dict(attributes) for id, attributes in imported.types.items()
        }
    found = {}
    for id in sorted(set(table["type"])):
        plain = id.removesuffix(FILLS_EXIT)
        found[id] = known[plain] if id in known else filling_exit(known[plain])
    return found


def broken_routes(demand: Demand, network: Network) -> pd.DataFrame:
    """List vehicles whose route has a step that no connection of their class allows.

    Columns `id, type, from_edge, to_edge`: one row per vehicle, at its first broken step; an edge that does
    not exist is a broken step too.
    """
    vclass = {id: attributes.get("vClass", "passenger") for id, attributes in demand.types.items()}
    routers: dict[str, Router] = {}
    known: dict[tuple[str, str], tuple[str, str] | None] = {}
    rows = []
    columns = (demand.vehicles[name].tolist() for name in ("id", "type", "edges"))
    for id, type_id, edges in zip(*columns, strict=True):
        key = (vclass[type_id], edges)
        if key not in known:
            router = routers.setdefault(key[0], Router(network, key[0]))
            known[key] = _first_broken(router, edges.split())
        if (step := known[key]) is not None:
            rows.append((id, type_id, *step))
    return pd.DataFrame(rows, columns=["id", "type", "from_edge", "to_edge"])


def _first_broken(router: Router, edges: list[str]) -> tuple[str, str] | None:
    if len(edges) == 1 and edges[0] not in router.network.edges:
        return edges[0], edges[0]
    return next((pair for pair in pairwise(edges) if pair not in router.links), None)
