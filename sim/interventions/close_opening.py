"""`close_opening`: nobody turns back there any more (封闭掉头开口)."""

from __future__ import annotations

from typing import ClassVar, Literal

from sim.edits.vocabulary import SetConnections, lane_link
from sim.errors import ConfigError, Problem
from sim.interventions.base import Intervention, intervention
from sim.interventions.uturn_opening import ExpectedTurns, check_turns, meeting, turning
from sim.labels import Message, Text, text
from sim.site.model import Site
from sim.site.places import named


@intervention("close_opening")
class CloseOpening(Intervention):
    """Take the way back from the end of an approach or edge, for everyone. Signals stay.

    A lane that serves nothing else is refused: mark it anew first (`set_lane_use`).
    """

    title: ClassVar[Text] = Text("封闭掉头开口", "Close an opening for U-turns")
    example: ClassVar[str] = """\
kind: close_opening
approach: J1.south
expect: {lanes: 1}
"""
    watch: ClassVar[Text] = Text(
        "原来在此掉头的车辆须到别处掉头：固定路径下会被列出并拒绝；`routes` 不写即为均衡。",
        "Who turned back here does so elsewhere: with fixed routes they are listed and refused; "
        "`routes` left out is an equilibrium.",
    )

    kind: Literal["close_opening"]
    approach: str
    expect: ExpectedTurns

    def edits(self, site: Site, path: str) -> tuple[SetConnections, ...]:
        """One SetConnections."""
        network = site.network
        edge, back = meeting(network, self.approach, path)
        check_turns(network, edge, back, self.expect.lanes, path)
        lanes = turning(network, edge, back)
        if not lanes:
            told = Message("nobody turns back from {edge!r} today", edge=edge.id)
            raise ConfigError([Problem(f"{path}.approach", told)])
        today = frozenset(map(lane_link, network.connections_from[edge.id]))
        kept = frozenset(link for link in today if link[1] != back.id)
        idle = set(lanes) - {link[0] for link in kept}
        if idle:
            told = Message("{n} lanes of {edge!r} serve nothing else", n=len(idle), edge=edge.id)
            raise ConfigError([Problem(f"{path}.approach", told, Message("mark them anew (`set_lane_use`)"))])
        return (SetConnections(edge.id, today, kept),)

    def describe(self, site: Site) -> Text:
        """Name the place."""
        where = named(site.facts, f"approach:{self.approach}")
        return text("intervention.close_opening", zh=where.zh, en=where.en)
