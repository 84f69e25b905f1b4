"""Stages for a junction that has no signal yet: opposite approaches together, left turns giving way. Pure.

The plainest plan that serves everybody (two stages at crossroads, three where legs have no opposite). What it
leaves open, the greens, is computed from the demand by `sim.signals.webster`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sim.signals.plan import SignalPlan, Stage
from sim.signals.rules import TimingRules
from sim.site.network import Approach, CrossingLink, Junction, Movement, Network

ALL_RED_S = 2.0
"""After the yellow (rule of the project: nothing is known yet of the junction's conflict points)."""
START_GREEN_S = 20.0
OPPOSITE_DEG = 135.0
"""Approaches whose bearings differ by more may share a stage."""
YIELDING = ("left", "uturn")


def plain_plan(junction: Junction, network: Network, rules: TimingRules) -> SignalPlan:
    """Return a plan whose stages are sound and whose greens are still to be computed."""
    groups = _groups([a for a in junction.approaches if a.movements], network)
    crossings = {a.name: a.crossing for a in junction.approaches if a.crossing is not None}
    stages = {}
    walked: set[str] = set()
    for letter, group in zip("ABCDEFGH", groups, strict=False):
        straight = [m for a in group for m in a.movements if not m.direction.startswith(YIELDING)]
        walking = [leg for leg, crossing in crossings.items() if _walks(crossing, group, straight, network)]
        walked |= set(walking)
        firm = {c.key for m in straight for c in m.connections} | {crossings[leg].key for leg in walking}
        turning = [m for a in group for m in a.movements if m.direction.startswith(YIELDING)]
        gives_way = [m for m in turning if _foes(m, network) & firm or len(group) > 1]
        legs = {leg: crossings[leg] for leg in walking}
        stages[letter] = _stage(group, gives_way, legs, network, rules)
    unserved = {leg: crossings[leg] for leg in sorted(crossings.keys() - walked)}
    if unserved:
        stages["W"] = _stage([], [], unserved, network, rules)
    return SignalPlan(stages=stages)


def _groups(approaches: Sequence[Approach], network: Network) -> list[tuple[Approach, ...]]:
    """Join each approach with the one opposite, unless what goes on straight or right there meets."""
    left = sorted(approaches, key=lambda a: a.bearing_deg)
    found = []
    while left:
        first = left.pop(0)
        fits = [a for a in left if _opposite(first, a) and not _meet(first, a, network)]
        group: tuple[Approach, ...] = (first,)
        if fits:
            group = (first, max(fits, key=lambda a: _angle_deg(first, a)))
            left.remove(group[1])
        found.append(group)
    return found


def _angle_deg(one: Approach, other: Approach) -> float:
    return abs((one.bearing_deg - other.bearing_deg + 180) % 360 - 180)


def _opposite(one: Approach, other: Approach) -> bool:
    return _angle_deg(one, other) >= OPPOSITE_DEG


def _meet(one: Approach, other: Approach, network: Network) -> bool:
    through = [m for m in one.movements if not m.direction.startswith((*YIELDING, "right"))]
    theirs = {c.key for m in other.movements if m.direction.startswith("through") for c in m.connections}
    return any(_foes(m, network) & theirs for m in through)


def _foes(movement: Movement, network: Network) -> frozenset[str]:
    return frozenset[str]().union(*(network.foes.get(c.key, frozenset()) for c in movement.connections))


def _walks(
    crossing: CrossingLink, group: Sequence[Approach], straight: Sequence[Movement], network: Network
) -> bool:
    """Whether people may walk in a stage: over no leg that drives in it, nor before who goes straight on."""
    if any(a.crossing is not None and a.crossing.key == crossing.key for a in group):
        return False
    through = (m for m in straight if not m.direction.startswith("right"))
    return not any(crossing.key in _foes(m, network) for m in through)


def _stage(
    group: Sequence[Approach],
    gives_way: Sequence[Movement],
    walking: Mapping[str, CrossingLink],
    network: Network,
    rules: TimingRules,
) -> Stage:
    speeds = [network.edges[a.edge].speed_mps for a in group]
    yellow_s = max(
        [rules.yellow_s.value, *(math.ceil(rules.stopping_yellow_s(speed) - 1e-9) for speed in speeds)]
    )
    longest_m = max((crossing.length_m for crossing in walking.values()), default=0.0)
    intergreen_s = (yellow_s if group else 0.0) + ALL_RED_S
    flash_s = math.ceil(max(0.0, rules.clearance_s(longest_m) - intergreen_s))
    yields = {m.id for m in gives_way}
    served = [(f"{a.name}.{m.direction}", m.id in yields) for a in group for m in a.movements]
    return Stage(
        green=tuple(name for name, given in served if not given),
        permissive=tuple(name for name, given in served if given),
        crossings=tuple(walking),
        green_s=max(START_GREEN_S if group else 0.0, rules.pedestrian_start_s.value + 1 + flash_s),
        yellow_s=yellow_s if group else 0.0,
        all_red_s=ALL_RED_S,
        pedestrian_flash_s=flash_s,
    )
