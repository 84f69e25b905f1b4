"""What follows from a drawn site's facts (渠化): which leg lies left or right, which lane leads where.

Pure. Lanes are numbered here as they are written: 0 is next to the median, the last one is at the kerb.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sim.errors import Problems
from sim.labels import Message
from sim.site.facts import DIRECTIONS, ApproachFacts, Direction, Lane, SiteFacts

THROUGH_WITHIN_DEG = 45.0
"""The leg straight ahead is the one nearest to it, if at most this far off."""
FORK_DEG = 20.0, 10.0
"""Two legs more than the first angle off straight, within the second of each other, are a fork."""
EXIT_LANE_WIDTH_M = 3.25

Leg = tuple[str, str]
"""(junction, approach)."""


@dataclass(frozen=True, slots=True)
class LaneWay:
    """A way through a junction: from a lane of a leg to an exit lane of a leg."""

    from_lane: int
    direction: Direction
    to_leg: str
    to_lane: int


@dataclass(frozen=True, slots=True)
class Sides:
    """The lanes of an approach: short ones at the left, full ones, short ones at the right."""

    left: tuple[Lane, ...]
    full: tuple[Lane, ...]
    right: tuple[Lane, ...]

    @property
    def short(self) -> tuple[Lane, ...]:
        """All short lanes."""
        return (*self.left, *self.right)


def sides(lanes: tuple[Lane, ...]) -> Sides:
    """Split lanes at the first and the last full one; a short lane between full ones counts as full."""
    full = [index for index, lane in enumerate(lanes) if lane.length_m is None]
    if not full:
        return Sides(lanes, (), ())
    return Sides(lanes[: full[0]], lanes[full[0] : full[-1] + 1], lanes[full[-1] + 1 :])


def turn_deg(from_bearing_deg: float, to_bearing_deg: float) -> float:
    """Return the angle turned when coming from one leg and leaving on another; right is positive."""
    return (to_bearing_deg - from_bearing_deg - 180 + 180) % 360 - 180


class Layout:
    """The derived drawing of a site. Assumes legs and streets that exist (see `sim.site.check`)."""

    def __init__(self, facts: SiteFacts) -> None:
        self.facts = facts

    @cached_property
    def legs(self) -> Mapping[str, Leg]:
        """Every leg by the name it has elsewhere, `junction.approach`."""
        junctions = self.facts.junctions
        return {f"{id}.{name}": (id, name) for id, j in junctions.items() for name in j.approaches}

    @cached_property
    def other_end(self) -> Mapping[Leg, Leg]:
        """Leg -> the leg at the other end of its street."""
        ends: dict[Leg, Leg] = {}
        for street in self.facts.streets.values():
            first, second = (leg_of(name) for name in street.legs)
            ends[first], ends[second] = second, first
        return ends

    def approach(self, leg: Leg) -> ApproachFacts:
        """Facts of one leg."""
        return self.facts.junctions[leg[0]].approaches[leg[1]]

    def length_m(self, leg: Leg) -> float | None:
        """Length of a leg: of a street the distance between its junctions, else as written."""
        other = self.other_end.get(leg)
        if other is None:
            return self.approach(leg).length_m
        return math.dist(*(self.facts.junctions[junction].position_m for junction in (leg[0], other[0])))

    def exit_widths_m(self, leg: Leg) -> tuple[float, ...]:
        """Widths of the lanes that leave the junction on a leg, from the median; empty if none does."""
        if leg in self.other_end:
            return tuple(lane.width_m for lane in sides(self.approach(self.other_end[leg]).lanes).full)
        return (EXIT_LANE_WIDTH_M,) * (self.approach(leg).exit_lanes or 0)

    def bearing_deg(self, leg: Leg) -> float:
        """Bearing of a leg: of a street the line between its junctions, else as written."""
        if leg not in self.other_end:
            return self.approach(leg).bearing_deg
        (x0, y0), (x, y) = (self.facts.junctions[j].position_m for j in (leg[0], self.other_end[leg][0]))
        return math.degrees(math.atan2(x - x0, y - y0)) % 360

    def ahead(self, leg: Leg) -> Mapping[str, Direction]:
        """Return how one turns into each leg of the junction; into the own leg it is a U-turn."""
        junction, own = leg
        legs = self.facts.junctions[junction].approaches
        bearing = {name: self.bearing_deg((junction, name)) for name in legs}
        turns = {name: turn_deg(bearing[own], bearing[name]) for name in legs if name != own}
        straight = _straight(turns)
        found: dict[str, Direction] = {own: "uturn"}
        for name, angle in turns.items():
            if name == straight:
                found[name] = "through"
            else:
                found[name] = "right" if angle > 0 else "left"
        return found

    def lane_ways(self, leg: Leg, problems: Problems, path: str) -> tuple[LaneWay, ...]:
        """Return every way through the junction from a leg; `problems` gets lane uses that lead nowhere.

        Left turns keep to the exit lanes at the median, right turns to those at the kerb, through lanes go
        straight on.
        """
        ahead = self.ahead(leg)
        lanes = self.approach(leg).lanes
        ways: list[LaneWay] = []
        for direction in DIRECTIONS:
            users = [index for index, lane in enumerate(lanes) if direction in lane.use.split("+")]
            exits = {
                to: len(self.exit_widths_m((leg[0], to))) for to, way in ahead.items() if way == direction
            }
            open_exits = {name: count for name, count in exits.items() if count}
            if users and not open_exits:
                why = Message("no leg of {junction} lies {where}", junction=leg[0], where=_WHERE[direction])
                if exits:
                    why = Message(
                        "no lane leaves {junction} on its leg {exits:or}",
                        junction=leg[0],
                        exits=sorted(exits),
                    )
                for index in users:
                    problems.add(
                        f"{path}.lanes[{index}].use",
                        Message("{direction!r} leads to no exit lane: {why}", direction=direction, why=why),
                    )
                continue
            for name, count in sorted(open_exits.items()):
                if len(users) > count:
                    what = Message(
                        "{n_users} lanes go {direction}, {leg}.{name} has only {count} exit lanes",
                        n_users=len(users),
                        direction=direction,
                        leg=leg[0],
                        name=name,
                        count=count,
                    )
                    problems.add(f"{path}.lanes", what, Message("each needs an exit lane of its own"))
                    continue
                first = {
                    "right": count - len(users),
                    "through": min(users[0], count - len(users)) if users else 0,
                }
                start = first.get(direction, 0)
                ways += [LaneWay(index, direction, name, start + k) for k, index in enumerate(users)]
        return tuple(ways)


def _straight(turns: Mapping[str, float]) -> str | None:
    """Return the leg straight ahead; at a fork and at the end of a road there is none."""
    nearest = sorted(turns, key=lambda name: (abs(turns[name]), name))
    if not nearest or abs(turns[nearest[0]]) > THROUGH_WITHIN_DEG:
        return None
    off_deg, apart_deg = FORK_DEG
    first, *others = (abs(turns[name]) for name in nearest)
    return None if others and first > off_deg and others[0] - first < apart_deg else nearest[0]


def leg_of(name: str) -> Leg:
    """Split `J1.north`; the second part is empty where there is no dot."""
    junction, _, approach = name.partition(".")
    return junction, approach


_WHERE: dict[Direction, Message] = {
    "left": Message("to the left"),
    "through": Message("straight ahead"),
    "right": Message("to the right"),
    "uturn": Message("behind"),
}
