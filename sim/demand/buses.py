"""Buses of the lines of a site, and what a moved stop means to those who serve it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sim.demand.parkers import ends
from sim.demand.routing import Router
from sim.demand.tables import VEHICLES, stream
from sim.edits.stops import MoveStop
from sim.errors import ConfigError, Problem, Problems
from sim.labels import Message
from sim.site.buses import Stop
from sim.site.model import Site
from sim.site.network import Network
from sim.vehicles import VehicleSet

BUS = "bus"
SHOWN = 5
"""How many buses a message names."""


def line_buses(
    site: Site, window_s: tuple[float, float], period: str, replicate: int, vehicles: VehicleSet
) -> pd.DataFrame:
    """Draw the buses of all lines: columns VEHICLES, one per headway from a uniform first departure on.

    A demand scale does not change the timetable.
    """
    tables = []
    begin_s, end_s = window_s
    for name, line in sorted(site.facts.bus_lines.items()):
        bus = vehicles.of(BUS, f"bus_lines.{name}")
        rng = stream(site.name, replicate, period, "line", name)
        first = begin_s + np.floor(rng.random() * line.headway_min * 60)
        times = np.arange(first, end_s, line.headway_min * 60)
        speed, own = rng.random((2, len(times)))
        stops = [
            {"busStop": id, "duration": f"{line.dwell_s:g}", **_in_bay(site.stops[id])} for id in line.stops
        ]
        come: dict[str, Any] = {
            "id": [f"line.{name}.{i}" for i in range(len(times))],
            "scheduled_s": times,
            "type": BUS,
            "vehicle_class": BUS,
            "purpose": BUS,
            "edges": " ".join(line_route(site, name)),
            "depart_lane": "best",
            "depart_pos": "base",
            "depart_speed": "avg",
            "arrival_lane": "",
            "arrival_pos": "max",
            "stops": json.dumps(stops),
            "speed_factor": bus.speed_factor.at(speed),
            "occupancy": bus.occupancy_persons.value,
            "lot": "",
            "uniform": own,
        }
        tables.append(pd.DataFrame(come))
    found = pd.concat(tables) if tables else pd.DataFrame(columns=list(VEHICLES))
    return found.reindex(columns=list(VEHICLES)).astype(dict(VEHICLES)).reset_index(drop=True)


def line_route(site: Site, name: str) -> tuple[str, ...]:
    """Return the edges of a line by its stops; ConfigError where there is no way."""
    line, network = site.facts.bus_lines[name], site.network
    origin, exit = ends(site, f"bus_lines.{name}", line.origin, line.exit)
    stations = [origin]
    for id in line.stops:
        edge = site.stops[id].edge
        stations += [edge] if edge != stations[-1] else []
    stations += [exit] if exit != stations[-1] else []
    route = Router(network, BUS).through(*stations)
    if route is None or not in_order(route, [site.stops[id] for id in line.stops]):
        what = Message(
            "no way from {origin} by the stops in their order to {exit}", origin=line.origin, exit=line.exit
        )
        raise ConfigError([Problem(f"bus_lines.{name}", what)])
    return route


def in_order(route: Sequence[str], stops: Sequence[Stop]) -> bool:
    """Whether a route passes stops one after the other."""
    number, at_m = 0, -1.0
    for stop in stops:
        here = number < len(route) and route[number] == stop.edge and stop.end_m > at_m
        if not here:
            later = [n for n in range(number + 1, len(route)) if route[n] == stop.edge]
            if not later:
                return False
            number = later[0]
        at_m = stop.end_m
    return True


def served(vehicles: pd.DataFrame, edits: Sequence[MoveStop], network: Network, site: Site) -> pd.DataFrame:
    """Let buses serve moved stops: in a bay they leave the lane. VEHICLES in, VEHICLES out; routes stay.

    ConfigError where a route does not pass a stop any more, or not after the stop before it.
    """
    wanted = {edit.id: edit.wanted for edit in edits}
    places = {**site.stops, **wanted}
    columns = vehicles["stops"].tolist()
    known: dict[str, str] = {}
    astray: dict[str, list[str]] = {}
    for n, (text, route, id) in enumerate(zip(columns, vehicles["edges"], vehicles["id"], strict=True)):
        if "busStop" not in text:
            continue
        stops = json.loads(text)
        moved = [stop["busStop"] for stop in stops if stop.get("busStop") in wanted]
        if not moved:
            continue
        whole = list(dict.fromkeys(network.whole.get(edge, edge) for edge in route.split()))
        own = [places[stop["busStop"]] for stop in stops if stop.get("busStop") in places]
        if not in_order(whole, own):
            astray.setdefault(moved[0], []).append(id)
            continue
        if text not in known:
            known[text] = json.dumps([_as_in(stop, wanted) for stop in stops])
        columns[n] = known[text]
    _refuse(astray, wanted)
    return vehicles.assign(stops=pd.Series(columns, index=vehicles.index, dtype="string"))


def _as_in(stop: Mapping[str, str], wanted: Mapping[str, Stop]) -> dict[str, str]:
    if stop.get("busStop") not in wanted:
        return dict(stop)
    return {**{k: v for k, v in stop.items() if k != "parking"}, **_in_bay(wanted[stop["busStop"]])}


def _in_bay(stop: Stop) -> dict[str, str]:
    return {"parking": "true"} if stop.bay else {}


def _refuse(astray: Mapping[str, Sequence[str]], wanted: Mapping[str, Stop]) -> None:
    problems = Problems()
    for id, buses in sorted(astray.items()):
        what = Message(
            "{number} vehicles that stop at {id!r} do not come by {edge!r} in their stops' order: {buses}",
            number=len(buses), id=id, edge=wanted[id].edge, buses=list(buses[:SHOWN]),
        )  # fmt: skip
        problems.add(f"stops.{id}", what, Message("move it along their routes"))
    problems.raise_if_any()
