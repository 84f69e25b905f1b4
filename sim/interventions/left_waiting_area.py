"""`left_waiting_area`: left turns wait inside the junction for their own green (左转待行区)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.edited_site import edited
from sim.edits.vocabulary import AddWaitingLine, SetProgram, keyed, lane_link
from sim.errors import ConfigError, Problem, Problems
from sim.interventions.base import Intervention, intervention
from sim.interventions.streets import check_turning_lanes
from sim.labels import Message, Text, text
from sim.loading import Facts
from sim.signals.program import GREEN, SignalProgram
from sim.site.model import Site
from sim.site.network import Connection, Movement, Network
from sim.site.places import named
from sim.site.turning_paths import clear_until_m

CLEARING = "O"
"""Dark: who is beyond the stop line when the green ends clears the junction, and nothing stops them."""
DRIVEN_MPS = 7.0
"""How fast a queue leaves a waiting area."""


class ExpectedTurn(Facts):
    """From how many lanes cars are believed to turn left today."""

    lanes: int = Field(ge=1)


@intervention("left_waiting_area")
class LeftWaitingArea(Intervention):
    """Mark an area beyond the stop line in which left turns wait for their own green.

    They drive into it while the through traffic of their approach has green. `storage_m` is how far beyond
    the stop line the waiting line lies. The left turn has lanes and a green of its own, which follows the
    through green of the same approach. Stages and times stay. An area that others drive over while cars wait
    in it is refused.
    """

    title: ClassVar[Text] = Text("左转待行区", "Waiting area for left turns")
    example: ClassVar[str] = """\
kind: left_waiting_area
movement: J1.north.left
expect: {lanes: 1}
storage_m: 9
"""
    watch: ClassVar[Text] = Text(
        "先直行后左转，左转绿灯后须有全红，否则待行区内的车辆无法清空。模型中 5–22 m 的待行区每车道每周期"
        "多放行 0.3–1.4 辆（左转绿灯 10–20 s），少于可存车数，也少于文献所称的 3–4 辆。饱和度按绿灯时间"
        "计算，不含存车。",
        "Through before left, and an all-red after the left turn's green, else cars are caught in the area. "
        "In the model 5 to 22 m let 0.3 to 1.4 cars more per lane and cycle through (greens of 10 to 20 s): "
        "fewer than they store, and than the 3 to 4 that are claimed. X counts the green alone.",
    )

    kind: Literal["left_waiting_area"]
    movement: str
    expect: ExpectedTurn
    storage_m: float = Field(ge=5, le=40)

    def edits(self, site: Site, path: str) -> tuple[AddWaitingLine | SetProgram, ...]:
        """One AddWaitingLine for each lane, and a SetProgram for each period."""
        movement = site.network.movement(self.movement, f"{path}.movement")
        through = self._check(site, movement, path)
        signal = str(movement.connections[0].signal)
        lines = [AddWaitingLine(c.from_edge, lane_link(c), self.storage_m) for c in movement.connections]
        after = edited(site, lines)
        turns = [c for c in after.network.connections_from[lines[0].edge] if c.entry_link is not None]
        programs = []
        problems = Problems()
        passing: set[int] = set()
        for period, controls in after.signals.items():
            control = controls[signal]
            wanted = {}
            for id, program in control.programs.items():
                try:
                    wanted[id], waits = _with_area(program, turns, through, f"{path}.movement")
                    states = [program.intervals[k].state for k in waits]
                    passing |= {k for state in states for k, letter in enumerate(state) if letter in GREEN}
                except ConfigError as error:
                    problems.extend(error)
            if len(wanted) == len(control.programs):
                new = replace(control, programs=wanted)
                now, then = keyed(control, after.network), keyed(new, after.network)
                programs.append(SetProgram(period, signal, now, then))
        problems.found = list(dict.fromkeys(problems.found))  # the same slip in every period is one problem
        problems.raise_if_any()
        self._check_room(site.network, movement, passing, f"{path}.storage_m")
        return (*lines, *programs)

    def describe(self, site: Site) -> Text:
        """Name the movement and say how far its waiting line lies in the junction."""
        where = named(site.facts, f"movement:{self.movement}")
        return text("intervention.left_waiting_area", zh=where.zh, en=where.en, m=f"{self.storage_m:g}")

    def eligibility(self, site: Site) -> tuple[Text, ...]:
        """Ask for an all-red after the left turn's green that clears the area."""
        movement = site.network.movements[self.movement]
        signal, link = movement.connections[0].signal, movement.connections[0].link
        needed_s = self.storage_m / DRIVEN_MPS
        programs = [p for controls in site.signals.values() for p in controls[str(signal)].programs.values()]
        shortest_s = min(_all_red_s(program, link or 0) for program in programs)
        if shortest_s >= needed_s:
            return ()
        values = {"s": f"{shortest_s:g}", "needed": f"{needed_s:.1f}"}
        return (text("eligibility.left_waiting_area.all_red", **values),)

    def _check_room(self, network: Network, movement: Movement, passing: set[int], path: str) -> None:
        """Refuse an area that is driven over while cars stand in it; `passing`: links that are green then."""
        signal, edge = movement.connections[0].signal, movement.connections[0].from_edge
        others = [
            c
            for c in network.connections
            if c.signal == signal and c.link in passing and c.from_edge != edge and c.direction != "uturn"
        ]
        room = [(clear_until_m(own, c, network), c.key) for own in movement.connections for c in others]
        clear_m, key = min(room, default=(math.inf, ""))
        if self.storage_m > clear_m:
            told = Message(
                "{key} drives over the area from {m:.1f} m on, while cars wait in it", key=key, m=clear_m
            )
            raise ConfigError([Problem(path, told, Message("a shorter area, or none at this junction"))])

    def _check(self, site: Site, movement: Movement, path: str) -> frozenset[int]:
        """Return the links of the approach's through movement; ConfigError with what forbids the area."""
        network, problems = site.network, Problems()
        if movement.connections[0].direction != "left":
            problems.add(f"{path}.movement", Message("{id} is no left turn", id=movement.id))
        check_turning_lanes(network, movement, self.expect.lanes, f"{path}.expect.lanes", problems)
        if any(c.link is None for c in movement.connections):
            problems.add(f"{path}.movement", Message("{id} is not controlled by a signal", id=movement.id))
        if any(c.entry_link is not None for c in movement.connections):
            problems.add(f"{path}.movement", Message("{id} has a waiting area already", id=movement.id))
        others = _beside(network, movement)
        lanes = {c.from_lane for c in movement.connections}
        if any(c.from_lane in lanes and c.direction != "uturn" for c in others):
            told = Message("{id} shares a lane with other movements", id=movement.id)
            problems.add(f"{path}.movement", told, Message("give it lanes of its own (`set_lane_use`)"))
        through = frozenset(c.link for c in others if c.direction == "through" and c.link is not None)
        if not through:
            problems.add(f"{path}.movement", Message("nobody goes straight on from its approach"))
        problems.raise_if_any()
        return through


