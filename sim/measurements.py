"""What was measured of a run, kept beside the runs and found again by everything it was measured from.

`results/.store/measured/<aa>/<run>.<origin>/`: a Parquet file per table of `TABLES`. The origin is a digest
of the program itself, of the site, of what the arm is and of what the run was held against; whatever of these
has changed, the run is measured again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from sim.checks.findings import FOUND
from sim.checks.ledger import FATES
from sim.measures.profiles import PROFILES
from sim.parquet import read_table, write_table
from sim.publish import file_sums, publish
from sim.tables import MEASURES, typed

KEYS: Mapping[str, str] = {"arm": "string", "period": "string", "replicate": "int64"}
LEDGER: Mapping[str, str] = {"demanded": "int64", **dict.fromkeys(FATES, "int64")}
TABLES: Mapping[str, Mapping[str, str]] = {
    "measures": {name: dtype for name, dtype in MEASURES.items() if name not in KEYS},
    "findings": FOUND,
    "running": {"x": "float64", "value": "float64"},
    "fates": LEDGER,
    "profiles": PROFILES,
}
"""What is measured of one run. `running`: vehicles under way (value) over time (x, s)."""

PROGRAM = Path(__file__).parent


@dataclass(frozen=True)
class Measured:
    """What was measured of one run: a folder of files, and the tables themselves if that was just now."""

    folder: Path
    fresh: Mapping[str, pd.DataFrame]

    def table(self, name: str) -> pd.DataFrame:
        """Return one table; columns `TABLES`."""
        if name in self.fresh:
            return self.fresh[name]
        return read_table(self.folder / f"{name}.parquet", TABLES[name])


def measured(
    store: Path, run: str, origin: str, measure: Callable[[], Mapping[str, pd.DataFrame]]
) -> Measured:
    """Return what was measured of a run; `measure` gives the tables if there are none yet.

    `store`: the root of the runs' store. ConfigError where it cannot be written.
    """
    fresh: dict[str, pd.DataFrame] = {}

    def fill(folder: Path) -> None:
        for name, table in measure().items():
            fresh[name] = typed(table, TABLES[name])
            write_table(fresh[name], folder / f"{name}.parquet")

    folder = publish(store / "measured" / run[:2] / f"{run}.{origin}", fill)
    return Measured(folder, fresh)


def digest(*parts: object) -> str:
    """Digest what a measurement rests on, the program included: 16 hexadecimal digits of SHA-256."""
    content = "\n".join([_program(), *map(str, parts)])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


@cache
def _program() -> str:
    """Return the sums of every module: whatever changes in huandu, runs are measured again."""
    return str(file_sums(PROGRAM, PROGRAM.rglob("*.py")))
