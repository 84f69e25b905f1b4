"""`parking_guidance`: show drivers how many stalls are free (停车诱导)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import ChangeParking
from sim.errors import Problems, near
from sim.interventions.base import Intervention, intervention
from sim.labels import Message, Text, text
from sim.loading import Facts
from sim.site.model import Site


class ExpectedSigns(Facts):
    """The areas believed to show their free stalls today."""

    signs: tuple[str, ...]


@intervention("parking_guidance")
class ParkingGuidance(Intervention):
    """Signs that show the free stalls of some areas: who searches drives past none of them in vain.

    Drivers see them once they search, not at home. In earlier simulations guidance alone changed little
    where there were too few stalls.
    """

    title: ClassVar[Text] = Text("停车诱导", "Parking guidance")
    example: ClassVar[str] = """\
kind: parking_guidance
areas: [kerb_north]
expect: {signs: []}
"""

    kind: Literal["parking_guidance"]
    areas: tuple[str, ...] = Field(min_length=1)
    expect: ExpectedSigns

    def edits(self, site: Site, path: str) -> tuple[ChangeParking, ...]:
        """One ChangeParking for each area."""
        parking, problems = site.facts.parking, Problems()
        for index, id in enumerate(self.areas):
            if id not in parking:
                hint = near(id, parking) or Message("the site has none")
                problems.add(f"{path}.areas[{index}]", Message("no parking area {id!r}", id=id), hint)
        signs = {id for id in self.areas if id in parking and parking[id].shows_free_stalls}
        if signs != set(self.expect.signs) & set(self.areas):
            what = Message(
                "expected signs at {signs}, found them at {signs_2}",
                signs=_listed(self.expect.signs),
                signs_2=_listed(signs),
            )
            problems.add(f"{path}.expect.signs", what)
        problems.raise_if_any()
        return tuple(ChangeParking(id, parking[id], (("guidance", True),)) for id in self.areas)

    def describe(self, site: Site) -> Text:
        """Which areas show their stalls from now on."""
        return text("intervention.parking_guidance", areas=self.areas, n=len(self.areas))


def _listed(ids: tuple[str, ...] | set[str]) -> str:
    return ", ".join(sorted(ids)) or Message("none")
