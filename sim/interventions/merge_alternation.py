"""`merge_alternation`: where two streets merge, drivers take turns (拉链式交替通行)."""

from __future__ import annotations

from typing import ClassVar, Literal

from sim.edits.vocabulary import SetControl
from sim.errors import Problems
from sim.interventions.base import Intervention, Response, intervention, response_of
from sim.interventions.signalise import ExpectedControl, control_in_words
from sim.labels import Message, Text, text
from sim.site.model import Site
from sim.site.network import Junction, Network
from sim.site.places import named

ZIPPER = "zipper"
"""What the simulator calls it."""


@intervention("merge_alternation")
class MergeAlternation(Intervention):
    """Let the drivers of two streets that merge go one by one, instead of one street giving way.

    The junction has no signal, two approaches of one lane each, and one exit lane on which they meet. That
    everyone takes turns is assumed, not found.
    """

    title: ClassVar[Text] = Text("拉链式交替通行", "Take turns where streets merge")
    example: ClassVar[str] = """\
kind: merge_alternation
junction: J4
expect: {control: priority}
"""
    watch: ClassVar[Text] = Text(
        "模型中人人逐车交替，没有遵守比例，故结果为上限；临界比例由内插得出，无法仿真核实。"
        "通行能力仍为一条车道（实测 1722 辆/h），改变的是两路各得多少：饱和时各半。"
        "现状次要一路能通过多少取决于可接受间隙，须先与观测核对。"
        "多车道合流不提供：仿真器的交替使两车道合流由 3340 降至 1200 辆/h。车道数减少处也不在其中："
        "交替与否通行能力相同（1710 与 1722）。",
        "In the model everyone takes turns; there is no share who do: an upper bound. "
        "The share at which it breaks even is interpolated and cannot be simulated. "
        "The capacity stays that of a lane (measured: 1722 veh/h); what changes is who gets it, half each "
        "at saturation. What the minor street gets today rests on accepted gaps: hold it against an "
        "observation first. Not for several lanes: the simulator's turns cut a merge of two lanes from 3340 "
        "to 1200 veh/h. Not where a street loses a lane: no difference there (1710 and 1722).",
    )

    kind: Literal["merge_alternation"]
    junction: str
    expect: ExpectedControl

    def edits(self, site: Site, path: str) -> tuple[SetControl, ...]:
        """One SetControl."""
        network = site.network
        junction = network.junction(self.junction, f"{path}.junction")
        self.expect.check(junction, path)
        problems = Problems()
        if junction.signal is not None:
            problems.add(f"{path}.junction", Message("{id!r} has signals", id=junction.id))
        elif junction.control == ZIPPER:
            problems.add(f"{path}.junction", Message("drivers take turns at {id!r} already", id=junction.id))
        onto = [_onto(network, approach.edge) for approach in junction.approaches]
        exits = {m.to_edge for approach in junction.approaches for m in approach.movements}
        if len(junction.approaches) != 2 or len(exits) != 1:  # noqa: PLR2004 - two by two
            told = Message(
                "{id!r} is no merge of two streets: {n} approaches, {m} exits",
                id=junction.id,
                n=len(junction.approaches),
                m=len(exits),
            )
            problems.add(f"{path}.junction", told)
        elif any(len(lanes) > 1 for lanes in onto):
            told = Message("several lanes of an approach of {id!r} merge", id=junction.id)
            problems.add(f"{path}.junction", told, Message("taking turns is modelled lane by lane only"))
        elif onto[0] != onto[1]:
            told = Message("the approaches of {id!r} lead onto lanes of their own", id=junction.id)
            problems.add(f"{path}.junction", told, Message("there is nothing to take turns for"))
        problems.raise_if_any()
        return (SetControl(junction.id, junction.control, ZIPPER, tuple(site.periods)),)

    def assumes(self, site: Site) -> Text:
        """Say that everyone is taken to take turns."""
        where = self._where(site)
        return text("intervention.merge_alternation.assumes", zh=where.zh, en=where.en)

    def response(self) -> Response:
        """Return the share that takes turns, in per cent: in the model everyone does."""
        return response_of("merge_alternation", 0.0, 100.0)

    def describe(self, site: Site) -> Text:
        """Name the junction, and who gave way before."""
        where = self._where(site)
        before = control_in_words(site.network.junctions[self.junction].control)
        values = {"zh": where.zh, "en": where.en, "before_zh": before.zh, "before_en": before.en}
        return text("intervention.merge_alternation", **values)

    def eligibility(self, site: Site) -> tuple[Text, ...]:
        """Observe what the approaches get today: `field_values` of both."""
        junction = site.network.junctions[self.junction]
        if {approach.id for approach in junction.approaches} <= site.facts.field_values.keys():
            return ()
        where = self._where(site)
        return (text("eligibility.merge_alternation.observed", zh=where.zh, en=where.en),)

    def _where(self, site: Site) -> Text:
        junction: Junction = site.network.junctions[self.junction]
        return named(site.facts, f"junction:{junction.id}")


def _onto(network: Network, edge: str) -> list[tuple[str, int]]:
    """Return the exit lanes of an approach, one for each way of cars that leads to one."""
    ways = network.connections_from.get(edge, ())
    return [(c.to_edge, c.to_lane) for c in ways if network.edges[edge].lanes[c.from_lane].for_cars]