def _beside(network: Network, movement: Movement) -> list[Connection]:
    """Return the connections of an approach that belong to other movements."""
    edge = movement.connections[0].from_edge
    return [c for c in network.connections_from[edge] if c.to_edge != movement.to_edge]


def _with_area(
    program: SignalProgram, turns: list[Connection], through: frozenset[int], path: str
) -> tuple[SignalProgram, list[int]]:
    """Open the entries while `through` is green before the turn is, hold the waiting lines until then.

    Returns the intervals, too, in which cars stand in the area.
    """
    link = turns[0].link or 0
    letters = [interval.state[link] for interval in program.intervals]
    ahead = [max((i.state[k] for k in through), key="ryugG".find) for i in program.intervals]
    n = len(letters)
    first = _begins(program, letters, path)
    behind = [(first - back) % n for back in range(1, n)]
    changing = 0
    while changing < n - 1 and ahead[behind[changing]] not in GREEN and _changing(program, behind[changing]):
        changing += 1
    lets_in = changing
    while lets_in < n - 1 and ahead[behind[lets_in]] in GREEN and letters[behind[lets_in]] == "r":
        lets_in += 1
    if lets_in == changing:
        told = Message(
            "program {id!r} shows the left turn green not right behind the through green", id=program.id
        )
        hint = Message("through before left (`reorder_stages`)")
        raise ConfigError([Problem(path, told, hint)])
    entry, line = list(letters), list(letters)
    for k in behind[changing:lets_in]:
        entry[k] = "g"
    for k in behind[:changing]:
        entry[k] = "y" if ahead[k] == "y" else "r"
    after = first
    while letters[after % n] in GREEN:
        after += 1
    while after < first + n and letters[after % n] in "yr" and _changing(program, after % n):
        line[after % n] = CLEARING
        after += 1
    intervals = []
    for k, interval in enumerate(program.intervals):
        state = list(interval.state)
        for turn in turns:
            if turn.link is not None and turn.entry_link is not None:
                state[turn.link], state[turn.entry_link] = line[k], entry[k]
        intervals.append(replace(interval, state="".join(state)))
    return replace(program, intervals=tuple(intervals)), behind[:lets_in]


def _begins(program: SignalProgram, letters: list[str], path: str) -> int:
    """Return the interval with which the turn's own green begins; ConfigError where it has none."""
    begins = [k for k in range(len(letters)) if letters[k] in GREEN and letters[k - 1] not in GREEN]
    told: Message | None = None
    if program.kind != "static":
        told = Message("program {id!r} is not fixed-time", id=program.id)
    elif len(begins) != 1 or "g" in letters:
        told = Message(
            "program {id!r} gives the left turn no green of its own, once in a cycle", id=program.id
        )
    if told is not None:
        raise ConfigError([Problem(path, told, Message("give it one (`add_stage`)"))])
    return begins[0]


def _changing(program: SignalProgram, index: int) -> bool:
    """Whether an interval lies between two stages."""
    return not any(stage.first <= index <= stage.last for stage in program.stages())


def _all_red_s(program: SignalProgram, link: int) -> float:
    """Time from the end of a link's yellow to the next stage."""
    intervals, n = program.intervals, len(program.intervals)
    ends = [
        k for k in range(n) if intervals[k].state[link] == "y" and intervals[(k + 1) % n].state[link] != "y"
    ]
    found_s = []
    for end in ends:
        k, red_s = (end + 1) % n, 0.0
        while _changing(program, k):
            red_s += intervals[k].duration_s
            k = (k + 1) % n
        found_s.append(red_s)
    return min(found_s, default=0.0)
