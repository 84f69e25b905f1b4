"""Lane groups of an approach and their degree of saturation; not a measure itself."""

from __future__ import annotations

from dataclasses import dataclass

from sim.measures.base import RunView
from sim.measures.greens import links, running, seconds
from sim.network import Approach, Movement


@dataclass(frozen=True, slots=True)
class LaneGroup:
    """Movements that share lanes, directly or through a third one, taken together."""

    movements: tuple[str, ...]
    lanes: int
    vehicles: int
    demand_pcuph: float
    green_share: float
    """lambda: protected green over cycle, demand-weighted over the movements that have any."""
    saturation: float


def lane_groups(view: RunView, approach: Approach) -> list[LaneGroup]:
    """Lane groups of an approach that somebody wanted to pass.

    Groups without protected green (a permissive left turn, a right turn on red) are left out: their capacity
    depends on gaps, not on green. Empty where the saturation flow is not known or no signal is fixed-time.
    """
    found: list[LaneGroup] = []
    if view.saturation_pcuph is None:
        return found
    wanted = view.passages[view.within(view.passages["time_s"]) & (view.passages["approach"] == approach.id)]
    pcu = wanted["vehicle_class"].map(lambda name: view.pce.get(name, 1.0)).astype(float)
    demand = pcu.groupby(wanted["movement"]).sum()
    for members, lanes in _sharing_lanes(approach.movements):
        shares = {m.id: _green_share(view, m) for m in members}
        green = {name: share for name, share in shares.items() if share}
        vehicles = sum(view.demand.get(m.id, 0) for m in members)
        weights = {name: float(demand.get(name, 0.0)) for name in green}
        if not vehicles or not sum(weights.values()):
            continue
        share = sum(weights[name] * green[name] for name in green) / sum(weights.values())
        flow = sum(float(demand.get(m.id, 0.0)) for m in members) / view.window_h
        saturation = flow / (view.saturation_pcuph * len(lanes) * share)
        found.append(LaneGroup(tuple(m.id for m in members), len(lanes), vehicles, flow, share, saturation))
    return found


def _sharing_lanes(movements: tuple[Movement, ...]) -> list[tuple[list[Movement], set[int]]]:
    groups: list[tuple[list[Movement], set[int]]] = []
    for movement in movements:
        members, lanes = [movement], {connection.from_lane for connection in movement.connections}
        for other in [group for group in groups if group[1] & lanes]:
            groups.remove(other)
            members, lanes = other[0] + members, other[1] | lanes
        groups.append((members, lanes))
    return groups


def _green_share(view: RunView, movement: Movement) -> float | None:
    """Share of the cycle in which the movement has protected green; None without a fixed-time signal."""
    signals = {connection.signal for connection in movement.connections if connection.signal}
    if len(signals) != 1:
        return None
    signal = signals.pop()
    programs = running(view, signal)
    if programs is None:
        return None
    own = set(links(view, signal, {connection.key for connection in movement.connections}))
    return sum(
        share * seconds(program, lambda state: any(state[i] == "G" for i in own)) / program.cycle_s
        for program, share in programs
    )
