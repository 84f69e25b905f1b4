"""How long a trip takes from wanting to leave to being there: the one definition behind every travel time."""

from __future__ import annotations

import pandas as pd

from sim.site.walking import WALK_MPS, Walks


def drive_s(trips: pd.DataFrame) -> pd.Series[float]:
    """Return seconds at the wheel: ``depart_delay_s + duration_s - stop_s``.

    Waiting to enter and searching are in it, planned stops (parking, bus stops) are not. Of a trip that did
    not arrive it is the time so far, a lower bound. `trips`: columns `tables.TRIPS`.
    """
    return trips["depart_delay_s"] + trips["duration_s"] - trips["stop_s"]


def walk_m(trips: pd.DataFrame, parked: pd.DataFrame, walks: Walks) -> pd.Series[float]:
    """Return metres on foot from the stall to the destination, by row of `trips`; NaN where none is known.

    Known of those who came to park and did, of a demand with a destination (ids are
    `parking.<demand>.<number>`; who has no destination but a lot walks from another lot to that one). Of
    imported parkers nobody knows where they go. `parked`: columns `tables.PARKED`.
    """
    areas = {area for _, area in walks}
    stays = parked[parked["area"].isin(areas)]
    of_vehicle = stays.groupby("vehicle")["area"].first()
    came = (trips["purpose"] == "parking").to_numpy(dtype=bool)
    demands, found = trips["id"].str.split(".").str[1], trips["id"].map(of_vehicle)
    metres = [
        walks.get((demand, area), float("nan")) if parker else float("nan")
        for parker, demand, area in zip(came, demands, found, strict=True)
    ]
    return pd.Series(metres, index=trips.index, dtype="float64")


def fair_s(trips: pd.DataFrame, parked: pd.DataFrame, walks: Walks) -> pd.Series[float]:
    """Return seconds from door to door: `drive_s`, and for parkers the walk from the stall at `WALK_MPS`.

    Search is driven and so is in it; the stay is not. `walks`: of the arm; without any nobody walks.
    """
    at_wheel_s = drive_s(trips)
    if not walks:
        return at_wheel_s
    return at_wheel_s + walk_m(trips, parked, walks).fillna(0.0) / WALK_MPS
