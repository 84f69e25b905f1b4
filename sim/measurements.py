"""What was measured of a run, kept beside the runs and found again by everything it was measured from.

`results/.store/measured/<aa>/<run>.<origin>/`: a Parquet file per table of `TABLES`. The origin is a digest
of the program itself, of the site, of what the arm is and of what the run was held against; whatever of these
has changed, the run is measured again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pandas as pd

from sim.checks.findings import FOUND
from sim.checks.ledger import FATES
from sim.measures.profiles import PROFILES
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


def measured(
    store: Path, run: str, origin: str, measure: Callable[[], Mapping[str, pd.DataFrame]]
) -> Mapping[str, Path]:
    """Return the files of what was measured of a run, by table; `measure` gives the tables if there are none.

    `store`: the root of the runs' store. ConfigError where it cannot be written.
    """

    def fill(folder: Path) -> None:
        for name, table in measure().items():
            typed(table, TABLES[name]).to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")

    folder = publish(store / "measured" / run[:2] / f"{run}.{origin}", fill)
    return {name: folder / f"{name}.parquet" for name in TABLES}


def read(files: Mapping[str, Path], name: str) -> pd.DataFrame:
    """Read one table of what `measured` returned; columns `TABLES`."""
    return pd.read_parquet(files[name]).astype(dict(TABLES[name]))


def digest(*parts: object) -> str:
    """Digest what a measurement rests on, the program included: 16 hexadecimal digits of SHA-256."""
    content = "\n".join([_program(), *map(str, parts)])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


@cache
def _program() -> str:
    """Return the sums of every module: whatever changes in huandu, runs are measured again."""
    return str(file_sums(PROGRAM, PROGRAM.rglob("*.py")))
