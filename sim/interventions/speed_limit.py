"""`speed_limit`: another speed limit on stretches of street (限速调整)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import SetLane
from sim.errors import Problems
from sim.interventions.base import Intervention, intervention
from sim.interventions.streets import MOTOR, streets_in_words, stretch
from sim.labels import Message, Text, text
from sim.loading import Facts
from sim.site.model import Site

KMH_PER_MPS = 3.6
ROUNDING_KMH = 0.1
"""Files have limits in m/s with two decimals."""


class ExpectedLimit(Facts):
    """What the limit is believed to be today, on every lane for motor traffic."""

    speed_kmh: float


@intervention("speed_limit")
class SpeedLimit(Intervention):
    """Set the limit of every lane for motor traffic of some streets. Ways through junctions keep theirs.

    `on` names edges, or approaches for the whole leg that leads to a stop line.
    """

    title: ClassVar[Text] = Text("限速调整", "Change a speed limit")
    example: ClassVar[str] = """\
kind: speed_limit
on: [J1.north, J1.south]
expect: {speed_kmh: 50}
speed_kmh: 40
"""
    watch: ClassVar[Text] = Text(
        "下游信号的相位差按原车速设计，改限速后应重新协调。",
        "Offsets downstream fit the old speed: coordinate again.",
    )

    kind: Literal["speed_limit"]
    on: tuple[str, ...] = Field(min_length=1)
    expect: ExpectedLimit
    speed_kmh: float = Field(ge=5, le=120)

    def edits(self, site: Site, path: str) -> tuple[SetLane, ...]:
        """One SetLane for each lane for motor traffic."""
        edges = stretch(site.network, self.on, f"{path}.on")
        problems = Problems()
        lanes = [lane for edge in edges for lane in edge.lanes if lane.allow & MOTOR]
        for edge in edges:
            if not any(lane.allow & MOTOR for lane in edge.lanes):
                problems.add(f"{path}.on", Message("{id!r} has no lane for motor traffic", id=edge.id))
            found = sorted({lane.speed_mps * KMH_PER_MPS for lane in edge.lanes if lane.allow & MOTOR})
            if any(abs(limit - self.expect.speed_kmh) > ROUNDING_KMH for limit in found):
                told = Message(
                    "expected {speed_kmh:g} km/h on {id!r}, found {found}",
                    speed_kmh=self.expect.speed_kmh,
                    id=edge.id,
                    found=[f"{limit:.4g}" for limit in found],
                )
                problems.add(f"{path}.expect.speed_kmh", told, Message("name streets of one limit at a time"))
        if abs(self.speed_kmh - self.expect.speed_kmh) <= ROUNDING_KMH:
            problems.add(
                f"{path}.speed_kmh",
                Message("{speed_kmh:g} km/h is the limit today: nothing changes", speed_kmh=self.speed_kmh),
            )
        problems.raise_if_any()
        speed_mps = round(self.speed_kmh / KMH_PER_MPS, 2)
        return tuple(
            SetLane(lane.edge, lane.index, lane.speed_mps, lane.allow, speed_mps=speed_mps) for lane in lanes
        )

    def describe(self, site: Site) -> Text:
        """Old and new limit."""
        where = streets_in_words(site, self.on)
        old, new = f"{self.expect.speed_kmh:g}", f"{self.speed_kmh:g}"
        return text("intervention.speed_limit", zh=where.zh, en=where.en, old=old, new=new)
