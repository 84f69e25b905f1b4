"""`channelise_right`: right turns pass beside the signal on a turning roadway of their own (右转渠化)."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import SetProgram, SetTurnRules, keyed, lane_link
from sim.errors import Problems
from sim.interventions.base import Intervention, intervention
from sim.interventions.streets import check_turning_lanes
from sim.labels import Message, Text, text
from sim.loading import Facts
from sim.signals.program import SignalControl
from sim.site.model import Site
from sim.site.network import Movement
from sim.site.places import named

GIVES_WAY = "g"


class ExpectedTurn(Facts):
    """From how many lanes cars are believed to turn right today."""

    lanes: int = Field(ge=1)


@intervention("channelise_right")
class ChanneliseRight(Intervention):
    """Lead right turns past the signal: they go at all times, giving way, round a corner of `speed_kmh`.

    The right turn has lanes of its own (`add_turn_bay` with `side: kerb` makes one). Who it gives way to:
    people on the crossings that are in the model, and traffic on the lane it joins. Stages and times stay.
    """

    title: ClassVar[Text] = Text("右转渠化", "Channelise right turns")
    example: ClassVar[str] = """\
kind: channelise_right
movement: J2.north.right
expect: {lanes: 1}
speed_kmh: 30
"""
    watch: ClassVar[Text] = Text(
        "模型中右转车不等信号、弯道车速按给定值；渠化岛使行人过街变短、右转专用道处另需让行，均未计入。"
        "出口没有加速车道时，右转车须等出口车流的间隙。",
        "In the model right turns wait for no signal and drive round the corner at the given speed. That the "
        "island shortens crossings, and that people cross the turning roadway beside it, is not in it. They "
        "wait for gaps on the exit lane that they join.",
    )

    kind: Literal["channelise_right"]
    movement: str
    expect: ExpectedTurn
    speed_kmh: float = Field(ge=10, le=60)

    def edits(self, site: Site, path: str) -> tuple[SetTurnRules | SetProgram, ...]:
        """One SetTurnRules for each lane, and a SetProgram for each period in which it waits for a green."""
        movement = site.network.movement(self.movement, f"{path}.movement")
        self._check(site, movement, path)
        speed = f"{self.speed_kmh / 3.6:.2f}"
        turns = []
        for c in movement.connections:
            rules = tuple(sorted({**dict(c.rules), "speed": speed}.items()))
            turns.append(SetTurnRules(c.from_edge, lane_link(c), c.allow, c.rules, c.allow, rules))
        signal = str(movement.connections[0].signal)
        links = {c.link for c in movement.connections if c.link is not None}
        programs = []
        for period, controls in site.signals.items():
            freed = _freed(controls[signal], links)
            if freed != controls[signal]:
                now, then = keyed(controls[signal], site.network), keyed(freed, site.network)
                programs.append(SetProgram(period, signal, now, then))
        return (*turns, *programs)

    def describe(self, site: Site) -> Text:
        """Name the movement and its speed."""
        where = named(site.facts, f"movement:{self.movement}")
        return text("intervention.channelise_right", zh=where.zh, en=where.en, kmh=f"{self.speed_kmh:g}")

    def eligibility(self, site: Site) -> tuple[Text, ...]:
        """Draw crossings: without them nobody on foot is given way to."""
        movement = site.network.movements[self.movement]
        node = site.network.edges[movement.connections[0].from_edge].to_node
        if any(crossing.node == node for crossing in site.network.crossings):
            return ()
        where = named(site.facts, f"movement:{self.movement}")
        return (text("eligibility.channelise_right.no_crossings", zh=where.zh, en=where.en),)

    def _check(self, site: Site, movement: Movement, path: str) -> None:
        network, problems = site.network, Problems()
        if movement.connections[0].direction != "right":
            problems.add(f"{path}.movement", Message("{id} is no right turn", id=movement.id))
        check_turning_lanes(network, movement, self.expect.lanes, f"{path}.expect.lanes", problems)
        if any(c.link is None for c in movement.connections):
            problems.add(f"{path}.movement", Message("{id} is not controlled by a signal", id=movement.id))
        edge = movement.connections[0].from_edge
        lanes = {c.from_lane for c in movement.connections}
        others = [c for c in network.connections_from[edge] if c.to_edge != movement.to_edge]
        if any(c.from_lane in lanes for c in others):
            told = Message("{id} shares a lane with other movements", id=movement.id)
            hint = Message("give it lanes of its own (`set_lane_use`, `add_turn_bay` with `side: kerb`)")
            problems.add(f"{path}.movement", told, hint)
        own = {c.key for c in movement.connections}
        heads = network.links.get(movement.connections[0].signal or "", {})
        if any(own & set(keys) and not own >= set(keys) for keys in heads.values()):
            told = Message("{id} shares a signal head with other movements", id=movement.id)
            problems.add(f"{path}.movement", told)
        problems.raise_if_any()


def _freed(control: SignalControl, links: set[int]) -> SignalControl:
    """Let some links go at all times, giving way."""

    def state(old: str) -> str:
        return "".join(GIVES_WAY if k in links else letter for k, letter in enumerate(old))

    programs = {
        id: replace(program, intervals=tuple(replace(i, state=state(i.state)) for i in program.intervals))
        for id, program in control.programs.items()
    }
    return replace(control, programs=programs)
