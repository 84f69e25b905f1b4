"""What a control law outside the simulator needs to know of the programs it runs, as plain data. Pure.

A program of such a kind is written to the simulator as a fixed-time one; while the run goes on the law holds
and ends its greens (`sim.controllers`). Which lanes feed a stage follows from the network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Any, Final

from sim.signals.program import GREEN, SignalControl, SignalProgram
from sim.site.network import Network

MAX_PRESSURE: Final = "max_pressure"
"""Kind of a program whose greens follow the pressure of the queues, in the program's order."""
FREE_ORDER = "max_pressure_free_order"
"""The same without order: any stage may follow any other. For comparison; not offered to policies."""
PAID_CHANGE = "max_pressure_paid_change"
"""Without order too, changing only where the change pays for itself; not offered to policies either."""
ANY_ORDER = frozenset({FREE_ORDER, PAID_CHANGE})
"""Kinds that may jump from any stage to any other."""
COORDINATED: Final = "coordinated_actuated"
"""Kind of a program that keeps the clock of its plan; stages beside the corridor end when nobody comes."""
OUTSIDE = frozenset({MAX_PRESSURE, COORDINATED}) | ANY_ORDER
"""Kinds that SUMO does not know."""
LONGEST_RED = "longest_red_s"
"""Parameter of a program that changes where it pays: the longest that any stage is kept from green."""
LEADS = ">"
"""In an interval's name, without order: between the intervals of the stages from and to which it leads."""
REACH_M = 150.0
"""How far from the stop line vehicles count as waiting for a green, if they move."""
DETECTION_M = 60.0
"""The same where the clock is kept: who is further out is no reason yet to withhold the green from others."""
SEEN_M = {COORDINATED: DETECTION_M, PAID_CHANGE: 80.0}
"""How far from the stop line anybody counts at all, where a law sees the end of each lane and no more."""
KEEPS_CLOCK = (("coordinated", "true"),)
"""Parameters of a program whose adaptive greens keep to a clock."""
CLOCK = "coordinated_intervals"
"""Parameter: the intervals that never end before the plan says so, by their numbers."""
GIVES_WAY = 0.5
"""What a lane counts in a stage that shows it only green that gives way."""
BLOCKED = 0.2
"""What becomes of that where some way of the lane stays red."""


def controllers_of(controls: Mapping[str, SignalControl], network: Network) -> tuple[dict[str, Any], ...]:
    """Return the control laws of an arm as plain data, one for each kind in use; empty for most arms."""
    streets = _Streets(network)
    found: dict[str, list[dict[str, Any]]] = {}
    for signal, control in sorted(controls.items()):
        program = control.programs.get(control.active)
        if program is not None and program.kind in OUTSIDE:
            found.setdefault(program.kind, []).append({"signal": signal, **_described(program, streets)})
    return tuple({"kind": kind, "plans": plans} for kind, plans in sorted(found.items()))


def within(program: SignalProgram, kind: str, limits_s: Mapping[str, tuple[float, float]]) -> SignalProgram:
    """Return a program of another kind whose stages' greens move between limits (shortest, longest).

    The interval in which most lights are green takes the change, as in `SignalProgram.retimed`; who walks and
    must finish, early cuts and late starts keep their times. A stage whose fixed part is longer keeps a
    second.
    """
    # Fixed-time programs may carry limits that nobody keeps; here they would say that the law may decide.
    intervals = [replace(interval, min_s=None, max_s=None) for interval in program.intervals]
    for stage in program.stages():
        least_s, most_s = limits_s[stage.name]
        longer = program.retimed({stage.name: stage.green_s + 1})
        pairs = enumerate(zip(program.intervals, longer.intervals, strict=True))
        index = next(n for n, (one, other) in pairs if one != other)
        old = intervals[index]
        fixed_s = stage.green_s - old.duration_s
        min_s = max(1.0, least_s - fixed_s)
        max_s = max(min_s, most_s - fixed_s)
        duration_s = min(max(old.duration_s, min_s), max_s)
        intervals[index] = replace(old, duration_s=duration_s, min_s=min_s, max_s=max_s)
    return replace(program, kind=kind, intervals=tuple(intervals))


def coordinated(
    program: SignalProgram, stages: Collection[str], least_s: Mapping[str, float]
) -> SignalProgram:
    """Return a plan whose `stages` keep their ends and whose others may end early, no sooner than `least_s`.

    What a stage leaves over may lengthen another: its longest green is its own and all that others leave.
    """
    spans = program.stages()
    room_s = {
        span.name: max(0.0, span.green_s - least_s[span.name]) for span in spans if span.name not in stages
    }
    limits_s = {}
    for span in spans:
        left_over_s = sum(room_s.values()) - room_s.get(span.name, 0.0)
        limits_s[span.name] = (min(least_s[span.name], span.green_s), span.green_s + left_over_s)
    made = within(program, COORDINATED, limits_s)
    deciding = [index for index, interval in enumerate(made.intervals) if interval.max_s is not None]
    kept = [str(i) for span, i in zip(spans, deciding, strict=True) if span.name in stages]
    return replace(made, params=(*KEEPS_CLOCK, (CLOCK, " ".join(kept))))


