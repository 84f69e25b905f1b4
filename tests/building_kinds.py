"""Uses of the kinds of intervention that build: each looks for a place on whatever network."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim.interventions.set_lane_use import car_lanes, lane_uses
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


BUILDING: dict[str, tuple[str, Callable[[Site], Fields]]] = {
    "add_turn_bay": ("add_turn_bay", add_turn_bay),
    "add_turn_bay at the kerb": ("add_turn_bay", add_turn_bay_at_the_kerb),
    "widen_road": ("widen_road", widen_road),
    "widen_road between junctions": ("widen_road", widen_road_between_junctions),
}
