"""Drivers who come to park, and who stands there already: routes, stays, and who changes to a new lot."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.demand.routing import Router
from sim.demand.tables import LEAVING, VEHICLES, floored, stream
from sim.edits.vocabulary import AddParking, Edit
from sim.errors import ConfigError, Problem, Problems, near
from sim.site.model import Site
from sim.site.network import Network
from sim.site.parking import ParkingDemand
from sim.vehicles import FILLS_EXIT, VehicleSet

Uniforms = NDArray[np.float64]
"""Random numbers in [0, 1), one per driver."""
PUT_IN_S = 7.0
"""Into one stall after the other SUMO puts a vehicle every 6 s or so, by way of the lane beside it."""
QUARTER_S = 900


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
    tables = []
    for name, demand in sorted(site.facts.parking_demand.items()):
        rng = stream(site.name, replicate, period, "parking", name)
        n = int(rng.poisson(demand.vehicles_per_h * scale * (end_s - begin_s) / 3600))
        times = np.sort(floored(rng.uniform(begin_s, end_s, n)))
        speed, stay, fills, own = rng.random((4, n))
        stay_s = np.round(_stay_s(demand, stay), 0)
        drivers = _drivers(site, vehicles, speed, fills, own)
        come: dict[str, Any] = {
            "id": [f"parking.{name}.{i}" for i in range(n)],
            "scheduled_s": times,
            "purpose": "parking",
            "edges": " ".join(routed(site, name)),
            "depart_pos": "base",
            "depart_speed": "avg",
            "stops": [_stop(demand.lot, duration=s) for s in stay_s],
            "lot": demand.lot,
            "stay_s": stay_s,
        }
        tables.append(drivers.assign(**come))
    return _stacked(tables)


def standing(
    site: Site, begin_s: float, period: str, replicate: int, scale: float, vehicles: VehicleSet
) -> pd.DataFrame:
    """Draw who stands in a stall when the demand of a period begins: columns VEHICLES.

    The stationary stock of Poisson arrivals (M/G/inf): per parking demand a Poisson number with mean arrival
    rate times mean stay, remaining stays after the law of the residual stay, ``P(R > r) = int_r^inf P(S > s)
    ds / E[S]``. A lot holds no more than its stalls; who is left out is drawn. They want to leave when the
    remaining stay is over (`scheduled_s`), and are put into their stalls before anybody drives, as far as
    there is time before `begin_s`.
    """
    tables = []
    for name, demand in sorted(site.facts.parking_demand.items()):
        rng = stream(site.name, replicate, period, "standing", name)
        n = int(rng.poisson(demand.vehicles_per_h * scale / 60 * demand.stay_min))
        speed, stay, passed, fills, own = rng.random((5, n))
        _, lot, _ = stations(site, name)
        edges = routed(site, name)
        leave_s = begin_s + floored(_remaining_s(demand, stay, passed))
        stand: dict[str, Any] = {
            "id": [f"standing.{name}.{i}" for i in range(n)],
            "scheduled_s": leave_s,
            "purpose": LEAVING,
            "edges": " ".join(edges[edges.index(lot) :]),
            "depart_pos": "stop",
            "depart_speed": "0",
            "stops": [_stop(demand.lot, until=s) for s in leave_s],
            "lot": demand.lot,
        }
        tables.append(_drivers(site, vehicles, speed, fills, own).assign(**stand))
    found = _within_stalls(_stacked(tables), site, period, replicate)
    quarters = min(math.ceil(len(found) * PUT_IN_S / QUARTER_S), begin_s // QUARTER_S)
    return found.assign(stay_s=found["scheduled_s"] - (begin_s - quarters * QUARTER_S))


def _within_stalls(vehicles: pd.DataFrame, site: Site, period: str, replicate: int) -> pd.DataFrame:
    kept = []
    for lot, rows in vehicles.groupby("lot", sort=True):
        order = stream(site.name, replicate, period, "stalls", str(lot)).permutation(len(rows))
        kept += list(rows.index[np.sort(order[: site.facts.parking[str(lot)].stalls])])
    return vehicles.loc[sorted(kept)].reset_index(drop=True)


def _drivers(
    site: Site, vehicles: VehicleSet, speed: Uniforms, fills: Uniforms, own: Uniforms
) -> pd.DataFrame:
    """Make what people who park have in common, whether they come or leave."""
    car = vehicles.of("car", "parking_demand")
    return pd.DataFrame(
        {
            "type": np.where(fills < site.facts.enters_full_exit_share, "car" + FILLS_EXIT, "car"),
            "vehicle_class": "car",
            "depart_lane": "best",
            "arrival_lane": "",
            "arrival_pos": "max",
            "speed_factor": car.speed_factor.at(speed),
            "occupancy": car.occupancy_persons.value,
            "uniform": own,
        }
    )


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    found = pd.concat(tables) if tables else pd.DataFrame(columns=list(VEHICLES))
    return found.reindex(columns=list(VEHICLES)).astype(dict(VEHICLES)).reset_index(drop=True)


def _stay_s(demand: ParkingDemand, uniform: Uniforms) -> NDArray[np.float64]:
    """Draw stays: exponential without a survey, lognormal with the mean and sd of one; at least 1 s."""
    if demand.stay_sd_min is None:
        return np.fmax(-demand.stay_min * 60 * np.log1p(-uniform), 1.0)
    log_mean, log_variance = _lognormal(demand.stay_min * 60, demand.stay_sd_min * 60)
    return np.fmax(np.exp(log_mean + math.sqrt(log_variance) * _normal(uniform)), 1.0)


def _remaining_s(demand: ParkingDemand, stay: Uniforms, passed: Uniforms) -> NDArray[np.float64]:
    """Draw what is left of the stays of those found parked at some time.

    An exponential stay has no memory. Else longer stays are found more often, each anywhere in it: a
    lognormal stay weighted by its length is lognormal with its log mean raised by its log variance, and of
    it a uniform share is left.
    """
    if demand.stay_sd_min is None:
        return _stay_s(demand, stay)
    log_mean, log_variance = _lognormal(demand.stay_min * 60, demand.stay_sd_min * 60)
    found_s = np.exp(log_mean + log_variance + math.sqrt(log_variance) * _normal(stay))
    return np.asarray(found_s * (1 - passed), dtype=np.float64)


def _lognormal(mean_s: float, sd_s: float) -> tuple[float, float]:
    """Mean and variance of the logarithm of a lognormal number."""
    variance = math.log1p((sd_s / mean_s) ** 2)
    return math.log(mean_s) - variance / 2, variance


def _normal(uniform: Uniforms) -> NDArray[np.float64]:
    return np.asarray(ndtri(np.clip(uniform, 1e-9, None)), dtype=np.float64)


def _stop(lot: str, **ends_s: float) -> str:
    return json.dumps([{"parkingArea": lot, **{how: f"{s:.2f}" for how, s in ends_s.items()}}])


def assign_lots(vehicles: pd.DataFrame, edits: Sequence[Edit], network: Network) -> pd.DataFrame:
    """Let people drive in an arm: VEHICLES in, VEHICLES out.

    New parking areas take their share of those who wished for an old one, and routes over an edge that the
    arm has cut lead over its parts.

    Who changes is decided by the driver's own `uniform`, so by nobody else's presence; only route, stop and
    lot change. Of those who stand in a stall at the start no more change than the new lot has stalls.
    `network` is the arm's: a changed route follows what the arm allows. Raises ConfigError where shares of
    one lot add up to more than 1, or a new lot cannot be reached.
    """
    if network.parts:
        routes = [" ".join(network.on_parts(edges.split())) for edges in vehicles["edges"]]
        vehicles = vehicles.assign(edges=pd.Series(routes, index=vehicles.index, dtype="string"))
    moved = vehicles.copy()
    taken: dict[str, float] = {}
    router = Router(network)
    problems = Problems()
    for edit in edits:
        if not isinstance(edit, AddParking):
            continue
        edge = network.edge(edit.area.on, f"{edit.id}.on").id
        edge, _ = network.part_at(edge, edit.area.at_m)
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
            stands = vehicles["purpose"] == LEAVING
            free = edit.area.stalls - int((stands & (moved["lot"] == edit.id)).sum())
            changes &= ~stands | ((changes & stands).astype("int64").cumsum() <= free)
            for row, route, stops in vehicles.loc[changes, ["edges", "stops"]].itertuples():
                first, last = route.split()[0], route.split()[-1]
                way = (edge, last) if stands[row] else (first, edge, last)
                edges = router.through(*way)
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
