"""`school_hours`: close streets, or one direction of them, when school begins and ends (护学)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import AddClosure
from sim.errors import Problems
from sim.interventions.base import Intervention, Response, intervention, response_of
from sim.interventions.one_way import ExpectedDirection, closed_for, refuse_dead_ends
from sim.interventions.streets import (
    Hours,
    VehicleName,
    check_lanes,
    restriction_in_words,
    streets_in_words,
    stretch,
)
from sim.labels import Text, text
from sim.site.model import Site


@intervention("school_hours")
class SchoolHours(Intervention):
    """Close streets to motor traffic at stated hours. One direction of a street: one-way at those hours.

    `close` names edges, or approaches for the whole leg that leads to a stop line. Police, ambulances, fire
    engines, bicycles and `exempt` go on.
    """

    title: ClassVar[Text] = Text("护学时段限行（单行或封闭）", "School hours: timed one-way or closure")
    example: ClassVar[str] = """\
kind: school_hours
close: [J1.north]
expect: {lanes: 3}
hours: ["07:20-08:00", "16:30-17:20"]
exempt: [bus]
"""
    watch: ClassVar[Text] = Text(
        "接送停车的需求不会消失：应同时给出其去处（停车场、接送区）。限行前已驶入的车辆照常驶离。",
        "Those who bring children still stop somewhere: say where. Vehicles that are inside when the hours "
        "begin drive on.",
    )

    kind: Literal["school_hours"]
    close: tuple[str, ...] = Field(min_length=1)
    expect: ExpectedDirection
    hours: tuple[Hours, ...] = Field(min_length=1)
    exempt: tuple[VehicleName, ...] = ()

    def edits(self, site: Site, path: str) -> tuple[AddClosure, ...]:
        """One AddClosure of all lanes for motor traffic for each time of day."""
        edges = stretch(site.network, self.close, f"{path}.close")
        problems = Problems()
        check_lanes(edges, self.expect.lanes, problems, f"{path}.expect.lanes")
        problems.raise_if_any()
        edits = closed_for(site, edges, self.hours, self.exempt, f"{path}.hours")
        refuse_dead_ends(site, edits, f"{path}.close")
        return edits

    def assumes(self, site: Site) -> Text:
        """Return what is assumed of parents."""
        return text("intervention.school_hours.assumes")

    def response(self) -> Response:
        """Return the share that heeds the hours, in per cent: in the model everyone does."""
        return response_of("school_hours", 0.0, 100.0)

    def describe(self, site: Site) -> Text:
        """Name the streets, hours and exemptions."""
        where = streets_in_words(site, self.close)
        rest = restriction_in_words(self.hours, (), self.exempt)
        return text("intervention.school_hours", zh=where.zh, en=where.en, rest_zh=rest.zh, rest_en=rest.en)
