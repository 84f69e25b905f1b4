"""Zones to SUMO's detectors: one additional file that writes beside itself, in the run's folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from sim.demand import Demand
from sim.demand.vehicle_types import CLASS_OF_VCLASS, copied
from sim.site.strays import strays
from sim.site.zones import BESIDE, MovementZone, QueueLane, Zones
from sim.sumo.boxes import partner
from sim.sumo.xml_file import element, opening

ZONES_FILE = "zones.out.xml"
QUEUES_FILE = "queues.out.xml"
STOP_LINES_FILE = "stop_lines.out.xml"
EDGES_FILE = "edges.out.xml"
LOOP_M = 0.1
"""Distance of the induction loop from the stop line."""
HALT_MPS = 0.1
"""A vehicle at most this fast has stopped."""


def timed_types(types: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """Return the ids of the types that movements are about; empty where that is everyone."""
    vclasses = {id: attributes.get("vClass", "passenger") for id, attributes in types.items()}
    timed = [id for id, vclass in vclasses.items() if CLASS_OF_VCLASS.get(vclass, "other") not in BESIDE]
    return tuple(sorted(timed)) if len(timed) < len(types) else ()


def told_apart(demand: Demand, zones: Zones) -> tuple[Demand, dict[str, tuple[str, ...]]]:
    """Give those whom a zone must not count types of their own; return zone -> types that it counts.

    A detector chooses vehicles by their type alone (`nextEdges` is asked again at the exit, when the approach
    is behind), so strays drive copies of their types: alike in all but the name, which nothing else reads.
    A zone that counts everyone is absent.
    """
    astray = strays(zones.movements, demand.vehicles["edges"])
    timed = timed_types(demand.types)
    names = [*zones.movements, *zones.routes]
    if not astray:
        return demand, dict.fromkeys(names, timed) if timed else {}
    number = {misled: n for n, misled in enumerate(sorted(set(astray.values()), key=sorted), 1)}
    types = {id: dict(attributes) for id, attributes in demand.types.items()}
    copies: dict[str, frozenset[str]] = {}
    column = []
    routes, kinds = demand.vehicles["edges"].tolist(), demand.vehicles["type"].tolist()
    for route, kind in zip(routes, kinds, strict=True):
        misled = astray.get(route)
        name = kind if misled is None else f"{kind}~{number[misled]}"
        if misled is not None:
            copies[name] = misled
            types[name] = copied(types, kind)
            if (other := partner(kind)) is not None:
                copies[str(partner(name))] = misled
                types[str(partner(name))] = types[other]
        column.append(name)
    counted = timed_types(types) or tuple(sorted(types))
    of_zone = {name: tuple(t for t in counted if name not in copies.get(t, ())) for name in names}
    vehicles = demand.vehicles.assign(type=pd.array(column, dtype="string"))
    return replace(demand, vehicles=vehicles, types=types), {
        name: limited for name, limited in of_zone.items() if len(limited) < len(types)
    }


def write_detectors(
    zones: Zones,
    interval_s: int,
    queue_interval_s: int,
    path: Path,
    types: Mapping[str, Sequence[str]] = MappingProxyType({}),
    further: Iterable[str] = (),
) -> None:
    """Write the detectors of a site for one period.

    Movement zones become entry-exit detectors; those who leave by another exit are not counted, and who
    would be counted wrongly later on is shut out by `types` (see `told_apart`). Queue lanes become
    lane area detectors, one row per `queue_interval_s` (one cycle, or 60 s), with an induction loop at the
    stop line, since a lane area also counts who leaves it sideways. Intervals are counted from the start of
    the run. `types` limits the zones it names to vehicles of these types. `further` are lines of other
    elements of the run.
    """
    lines = ["<additional>\n", *further]
    for zone in (*zones.movements.values(), *zones.routes.values()):
        lines += _entry_exit(zone, interval_s, types.get(zone.movement, ()))
    for queue in zones.queues:
        lines += [_lane_area(queue, queue_interval_s), _stop_line(queue, queue_interval_s)]
    edges = {"id": "edges", "file": EDGES_FILE, "period": interval_s, "excludeEmpty": "true"}
    lines.append(element("edgeData", edges))
    lines.append("</additional>\n")
    path.write_text("".join(lines), encoding="utf-8")


def queue_id(queue: QueueLane) -> str:
    """Name of a queue detector: `J1.north#2` is the second lane from the median."""
    return f"{queue.approach}#{queue.lane}"


def _entry_exit(zone: MovementZone, interval_s: int, types: Sequence[str]) -> list[str]:
    attributes = {
        "id": zone.movement,
        "file": ZONES_FILE,
        "period": interval_s,
        "openEntry": "true",
        "expectArrival": "true",
        "speedThreshold": HALT_MPS,
        **({"vTypes": " ".join(types)} if types else {}),
    }
    lines = [opening("entryExitDetector", attributes)]
    for tag, points in (("detEntry", zone.entries), ("detExit", zone.exits)):
        lines += [element(tag, {"lane": point.lane, "pos": point.position_m}, indent=2) for point in points]
    lines.append("    </entryExitDetector>\n")
    return lines


def _stop_line(queue: QueueLane, interval_s: int) -> str:
    loop = {"id": queue_id(queue), "lane": queue.lanes[-1], "pos": round(queue.end_m - LOOP_M, 2)}
    return element("inductionLoop", {**loop, "file": STOP_LINES_FILE, "period": interval_s})


def _lane_area(queue: QueueLane, interval_s: int) -> str:
    return element(
        "laneAreaDetector",
        {
            "id": queue_id(queue),
            "lanes": " ".join(queue.lanes),
            "pos": queue.begin_m,
            "endPos": queue.end_m,
            "file": QUEUES_FILE,
            "period": interval_s,
        },
    )
