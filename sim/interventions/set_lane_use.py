"""`set_lane_use`: re-mark what the lanes of an approach may do (车道功能调整)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import SetConnections, lane_link
from sim.errors import ConfigError, Problem, Problems, near
from sim.interventions.base import Intervention, intervention
from sim.labels import Message, Text, text
from sim.site.car_lanes import by_car, car_lanes, lane_uses, targets_of
from sim.site.facts import DIRECTIONS
from sim.site.lane_marking import remarked
from sim.site.model import Site
from sim.site.network import Approach, Movement, Network
from sim.site.places import named

RANK: dict[str, int] = {direction: rank for rank, direction in enumerate(DIRECTIONS)}


@intervention("set_lane_use")
class SetLaneUse(Intervention):
    """Say anew which movements each lane of an approach serves. The signal's stages and times stay.

    `expect` (today) and `lanes` (then) list the lanes that cars may use, from the median to the kerb, each as
    movements joined by `+`: `through+right`. Lanes that cars may not use stay as they are. A lane that keeps
    a movement keeps the exit lane it leads to; a lane that is new to a movement shows the signal of that
    movement.
    """

    title: ClassVar[Text] = Text("车道功能调整", "Change lane use")
    example: ClassVar[str] = """\
kind: set_lane_use
approach: J1.north
expect: [left, through, through+right]
lanes: [left, left, through+right]
"""

    kind: Literal["set_lane_use"]
    approach: str
    expect: tuple[str, ...] = Field(min_length=1)
    lanes: tuple[str, ...] = Field(min_length=1)

    def edits(self, site: Site, path: str) -> tuple[SetConnections, ...]:
        """One SetConnections of the approach's last edge."""
        network = site.network
        approach = network.approach(self.approach, f"{path}.approach")
        self._check_expectation(network, approach, path)
        wanted = self._wanted(network, approach, path)
        present = network.connections_from.get(approach.edge, ())
        links = {lane_link(c) for c in present if not by_car(network, c)}
        problems = Problems()
        for movement in approach.movements:
            serving = [lane for lane in sorted(wanted) if movement.direction in wanted[lane]]
            exits = car_lanes(network, movement.to_edge)
            beside = sum(1 for lane in wanted if lane > max(serving, default=0))
            present_targets = targets_of(network, movement)
            aimed = remarked(_direction(movement), serving, exits, beside, present_targets)
            if aimed is None:
                told = Message(
                    "{n_serving} lanes are to go {direction}, but its exit {to_edge!r} has {n_exits} "
                    "for cars",
                    n_serving=len(serving),
                    direction=movement.direction,
                    to_edge=movement.to_edge,
                    n_exits=len(exits),
                )
                problems.add(f"{path}.lanes", told)
                continue
            links |= {(lane, movement.to_edge, exit_lane) for lane, to in aimed.items() for exit_lane in to}
        problems.raise_if_any()
        return (SetConnections(approach.edge, frozenset(map(lane_link, present)), frozenset(links)),)

    def describe(self, site: Site) -> Text:
        """Lane uses of the approach before and after, from the median to the kerb."""
        approach = site.network.approach(self.approach, f"{self.kind}.approach")
        where = named(site.facts, f"approach:{approach.id}")
        return text(
            "intervention.set_lane_use",
            where_zh=where.zh,
            where_en=where.en,
            before_zh=uses_in_words(self.expect).zh,
            before_en=uses_in_words(self.expect).en,
            after_zh=uses_in_words(self.lanes).zh,
            after_en=uses_in_words(self.lanes).en,
        )

    def _check_expectation(self, network: Network, approach: Approach, path: str) -> None:
        found = lane_uses(network, approach)
        if [set(use.split("+")) for use in self.expect] != [set(use.split("+")) for use in found]:
            told = Message("expected {expect}; found {found}", expect=self.expect, found=found)
            raise ConfigError(
                [Problem(f"{path}.expect", told, Message("lanes for cars, from the median to the kerb"))]
            )

    def _wanted(self, network: Network, approach: Approach, path: str) -> dict[int, frozenset[str]]:
        """Lane (counted from the kerb) -> the movements it is to serve."""
        problems = Problems()
        lanes = car_lanes(network, approach.edge)
        known = [movement.direction for movement in approach.movements]
        uses = []
        for number, use in enumerate(self.lanes, 1):
            parts = use.split("+")
            for part in parts:
                if part not in known:
                    told = Message(
                        "no {part!r} movement leaves {id}: there is no exit lane for it",
                        part=part,
                        id=approach.id,
                    )
                    problems.add(f"{path}.lanes.{number}", told, near(part, known))
            if len(set(parts)) != len(parts):
                problems.add(f"{path}.lanes.{number}", Message("{use!r} names a movement twice", use=use))
            uses.append(frozenset(parts))
        if len(uses) != len(lanes):
            problems.add(
                f"{path}.lanes",
                Message(
                    "{n_uses} lanes are listed, but {id} has {n_lanes} for cars",
                    n_uses=len(uses),
                    id=approach.id,
                    n_lanes=len(lanes),
                ),
            )
        problems.raise_if_any()
        today = [frozenset(use.split("+")) for use in lane_uses(network, approach)]
        for number, pair in enumerate(pairwise(uses), 1):
            if _cross(*pair) and not _cross(*today[number - 1 : number + 1]):
                told = Message(
                    "the paths of lanes {number} and {number_2} would cross: {lanes}",
                    number=number,
                    number_2=number + 1,
                    lanes=" | ".join(self.lanes),
                )
                problems.add(
                    f"{path}.lanes", told, Message("from the median to the kerb: uturn, left, through, right")
                )
        problems.raise_if_any()
        return dict(zip(reversed(lanes), uses, strict=True))


def _direction(movement: Movement) -> str:
    return movement.connections[0].direction


def _cross(median_side: frozenset[str], kerb_side: frozenset[str]) -> bool:
    """Whether the lane nearer the median turns further right than its neighbour turns left."""

    def ranks(use: frozenset[str]) -> list[int]:
        return [_rank(part) for part in use if part != "none"]

    return max(ranks(median_side), default=0) > min(ranks(kerb_side), default=len(RANK))


def _rank(part: str) -> int:
    return RANK.get(part.partition("_")[0], len(RANK))


def uses_in_words(uses: Sequence[str]) -> Text:
    """Lane uses as an engineer reads them: 左 | 直 | 直右."""
    zh, en = [], []
    for use in uses:
        parts = sorted((part.partition("_") for part in use.split("+")), key=lambda part: _rank(part[0]))
        words = [(text(f"intervention.use.{plain}"), number) for plain, _, number in parts]
        zh.append("".join(word.zh + number for word, number in words))
        en.append("+".join(word.en + (f" {number}" if number else "") for word, number in words))
    return Text(" | ".join(zh), " | ".join(en))
