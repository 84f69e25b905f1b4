"""Stages of a policy (施工阶段): each stands for itself, one after the other, and the worst is the policy's.

    works:
      site: xingfu
      title: {zh: 管线施工, en: Pipe works}
      permanent: false
      stages:
        north_half:
          title: {zh: 北半幅, en: Northern half}
          dates: ["2026-03-01", "2026-04-30"]
          interventions: {zone: {kind: work_zone, ...}}
        south_half: ...

Every stage is an arm of its own, `works@north_half`: built, proved, simulated and compared with today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from sim.errors import Problems
from sim.labels import Message, Text
from sim.loading import Bilingual, Facts

EMPTY = Message("is empty: a policy changes something; see `huandu list interventions`")


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(Message("{value!r} is no day: write it as 2026-03-01", value=value)) from None


Day = Annotated[date, BeforeValidator(_day)]
Dates = tuple[Day, Day]
"""First and last day."""


class StageFacts(Facts):
    """One stage: what stands while it lasts. `dates` are for the record: the demand is that of the site."""

    title: Bilingual | None = None
    dates: Dates | None = None
    interventions: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict, validate_default=True)

    @field_validator("interventions", mode="before")
    @classmethod
    def _changes_something(cls, value: Any) -> Any:
        if not value:
            raise ValueError(EMPTY)
        return value


@dataclass(frozen=True)
class Stage:
    """Which stage of which policy an arm is."""

    policy: str
    """Id of the policy, swept values included."""
    policy_title: Text
    name: str
    title: Text
    dates: Dates | None


def reversed_dates(dates: Dates | None) -> Message | None:
    """Return what is wrong with dates that run backwards."""
    if dates is None or dates[0] <= dates[1]:
        return None
    return Message("ends ({end}) before it begins ({begin})", begin=dates[0], end=dates[1])


def check_order(stages: Mapping[str, StageFacts], path: str, problems: Problems) -> None:
    """Name the stages that end before they begin, and those that begin before the one ahead of them is over.

    Stages without dates are passed over.
    """
    dated = [(name, stage.dates) for name, stage in stages.items() if stage.dates is not None]
    for name, dates in dated:
        if (told := reversed_dates(dates)) is not None:
            problems.add(f"{path}.{name}.dates", told)
    whole = [(name, dates) for name, dates in dated if reversed_dates(dates) is None]
    for (earlier, before), (name, after) in pairwise(whole):
        if after[0] <= before[1]:
            told = Message(
                "begins ({begin}) before stage {earlier!r} is over ({end})",
                begin=after[0],
                earlier=earlier,
                end=before[1],
            )
            hint = Message("write the stages in the order in which they follow each other")
            problems.add(f"{path}.{name}.dates", told, hint)
