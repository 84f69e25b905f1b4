"""`remove_kerb_parking`: take kerb bays away (取消路内泊位)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import RemoveParking
from sim.errors import Problems
from sim.interventions.base import Intervention, Response, intervention, response_of
from sim.interventions.existing_area import ExpectedStalls, found, kerb
from sim.labels import Message, Text, text
from sim.site.model import Site


@intervention("remove_kerb_parking")
class RemoveKerbParking(Intervention):
    """Take kerb bays away; bays in the lane give their lane back. Who parked there still comes.

    `keeps` bays stay, at the upstream end; bays in the lane keep their lane until the last is gone. A sweep
    over `keeps` shows where bays begin to hurt. Whoever finds no stall looks for another one;
    `stops_illegally` of those whose bay is gone stop on the lane where it was, for `stop_min` at most. That
    share is an assumption and nobody has measured it: results hold if it does.
    """

    title: ClassVar[Text] = Text("取消路内泊位", "Remove kerb parking")
    example: ClassVar[str] = """\
kind: remove_kerb_parking
area: kerb_north
expect: {stalls: 10}
keeps: 0
stops_illegally: 0.1
stop_min: 5
"""

    kind: Literal["remove_kerb_parking"]
    area: str
    expect: ExpectedStalls
    keeps: int = Field(0, ge=0)
    stops_illegally: float = Field(0.0, ge=0, le=1)
    stop_min: float = Field(5.0, gt=0)

    def edits(self, site: Site, path: str) -> tuple[RemoveParking, ...]:
        """One RemoveParking."""
        area = found(site, self.area, self.expect, path)
        problems = Problems()
        kerb(area, self.area, path, problems)
        if self.keeps >= area.stalls:
            what = Message("{keeps} of {stalls} stalls: none would go", keeps=self.keeps, stalls=area.stalls)
            problems.add(f"{path}.keeps", what, Message("keep fewer than there are"))
        problems.raise_if_any()
        return (RemoveParking(self.area, area, self.stops_illegally, self.stop_min * 60, self.keeps),)

    def assumes(self, site: Site) -> Text:
        """Say the share that stops illegally."""
        share = f"{self.stops_illegally:.0%}"
        return text("intervention.remove_kerb_parking.assumes", share=share, minutes=f"{self.stop_min:g}")

    def response(self) -> Response:
        """Return the share that stops illegally, in per cent; no gain is taken to be left where all do."""
        return response_of("remove_kerb_parking", 100.0, 100 * self.stops_illegally)

    def describe(self, site: Site) -> Text:
        """Which bays go and how many stalls are left."""
        area, before = site.facts.parking[self.area], sum(a.stalls for a in site.facts.parking.values())
        return text(
            "intervention.remove_kerb_parking",
            id=self.area,
            name_zh=area.title.zh,
            name_en=area.title.en,
            stalls=area.stalls - self.keeps,
            before=before,
            after=before - area.stalls + self.keeps,
        )
