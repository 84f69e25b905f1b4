"""Who drove along the corridors, for time-space diagrams: from runs that noted who came to stop lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sim.runs.campaign import Key
from sim.runs.preflight import Preflight
from sim.runs.run import RunRecord
from sim.runs.signal_tables import corridor_table
from sim.runs.store import Store
from sim.signals.tables import TRAJECTORIES
from sim.study import Study
from sim.tables import typed

FILE = "trajectories.parquet"


def write_trajectories(
    study: Study, checked: Preflight, store: Store, runs: Mapping[Key, RunRecord], folder: Path
) -> None:
    """Write trajectories.parquet of the first replicate that every arm has; no file where none were noted."""
    parts = []
    corridors = corridor_table(study)
    ids = [arm.id for arm in study.arms]
    for period in study.periods:
        wanted = [
            replicate
            for replicate in sorted({key[2] for key in runs if key[1] == period})
            if all(_stored(runs.get((id, period, replicate))) for id in ids)
        ]
        for id in ids if wanted else ():
            came = store.read(str(runs[id, period, wanted[0]].digest), "stop_lines")
            junction_of = {m.id: m.junction for m in checked.builds[id, period].network.movements.values()}
            found = trajectories(came, corridors, junction_of)
            parts.append(found.assign(arm=id, period=period, replicate=wanted[0]))
    (folder / FILE).unlink(missing_ok=True)  # of an earlier time
    if any(len(part) for part in parts):
        whole = typed(pd.concat(parts, ignore_index=True), TRAJECTORIES)
        whole.to_parquet(folder / FILE, index=False, compression="zstd")


def trajectories(came: pd.DataFrame, corridors: pd.DataFrame, junction_of: Mapping[str, str]) -> pd.DataFrame:
    """Return when and where each vehicle was that passed two stop lines of a corridor or more.

    Two rows per stop line, when the vehicle would have come there and when it passed; between stop lines it
    drove, how is not known. `came`: columns `tables.STOP_LINES`. `junction_of`: movement -> its junction.
    """
    came = came.assign(junction=came["movement"].map(junction_of)).dropna(subset=["passed_s"])
    parts = []
    for name, corridor in corridors.groupby("corridor", sort=False):
        places = dict(zip(corridor["junction"], corridor["position_m"], strict=True))
        own = came[came["junction"].isin(list(places))]
        own = own[own.groupby("vehicle")["junction"].transform("nunique") > 1]
        position_m = own["junction"].map(places).astype("float64")
        for column in ("reached_s", "passed_s"):
            parts.append(
                pd.DataFrame(
                    {
                        "corridor": name,
                        "vehicle": own["vehicle"],
                        "time_s": own[column],
                        "position_m": position_m,
                        "order": own["passed_s"],
                    }
                )
            )
    columns = ["corridor", "vehicle", "time_s", "position_m"]
    whole = pd.concat(parts) if parts else pd.DataFrame(columns=[*columns, "order"])
    return whole.sort_values(["corridor", "vehicle", "order", "time_s"], kind="stable")[columns]


def _stored(record: RunRecord | None) -> bool:
    return record is not None and record.failure is None and record.digest is not None
