"""How routes answer an arm's network at once: not at all, or by detours of those whom it concerns. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pandas as pd

from sim.demand.closed_ways import stopped_by_closures
from sim.demand.moves import assign_lots
from sim.demand.realise import broken_routes
from sim.demand.routing import Router
from sim.demand.tables import Demand
from sim.edits.closures import while_closed
from sim.edits.edited_site import edited
from sim.edits.vocabulary import AddClosure, Edit
from sim.site.model import Closure, Site
from sim.site.network import Network
from sim.site.parking import ParkingArea
from sim.study import Routes

DELAYED = 3.0
"""A closure that a trip would meet if it took so many times its free-flow time is driven around."""


def driven(
    demand: Demand, edits: Sequence[Edit], network: Network, site: Site, routes: Routes
) -> pd.DataFrame:
    """Let people drive in an arm (`network` is the arm's): VEHICLES in, VEHICLES out.

    Lots first (`assign_lots`), then routes. The same rule in every arm; where nothing is broken, closed or
    new nobody's route changes, whether it is the fastest or not. Only `edges` differ afterwards. Who finds no
    way keeps the broken one: `broken_routes` tells. `equilibrium` begins with the detours, too.
    """
    moved = replace(demand, vehicles=assign_lots(demand.vehicles, edits, network, site))
    if routes == "fixed":
        return moved.vehicles
    closures = [edit.closure for edit in edits if isinstance(edit, AddClosure)]
    return _Detours(moved, network, site, closures, edited(site, edits).facts.parking).made()


def new_streets(network: Network, site: Site) -> frozenset[str]:
    """Return the edges of an arm that the site does not have, parts of cut edges aside."""
    return frozenset(network.edges.keys() - site.network.edges.keys() - network.whole.keys())


def met(
    edges: Sequence[str], depart_s: float, network: Network, closures: Sequence[Closure]
) -> tuple[int, ...]:
    """Return the numbers of the closures that hold at some time of a trip, delays included."""
    if not closures:
        return ()
    known = [edge for edge in edges if edge in network.edges]
    end_s = depart_s + DELAYED * sum(network.edges[edge].free_time_s for edge in known)
    return tuple(n for n, c in enumerate(closures) if c.begin_s < end_s and depart_s < c.end_s)


@dataclass
class _Detours:
    demand: Demand
    network: Network
    site: Site
    closures: Sequence[Closure]
    parking: Mapping[str, ParkingArea]
    _routers: dict[tuple[str, tuple[int, ...]], Router] = field(default_factory=dict)
    _found: dict[tuple[object, ...], tuple[str, ...] | None] = field(default_factory=dict)

    def made(self) -> pd.DataFrame:
        table = self.demand.vehicles
        broken = set(broken_routes(self.demand, self.network)["id"])
        broken |= set(stopped_by_closures(self.demand, self.network, self.closures)["id"])
        new = new_streets(self.network, self.site)
        routes = []
        columns = ["id", "type", "purpose", "scheduled_s", "edges", "stops"]
        for id, type_id, purpose, depart_s, text, stops in table[columns].itertuples(index=False):
            vclass = self.demand.types[type_id].get("vClass", "passenger")
            edges = tuple(text.split())
            if id in broken:
                route = self._way(vclass, edges, stops, met(edges, depart_s, self.network, self.closures))
            elif new and purpose != "bus":
                route = self._better(
                    vclass, edges, stops, new, met(edges, depart_s, self.network, self.closures)
                )
            else:
                route = None
            routes.append(text if route is None else " ".join(route))
        return table.assign(edges=pd.Series(routes, index=table.index, dtype="string"))

    def _better(
        self, vclass: str, edges: tuple[str, ...], stops: str, new: frozenset[str], met: tuple[int, ...]
    ) -> tuple[str, ...] | None:
        """Return the way by a new street, where that takes less free-flow time than the present one."""
        route = self._way(vclass, edges, stops, met)
        if route is None or not new.intersection(route):
            return None
        return route if self._time_s(route) < self._time_s(edges) - 1e-6 else None

    def _time_s(self, edges: Sequence[str]) -> float:
        return self.network.free_times_s(edges)[-1]

    def _way(
        self, vclass: str, edges: tuple[str, ...], stops: str, met: tuple[int, ...]
    ) -> tuple[str, ...] | None:
        """Return the fastest way from the first edge by those of its stops to the last."""
        key = (vclass, edges, stops, met)
        if key not in self._found:
            stations = self._stations(edges, stops)
            missing = any(edge not in self.network.edges for edge in stations)
            self._found[key] = None if missing else self._router(vclass, met).through(*stations)
        return self._found[key]

    def _stations(self, edges: tuple[str, ...], stops: str) -> tuple[str, ...]:
        """Return the edges to pass in turn; all of them where it is not known on which one a stop lies."""
        found = [edges[0]]
        for stop in json.loads(stops):
            edge = self._edge_of(stop)
            if edge is None:
                return tuple(edge for edge in edges if edge in self.network.edges)
            found.append(edge)
        stations = [*found, edges[-1]]
        return (stations[0], *(b for a, b in pairwise(stations) if a != b))

    def _edge_of(self, stop: Mapping[str, str]) -> str | None:
        if "lane" in stop:
            return stop["lane"].rpartition("_")[0]
        area = self.parking.get(stop.get("parkingArea", ""))
        if area is None:
            return stop.get("edge")
        edge, at_m = self.network.spot(area.on, area.at_m, f"parking.{stop['parkingArea']}.on")
        return self.network.part_at(edge.id, at_m)[0]

    def _router(self, vclass: str, met: tuple[int, ...]) -> Router:
        if (vclass, met) not in self._routers:
            network = self.network
            if met:
                closures = [self.closures[n] for n in met]
                network = while_closed(network, closures, float("-inf"), float("inf"))
            self._routers[vclass, met] = Router(network, vclass)
        return self._routers[vclass, met]
