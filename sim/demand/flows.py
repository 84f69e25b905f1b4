"""How many want to make each movement: what signal timing is computed from."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from sim.demand.counts import demand_table
from sim.demand.imported import DEFAULT_TYPE, demand_files, read_trips
from sim.demand.vehicle_types import read_vehicle_types
from sim.site.model import Site
from sim.vehicles import VehicleSet


def movement_flows(site: Site, period: str, vehicles: VehicleSet) -> Mapping[str, float]:
    """Return movement -> demand in the period's window, pcu/h, its mean; movements without anybody are 0.

    Drawn sites: from counts and queues. Imported ones: from the routes of the model's own vehicles, each
    taken to pass a stop line a free-flow time after its departure. Bicycles are left out: they have lanes of
    their own. `vehicles` gives passenger car equivalents.
    """
    pce = {name: kind.pce.value for name, kind in vehicles.by_name.items()}
    found = dict.fromkeys(site.network.movements, 0.0)
    times = site.periods[period]
    hours = (times.end_s - times.begin_s) / 3600
    if site.facts.imported is None:
        table = demand_table(site.counts[site.counts["period"] == period])
        rows = zip(table["approach"], table["movement"], table["class"], table["demand_veh"], strict=True)
        for approach, direction, kind, demand_veh in rows:
            movement = f"{approach}.{direction}"
            if movement in found and kind != "bicycle":
                found[movement] += float(demand_veh) * pce.get(kind, 1.0) / hours
        return found
    if not site.has_demand:
        return found
    trips_file, types_file = demand_files(site)
    types = read_vehicle_types(types_file)
    free_s = {edge.id: edge.free_time_s for edge in site.network.edges.values()}
    of_turn = {
        (approach.edge, movement.to_edge): movement.id
        for approach in site.network.approaches.values()
        for movement in approach.movements
    }
    for trip in read_trips(trips_file):
        kind = types.vehicle_class(types.drawn(trip.type or DEFAULT_TYPE, 0.0))
        if kind == "bicycle":
            continue
        clock_s = trip.depart_s
        for edge, following in pairwise(trip.edges.split()):
            clock_s += free_s.get(edge, 0.0)
            if (edge, following) in of_turn and times.begin_s <= clock_s < times.end_s:
                found[of_turn[edge, following]] += pce.get(kind, 1.0) / hours
    return found
