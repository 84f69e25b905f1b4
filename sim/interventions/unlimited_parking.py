"""`unlimited_parking`: what if nobody ever found a lot full? (停车不限量,分离停车影响)."""

from __future__ import annotations

from typing import ClassVar, Literal

from sim.edits.vocabulary import ChangeParking
from sim.errors import ConfigError, Problem
from sim.interventions.base import Intervention, intervention
from sim.interventions.existing_area import ExpectedStalls
from sim.labels import Message, Text, text
from sim.site.model import Site

ENOUGH = 5000
"""Stalls of every area: more than anybody comes for."""


@intervention("unlimited_parking")
class UnlimitedParking(Intervention):
    """Give every area more stalls than anybody comes for, all else as it is.

    Nobody can build it: the difference to today is what too few stalls cost, and nothing else. Whoever parks
    where they wished neither searches nor gives up; manoeuvres remain.
    """

    title: ClassVar[Text] = Text("泊位不限量（用于分离影响）", "Unlimited parking (to separate effects)")
    example: ClassVar[str] = """\
kind: unlimited_parking
expect: {stalls: 40}
"""

    kind: Literal["unlimited_parking"]
    expect: ExpectedStalls
    """Of all areas together."""

    def edits(self, site: Site, path: str) -> tuple[ChangeParking, ...]:
        """One ChangeParking for each area."""
        parking = site.facts.parking
        stalls = sum(area.stalls for area in parking.values())
        if stalls != self.expect.stalls or not parking:
            what = Message(
                "expected {stalls} stalls in all, found {stalls_2}",
                stalls=self.expect.stalls,
                stalls_2=stalls,
            )
            raise ConfigError([Problem(f"{path}.expect.stalls", what)])
        return tuple(ChangeParking(id, area, (("stalls", ENOUGH),)) for id, area in sorted(parking.items()))

    def assumes(self, site: Site) -> Text | None:
        """Say that it cannot be built."""
        return text("intervention.unlimited_parking.assumes")

    def describe(self, site: Site) -> Text:
        """How many areas have no limit."""
        parking = site.facts.parking
        before = sum(area.stalls for area in parking.values())
        return text("intervention.unlimited_parking", n=len(parking), before=before)
