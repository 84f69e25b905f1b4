"""`add_turn_bay`: a short lane more before the stop line (进口道展宽)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.edited_site import edited
from sim.edits.geometry import SHORTEST_M
from sim.edits.vocabulary import Edit, SetConnections, SetLaneCount, SplitEdge, lane_link
from sim.errors import ConfigError, Problem, Problems
from sim.interventions.base import Intervention, intervention
from sim.interventions.set_lane_use import SetLaneUse, uses_in_words
from sim.labels import Message, Text, message_of, text
from sim.site.car_lanes import car_lanes, lane_uses
from sim.site.model import Site
from sim.site.network import Approach
from sim.site.places import named


@intervention("add_turn_bay")
class AddTurnBay(Intervention):
    """Widen an approach by one lane on its last metres, and say anew which movements each lane serves.

    `expect` (today) and `lanes` (then) list the lanes that cars may use, from the median to the kerb, each as
    movements joined by `+`. The bay is the first of `lanes`, with `side: kerb` the last. It shows the lights
    of its movements; stages and times stay. `length_m` is what the bay stores behind the stop line.
    """

    title: ClassVar[Text] = Text("进口道展宽", "Add a turn bay")
    example: ClassVar[str] = """\
kind: add_turn_bay
approach: J1.east
length_m: 40
expect: [left+through, through+right]
lanes: [left, through, through+right]
"""
    watch: ClassVar[Text] = Text(
        "展宽段应长于红灯期间的转弯排队，否则排队仍会阻塞直行。若转弯与对向直行同相位，展宽不改变其让行关系；"
        "需要专用相位时请另改配时。出口车道数应不少于同一相位的进口车道数。",
        "A bay shorter than the queue of the red still blocks the lane beside it. A left turn that gives way "
        "to opposing traffic goes on giving way: a stage of its own is another intervention. The exit needs "
        "as many lanes as enter it in one stage.",
    )

    kind: Literal["add_turn_bay"]
    approach: str
    length_m: float = Field(gt=0)
    expect: tuple[str, ...] = Field(min_length=1)
    lanes: tuple[str, ...] = Field(min_length=2)
    side: Literal["median", "kerb"] = "median"

    def edits(self, site: Site, path: str) -> tuple[Edit, ...]:
        """SplitEdge, SetLaneCount of the part at the stop line, SetConnections of both parts."""
        approach = site.network.approach(self.approach, f"{path}.approach")
        self._check(site, approach, path)
        edge = site.network.edges[approach.edge]
        upstream = f"{edge.id}.before_bay"
        number = len(edge.lanes)
        widened: tuple[Edit, ...] = (
            SplitEdge(edge.id, edge.length_m, self.length_m, upstream),
            SetLaneCount(edge.id, number, number + 1),
        )
        try:
            cut = edited(site, widened)
        except ValueError as error:  # what lies on the edge forbids the cut
            raise ConfigError([Problem(f"{path}.length_m", message_of(error))]) from None
        marking = SetLaneUse(
            kind="set_lane_use", approach=approach.id, expect=("none", *self.expect), lanes=self.lanes
        )
        return (*widened, *marking.edits(cut, path), self._into(cut, upstream, edge.id))

    def describe(self, site: Site) -> Text:
        """Name the approach, the side, the length, and the lane uses before and after."""
        approach = site.network.approach(self.approach, f"{self.kind}.approach")
        where = named(site.facts, f"approach:{approach.id}")
        side = text(f"intervention.add_turn_bay.{self.side}")
        before, after = uses_in_words(self.expect), uses_in_words(self.lanes)
        return text(
            "intervention.add_turn_bay",
            where_zh=where.zh,
            where_en=where.en,
            side_zh=side.zh,
            side_en=side.en,
            m=f"{self.length_m:g}",
            before_zh=before.zh,
            before_en=before.en,
            after_zh=after.zh,
            after_en=after.en,
        )

    def _check(self, site: Site, approach: Approach, path: str) -> None:
        problems = Problems()
        network = site.network
        edge = network.edges[approach.edge]
        found = lane_uses(network, approach)
        if [set(use.split("+")) for use in self.expect] != [set(use.split("+")) for use in found]:
            told = Message("expected {expect}; found {found}", expect=self.expect, found=found)
            problems.add(f"{path}.expect", told, Message("lanes for cars, from the median to the kerb"))
        if len(self.lanes) != len(self.expect) + 1:
            told = Message(
                "{n_lanes} lanes are listed; with the bay there are {n_expect}",
                n_lanes=len(self.lanes),
                n_expect=len(self.expect) + 1,
            )
            problems.add(f"{path}.lanes", told, Message("lanes for cars, from the median to the kerb"))
        longest_m = edge.length_m - SHORTEST_M
        if edge.id in network.whole:
            problems.add(
                f"{path}.approach",
                Message("{id!r} has been widened before its stop line already", id=edge.id),
            )
        elif longest_m < SHORTEST_M:
            told = Message(
                "{id!r} is only {length_m:.0f} m long: no room for a bay and its beginning",
                id=edge.id,
                length_m=edge.length_m,
            )
            problems.add(f"{path}.length_m", told, Message("`widen_road` widens all of it"))
        elif not SHORTEST_M <= self.length_m <= longest_m:
            told = Message(
                "a bay of {length_m:g} m does not fit on {id!r}, {edge_length_m:.0f} m long",
                length_m=self.length_m,
                id=edge.id,
                edge_length_m=edge.length_m,
            )
            hint = Message(
                "{shortest_m:g} to {longest_m:.0f} m; `widen_road` widens all of it",
                shortest_m=SHORTEST_M,
                longest_m=longest_m,
            )
            problems.add(f"{path}.length_m", told, hint)
        cars = car_lanes(network, edge.id)
        if not cars or cars != list(range(cars[0], len(edge.lanes))):
            told = Message(
                "the lane of {id!r} nearest the median is not for cars: the bay would lie beyond it",
                id=edge.id,
            )
            problems.add(f"{path}.approach", told)
        elif self.side == "kerb" and len({edge.lanes[lane].allow for lane in cars}) > 1:
            told = Message(
                "the lanes of {id!r} are not for the same vehicles: their order would change", id=edge.id
            )
            problems.add(f"{path}.side", told, Message("side: median"))
        problems.raise_if_any()

    def _into(self, cut: Site, upstream: str, edge: str) -> SetConnections:
        """Lead the lane beside the bay into it, too."""
        today = frozenset(map(lane_link, cut.network.connections_from[upstream]))
        cars = car_lanes(cut.network, upstream)
        if self.side == "median":
            wanted = today | {(cars[-1], edge, cars[-1] + 1)}
        else:
            moved = {(lane, edge, lane + 1) for lane in cars} | {(cars[0], edge, cars[0])}
            wanted = frozenset(moved | {link for link in today if link[0] not in cars})
        return SetConnections(upstream, today, wanted)
