"""What the comparison and the report must know about one measure of effectiveness, besides its values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Direction = Literal["lower", "higher", "none"]
Interval = Literal["t", "bootstrap"]
Censoring = Literal["optimistic", "exact"]

LANGUAGES = ("zh", "en")
RELATIVE_ONLY = frozenset({"emissions", "conflicts"})
"""What may be asked for of which only changes are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureSpec:
    """Describe one measure of effectiveness (评价指标).

    Attributes
    ----------
    id
        Name in every table (``fair_travel_time``); the unit stands beside it.
    name, definition
        Text for people, one entry per language: ``{"zh": ..., "en": ...}``.
    unit
        Unit of the values (``s/veh``, ``veh/h``, ``m``, ...; empty for a pure number).
    direction
        ``lower`` or ``higher`` is better; ``none`` when neither is (then no policy is called better or worse
        by it).
    decimals
        Digits after the point when shown to people; tables keep full precision.
    mcid_abs, mcid_rel
        Smallest change that matters: ``max(mcid_abs, mcid_rel * |before|)``; `mcid_abs` in `unit`, `mcid_rel`
        a fraction. NaN leaves that part out; with both NaN no change is ever called negligible or certainly
        large.
    formula, source
        Formula in plain text or TeX, and where it comes from (standard, chapter, DOI).
    interval
        How the interval of the mean paired difference is computed: ``t`` (paired t), or ``bootstrap`` for
        medians, P95 values, maxima and other skewed statistics of a replicate.
    censoring
        What an uncleared cohort (finding of severity ``lower_bound``) does to the value. ``optimistic``:
        the value is at least as good as the truth (delays, travel times, queues, speeds of those who got
        through). ``exact``: the measure is fully observed inside its window whatever happens later
        (throughput, demand, v/c).

    Raises
    ------
    ValueError
        If a field lies outside its vocabulary or range: a mistake in a measure's file, not in a user's input.
    """

    id: str
    name: Mapping[str, str]
    definition: Mapping[str, str]
    unit: str
    direction: Direction
    decimals: int
    mcid_abs: float
    mcid_rel: float
    formula: str
    source: str
    interval: Interval = "t"
    censoring: Censoring = "optimistic"
    asked: str = ""
    """The run setting without which it is not measured; such a measure cannot be a study's primary one."""
    of_network: bool = True
    """Whether there is a value of the whole network; without one it cannot be a study's primary measure."""
    of_time_loss: bool = False
    """Whether it rests on vehicles' time loss, which counts against each street's own limit; may be primary
    only where routes, lengths and limits are equal in both arms."""

    @property
    def relative_only(self) -> bool:
        """Whether its levels are not to be trusted, so that only changes are shown."""
        return self.asked in RELATIVE_ONLY

    def __post_init__(self) -> None:
        problems = [
            f"{field} is {value!r}, not one of {', '.join(get_args(allowed))}"
            for field, value, allowed in (
                ("direction", self.direction, Direction),
                ("interval", self.interval, Interval),
                ("censoring", self.censoring, Censoring),
            )
            if value not in get_args(allowed)
        ]
        problems += [
            f"{field} has no text for {language!r}"
            for field, text in (("name", self.name), ("definition", self.definition))
            for language in LANGUAGES
            if not text.get(language)
        ]
        problems += [
            f"{field} is {value!r}, must be >= 0 and finite, or NaN"
            for field, value in (("mcid_abs", self.mcid_abs), ("mcid_rel", self.mcid_rel))
            if value < 0 or math.isinf(value)
        ]
        if not self.id:
            problems.append("id is empty")
        if self.decimals < 0:
            problems.append(f"decimals is {self.decimals}, must be >= 0")
        if problems:
            raise ValueError(f"measure {self.id!r}: " + "; ".join(problems))

    def mcid(self, before: float) -> float:
        """Return the smallest change that matters at a baseline mean of `before`, both in `unit`."""
        parts = [part for part in (self.mcid_abs, self.mcid_rel * abs(before)) if not math.isnan(part)]
        return max(parts, default=math.nan)
