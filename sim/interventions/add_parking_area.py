"""`add_parking_area`: open a parking area that is not there yet (增设停车场或泊位)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import AddParking
from sim.errors import Problems, near
from sim.interventions.base import Intervention, intervention
from sim.labels import Message, Text, text
from sim.loading import Facts
from sim.site.model import Site
from sim.site.parking import ParkingArea
from sim.site.parking_check import check_area, check_in_lane, overlap, taken


class ExpectedParking(Facts):
    """What is believed to stand there today: the ids of the parking areas on the same edge."""

    areas: tuple[str, ...]


@intervention("add_parking_area")
class AddParkingArea(Intervention):
    """Open a parking area beside a street. Lanes, permissions and signals stay as they are.

    `takes` says which share of the drivers who wish for an existing lot wish for this one from now on;
    without it only drivers who find their own lot full come here.
    """

    title: ClassVar[Text] = Text("增设停车场", "Add a parking area")
    example: ClassVar[str] = """\
kind: add_parking_area
id: P3
expect: {areas: []}
area:
  title: {zh: 三号停车场, en: Lot 3}
  kind: off_street
  on: J1.north
  at_m: 60
  stalls: 40
takes: {P1: 0.3}
"""

    kind: Literal["add_parking_area"]
    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    area: ParkingArea
    expect: ExpectedParking
    takes: Mapping[str, float] = Field(default_factory=dict)

    def edits(self, site: Site, path: str) -> tuple[AddParking, ...]:
        """One AddParking, on the edge that the place lies on: users give metres along a leg."""
        edge, at_m = site.network.spot(self.area.on, self.area.at_m, f"{path}.area.on")
        existing = site.facts.parking
        problems = Problems()
        if self.id in existing:
            problems.add(f"{path}.id", Message("parking area {id!r} exists already", id=self.id))
        if not any(lane.for_cars for lane in edge.lanes):
            problems.add(f"{path}.area.on", Message("no lane of {id!r} is open to cars", id=edge.id))
        elif self.area.bay == "in_lane":
            check_in_lane(edge, site.network, f"{path}.area", problems)
        placed = self.area.model_copy(update={"on": edge.id, "at_m": round(at_m, 2)})
        check_area(placed, edge.length_m, f"{path}.area", problems)
        beside = {
            id: area for id, area in existing.items() if site.network.edge(area.on, "parking").id == edge.id
        }
        if set(self.expect.areas) != set(beside):
            told = Message(
                "expected {areas} on {id!r}, found {beside}",
                areas=_listed(self.expect.areas),
                id=edge.id,
                beside=_listed(beside),
            )
            problems.add(f"{path}.expect.areas", told)
        for id, area in sorted(beside.items()):
            if overlap(placed, area):
                problems.add(
                    f"{path}.area.at_m",
                    Message("overlaps {id!r}, which takes {area}", id=id, area=taken(area)),
                )
        for lot, share in self.takes.items():
            if lot not in existing:
                problems.add(
                    f"{path}.takes.{lot}", Message("no parking area {lot!r}", lot=lot), near(lot, existing)
                )
            if not 0 < share <= 1:
                problems.add(
                    f"{path}.takes.{lot}",
                    Message("a share lies above 0 and at most at 1, not {share:g}", share=share),
                )
        problems.raise_if_any()
        return (AddParking(self.id, placed, tuple(sorted(self.takes.items()))),)

    def describe(self, site: Site) -> Text:
        """Where the area opens and how the number of stalls grows."""
        before = sum(area.stalls for area in site.facts.parking.values())
        return text(
            f"intervention.add_parking_area.{self.area.kind}",
            id=self.id,
            name_zh=self.area.title.zh,
            name_en=self.area.title.en,
            on=self.area.on,
            at_m=f"{self.area.at_m:g}",
            stalls=self.area.stalls,
            before=before,
            after=before + self.area.stalls,
        )


def _listed(ids: Mapping[str, ParkingArea] | tuple[str, ...]) -> str:
    return ", ".join(sorted(ids)) or Message("none")
