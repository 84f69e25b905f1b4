"""What counts as a conflict, and who is observed: versioned data, the same people in every arm."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field

from sim.loading import Facts, parse, read_yaml

CONFLICTS_FILE = ("standards", "appraisal", "conflicts.yaml")
"""Below `configs/`."""
UNFIT = frozenset(":, ")
"""The device crashes on an id with a colon, and a list of ids is parted by commas."""
MOST_CHARACTERS = 100_000
"""Of all ids observed: they are one word of a command line."""


class ConflictRules(Facts):
    """`configs/standards/appraisal/conflicts.yaml`."""

    name: str
    version: int
    ttc_s: float = Field(gt=0)
    drac_mps2: float = Field(gt=0)
    pet_s: float = Field(gt=0)
    range_m: float = Field(gt=0)
    extratime_s: float = Field(gt=0)
    observed_share: float = Field(gt=0, le=1)
    source: str
    confidence: str


def read_conflict_rules(path: Path) -> ConflictRules:
    """Read the rules; ConfigError with every mismatch."""
    return parse(ConflictRules, read_yaml(path), str(path))


def observed(people: Iterable[str], share: float) -> tuple[str, ...]:
    """Choose who carries the device, by a number of each one's own: alike in every arm, sorted by id."""
    numbered = sorted((_number(id), id) for id in people if not UNFIT & set(id))
    kept, characters = [], 0
    for number, id in numbered:
        characters += len(id) + 1
        if number >= share or characters > MOST_CHARACTERS:
            break
        kept.append(id)
    return tuple(sorted(kept))


def _number(id: str) -> float:
    return int.from_bytes(hashlib.sha256(f"observed/{id}".encode()).digest()[:8]) / 2**64
