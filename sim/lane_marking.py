"""Which exit lane each lane of a movement is aimed at: the marking a road authority would paint.

Lanes are counted from the kerb (0), as in `sim.network`. Left turns and U-turns lead to the leftmost exit lanes, right
turns to the rightmost, through lanes to the lane of the same number, shifted only as far as the exit's width makes
necessary. Lanes of one movement never cross and never merge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

Targets = Mapping[int, frozenset[int]]
"""Lane of the approach -> exit lanes it is aimed at."""


def marked(direction: str, lanes: Sequence[int], exits: Sequence[int]) -> dict[int, int] | None:
    """Aim the `lanes` of one movement at `exits` (both ascending); None where there are fewer exits than lanes."""
    spare = len(exits) - len(lanes)
    if spare < 0 or not lanes:
        return None
    match direction:
        case "left" | "uturn":
            shift = spare
        case "right":
            shift = 0
        case _:
            shift = min(sum(1 for lane in exits if lane < lanes[0]), spare)
    return {lane: exits[shift + rank] for rank, lane in enumerate(lanes)}


def remarked(direction: str, lanes: Sequence[int], exits: Sequence[int], present: Targets) -> Targets | None:
    """Aim `lanes` as `marked` does, but leave every lane that serves the movement already (`present`) as it is.

    Where a lane that is new then finds no exit lane between its neighbours', the whole movement is aimed anew.
    None where there are fewer exits than lanes.
    """
    kept = {lane: present[lane] for lane in lanes if lane in present}
    if len(kept) == len(lanes):
        return kept
    filled = _filled(lanes, exits, kept) if kept else None
    if filled is not None:
        return filled
    anew = marked(direction, lanes, exits)
    return None if anew is None else {lane: frozenset({exit_lane}) for lane, exit_lane in anew.items()}


def _filled(lanes: Sequence[int], exits: Sequence[int], kept: Targets) -> Targets | None:
    """Aim the lanes that are new at the exit lanes between those of the kept ones; next to a kept lane's if possible."""
    found = dict(kept)
    for (below, above), run in groupby(
        (lane for lane in lanes if lane not in kept), lambda lane: _sides(lane, kept)
    ):
        low = max(kept[below]) if below is not None else -1
        high = min(kept[above]) if above is not None else len(exits) + max(exits, default=0) + 1
        free = [exit_lane for exit_lane in exits if low < exit_lane < high]
        new = list(run)
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
