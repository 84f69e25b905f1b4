"""Level of service (服务水平): grades of a measure by the tables of standards in configs/standards/.

A grade is shown only beside its number, the name of its table, and a flag where the interval crosses a bound.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from sim.labels import Message, Text
from sim.loading import Bilingual, Facts, parse, read_yaml

NO_TABLES = ("gates.yaml", "passport.yaml")
"""Files of the folder that are no tables: findings and the passport read them."""


class Scale(Facts):
    """Grades of one measure, best first, each with its upper bound (none for the last)."""

    unit: str
    bound_belongs_to: Literal["better", "worse"]
    grades: Mapping[str, float | None] = Field(min_length=2)
    titles: Mapping[str, Bilingual] = Field(default_factory=dict)

    @property
    def bounds(self) -> list[float]:
        """Upper bounds of all grades but the last."""
        return [bound for bound in self.grades.values() if bound is not None]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        *upper, last = self.grades.values()
        if last is not None or None in upper:
            raise ValueError(Message("every grade but the last needs an upper bound, and the last has none"))
        if any(low >= high for low, high in zip(self.bounds, self.bounds[1:], strict=False)):
            raise ValueError(Message("the bounds must rise from grade to grade"))
        if set(self.titles) - set(self.grades):
            raise ValueError(
                Message(
                    "titles for {titles}, which are no grades",
                    titles=sorted(set(self.titles) - set(self.grades)),
                )
            )
        return self


class Standard(Facts):
    """One standard: where its numbers come from, and its scales by measure."""

    title: Bilingual
    short: str = ""
    """Name for the head of a column."""
    junctions: Literal["signalised", "unsignalised"] | None = None
    """Which junctions it grades; None: it is not about junctions."""
    whole_junction: bool = True
    """Whether it grades a junction as a whole, or its approaches and movements only."""
    edition: str
    source: str
    confidence: str
    note: str = ""
    scales: Mapping[str, Scale] = Field(min_length=1)


def read_standards(folder: Path) -> Mapping[str, Standard]:
    """Read every table of `configs/standards`: file name without suffix -> standard; ConfigError."""
    paths = sorted(path for path in folder.glob("*.yaml") if path.name not in NO_TABLES)
    return {path.stem: parse(Standard, read_yaml(path), str(path)) for path in paths}


def grade(table: Scale, value: float) -> str:
    """Return the grade of a value in the table's unit; empty for NaN (nothing observed, nothing graded)."""
    if math.isnan(value):
        return ""
    find = bisect_left if table.bound_belongs_to == "better" else bisect_right
    return list(table.grades)[find(table.bounds, value)]


def crosses(table: Scale, low: float, high: float) -> bool:
    """Whether an interval holds values of more than one grade; so does one with an unknown (NaN) end."""
    if math.isnan(low) or math.isnan(high):
        return True
    return grade(table, low) != grade(table, high)


def title(table: Scale, name: str) -> Text:
    """Words of a grade in both languages; letters are their own words."""
    words = table.titles.get(name)
    return Text(words.zh, words.en) if words else Text(name, name)
