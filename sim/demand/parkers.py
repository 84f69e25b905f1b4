"""Drivers who come to park: their routes, their stays, and who of them changes to a new lot."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.demand.routing import Router
from sim.demand.tables import VEHICLES, floored, stream
from sim.edits.vocabulary import AddParking, Edit
from sim.errors import ConfigError, Problem, Problems, near
from sim.site.model import Site
from sim.site.network import Network
from sim.site.parking import ParkingDemand
from sim.vehicles import FILLS_EXIT, VehicleSet


def stations(site: Site, name: str) -> tuple[str, str, str]:
    """Return the edges one parking demand passes: entry, lot, exit. ConfigError if they do not exist."""
    demand = site.facts.parking_demand[name]
    place = f"parking_demand.{name}"
    network, problems = site.network, Problems()
    found: list[str] = []
    if demand.lot in site.facts.parking:
        area = site.facts.parking[demand.lot]
        found.append(network.edge(area.on, f"parking.{demand.lot}.on").id)
    else:
        problems.add(f"{place}.lot", f"no parking area {demand.lot!r}", near(demand.lot, site.facts.parking))
    for field, leg in (("origin", demand.origin), ("exit", demand.exit)):
        approach = network.approaches.get(leg)
        if approach is None and leg not in network.edges:
            known = [*network.approaches, *(network.edges if not site.facts.junctions else ())]
            problems.add(f"{place}.{field}", f"no approach or edge {leg!r}", near(leg, known))
        elif approach is not None and field == "exit" and approach.exit_edge is None:
            problems.add(f"{place}.{field}", f"nothing leaves the junction on {leg!r}", "name another leg")
        elif approach is not None:
            found.append(approach.chain[0] if field == "origin" else str(approach.exit_edge))
        else:
            found.append(leg)
    problems.raise_if_any()
    lot, origin, exit = found
    return origin, lot, exit


def routed(site: Site, name: str) -> tuple[str, ...]:
    """Return the edges of one parking demand; ConfigError where lot or exit cannot be reached."""
    origin, lot, exit = stations(site, name)
    edges = Router(site.network).through(origin, lot, exit)
    if edges is None:
        demand = site.facts.parking_demand[name]
        what = f"no way from {demand.origin} by {demand.lot} to {demand.exit}"
        raise ConfigError([Problem(f"parking_demand.{name}", what, "mind one-way lots and banned turns")])
    return edges


def flows(site: Site) -> dict[str, float]:
    """Return the expected flow of parkers per movement, veh/h."""
    found: dict[str, float] = {}
    by_edges = {(m.connections[0].from_edge, m.to_edge): m.id for m in site.network.movements.values()}
    for name, demand in site.facts.parking_demand.items():
        edges = routed(site, name)
        for pair in pairwise(edges):
            if pair in by_edges:
                found[by_edges[pair]] = found.get(by_edges[pair], 0.0) + demand.vehicles_per_h
    return found


def parkers(
    site: Site, window_s: tuple[float, float], period: str, replicate: int, scale: float, vehicles: VehicleSet
) -> pd.DataFrame:
    """Draw the parkers of every parking demand: columns VEHICLES.

    Poisson arrivals at a constant rate, warm-up included.
    """
    begin_s, end_s = window_s
    car = vehicles.of("car", "parking_demand")
    tables = []
    for name, demand in sorted(site.facts.parking_demand.items()):
        edges = " ".join(routed(site, name))
        rng = stream(site.name, replicate, period, "parking", name)
        n = int(rng.poisson(demand.vehicles_per_h * scale * (end_s - begin_s) / 3600))
        times = np.sort(floored(rng.uniform(begin_s, end_s, n)))
        speed, stay, fills, own = rng.random((4, n))
        stay_s = np.round(_stay_s(demand, stay), 0)
        tables.append(
            pd.DataFrame(
                {
                    "id": [f"parking.{name}.{i}" for i in range(n)],
                    "scheduled_s": times,
                    "type": np.where(fills < site.facts.enters_full_exit_share, "car" + FILLS_EXIT, "car"),
                    "vehicle_class": "car",
                    "purpose": "parking",
                    "edges": edges,
                    "depart_lane": "best",
                    "depart_pos": "base",
                    "depart_speed": "avg",
                    "arrival_lane": "",
                    "arrival_pos": "max",
                    "stops": [_stop(demand.lot, s) for s in stay_s],
                    "speed_factor": car.speed_factor.at(speed),
                    "occupancy": car.occupancy_persons.value,
                    "lot": demand.lot,
                    "stay_s": stay_s,
                    "uniform": own,
                }
            )
        )
    found = pd.concat(tables) if tables else pd.DataFrame(columns=list(VEHICLES))
    return found.astype(dict(VEHICLES))


def _stay_s(demand: ParkingDemand, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draw stays: exponential without a survey, lognormal with the mean and sd of one; at least 1 s."""
    mean_s = demand.stay_min * 60
    if demand.stay_sd_min is None:
        return np.fmax(-mean_s * np.log1p(-uniform), 1.0)
    variance = math.log1p((demand.stay_sd_min / demand.stay_min) ** 2)
    normal = np.asarray(ndtri(np.clip(uniform, 1e-9, None)), dtype=np.float64)
    return np.fmax(np.exp(math.log(mean_s) - variance / 2 + math.sqrt(variance) * normal), 1.0)


def _stop(lot: str, stay_s: float) -> str:
    return json.dumps([{"parkingArea": lot, "duration": f"{stay_s:.2f}"}])


def assign_lots(vehicles: pd.DataFrame, edits: Sequence[Edit], network: Network) -> pd.DataFrame:
    """Let new parking areas take their share of those who wished for an old one: VEHICLES in, VEHICLES out.

    Who changes is decided by the driver's own `uniform`, so by nobody else's presence; only route, stop and
    lot change. `network` is the arm's: a changed route follows what the arm allows. Raises ConfigError where
    shares of one lot add up to more than 1, or a new lot cannot be reached.
    """
    moved = vehicles.copy()
    taken: dict[str, float] = {}
    router = Router(network)
    problems = Problems()
    for edit in edits:
        if not isinstance(edit, AddParking):
            continue
        edge = network.edge(edit.area.on, f"{edit.id}.on").id
        for old, share in edit.takes:
            low = taken.get(old, 0.0)
            taken[old] = low + share
            if taken[old] > 1 + 1e-9:
                problems.add(
                    f"{edit.id}.takes.{old}", f"new areas take {taken[old]:.0%} of those who park there"
                )
            changes = (
                (vehicles["lot"] == old) & vehicles["uniform"].ge(low) & vehicles["uniform"].lt(taken[old])
            )
            for row, route, stops in vehicles.loc[changes, ["edges", "stops"]].itertuples():
                first, *_, last = route.split()
                edges = router.through(first, edge, last)
                if edges is None:
                    problems.add(f"{edit.id}.on", f"no way from {first} by {edit.area.on} to {last}")
                    break
                new = [" ".join(edges), edit.id, _moved_stops(stops, old, edit.id)]
                moved.loc[row, ["edges", "lot", "stops"]] = new
    problems.raise_if_any()
    return moved


def _moved_stops(stops: str, old: str, new: str) -> str:
    return json.dumps(
        [{**s, "parkingArea": new} if s.get("parkingArea") == old else s for s in json.loads(stops)]
    )
