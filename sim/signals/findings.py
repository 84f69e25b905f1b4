"""The closed list of what the signal check finds; severities; what a rule stands on.

`danger` endangers pedestrians: such a policy is refused (`dangers_added`). `breach` breaks a rule, `caution`
is worth a look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

TICK_S = 1e-3


class Rule(StrEnum):
    """Everything that can be found."""

    PEDESTRIAN_CONFLICT = "pedestrian_conflict"
    PEDESTRIAN_CLEARANCE = "pedestrian_clearance"
    PEDESTRIAN_TIME = "pedestrian_time"
    CROSSING_UNSERVED = "crossing_unserved"
    CONFLICTING_GREENS = "conflicting_greens"
    MINIMUM_GREEN = "minimum_green"
    YELLOW = "yellow"
    INTERGREEN = "intergreen"
    MOVEMENT_UNSERVED = "movement_unserved"
    SHARED_LANE = "shared_lane"
    WAITING_AREA = "waiting_area"
    RIGHT_TURN_ARROW = "right_turn_arrow"
    STOPPING_YELLOW = "stopping_yellow"
    LONG_CROSSING = "long_crossing"
    PEDESTRIAN_WAIT = "pedestrian_wait"
    CYCLE_SHORT = "cycle_short"
    CYCLE_LONG = "cycle_long"
    OFFSET_OF_OTHER_CYCLE = "offset_of_other_cycle"
    SWITCHED_OFF = "switched_off"
    SWITCHES_WITHIN = "switches_within"
    TIME_OF_DAY_GAP = "time_of_day_gap"


DANGERS = frozenset(
    {
        Rule.PEDESTRIAN_CONFLICT,
        Rule.PEDESTRIAN_CLEARANCE,
        Rule.PEDESTRIAN_TIME,
        Rule.CROSSING_UNSERVED,
    }
)
BREACHES = frozenset(
    {
        Rule.CONFLICTING_GREENS,
        Rule.MINIMUM_GREEN,
        Rule.YELLOW,
        Rule.INTERGREEN,
        Rule.MOVEMENT_UNSERVED,
        Rule.WAITING_AREA,
    }
)
SOURCES: Mapping[Rule, tuple[str, ...]] = {
    Rule.PEDESTRIAN_CLEARANCE: ("pedestrian_clearance", "walking_speed_mps"),
    Rule.PEDESTRIAN_TIME: ("pedestrian_start_s", "walking_speed_mps"),
    Rule.MINIMUM_GREEN: ("minimum_green_s",),
    Rule.YELLOW: ("yellow_s",),
    Rule.INTERGREEN: ("yellow_s", "deceleration_mps2", "intergreen_rounding_s"),
    Rule.STOPPING_YELLOW: ("reaction_s", "deceleration_mps2"),
    Rule.LONG_CROSSING: ("longest_crossing_m",),
    Rule.PEDESTRIAN_WAIT: ("longest_pedestrian_wait_s",),
    Rule.CYCLE_SHORT: ("shortest_cycle_s",),
    Rule.CYCLE_LONG: ("longest_cycle_s", "longest_cycle_two_stages_s"),
}
"""Fields of `TimingRules` that a rule stands on; the others follow from what a signal is."""


@dataclass(frozen=True, order=True, slots=True)
class LintFinding:
    """One thing found. `movement` is a movement, a crossing's leg or a lane; `other` who it meets.

    `value` and `limit` are in seconds (metres for `long_crossing`); `stage` is that in which it shows.
    """

    rule: Rule
    signal: str
    program: str
    stage: str
    movement: str
    other: str
    value: float
    limit: float
    period: str = ""

    @property
    def severity(self) -> str:
        """danger, breach or caution."""
        return "danger" if self.rule in DANGERS else "breach" if self.rule in BREACHES else "caution"

    @property
    def short_by(self) -> float:
        """How far the value lies beyond its limit, whichever side the limit is on."""
        return abs(self.value - self.limit)

    @property
    def place(self) -> tuple[str, ...]:
        """What makes it the same finding in two arms: programs may have other names and stages there."""
        return (self.rule, self.period, self.signal, self.movement, self.other)


def dangers_added(present: Iterable[LintFinding], proposed: Iterable[LintFinding]) -> tuple[LintFinding, ...]:
    """Return the dangers of a proposal that the present plan does not have, or has by less."""
    known = {item.place: item.short_by for item in present}
    return tuple(
        item
        for item in proposed
        if item.rule in DANGERS and item.short_by > known.get(item.place, -1.0) + TICK_S
    )
