"""Parking areas as SUMO files: beside the road, with a rerouter each, so that a full one sends drivers on."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from sim.errors import BuildError
from sim.site.network import Edge, Network
from sim.site.parking import ParkingArea
from sim.sumo.xml_file import element, opening

SEARCH_RADIUS_M = 1500.0
"""Drivers who find a lot full know the others within this driving distance (SUMO-tools' own choice)."""
SEEN_FROM_AFAR_STALLS = 25
"""An off-street lot of this size shows its free stalls from afar."""
ALWAYS_S = 30 * 3600 + 24 * 3600 * 7
"""End of a rerouter's interval: later than any period ends, on any site's time axis."""


def parking_xml(parking: Mapping[str, ParkingArea], network: Network) -> str:
    """Write an additional file with every area and its rerouter; BuildError where one does not fit."""
    edges = {id: network.edge(area.on, f"parking.{id}.on") for id, area in parking.items()}
    lines = ["<additional>\n"]
    for id, area in sorted(parking.items()):
        end_m = area.at_m + area.length_m
        lane = next((lane for lane in edges[id].lanes if lane.for_cars), None)
        if lane is None or end_m > lane.length_m:
            raise BuildError(
                f"parking area {id!r}: no lane for cars on {edges[id].id!r} reaches to {end_m:g} m"
            )
        where = {"id": id, "lane": lane.id, "startPos": area.at_m, "endPos": end_m}
        lines.append(element("parkingArea", {**where, "roadsideCapacity": area.stalls}))
    for id in sorted(parking):
        lines.append(opening("rerouter", {"id": f"parking.{id}", "edges": edges[id].id}))
        lines.append(opening("interval", {"begin": 0, "end": ALWAYS_S}, 2))
        for other in [id, *_alternatives(id, parking, edges, network)]:
            seen = parking[other].kind == "off_street" and parking[other].stalls >= SEEN_FROM_AFAR_STALLS
            lines.append(element("parkingAreaReroute", {"id": other, "visible": str(seen).lower()}, 3))
        lines += ["        </interval>\n", "    </rerouter>\n"]
    return "".join([*lines, "</additional>\n"])


def _alternatives(
    id: str, parking: Mapping[str, ParkingArea], edges: Mapping[str, Edge], network: Network
) -> list[str]:
    """Other areas that can be driven to within the search radius, the nearest first."""
    start = edges[id]
    distance_m = _distances_m(start, network)
    found = []
    for other, area in parking.items():
        before_m = distance_m.get(edges[other].id)
        if other == id:
            continue
        if edges[other] == start and area.at_m >= parking[id].at_m:
            driven_m = area.at_m - parking[id].at_m
        elif before_m is not None:
            driven_m = start.length_m - parking[id].at_m + before_m + area.at_m
        else:
            continue
        if driven_m <= SEARCH_RADIUS_M:
            found.append((driven_m, other))
    return [other for _, other in sorted(found)]


def _distances_m(start: Edge, network: Network) -> dict[str, float]:
    """Return driving distances from the end of `start` to the start of edges within the radius."""
    found: dict[str, float] = {}
    waiting = [(0.0, c.to_edge) for c in network.connections_from.get(start.id, ())]
    heapq.heapify(waiting)
    while waiting:
        driven_m, edge = heapq.heappop(waiting)
        if edge in found or driven_m > SEARCH_RADIUS_M:
            continue
        found[edge] = driven_m
        end_m = driven_m + network.edges[edge].length_m
        for connection in network.connections_from.get(edge, ()):
            heapq.heappush(waiting, (end_m, connection.to_edge))
    return found
