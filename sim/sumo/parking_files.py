"""Parking areas as SUMO files: beside the road, with a rerouter each, so that a full one sends drivers on.

A vehicle remembers the areas that it found full (`parking.memory`) and tries each of the others that can be
walked from to its destination once. When all of them were full it makes for an area without a limit at its
exit (`LEAVE`): it has given up. Where drivers of several demands come, each area has a rerouter for each of
them (`sim.sumo.seekers`): at every full area the simulator finds two ways for every place it may offer, so
nobody is offered a place to which their demand does not go.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from itertools import pairwise

from sim.errors import BuildError
from sim.labels import Message
from sim.site.model import ALWAYS_S
from sim.site.network import Edge, Network
from sim.site.parking import ParkingArea, ParkingDemand
from sim.site.walking import Point, destination, point, walk_m
from sim.sumo.giving_up import LEAVE
from sim.sumo.manoeuvre_angles import angles
from sim.sumo.xml_file import element, opening

SEARCH_RADIUS_M = 1500.0
"""Drivers who find a lot full know the others within this driving distance (SUMO-tools' own choice)."""
MOST_ALTERNATIVES = 10
"""Of them the nearest today: at every full lot the simulator finds a way to each that it may offer
(SUMO's own tool, generateParkingAreaRerouters, lists no more)."""
PARKERS = "parkers."
"""Before the name of a demand: the types of its drivers, as rerouters name them."""
OTHERS = ""
"""Stands for the demand of those who come to park with an imported model: where they walk to is not known."""
HOURS = "huandu.hours"
"""Parameter of an area that is not always open. Drivers heed it when they choose at home and where another
area's rerouter would send them there; the simulator itself knows no closed area."""
LEAVE_STALLS = 1_000_000
"""No lot is nearly as large: `SEARCH_PARAMETERS` make the largest area the last choice."""
LEAVE_M = 12.0
"""Length of that area; it ends a metre before the edge."""
SEARCH_PARAMETERS: Mapping[str, str] = {"parking.capacity.weight": "-10"}
"""Of every driver who parks. The nearest area is the best one (SUMO's default weight, 1, of distances
scaled to at most 1), but any other is better than to leave."""


def parking_xml(
    parking: Mapping[str, ParkingArea],
    network: Network,
    demand: Mapping[str, ParkingDemand],
    today: Mapping[str, ParkingArea],
    network_today: Network | None = None,
    imported: bool = False,
) -> str:
    """Write an additional file with every area and its rerouters; BuildError where one does not fit.

    `today`: the site's areas before any policy, on `network_today` (left out: `network`): where drivers walk
    to does not depend on the arm, nor which of many areas are too far down the list to be known. Opening
    hours cut the rerouters' time into intervals: a closed area is offered to nobody. `imported`: whether
    drivers come with a model that somebody else made.
    """
    before = network_today or network
    edges, at_m = _places(parking, network)
    angle = angles(parking, network, today, before)
    lines = ["<additional>\n"]
    for id, area in sorted(parking.items()):
        end_m = at_m[id] + area.length_m
        lanes = [lane for lane in edges[id].lanes if lane.for_cars]
        # Bays in the lane take the one at the kerb: cars get out of them into the next.
        lane = next(iter(lanes[1:] if area.bay == "in_lane" else lanes), None)
        if lane is None or end_m > lane.length_m:
            raise BuildError(
                Message(
                    "parking area {id!r}: no lane for cars on {edges_id!r} reaches to {end_m:g} m",
                    id=id,
                    edges_id=edges[id].id,
                    end_m=end_m,
                )
            )
        where = {"id": id, "lane": lane.id, "startPos": round(at_m[id], 2), "endPos": round(end_m, 2)}
        own = {**where, "roadsideCapacity": area.stalls, "angle": angle[id]}
        if area.hours is None:
            lines.append(element("parkingArea", own))
        else:
            lines.append(opening("parkingArea", own))
            lines.append(element("param", {"key": HOURS, "value": "-".join(area.hours)}, 2))
            lines.append("    </parkingArea>\n")
    exits = sorted({exit_of(network, item) for item in demand.values()})
    for exit in exits:
        lane = next(lane for lane in network.edges[exit].lanes if lane.for_cars)
        end_m = max(lane.length_m - 1, lane.length_m / 2)
        where = {"id": LEAVE + exit, "lane": lane.id, "startPos": round(max(end_m - LEAVE_M, 0), 2)}
        lines.append(
            element(
                "parkingArea",
                {**where, "endPos": round(end_m, 2), "roadsideCapacity": LEAVE_STALLS, "angle": 0},
            )
        )
        lines += _rerouter(LEAVE + exit, exit, [(0, ALWAYS_S, [(LEAVE + exit, True)])])
    named = seekers(demand, imported)
    goals = {name: destination(item, before, today) for name, item in demand.items()}
    near = {name: _near(demand.get(name), goals.get(name), parking, network) for name in named}
    known = {name: _near(demand.get(name), goals.get(name), today, before) for name in named}
    ahead = _by_distance(parking, network)
    ahead_today = _by_distance(today, before)
    for id in sorted(parking):
        for name in named:
            wished = demand[name].lot if name in demand else id
            # Into an area that is new a policy may lead drivers of any demand.
            if id not in near[name] and id != wished and id in today:
                continue
            others = [other for other in ahead[id] if other in near[name]]
            if id in today:
                unknown = [o for o in ahead_today[id] if o in known[name]][MOST_ALTERNATIVES:]
                others = [other for other in others if other not in unknown]
            else:
                others = others[:MOST_ALTERNATIVES]
            leaves = [LEAVE + exit_of(network, demand[name])] if name in demand else []
            spans = []
            for begin_s, end_s in _spans([parking[other] for other in others]):
                offered = [(id, parking[id].shows_free_stalls)]
                offered += [(o, parking[o].shows_free_stalls) for o in others if parking[o].open_at(begin_s)]
                spans.append((begin_s, end_s, [*offered, *((leave, True) for leave in leaves)]))
            lines += _rerouter(id, edges[id].id, spans, name if len(named) > 1 else None)
    return "".join([*lines, "</additional>\n"])


def seekers(demand: Mapping[str, ParkingDemand], imported: bool) -> list[str]:
    """Return the demands whose drivers come to park, `OTHERS` for those of an imported model."""
    return [*sorted(demand), *([OTHERS] if imported or not demand else [])]


def _places(parking: Mapping[str, ParkingArea], network: Network) -> tuple[dict[str, Edge], dict[str, float]]:
    """Return the edge of each area and the metres along it."""
    placed = {
        id: network.part_at(network.edge(a.on, f"parking.{id}.on").id, a.at_m) for id, a in parking.items()
    }
    edges = {id: network.edges[edge] for id, (edge, _) in placed.items()}
    return edges, {id: at_m for id, (_, at_m) in placed.items()}


def _rerouter(
    id: str,
    edge: str,
    spans: Sequence[tuple[float, float, list[tuple[str, bool]]]],
    demand: str | None = None,
) -> list[str]:
    """Write one rerouter, for the drivers of one demand (None: for everyone)."""
    own = {"id": f"parking.{id}", "edges": edge}
    if demand is not None:
        own |= {"id": f"parking.{id}@{demand}", "vTypes": PARKERS + demand}
    lines = [opening("rerouter", own)]
    for begin_s, end_s, offered in spans:
        lines.append(opening("interval", {"begin": f"{begin_s:g}", "end": f"{end_s:g}"}, 2))
        lines += [
            element("parkingAreaReroute", {"id": other, "visible": str(seen).lower()}, 3)
            for other, seen in offered
        ]
        lines.append("        </interval>\n")
    return [*lines, "    </rerouter>\n"]


def _spans(areas: Sequence[ParkingArea]) -> list[tuple[float, float]]:
    """Cut all time where one of the areas opens or closes."""
    cuts = {time_s for area in areas for time_s in area.hours_s or ()}
    return list(pairwise(sorted({0.0, float(ALWAYS_S), *cuts})))


def exit_of(network: Network, demand: ParkingDemand) -> str:
    """Return the edge by which the drivers of a demand leave."""
    approach = network.approaches.get(demand.exit)
    return demand.exit if approach is None else str(approach.exit_edge)


def _near(
    demand: ParkingDemand | None, goal: Point | None, parking: Mapping[str, ParkingArea], network: Network
) -> frozenset[str]:
    """Areas from which the drivers of a demand can walk to their goal; all where nobody knows it."""
    if demand is None:
        return frozenset(parking)
    if goal is None:
        return frozenset()
    places = {id: point(network, network.edge(a.on, id).id, a.at_m) for id, a in parking.items()}
    return frozenset(id for id, place in places.items() if walk_m(place, goal) <= demand.walks_at_most_m)


def _by_distance(parking: Mapping[str, ParkingArea], network: Network) -> dict[str, list[str]]:
    """For each area the others that can be driven to within the search radius, the nearest first."""
    edges, at_m = _places(parking, network)
    return {id: _alternatives(id, parking, edges, at_m, network) for id in parking}


def _alternatives(
    id: str,
    parking: Mapping[str, ParkingArea],
    edges: Mapping[str, Edge],
    at_m: Mapping[str, float],
    network: Network,
) -> list[str]:
    """Other areas that can be driven to within the search radius, the nearest first."""
    start = edges[id]
    distance_m = _distances_m(start, network)
    found = []
    for other in parking:
        before_m = distance_m.get(edges[other].id)
        if other == id:
            continue
        if edges[other] == start and at_m[other] >= at_m[id]:
            driven_m = at_m[other] - at_m[id]
        elif before_m is not None:
            driven_m = start.length_m - at_m[id] + before_m + at_m[other]
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
