"""`parking_price`: what an hour costs (停车收费)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import ChangeParking
from sim.errors import ConfigError, Problem, near
from sim.interventions.base import Intervention, intervention
from sim.interventions.existing_area import price
from sim.labels import Message, Text, text
from sim.loading import Facts
from sim.site.model import Site


class ExpectedPrice(Facts):
    """What an hour is believed to cost today."""

    yuan_per_h: float


@intervention("parking_price")
class ParkingPrice(Intervention):
    """Change the price of an hour. Drivers weigh it against the walk from another lot.

    How they weigh it is the demand's `value_of_time_yuan_per_h`, an assumption where nobody has surveyed it.
    Nobody stays at home or stays shorter because of it.
    """

    title: ClassVar[Text] = Text("停车收费", "Parking price")
    example: ClassVar[str] = """\
kind: parking_price
area: kerb_north
expect: {yuan_per_h: 0}
yuan_per_h: 6
"""

    kind: Literal["parking_price"]
    area: str
    expect: ExpectedPrice
    yuan_per_h: float = Field(ge=0)

    def edits(self, site: Site, path: str) -> tuple[ChangeParking, ...]:
        """One ChangeParking."""
        parking = site.facts.parking
        if self.area not in parking:
            hint = near(self.area, parking) or Message("the site has none")
            raise ConfigError(
                [Problem(f"{path}.area", Message("no parking area {area!r}", area=self.area), hint)]
            )
        area = parking[self.area]
        if area.price_yuan_per_h != self.expect.yuan_per_h:
            what = Message(
                "expected {yuan_per_h} yuan/h, found {price_yuan_per_h}",
                yuan_per_h=price(self.expect.yuan_per_h),
                price_yuan_per_h=price(area.price_yuan_per_h),
            )
            raise ConfigError([Problem(f"{path}.expect.yuan_per_h", what)])
        return (ChangeParking(self.area, area, (("price_yuan_per_h", self.yuan_per_h),)),)

    def assumes(self, site: Site) -> Text | None:
        """Say the value of time that turns a price into a walk."""
        values = sorted({d.value_of_time_yuan_per_h for d in site.facts.parking_demand.values()})
        return text("intervention.parking_price.assumes", values=[price(v) for v in values] or "–")

    def describe(self, site: Site) -> Text:
        """Say the price before and after."""
        old = price(site.facts.parking[self.area].price_yuan_per_h)
        return text("intervention.parking_price", id=self.area, old=old, new=price(self.yuan_per_h))
