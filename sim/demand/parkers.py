"""Drivers who come to park, who stands there already, and who stops where it is forbidden."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.demand.lots import Wishes, wishes
from sim.demand.routing import Router
from sim.demand.tables import LEAVING, STOPPING, VEHICLES, floored, stream
from sim.errors import ConfigError, Problem, Problems, near
from sim.labels import Message
from sim.site.model import Site
from sim.site.network import Network
from sim.site.parking import ParkingArea, ParkingDemand
from sim.vehicles import FILLS_EXIT, VehicleSet

Uniforms = NDArray[np.float64]
"""Random numbers in [0, 1), one per driver."""
PUT_IN_S = 7.0
"""Into one stall after the other SUMO puts a vehicle every 6 s or so, by way of the lane beside it."""
QUARTER_S = 900
FROM_JUNCTION_M = 20.0
"""Nobody stops on the lane nearer to a junction (GA/T 850 allows none within 20 m; medium confidence)."""


@dataclass(frozen=True)
class Ways:
    """The ways of one parking demand: entry, lot, exit. ConfigError where one does not exist."""

    name: str
    origin: str
    exit: str
    router: Router
    parking: Mapping[str, ParkingArea]

    def reaches(self, lot: str) -> bool:
        """Whether a lot can be driven to and left again."""
        return self._by(lot) is not None

    def _by(self, lot: str) -> tuple[str, ...] | None:
        return self.router.through(self.origin, *((self.edge(lot),) if lot else ()), self.exit)

    def by(self, lot: str) -> tuple[str, ...]:
        """Return the edges by a lot, or straight to the exit where there is none ('')."""
        edges = self._by(lot)
        if edges is None:
            what = Message(
                "no way from {origin} by {lot} to {exit}",
                origin=self.origin,
                lot=lot or Message("the streets"),
                exit=self.exit,
            )
            hint = Message("mind one-way lots and banned turns")
            raise ConfigError([Problem(f"parking_demand.{self.name}", what, hint)])
        return edges

    def leaving(self, lot: str) -> tuple[str, ...]:
        """Return the edges from a lot on."""
        edges = self.by(lot)
        return edges[edges.index(self.edge(lot)) :]

    def edge(self, lot: str) -> str:
        """Return the edge a lot lies on."""
        area, network = self.parking[lot], self.router.network
        return network.part_at(network.edge(area.on, f"parking.{lot}.on").id, area.at_m)[0]


def ends(site: Site, place: str, origin: str, exit: str) -> tuple[str, str]:
    """Return the first and the last edge of a way through the site. ConfigError if they do not exist."""
    network, problems = site.network, Problems()
    found: list[str] = []
    for field, leg in (("origin", origin), ("exit", exit)):
        approach = network.approaches.get(leg)
        if approach is None and leg not in network.edges:
            known = [*network.approaches, *(network.edges if not site.facts.junctions else ())]
            problems.add(
                f"{place}.{field}", Message("no approach or edge {leg!r}", leg=leg), near(leg, known)
            )
        elif approach is not None and field == "exit" and approach.exit_edge is None:
            problems.add(
                f"{place}.{field}",
                Message("nothing leaves the junction on {leg!r}", leg=leg),
                Message("name another leg"),
            )
        elif approach is not None:
            found.append(approach.chain[0] if field == "origin" else str(approach.exit_edge))
        else:
            found.append(leg)
    problems.raise_if_any()
    return found[0], found[1]


def ways(site: Site, name: str) -> Ways:
    """Return the ways of one parking demand through the site as it is."""
    demand = site.facts.parking_demand[name]
    place = f"parking_demand.{name}"
    problems = Problems()
    if demand.lot is not None and demand.lot not in site.facts.parking:
        problems.add(
            f"{place}.lot",
            Message("no parking area {lot!r}", lot=demand.lot),
            near(demand.lot, site.facts.parking),
        )
    origin = exit = ""
    try:
        origin, exit = ends(site, place, demand.origin, demand.exit)
    except ConfigError as error:
        problems.extend(error)
    problems.raise_if_any()
    return Ways(name, origin, exit, Router(site.network), site.facts.parking)


def check_ways(site: Site, path: str, problems: Problems) -> None:
    """Add a problem for every parking demand that has no way by a lot; those that have one already are left.

    `site` may lack lots that have no place on the streets: who names one of them is not at fault.
    """
    parking = site.facts.parking
    for name, demand in sorted(site.facts.parking_demand.items()):
        place = f"{path}.parking_demand.{name}"
        named = any(f"{problem.path}.".startswith(f"{place}.") for problem in problems.found)
        if named or (demand.lot is not None and demand.lot not in parking):
            continue
        try:
            ways(site, name).by(demand.lot or _cheapest(site, name))
        except ConfigError as error:
            problems.extend(error, f"{path}.")


def flows(site: Site) -> dict[str, float]:
    """Return the expected flow of parkers per movement, veh/h, over the periods together.

    Of drivers who choose their lot, by the lot that most of them would choose without a taste of their own.
    """
    found: dict[str, float] = {}
    by_edges = {(m.connections[0].from_edge, m.to_edge): m.id for m in site.network.movements.values()}
    periods = list(site.periods.values())
    for name, demand in site.facts.parking_demand.items():
        lot = demand.lot or _cheapest(site, name)
        vph = sum(demand.mean_vph(p.begin_s, p.end_s) for p in periods) / len(periods)
        for pair in pairwise(ways(site, name).by(lot)):
            if pair in by_edges:
                found[by_edges[pair]] = found.get(by_edges[pair], 0.0) + vph
    return found


def _cheapest(site: Site, name: str) -> str:
    found = wishes(site, name, site.facts.parking, site.network, ways(site, name).reaches)
    if not found.walks_s:
        demand = site.facts.parking_demand[name]
        what = Message(
            "no parking area that can be reached within {metres:g} m on foot of {destination}",
            metres=demand.walks_at_most_m,
            destination=demand.destination,
        )
        hint = Message("raise `walks_at_most_m`, or add a lot")
        raise ConfigError([Problem(f"parking_demand.{name}.destination", what, hint)])
    return min(found.lots, key=lambda lot: (found.walks_s[lot], lot))


def parkers(
    site: Site, window_s: tuple[float, float], period: str, replicate: int, scale: float, vehicles: VehicleSet
) -> pd.DataFrame:
    """Draw the parkers of every parking demand: columns VEHICLES.

    Poisson arrivals at the rate of the time of day, warm-up included.
    """
    tables = []
    for name, demand in sorted(site.facts.parking_demand.items()):
        rng = stream(site.name, replicate, period, "parking", name)
        parts = []
        for begin_s, end_s, vph in demand.rates(*window_s):
            n = int(rng.poisson(vph * scale * (end_s - begin_s) / 3600))
            parts.append(np.sort(floored(rng.uniform(begin_s, end_s, n))))
        times = np.concatenate(parts)
        n = len(times)
        speed, stay, fills, own = rng.random((4, n))
        stay_s = np.round(_stay_s(demand, stay), 0)
        drivers = _drivers(site, vehicles, speed, fills, own)
        way = ways(site, name)
        if demand.lot is not None:
            lots = [demand.lot] * n
        else:
            _cheapest(site, name)
            found = wishes(site, name, site.facts.parking, site.network, way.reaches)
            lots = found.chosen(own.tolist(), stay_s, times)
        routes = {lot: " ".join(way.by(lot)) for lot in {*lots, *([demand.lot] if demand.lot else [])}}
        come: dict[str, Any] = {
            "id": [f"parking.{name}.{i}" for i in range(n)],
            "scheduled_s": times,
            "purpose": "parking",
            "edges": [routes[lot] for lot in lots],
            "depart_pos": "base",
            "depart_speed": "avg",
            "stops": [_stop(lot, duration=s) if lot else "[]" for lot, s in zip(lots, stay_s, strict=True)],
            "lot": lots,
            "stay_s": stay_s,
            "patience_s": demand.gives_up_after_min * 60,
            "knowledge": demand.knowledge,
        }
        tables.append(drivers.assign(**come))
    return _stacked(tables)


def standing(
    site: Site, begin_s: float, period: str, replicate: int, scale: float, vehicles: VehicleSet
) -> pd.DataFrame:
    """Draw who stands in a stall when the demand of a period begins: columns VEHICLES.

    As many as a survey has counted, or the stationary stock of Poisson arrivals (M/G/inf): per parking demand
    a Poisson number with mean arrival rate times mean stay. Remaining stays after the law of the residual
    stay, ``P(R > r) = int_r^inf P(S > s) ds / E[S]``. A lot holds no more than its stalls; who is left out is
    drawn, or stands in the next best lot where drivers choose. They want to leave when the remaining stay is
    over (`scheduled_s`), and are put into their stalls before anybody drives, as far as there is time before
    `begin_s`.
    """
    tables = []
    full: dict[str, int] = {}
    for name, demand in sorted(site.facts.parking_demand.items()):
        rng = stream(site.name, replicate, period, "standing", name)
        vph = demand.mean_vph(begin_s, begin_s + 1)
        drawn = int(rng.poisson(vph * scale / 60 * demand.stay_min))
        counted = demand.counted(period)
        n = drawn if counted is None else round(counted * scale)
        speed, stay, passed, fills, own = rng.random((5, n))
        leave_s = begin_s + floored(_remaining_s(demand, stay, passed))
        way = ways(site, name)
        if demand.lot is not None:
            lots = [demand.lot] * n
        else:
            found = wishes(site, name, site.facts.parking, site.network, way.reaches)
            lots = settled(found, own.tolist(), leave_s - begin_s, begin_s, full)
        kept = np.array([bool(lot) for lot in lots], dtype=bool)
        lots = [lot for lot in lots if lot]
        routes = {lot: " ".join(way.leaving(lot)) for lot in set(lots)}
        stand: dict[str, Any] = {
            "id": [f"standing.{name}.{i}" for i in np.flatnonzero(kept)],
            "scheduled_s": leave_s[kept],
            "purpose": LEAVING,
            "edges": [routes[lot] for lot in lots],
            "depart_pos": "stop",
            "depart_speed": "0",
            "stops": [_stop(lot, until=s) for lot, s in zip(lots, leave_s[kept], strict=True)],
            "lot": lots,
        }
        drivers = _drivers(site, vehicles, speed[kept], fills[kept], own[kept])
        tables.append(drivers.assign(**stand))
    stacked = _within_stalls(_stacked(tables), site, period, replicate)
    quarters = min(math.ceil(len(stacked) * PUT_IN_S / QUARTER_S), begin_s // QUARTER_S)
    return stacked.assign(stay_s=stacked["scheduled_s"] - (begin_s - quarters * QUARTER_S))


def settled(
    found: Wishes, uniforms: Sequence[float], stays_s: Uniforms, time_s: float, full: dict[str, int]
) -> list[str]:
    """Put those who stand at the start into their best lots with a stall left; '' where there is none.

    `full` counts the stalls taken and is brought up to date.
    """
    lots = []
    for ranked in found.ranked(uniforms, np.asarray(stays_s), np.full(len(uniforms), time_s)):
        lot = next((lot for lot in ranked if full.get(lot, 0) < found.parking[lot].stalls), "")
        full[lot] = full.get(lot, 0) + 1
        lots.append(lot)
    return lots


def stoppers(
    site: Site, window_s: tuple[float, float], period: str, replicate: int, scale: float, vehicles: VehicleSet
) -> pd.DataFrame:
    """Draw who stops on the lane where it is forbidden: columns VEHICLES, purpose `stopping`.

    Poisson in time and along the street, exponential stays.
    """
    tables = []
    begin_s, end_s = window_s
    for name, item in sorted(site.facts.illegal_stopping.items()):
        if item.origin is None or item.exit is None:
            continue  # they come with the imported model
        rng = stream(site.name, replicate, period, "stopping", name)
        network = site.network
        approach = network.approaches.get(item.on)
        chain = approach.chain if approach else (item.on,)
        street_m = sum(network.edges[edge].length_m for edge in chain)
        n = int(rng.poisson(item.per_km_h * street_m / 1000 * (end_s - begin_s) / 3600 * scale))
        times = np.sort(floored(rng.uniform(begin_s, end_s, n)))
        speed, stay, fills, own, along = rng.random((5, n))
        stay_s = np.round(np.fmax(-item.stay_min * 60 * np.log1p(-stay), 10.0), 0)
        origin, exit = ends(site, f"illegal_stopping.{name}", item.origin, item.exit)
        edges = Router(network).through(origin, *chain, exit)
        if edges is None:
            what = Message(
                "no way from {origin} by {on} to {exit}", origin=item.origin, on=item.on, exit=item.exit
            )
            raise ConfigError([Problem(f"illegal_stopping.{name}", what)])
        spots = [network.spot(item.on, float(share) * street_m, "illegal_stopping.on") for share in along]
        come: dict[str, Any] = {
            "id": [f"stopping.{name}.{i}" for i in range(n)],
            "scheduled_s": times,
            "purpose": STOPPING,
            "edges": " ".join(edges),
            "depart_pos": "base",
            "depart_speed": "avg",
            "stops": [
                lane_stop(network, edge.id, at_m, s) for (edge, at_m), s in zip(spots, stay_s, strict=True)
            ],
            "lot": "",
            "stay_s": stay_s,
        }
        tables.append(_drivers(site, vehicles, speed, fills, own).assign(**come))
    return _stacked(tables)


def lane_stop(network: Network, edge: str, at_m: float, stay_s: float) -> str:
    """Stop on the lane at the kerb, away from both junctions where the edge is long enough."""
    lane = next(lane for lane in network.edges[edge].lanes if lane.for_cars)
    room_m = min(FROM_JUNCTION_M, lane.length_m / 3)
    end_m = min(max(at_m, room_m + 5.0), lane.length_m - room_m)
    return json.dumps([{"lane": lane.id, "endPos": f"{end_m:.2f}", "duration": f"{stay_s:.2f}"}])


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
