"""Times of day as people write them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from sim.labels import Message

# Hours go beyond 24: a period may run past midnight.
CLOCK = re.compile(r"([012]\d|30)(:[0-5]\d){1,2}", re.ASCII)


def _clock(value: str) -> str:
    if not CLOCK.fullmatch(value):
        raise ValueError(Message('time {value!r}: write "HH:MM" or "HH:MM:SS" in quotes', value=value))
    return value


Clock = Annotated[str, AfterValidator(_clock)]


def seconds(clock: str) -> int:
    """Seconds since midnight of "HH:MM" or "HH:MM:SS"."""
    hours, minutes, *rest = (int(part) for part in clock.split(":"))
    return hours * 3600 + minutes * 60 + (rest[0] if rest else 0)
