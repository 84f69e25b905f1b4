"""`kerb_parking_hours`: open kerb bays at certain hours only (路内泊位限时)."""

from __future__ import annotations

from typing import ClassVar, Literal

from sim.edits.vocabulary import ChangeParking
from sim.errors import Problems
from sim.interventions.base import Intervention, intervention
from sim.interventions.existing_area import ExpectedStalls, found, kerb
from sim.labels import Message, Text, text
from sim.site.clock import Clock, seconds
from sim.site.model import Site


@intervention("kerb_parking_hours")
class KerbParkingHours(Intervention):
    """Let drivers park at the kerb from one time to another only; bays in the lane free it outside.

    Who comes at another time looks elsewhere. Who stands there when it closes stays until the planned end.
    """

    title: ClassVar[Text] = Text("路内泊位限时", "Hours of kerb parking")
    example: ClassVar[str] = """\
kind: kerb_parking_hours
area: kerb_north
expect: {stalls: 10}
open: "09:30"
close: "16:30"
"""

    kind: Literal["kerb_parking_hours"]
    area: str
    expect: ExpectedStalls
    open: Clock
    close: Clock

    def edits(self, site: Site, path: str) -> tuple[ChangeParking, ...]:
        """One ChangeParking."""
        area = found(site, self.area, self.expect, path)
        problems = Problems()
        kerb(area, self.area, path, problems)
        if seconds(self.open) >= seconds(self.close):
            what = Message(
                "opens at {open}, not before it closes at {close}", open=self.open, close=self.close
            )
            problems.add(f"{path}.close", what, Message("hours do not run past midnight"))
        problems.raise_if_any()
        return (ChangeParking(self.area, area, (("hours", (self.open, self.close)),)),)

    def describe(self, site: Site) -> Text:
        """Say the hours before and after."""
        area = site.facts.parking[self.area]
        old = "–".join(area.hours) if area.hours else "00:00–24:00"
        values = {"id": self.area, "old": old, "new": f"{self.open}–{self.close}", "stalls": area.stalls}
        return text("intervention.kerb_parking_hours", **values)
