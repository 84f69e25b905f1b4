"""How well the choice of ways is settled, as a study keeps it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sim.tables import ASSIGNMENT, empty, typed

ASSIGNMENT_FILE = "assignment.csv"
"""Among a study's tables: how well the choice of ways is settled, columns ASSIGNMENT."""


def read_assignment(folder: Path) -> pd.DataFrame:
    """Read how well the choice of ways is settled in a study: columns ASSIGNMENT."""
    path = folder / "tables" / ASSIGNMENT_FILE
    return typed(pd.read_csv(path), ASSIGNMENT) if path.is_file() else empty(ASSIGNMENT)