def _clock(program: SignalProgram) -> dict[str, Any]:
    """Return cycle, offset, the latest end of every interval that the law decides on, and which are kept."""
    ends_s = accumulate(interval.duration_s for interval in program.intervals)
    return {
        "cycle_s": program.cycle_s,
        "offset_s": program.offset_s,
        "ends_s": {
            str(index): end_s
            for index, (interval, end_s) in enumerate(zip(program.intervals, ends_s, strict=True))
            if interval.max_s is not None
        },
        "coordinated": [int(index) for index in dict(program.params)[CLOCK].split()],
    }


def _described(program: SignalProgram, streets: _Streets) -> dict[str, Any]:
    """Return intervals, stages and lanes of a program.

    `intervals`: (state, duration). `stages`: the interval whose length is the law's with its limits, and the
    lanes that the stage lets go with what they count. `feeds`: stop-line lane -> (lane, share, reach): the
    lane and those upstream of it up to `REACH_M` (or as `SEEN_M` says), which share of their vehicles comes
    this way, and on which part of the lane moving ones count. `exits`: stop-line lane -> lanes behind the
    junction. `reach_m`: lane -> the part that counts at all (`SEEN_M`); for coordinated plans in `clock`.
    """
    reach_m = SEEN_M.get(program.kind, REACH_M)
    feeds: dict[str, list[tuple[str, float, float]]] = {}
    exits: dict[str, list[str]] = {}
    links: dict[int, set[str]] = {}
    always = {
        k
        for k in range(len(program.intervals[0].state))
        if all(interval.state[k] in GREEN for interval in program.intervals)
    }
    for connection in streets.network.connections:
        if connection.signal != program.signal or connection.link is None or connection.link in always:
            continue
        lane = f"{connection.from_edge}_{connection.from_lane}"
        links.setdefault(connection.link, set()).add(lane)
        exits.setdefault(lane, []).append(f"{connection.to_edge}_{connection.to_lane}")
        if lane not in feeds:
            feeds[lane] = list(streets.feeding(lane, reach_m))
    stages = []
    for index, interval in enumerate(program.intervals):
        if interval.max_s is None:
            continue
        shown: dict[str, list[str]] = {}
        for link, lanes in sorted(links.items()):
            for lane in sorted(lanes):
                shown.setdefault(lane, []).append(interval.state[link])
        weights = {lane: _weight(letters) for lane, letters in shown.items() if GREEN & set(letters)}
        stages.append({"interval": index, "min_s": interval.min_s, "max_s": interval.max_s, "lanes": weights})
    described: dict[str, Any] = {
        "intervals": [[interval.state, interval.duration_s] for interval in program.intervals],
        "stages": stages,
        "feeds": feeds,
        "exits": exits,
    }
    if program.kind in SEEN_M:
        near = {lane: share * streets.lengths_m[lane] for own in feeds.values() for lane, _, share in own}
        described["feeds"] = {
            lane: [(name, share, 1.0) for name, share, _ in own] for lane, own in feeds.items()
        }
        seen = {"reach_m": {name: round(m, 1) for name, m in near.items()}}
        described |= {"clock": {**_clock(program), **seen}} if program.kind == COORDINATED else seen
    if program.kind in ANY_ORDER:
        ways: dict[str, dict[str, int]] = {}
        for index, interval in enumerate(program.intervals):
            one, leads, other = interval.name.partition(LEADS)
            if leads:
                ways.setdefault(one, {})[other] = index
        described["ways"] = ways
        if LONGEST_RED in dict(program.params):
            described["longest_red_s"] = float(dict(program.params)[LONGEST_RED])
    return described


def _weight(letters: list[str]) -> float:
    """Weigh a lane by what its ways are shown: who must wait on it blocks the others."""
    weight = sum(1.0 if x == "G" else GIVES_WAY if x in GREEN else 0.0 for x in letters) / len(letters)
    return weight if all(x in GREEN for x in letters) else BLOCKED * weight


@dataclass(frozen=True)
class _Streets:
    """Which lanes lead to a lane without a signal between them."""

    network: Network

    @cached_property
    def lengths_m(self) -> dict[str, float]:
        return {lane.id: lane.length_m for edge in self.network.edges.values() for lane in edge.lanes}

    @cached_property
    def into(self) -> dict[str, list[str]]:
        """Lane -> lanes from which a way without a signal leads to it."""
        found: dict[str, list[str]] = {}
        for c in self.network.connections:
            if c.signal is None:
                found.setdefault(f"{c.to_edge}_{c.to_lane}", []).append(f"{c.from_edge}_{c.from_lane}")
        return found

    @cached_property
    def ways(self) -> Counter[str]:
        """Lane -> number of ways that leave it."""
        return Counter(f"{c.from_edge}_{c.from_lane}" for c in self.network.connections)

    def feeding(self, lane: str, reach_m: float) -> Iterator[tuple[str, float, float]]:
        """Yield a stop-line lane and the lanes upstream of it, back to signals or as far as `reach_m`."""
        waiting = [(lane, 1.0, 0.0)]
        seen: set[str] = set()
        while waiting:
            name, share, at_m = waiting.pop(0)
            if name in seen:
                continue
            seen.add(name)
            yield name, round(share, 4), round(min(1.0, (reach_m - at_m) / self.lengths_m[name]), 4)
            at_m += self.lengths_m[name]
            if at_m < reach_m:
                waiting += [(source, share / self.ways[source], at_m) for source in self.into.get(name, ())]
