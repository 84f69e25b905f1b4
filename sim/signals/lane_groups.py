"""Lane groups of an approach and their degree of saturation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sim.signals.greens import Discharge, Greens
from sim.site.network import Approach, Movement

_CROSSING = ("left", "uturn")
"""Movements that, without protected green, wait for gaps in oncoming traffic."""


@dataclass(frozen=True, slots=True)
class LaneGroup:
    """Movements that share lanes, directly or through a third one, taken together."""

    movements: tuple[str, ...]
    lanes: int
    demand_pcuph: float
    green_share: float
    """lambda: effective green over cycle, demand-weighted over the movements with protected green."""
    saturation: float
    """x = q / (S N lambda)."""


def lane_groups(
    approach: Approach, greens: Greens, demand_pcuph: Mapping[str, float], discharge: Discharge | None
) -> list[LaneGroup]:
    """Return the lane groups of an approach that have demand.

    Groups whose capacity depends on gaps rather than green are left out: those without any protected green (a
    right turn on red), and those in which a left or U-turn has none (a waiting car blocks the shared lane).
    Empty where the saturation flow is not known or no signal is fixed-time.

    Parameters
    ----------
    demand_pcuph
        Movement -> pcu/h.
    discharge
        How every lane discharges; None: not known.
    """
    found: list[LaneGroup] = []
    if discharge is None:
        return found
    for members, lanes in sharing_lanes(approach.movements):
        demand = {movement.id: demand_pcuph.get(movement.id, 0.0) for movement in members}
        shares = {movement.id: greens.protected_share(movement) for movement in members}
        green = {m.id: greens.effective_share(m, discharge) or 0.0 for m in members if shares[m.id]}
        weight = sum(demand[name] for name in green)
        waits = any(demand[m.id] and not shares[m.id] for m in members if m.direction.startswith(_CROSSING))
        share = sum(demand[name] * green[name] for name in green) / weight if weight > 0 else 0.0
        if share <= 0 or waits:
            continue
        flow = sum(demand.values())
        saturation = flow / (discharge.saturation_pcuph * len(lanes) * share)
        found.append(LaneGroup(tuple(demand), len(lanes), flow, share, saturation))
    return found


def sharing_lanes(movements: tuple[Movement, ...]) -> list[tuple[list[Movement], set[int]]]:
    """Group the movements of an approach that share lanes, with the lanes (from the kerb) of each group."""
    groups: list[tuple[list[Movement], set[int]]] = []
    for movement in movements:
        members, lanes = [movement], {connection.from_lane for connection in movement.connections}
        for other in [group for group in groups if group[1] & lanes]:
            groups.remove(other)
            members, lanes = other[0] + members, other[1] | lanes
        groups.append((members, lanes))
    return groups
