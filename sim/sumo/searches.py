"""Who looked for a stall, how long and how far: from the routes that drivers changed on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sim.site.network import Network
from sim.site.parking import ParkingDemand
from sim.sumo.giving_up import LEAVE, Patience
from sim.sumo.parking_files import exit_of
from sim.sumo.xml_file import content, scan
from sim.tables import SEARCHES, empty, typed

FULL, CLOCK = "parkingAreaReroute", "replaceStop"
"""Why a route changed: a full area, or the clock of who gives up (`sim.sumo.giving_up`)."""


@dataclass
class _Vehicle:
    id: str = ""
    changed_s: list[float] = field(default_factory=list)
    full: int = 0
    edges: tuple[str, ...] = ()
    left_s: tuple[float, ...] = ()
    leaves: bool = False


def searches(
    path: Path, parked: pd.DataFrame, stalls_m: Mapping[str, float], network: Network, end_s: float
) -> pd.DataFrame:
    """Read the output of routes: columns `SEARCHES`, one row per vehicle that a full area sent on.

    A search begins where the route changes for the first time, at the start of the first full area's edge,
    and ends when the stall is taken, or where the route changes for the last time: towards the way out. What
    is driven in between are the edges left in that time, and the last one as far as the stall (`stalls_m`).
    """
    text = content(path)
    said = (FULL.encode() in text, CLOCK.encode() in text)
    if not any(said) and text.rstrip().endswith(b"</routes>"):
        return empty(SEARCHES)  # nobody was sent on: as before, in a tenth of the time
    began = parked[parked["area"] != ""].set_index("vehicle")["started_s"].groupby(level=0).first()
    taken_s = {str(vehicle): float(s) for vehicle, s in began.items()}
    rows: list[tuple[str, float, float, float, int, str]] = []
    now = _Vehicle()

    def note() -> None:
        if not now.changed_s:
            return
        begin_s = now.changed_s[0]
        if now.id in taken_s:
            stop_s, outcome = taken_s[now.id], "parked"
        elif now.leaves:
            stop_s, outcome = now.changed_s[-1], "gave_up"
        else:
            stop_s, outcome = end_s, "searching"
        driven = zip(now.edges, now.left_s, strict=False)
        driven_m = sum(network.edges[e].length_m for e, left_s in driven if begin_s < left_s <= stop_s)
        driven_m += stalls_m[now.id] if outcome == "parked" else 0.0
        rows.append((now.id, begin_s, max(begin_s, stop_s), driven_m, now.full, outcome))

    def start(tag: str, a: dict[str, str]) -> None:
        nonlocal now
        if tag == "vehicle":
            note()
            now = _Vehicle(a["id"])
        elif tag == "route" and (FULL in a.get("reason", "") or CLOCK in a.get("reason", "")):
            now.changed_s.append(float(a["replacedAtTime"]))
            now.full += FULL in a["reason"]
        elif tag == "route" and "reason" not in a:
            now.edges = tuple(a["edges"].split())
            now.left_s = tuple(float(s) for s in a.get("exitTimes", "").split())
        elif tag == "stop":
            now.leaves |= a.get("parkingArea", "").startswith(LEAVE)

    scan(path, "routes", start)
    note()
    table = pd.DataFrame(rows, columns=list(SEARCHES)).sort_values("vehicle", kind="stable")
    return typed(table, SEARCHES)


def patience(
    vehicles: pd.DataFrame, demands: Mapping[str, ParkingDemand], network: Network
) -> dict[str, tuple[float, str, str]]:
    """Return of everyone who comes to park how long they search, the lot they wish for, and where they leave.

    `vehicles`: columns VEHICLES, as they drive in an arm; `network` is the arm's.
    """
    exits = {name: LEAVE + exit_of(network, demand) for name, demand in demands.items()}
    own = vehicles[vehicles["patience_s"].notna() & (vehicles["lot"] != "")]
    return {
        id: (patience_s, lot, exits[id.split(".")[1]])
        for id, patience_s, lot in own[["id", "patience_s", "lot"]].itertuples(index=False)
    }


def outlasts(searches: pd.DataFrame, limits: Patience) -> bool:
    """Whether somebody searched for longer than their patience; columns SEARCHES."""
    limit_s = searches["vehicle"].map({id: s for id, (s, _, _) in limits.items()}).astype("float64")
    return bool((searches["ended_s"] - searches["began_s"] > limit_s).any())
