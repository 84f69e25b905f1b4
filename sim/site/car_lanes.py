"""Where cars drive: the lanes they may use, from the kerb, and the movements that each of them serves."""

from __future__ import annotations

from sim.site.lane_marking import Targets
from sim.site.network import Approach, Connection, Movement, Network


def car_lanes(network: Network, edge: str) -> list[int]:
    """Return the indices of the lanes that cars may use, from the kerb."""
    return [lane.index for lane in network.edges[edge].lanes if lane.for_cars]


def lane_uses(network: Network, approach: Approach) -> list[str]:
    """Return what each lane for cars serves, from the median to the kerb; `none` if they cannot go on."""
    serves: dict[int, list[str]] = {lane: [] for lane in reversed(car_lanes(network, approach.edge))}
    for movement in approach.movements:
        for lane in targets_of(network, movement):
            serves[lane].append(movement.direction)
    return ["+".join(directions) or "none" for directions in serves.values()]


def targets_of(network: Network, movement: Movement) -> Targets:
    """Return lane -> exit lanes of a movement, as far as cars may go there."""
    found: dict[int, set[int]] = {}
    for connection in movement.connections:
        if by_car(network, connection):
            found.setdefault(connection.from_lane, set()).add(connection.to_lane)
    return {lane: frozenset(to) for lane, to in found.items()}


def by_car(network: Network, connection: Connection) -> bool:
    """Whether cars may go this way: on both lanes, and through the junction."""
    lanes = (
        network.edges[connection.from_edge].lanes[connection.from_lane],
        network.edges[connection.to_edge].lanes[connection.to_lane],
    )
    return all(lane.for_cars for lane in lanes) and (
        connection.allow is None or "passenger" in connection.allow
    )
