"""Uses of the kinds of intervention that build: each looks for a place on whatever network."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import combinations

from sim.interventions.new_streets import positions
from sim.interventions.street_ends import is_dead_end
from sim.site.car_lanes import car_lanes, lane_uses
from sim.site.model import Site
from tests.edits import approaches

Fields = Mapping[str, object]


def add_turn_bay(site: Site) -> Fields:
    """Give a left turn that shares its lane one of its own on the last 30 m."""
    for approach in approaches(site):
        uses = lane_uses(site.network, approach)
        first, *rest = uses[0].split("+")
        if first == "left" and rest and site.network.edges[approach.edge].length_m > 60:
            lanes = [first, "+".join(rest), *uses[1:]]
            return {"approach": approach.id, "length_m": 30, "expect": uses, "lanes": lanes}
    raise LookupError("no approach where the left turn shares a lane")


def add_turn_bay_at_the_kerb(site: Site) -> Fields:
    for approach in approaches(site):
        uses = lane_uses(site.network, approach)
        *rest, last = uses[-1].split("+")
        if last == "right" and rest and site.network.edges[approach.edge].length_m > 60:
            lanes = [*uses[:-1], "+".join(rest), last]
            return {"approach": approach.id, "length_m": 30, "expect": uses, "lanes": lanes, "side": "kerb"}
    raise LookupError("no approach where the right turn shares a lane")


def widen_road(site: Site) -> Fields:
    """Widen an approach up to the edge before it; the new lane takes over the left turn."""
    for approach in approaches(site):
        uses = lane_uses(site.network, approach)
        first, *rest = uses[0].split("+")
        if first == "left" and rest:
            lanes = [first, "+".join(rest), *uses[1:]]
            expect = {"lanes": len(uses), "uses": uses}
            return {"on": [approach.edge], "expect": expect, "lanes": len(uses) + 1, "uses": lanes}
    raise LookupError("no approach where the left turn shares a lane")


def widen_road_between_junctions(site: Site) -> Fields:
    """Widen a stretch that ends at no junction."""
    network = site.network
    for edge in network.edges.values():
        cars = len(car_lanes(network, edge.id))
        into = any(c.to_edge == edge.id for c in network.connections)
        if edge.id not in network.approach_of_edge and into and cars and edge.lanes[-1].for_cars:
            return {"on": [edge.id], "expect": {"lanes": cars}, "lanes": cars + 1}
    raise LookupError("no such stretch")


def open_road(site: Site) -> Fields:
    """Join two dead ends that lie near each other."""
    nodes = positions(site.network)
    ends = [node for node in sorted(nodes) if is_dead_end(site.network, node) and _both_ways(site, node)]
    pairs = [(math.dist(nodes[a], nodes[b]), a, b) for a, b in combinations(ends, 2)]
    gap_m, a, b = sorted(pair for pair in pairs if pair[0] > 60)[0]
    return {"id": "gap", "between": [a, b], "expect": {"gap_m": round(gap_m)}, "speed_kmh": 40}


def open_road_to_a_signal(site: Site) -> Fields:
    """Lead a dead end to a signal: into it with the green of an approach, out of it beside another."""
    nodes = positions(site.network)
    network = site.network
    ends = [node for node in sorted(nodes) if is_dead_end(network, node) and _both_ways(site, node)]
    approach = next(iter(approaches(site)))
    junction = network.junctions[approach.junction]
    joined = {e.from_node for e in network.edges.values() if e.to_node == junction.node}
    gap_m, end = sorted((math.dist(nodes[n], nodes[junction.node]), n) for n in ends if n not in joined)[0]
    into = approach.movements[-1]
    ways = [
        {"from": "new", "to": into.to_edge, "green_with": into.id, "gives_way": True},
        {"from": approach.id, "to": "new", "green_with": into.id, "gives_way": True},
    ]
    gap = {"expect": {"gap_m": round(gap_m)}, "speed_kmh": 40}
    return {"id": "gap", "between": [end, junction.id], **gap, "ways": ways}


def add_link(site: Site) -> Fields:
    """A way of two lanes from an approach of one signal to an exit of another, past everything between."""
    network = site.network
    found = list(approaches(site, 2))
    first = found[0]
    into = [
        (a, m)
        for a in found
        for m in a.movements
        if a.junction != first.junction and len(car_lanes(network, m.to_edge)) > 1
    ]
    last, onto = into[-1]
    nodes = [site.network.junctions[a.junction].node for a in (first, last)]
    at = positions(site.network)
    ways = [
        {"from": first.id, "to": "new", "lanes": [1], "green_with": first.movements[0].id, "gives_way": True},
        {"from": "new", "to": onto.to_edge, "green_with": onto.id, "gives_way": True},
    ]
    gap = {"expect": {"gap_m": round(math.dist(*(at[node] for node in nodes)))}, "speed_kmh": 60}
    between = [first.junction, last.junction]
    return {"id": "fly", "between": between, **gap, "lanes": 2, "one_way": True, "ways": ways,
            "via_m": [[at[nodes[0]][0] + 15, at[nodes[0]][1] + 40]]}  # fmt: skip


def grade_separate(site: Site) -> Fields:
    """Lead a movement straight on, or any other, over its signal."""
    network = site.network
    found = [m for a in approaches(site) for m in a.movements]
    for movement in sorted(found, key=lambda m: m.direction != "through"):
        leg, exit = network.edges[movement.connections[0].from_edge], network.edges[movement.to_edge]
        lanes = min(len(car_lanes(network, edge.id)) for edge in (leg, exit))
        if lanes and min(leg.length_m, exit.length_m) > 60 and leg.id != exit.id:
            expect = {"leg_m": leg.length_m, "exit_m": exit.length_m}
            ends = {"leaves_m": round(leg.length_m - 20), "joins_m": round(exit.length_m - 20)}
            way = {"lanes": min(lanes, 2), "speed_kmh": 50, **ends}
            return {"id": "fly", "movement": movement.id, "expect": expect, **way}
    raise LookupError("no movement between long streets")


def _both_ways(site: Site, node: str) -> bool:
    edges = [edge for edge in site.network.edges.values() if edge.lanes[-1].for_cars]
    return any(edge.to_node == node for edge in edges) and any(edge.from_node == node for edge in edges)


BUILDING: dict[str, tuple[str, Callable[[Site], Fields]]] = {
    "add_turn_bay": ("add_turn_bay", add_turn_bay),
    "add_turn_bay at the kerb": ("add_turn_bay", add_turn_bay_at_the_kerb),
    "widen_road": ("widen_road", widen_road),
    "widen_road between junctions": ("widen_road", widen_road_between_junctions),
    "open_road": ("open_road", open_road),
    "open_road to a signal": ("open_road", open_road_to_a_signal),
    "add_link": ("add_link", add_link),
    "grade_separate": ("grade_separate", grade_separate),
}
