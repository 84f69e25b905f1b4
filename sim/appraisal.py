"""What a policy costs and what an hour is worth: the figures behind benefit and cost, each a range."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from sim.labels import Message
from sim.loading import Bilingual, Facts, parse, read_yaml

VALUES_FILE = ("standards", "appraisal", "values.yaml")
"""Below `configs/`."""


class Range(Facts):
    """A figure that nobody knows exactly: its low and its high end."""

    low: float = Field(ge=0)
    high: float = Field(ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.high < self.low:
            raise ValueError(Message("low {low:g} lies above high {high:g}", low=self.low, high=self.high))
        return self


class PositiveRange(Range):
    """The same of a figure that cannot be zero."""

    low: float = Field(gt=0)
    high: float = Field(gt=0)


class CostFacts(Facts):
    """`cost:` of a policy: what it costs to build and to keep, at the prices of today."""

    capital_wan_yuan: PositiveRange
    """To build it, 万元, once."""
    maintenance_wan_yuan_per_year: Range = Range(low=0, high=0)
    """To keep it, 万元 a year."""
    life_years: PositiveRange
    """Until it has to be built again; nothing is left of it then."""
    source: str = ""
    made_up: bool = False
    """Whether the figures are an example and no estimate of anybody's."""


class Value(PositiveRange):
    """A range of `configs/standards/appraisal/values.yaml` and where it comes from."""

    source: Bilingual
    confidence: Bilingual
    made_up: bool = False


class AppraisalValues(Facts):
    """`configs/standards/appraisal/values.yaml`: what turns hours of one peak into money of many years."""

    value_of_time_yuan_per_h: Value
    """Of one person."""
    hours_per_day: Value
    """Hours of a day that are like one simulated period."""
    days_per_year: Value
    discount_rate: Value
    """A year, real."""


def read_values(path: Path) -> AppraisalValues:
    """Read the values; ConfigError with every mismatch."""
    return parse(AppraisalValues, read_yaml(path), str(path))
