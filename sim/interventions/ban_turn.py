"""`ban_turn`: forbid a movement, always or by the clock, for all motor traffic or some of it (禁左等)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.open_ways import dead_ends
from sim.edits.vocabulary import AddClosure, SetTurnRules, lane_link
from sim.errors import Problems
from sim.interventions.base import Intervention, intervention
from sim.interventions.streets import (
    Hours,
    VehicleName,
    banned,
    check_hours,
    check_turning_lanes,
    restriction_in_words,
    timed,
)
from sim.labels import Message, Text, text
from sim.loading import Facts
from sim.site.model import Site
from sim.site.network import Movement, Network
from sim.site.places import named


class ExpectedTurn(Facts):
    """From how many lanes cars are believed to make the movement today."""

    lanes: int = Field(ge=0)


@intervention("ban_turn")
class BanTurn(Intervention):
    """Forbid a movement. Lanes, markings and signals stay as they are; who may not turn must go elsewhere.

    `hours` limits the ban to times of day, `vehicles` to classes (left out: all motor traffic), `exempt` lets
    classes through. Police, ambulances, fire engines and bicycles are let through unless `vehicles` names
    them.
    """

    title: ClassVar[Text] = Text("禁止转向（分时段、分车种）", "Ban a turn")
    example: ClassVar[str] = """\
kind: ban_turn
movement: J1.north.left
expect: {lanes: 1}
hours: ["07:00-09:00", "17:00-19:00"]
exempt: [bus]
"""
    watch: ClassVar[Text] = Text(
        "被禁流向的需求不会消失：固定路径下若仍有车辆使用该流向，预检会列出并拒绝，需在需求中写明其改走的路径。"
        "只供该流向使用的车道会空置，可与 `set_lane_use` 合用。",
        "The demand of the banned movement does not vanish: with fixed routes the preflight lists the "
        "vehicles that still make it and refuses, until the demand says where they go instead. A lane that "
        "serves nothing else lies idle: combine with `set_lane_use`.",
    )

    kind: Literal["ban_turn"]
    movement: str
    expect: ExpectedTurn
    hours: tuple[Hours, ...] = ()
    vehicles: tuple[VehicleName, ...] = ()
    exempt: tuple[VehicleName, ...] = ()

    def edits(self, site: Site, path: str) -> tuple[SetTurnRules | AddClosure, ...]:
        """One SetTurnRules for each connection; with hours one AddClosure for each time of day."""
        network = site.network
        movement = network.movement(self.movement, f"{path}.movement")
        problems = Problems()
        check_turning_lanes(network, movement, self.expect.lanes, f"{path}.expect.lanes", problems)
        check_hours(site, self.hours, f"{path}.hours", problems)
        hit = banned(self.vehicles, self.exempt)
        if not any(_users(network, movement, n) & hit for n in range(len(movement.connections))):
            problems.add(
                f"{path}.movement", Message("nobody who would be banned may make this movement today")
            )
        problems.raise_if_any()
        edits: tuple[SetTurnRules | AddClosure, ...]
        if self.hours:
            keys = [c.key for c in movement.connections]
            edits = timed(f"ban.{movement.id}", self.hours, hit, network, connections=keys)
        else:
            edits = tuple(
                SetTurnRules(
                    c.from_edge, lane_link(c), c.allow, c.rules, _users(network, movement, n) - hit, c.rules
                )
                for n, c in enumerate(movement.connections)
                if _users(network, movement, n) & hit
            )
        for edge in dead_ends(site, edits):
            told = Message(
                "cars that come along {edge!r} could not go on at all: every movement would be banned",
                edge=edge,
            )
            problems.add(
                f"{path}.movement", told, Message("leave one movement, or close the street with `one_way`")
            )
        problems.raise_if_any()
        return edits

    def describe(self, site: Site) -> Text:
        """Name the movement, and for whom and when it is banned."""
        where = named(site.facts, f"movement:{self.movement}")
        rest = restriction_in_words(self.hours, self.vehicles, self.exempt)
        return text("intervention.ban_turn", zh=where.zh, en=where.en, rest_zh=rest.zh, rest_en=rest.en)

    def eligibility(self, site: Site) -> tuple[Text, ...]:
        """Lanes that serve nothing else."""
        movement = site.network.movements.get(self.movement)
        if movement is None or self.hours or self.vehicles:
            return ()
        own = {c.from_lane for c in movement.connections}
        edge = movement.connections[0].from_edge
        others = (c for c in site.network.connections_from[edge] if c.to_edge != movement.to_edge)
        idle = own - {c.from_lane for c in others}
        return (text("eligibility.ban_turn.idle", lanes=len(idle)),) if idle else ()


def _users(network: Network, movement: Movement, number: int) -> frozenset[str]:
    """Return the classes that may use one connection of a movement today."""
    c = movement.connections[number]
    lanes = network.edges[c.from_edge].lanes[c.from_lane], network.edges[c.to_edge].lanes[c.to_lane]
    both = lanes[0].allow & lanes[1].allow
    return both if c.allow is None else both & c.allow
