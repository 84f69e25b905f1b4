"""What every kind of intervention is: fields with units, a check, edits, and words."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple, TypeVar

from pydantic import Field, field_validator

from sim.edits.vocabulary import Edit
from sim.labels import Text, text
from sim.loading import Facts
from sim.site.model import Site
from sim.stages import Dates, reversed_dates


class Response(NamedTuple):
    """What people do where a policy gains nothing, and what they are assumed to do then, as a number."""

    before: float
    after: float
    name: Text
    unit: Text
    between: Text
    """How a gain between the two is come by, and whether it can be simulated."""


def response_of(kind: str, before: float, after: float) -> Response:
    """Return a kind's response in its own words."""
    words = (text(f"intervention.{kind}.response.{part}") for part in ("name", "unit", "between"))
    return Response(before, after, *words)


REGISTRY: dict[str, type[Intervention]] = {}
Kind = TypeVar("Kind", bound="type[Intervention]")


class Intervention(Facts):
    """Base of all kinds. Subclasses add fields and implement `edits` and `describe`."""

    kind: str
    after: tuple[str, ...] = ()
    """Ids of interventions of the same policy that come first, where two touch the same object."""
    reason: str = ""
    cost_wan_yuan: float | None = Field(None, ge=0)
    department: str | None = None
    works_period: Dates | None = None
    """First and last day of the works; for the record."""
    surveyed: str | None = None
    """Who measured the response of people that the result rests on; without it the verdict is conditional."""

    title: ClassVar[Text]
    example: ClassVar[str]
    """A complete YAML example for the documentation."""
    takes_years: ClassVar[bool] = False
    """Whether it is for the medium or long term: a study of it names a year and the growth until then."""
    watch: ClassVar[Text | None] = None
    """What whoever uses it should know; for the documentation."""

    @field_validator("works_period")
    @classmethod
    def _forwards(cls, dates: Dates | None) -> Dates | None:
        if (told := reversed_dates(dates)) is not None:
            raise ValueError(told)
        return dates

    def edits(self, site: Site, path: str) -> tuple[Edit, ...]:
        """Return the edits; ConfigError (paths under `path`) where the site is not as expected."""
        raise NotImplementedError

    def assumes(self, site: Site) -> Text | None:
        """Say what results are conditional on that the simulation does not find out; None: nothing.

        E.g. how many people heed a rule ("if illegal stopping falls to y, then ...").
        """
        return None

    def response(self) -> Response | None:
        """Return the response of people that results rest on, as a number; None: there is none."""
        return None

    def rests_on_gaps(self, site: Site) -> tuple[str, ...]:
        """Name the approaches whose capacity today, in gaps, has to be observed before there is a verdict.

        `site` is as it is today, whatever other interventions do.
        """
        return ()

    def describe(self, site: Site) -> Text:
        """One sentence of the change log in both languages, with the old and the new value."""
        raise NotImplementedError

    def eligibility(self, site: Site) -> tuple[Text, ...]:
        """Return the conditions of good practice that the place does not meet, each with its source.

        `site` is as `edits` finds it. These are warnings: what cannot be is refused by `edits`.
        """
        return ()


def intervention(kind: str) -> Callable[[Kind], Kind]:
    """Register a kind; the same kind twice is a programming error."""

    def register(cls: Kind) -> Kind:
        if kind in REGISTRY:
            raise ValueError(f"intervention kind {kind!r} is registered twice")
        REGISTRY[kind] = cls
        return cls

    return register
