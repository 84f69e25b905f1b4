"""`enforce`: fewer stop where it is forbidden (违停执法)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import SetIllegalStopping
from sim.errors import Problems, near
from sim.interventions.base import Intervention, Response, intervention, response_of
from sim.labels import Message, Text, text
from sim.loading import Facts
from sim.site.model import Site


class ExpectedStops(Facts):
    """How many stops per kilometre and hour were counted."""

    per_km_h: float


@intervention("enforce")
class Enforce(Intervention):
    """Patrols or cameras: illegal stopping falls from what was counted to `per_km_h`.

    That it falls so far is assumed, not found: the simulation says what follows if it does. Who stops no more
    drives on to the same exit.
    """

    title: ClassVar[Text] = Text("违停执法", "Enforcement of no-stopping")
    example: ClassVar[str] = """\
kind: enforce
stopping: main_street
expect: {per_km_h: 20}
per_km_h: 8
"""

    kind: Literal["enforce"]
    stopping: str
    expect: ExpectedStops
    per_km_h: float = Field(ge=0)

    def edits(self, site: Site, path: str) -> tuple[SetIllegalStopping, ...]:
        """One SetIllegalStopping."""
        known, problems = site.facts.illegal_stopping, Problems()
        if self.stopping not in known:
            hint = near(self.stopping, known) or Message("write `illegal_stopping` in site.yaml first")
            problems.add(
                f"{path}.stopping", Message("no illegal stopping {stopping!r}", stopping=self.stopping), hint
            )
        elif known[self.stopping].per_km_h != self.expect.per_km_h:
            counted = known[self.stopping].per_km_h
            what = Message(
                "expected {per_km_h:g} stops per km and hour, found {counted:g}",
                per_km_h=self.expect.per_km_h,
                counted=counted,
            )
            problems.add(f"{path}.expect.per_km_h", what)
        if self.per_km_h > self.expect.per_km_h:
            what = Message(
                "{per_km_h:g} is more than today's {expect_per_km_h:g}: enforcement lowers it",
                per_km_h=self.per_km_h,
                expect_per_km_h=self.expect.per_km_h,
            )
            problems.add(f"{path}.per_km_h", what)
        problems.raise_if_any()
        return (SetIllegalStopping(self.stopping, self.expect.per_km_h, self.per_km_h),)

    def assumes(self, site: Site) -> Text | None:
        """Say how far stopping is taken to fall."""
        return text("intervention.enforce.assumes", **self._rates())

    def response(self) -> Response:
        """Return how far stopping is taken to fall."""
        return response_of("enforce", self.expect.per_km_h, self.per_km_h)

    def describe(self, site: Site) -> Text:
        """Say the rate before and after."""
        return text("intervention.enforce", id=self.stopping, **self._rates())

    def _rates(self) -> dict[str, str]:
        return {"old": f"{self.expect.per_km_h:g}", "new": f"{self.per_km_h:g}"}
