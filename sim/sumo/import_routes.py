"""Routes for trips that have none, found once; and routes that the network does not allow."""

from __future__ import annotations

import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from sim.demand.routing import Router
from sim.demand.vehicle_types import BUILT_IN, VehicleTypes
from sim.errors import NOTHING, BuildError, Problems, near
from sim.labels import Message
from sim.site.network import Network
from sim.sumo.import_files import Written, top_level
from sim.sumo.import_vehicles import STOP_PLACES, Vehicle, with_edges
from sim.sumo.install import binary, environment
from sim.sumo.xml_file import element, opening

HINTS = 20
"""So many problems get a suggestion: in a town a near match takes a while to find."""


def routed(
    vehicles: Sequence[Vehicle],
    types: VehicleTypes,
    net: Path,
    further: Path | None,
    zones: Iterable[Element],
) -> tuple[list[Vehicle], list[Vehicle]]:
    """Find a route for every vehicle that has only a way, with duarouter on the empty network.

    Returns all vehicles that have a route, in the given order, and those for which there is none. `further`
    is an additional file with the places that stops refer to. Raises BuildError where duarouter fails.
    """
    open_ways = [vehicle for vehicle in vehicles if not vehicle.edges]
    if not open_ways:
        return list(vehicles), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "trips.xml").write_text(_trips_xml(open_ways, types), encoding="utf-8")
        tazs = "".join(ElementTree.tostring(zone, encoding="unicode") for zone in zones)
        (folder / "zones.xml").write_text(f"<additional>{tazs}</additional>", encoding="utf-8")
        options = {
            "net-file": net.resolve(),
            "route-files": "trips.xml",
            "additional-files": ",".join([*([str(further.resolve())] if further else []), "zones.xml"]),
            "output-file": "routes.xml",
            "alternatives-output": "NUL",
            "junction-taz": "true",
            "ignore-errors": "true",
            "no-step-log": "true",
            "xml-validation": "never",
            "begin": "0",
        }
        command = [str(binary("duarouter")), *(f"--{key}={value}" for key, value in options.items())]
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode != 0 or not (folder / "routes.xml").is_file():
            raise BuildError(
                Message("duarouter could not route the trips:\n{words}", words=done.stderr.strip())
            )
        found = _routes(folder / "routes.xml")
    all_vehicles = [v if v.edges else with_edges(v, found.get(v.id, ())) for v in vehicles]
    return [v for v in all_vehicles if v.edges], [v for v in all_vehicles if not v.edges]


def _trips_xml(vehicles: Sequence[Vehicle], types: VehicleTypes) -> str:
    """Write trips for duarouter. Of a distribution its first type stands for all: one route per vehicle."""
    type_of = {v.id: types.drawn(v.type, 0.0) for v in vehicles}
    lines = ["<routes>\n"]
    for id in sorted(set(type_of.values())):
        attributes = types.types.get(id, {"vClass": BUILT_IN.get(id, "passenger")})
        lines.append(element("vType", {"id": id, **attributes}))
    for v in vehicles:
        lines.append(opening("trip", {"id": v.id, "type": type_of[v.id], "depart": v.depart_s, **v.way}))
        lines += [element("stop", stop, 2) for stop in v.stops]
        lines.append("    </trip>\n")
    return "".join([*lines, "</routes>\n"])


def _routes(path: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}

    def take(vehicle: Element) -> None:
        route = vehicle.find("route")
        if route is not None:
            found[vehicle.attrib["id"]] = tuple(route.attrib["edges"].split())

    top_level(path, take)
    return found


# --- what the network does not allow ----------------------------------------------------------------------


def check_ways(vehicles: Iterable[Vehicle], network: Network, problems: Problems) -> None:
    """Note every edge that a route or a way names and the network lacks, and vehicles with neither."""
    unknown: set[tuple[str, str]] = set()
    for v in vehicles:
        named = [*v.edges, *(edge for key in ("from", "via", "to") for edge in v.way.get(key, "").split())]
        if not v.edges and not v.way:
            problems.add(v.place, Message("has neither a route nor an origin and a destination"))
        for edge in dict.fromkeys(named):
            if edge not in network.edges:
                unknown.add((v.place, edge))
    for place, edge in sorted(unknown):
        problems.add(
            place,
            Message("the network has no edge {edge!r}", edge=edge),
            near(edge, network.edges) if len(problems.found) < HINTS else NOTHING,
        )


def check_routes(
    vehicles: Iterable[Vehicle], types: VehicleTypes, network: Network, problems: Problems
) -> None:
    """Note every route with a step that no connection open to its vehicle allows; SUMO refuses those too."""
    routers: dict[str, Router] = {}
    known: dict[tuple[str, tuple[str, ...]], tuple[str, str] | None] = {}
    for v in vehicles:
        members = types.distributions.get(v.type, {v.type: 1.0})
        for vclass in sorted({types.vclass(member) for member in members}):
            router = routers.setdefault(vclass, Router(network, vclass))
            key = (vclass, v.edges)
            if key not in known:
                steps = [*pairwise(v.edges)]
                known[key] = next((step for step in steps if step not in router.links), None)
            if (step := known[key]) is not None:
                what = Message(
                    "its route goes from {step!r} to {step_2!r}, where no {vclass} may turn",
                    step=step[0],
                    step_2=step[1],
                    vclass=vclass,
                )
                problems.add(v.place, what, Message("run `duarouter --repair` on the routes first"))


def check_stops(
    vehicles: Iterable[Vehicle], places: Mapping[str, Written], network: Network, problems: Problems
) -> None:
    """Note every stop at a place that is not there, or not on the vehicle's route."""
    lanes = {lane.id: edge.id for edge in network.edges.values() for lane in edge.lanes}
    for v in vehicles:
        for stop in v.stops:
            edge = stop.get("edge")
            for kind in STOP_PLACES:
                if kind in stop and stop[kind] not in places:
                    problems.add(
                        v.place,
                        Message(
                            "stops at the {kind} {stop!r}, which is not there", kind=kind, stop=stop[kind]
                        ),
                        near(stop[kind], places),
                    )
                elif kind in stop:
                    edge = lanes.get(places[stop[kind]].element.get("lane", ""))
            if "lane" in stop:
                edge = lanes.get(stop["lane"])
                if edge is None:
                    problems.add(
                        v.place,
                        Message("stops on {lane!r}, a lane that the network lacks", lane=stop["lane"]),
                    )
            if edge is not None and v.edges and edge not in v.edges:
                problems.add(v.place, Message("stops on {edge!r}, which is not on its route", edge=edge))


def named(ids: Sequence[str], shown: int = 20) -> Message:
    """List ids, the first ones by name."""
    if len(ids) <= shown:
        return Message("{ids}", ids=ids)
    return Message("{ids}, ... {count} in all", ids=ids[:shown], count=len(ids))


def counted(left_out: Counter[Message]) -> list[Message]:
    """Say what is left out, each kind with its number."""
    return [
        Message("{what} ({number})", what=what, number=number) for what, number in sorted(left_out.items())
    ]
