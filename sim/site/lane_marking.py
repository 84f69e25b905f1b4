"""Which exit lane each lane of a movement is aimed at: the marking a road authority would paint.

Lanes are counted from the kerb (0), as in `sim.site.network`. The rule is that of drawn sites
(`sim.site.layout`): left turns and U-turns lead to the exit lanes at the median, right turns to those at the
kerb, through lanes go straight on. Lanes of one movement never cross and never merge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

Targets = Mapping[int, frozenset[int]]
"""Lane of the approach -> exit lanes it is aimed at."""


def marked(
    direction: str, lanes: Sequence[int], exits: Sequence[int], beside: int
) -> Mapping[int, int] | None:
    """Aim the `lanes` of one movement at `exits` (both ascending); None if there are fewer exits than lanes.

    `beside` is the number of lanes of the approach between these and the median: through lanes count by it.
    """
    spare = len(exits) - len(lanes)
    if spare < 0:
        return None
    shift = {"right": 0, "through": spare - min(beside, spare)}.get(direction, spare)
    return {lane: exits[shift + rank] for rank, lane in enumerate(lanes)}


def remarked(
    direction: str, lanes: Sequence[int], exits: Sequence[int], beside: int, present: Targets
) -> Targets | None:
    """Aim `lanes` as `marked` does, but leave a lane as it is that serves the movement already (`present`).

    Where a new lane then finds no exit lane between its neighbours', the whole movement is aimed anew.
    None where there are fewer exits than lanes.
    """
    kept = {lane: present[lane] for lane in lanes if lane in present}
    if len(kept) == len(lanes):
        return kept
    filled = _filled(lanes, exits, kept) if kept else None
    if filled is not None:
        return filled
    anew = marked(direction, lanes, exits, beside)
    return None if anew is None else {lane: frozenset({exit_lane}) for lane, exit_lane in anew.items()}


def _filled(lanes: Sequence[int], exits: Sequence[int], kept: Targets) -> Targets | None:
    """Aim the new lanes at exit lanes between those of the kept ones, right beside them."""
    found = dict(kept)
    new_lanes = (lane for lane in lanes if lane not in kept)
    for (below, above), run in groupby(new_lanes, lambda lane: _sides(lane, kept)):
        new = list(run)
        free = [
            exit_lane
            for exit_lane in exits
            if (below is None or exit_lane > max(kept[below]))
            and (above is None or exit_lane < min(kept[above]))
        ]
        if len(free) < len(new):
            return None
        chosen = free[: len(new)] if below is not None else free[-len(new) :]
        found |= {lane: frozenset({exit_lane}) for lane, exit_lane in zip(new, chosen, strict=True)}
    return found


def _sides(lane: int, kept: Targets) -> tuple[int | None, int | None]:
    """Return the nearest kept lanes towards the kerb and towards the median."""
    return (
        max((other for other in kept if other < lane), default=None),
        min((other for other in kept if other > lane), default=None),
    )
