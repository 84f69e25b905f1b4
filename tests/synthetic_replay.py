"""A moving picture of made-up vehicles on parallel lanes, who stop once; to test the page alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.replay import UNIT_M, encoded
from sim.sumo.recording import PATHS, Clip
from sim.tables import typed

CLIP = Clip(27_300.0, 27_600.0, (-300.0, -200.0, 300.0, 200.0), ("J1",))
LANES = [[3.2, [[-300.0, 3.0 * n], [300.0, 3.0 * n]]] for n in range(-3, 4)]


def paths(vehicles: int, stop_s: int, seconds: int = 301) -> pd.DataFrame:
    """Everyone is seen all the time, coming back at the left; after 100 s they stand for `stop_s`."""
    clock = np.arange(seconds)
    parts = []
    for n in range(vehicles):
        gone = np.where(clock < 100, clock, np.maximum(clock - stop_s, 100))
        x = (n * 37 + 8 * gone) % 560 - 280.0
        parts.append(
            pd.DataFrame(
                {
                    "vehicle": f"car.{n:04d}",
                    "time_s": CLIP.begin_s + clock,
                    "x_m": x,
                    "y_m": 3.0 * (n % 7 - 3),
                    "angle_deg": 90.0,
                }
            )
        )
    return typed(pd.concat(parts, ignore_index=True), PATHS)


def side(table: pd.DataFrame, people: Mapping[str, int]) -> dict[str, Any]:
    """One side of a picture: its streets, a signal that turns green after 150 s, and the paths."""
    return {
        "lanes": LANES,
        "ways": [],
        "lights": [[0.0, -10.0, 0.0, 10.0, "J1", 0]],
        "signals": {"J1": [[0.0, "r"], [150.0, "G"]]},
        **encoded(table, CLIP, people, {"car.0000": "bus"}),
    }


def write_synthetic_replay(study: Path, arm: str, vehicles: int = 30) -> None:
    """Add a picture of one arm, replicate 2 of the first period, to a synthetic study."""
    rows = json.loads((study / "runs.json").read_text(encoding="utf-8"))
    period = rows[0]["period"]
    digests = {row["arm"]: row["digest"] for row in rows if (row["period"], row["replicate"]) == (period, 2)}
    tables = paths(vehicles, 60), paths(vehicles, 20)
    people = {id: n for n, id in enumerate(sorted(set(tables[0]["vehicle"])))}
    picture = {
        "arm": arm,
        "period": period,
        "replicate": 2,
        "pairs": 5,
        "change": -12.3,
        "median": -12.1,
        "digests": [digests["baseline"], digests[arm]],
        "begin_s": CLIP.begin_s,
        "end_s": CLIP.end_s,
        "frame_m": list(CLIP.frame_m),
        "failure": None,
        "unit_m": UNIT_M,
        "people": len(people),
        "sides": [side(table, people) for table in tables],
    }
    (study / "tables" / "replay.json").write_text(json.dumps({"pictures": [picture]}), encoding="utf-8")
