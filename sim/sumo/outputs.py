"""From what SUMO wrote to the run's tables: every vehicle of the demand has a row, whatever became of it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sim.errors import ConfigError, RunError
from sim.labels import Message
from sim.site.network import Network
from sim.site.zones import Zones
from sim.sumo import driver
from sim.sumo.columns import columns_of, floats, texts
from sim.sumo.conflicts import CONFLICTS_FILE, read_conflicts
from sim.sumo.detectors import EDGES_FILE, QUEUES_FILE, STOP_LINES_FILE, ZONES_FILE, queue_id
from sim.sumo.emissions import read_emissions
from sim.sumo.giving_up import LEAVE
from sim.sumo.searches import searches
from sim.sumo.stop_lines import read_states, read_stop_lines
from sim.sumo.travellers import read_travellers, trips_table, walks_table
from sim.sumo.xml_file import content, scan
from sim.tables import EDGES, NETWORK, PARKED, QUEUES, SEARCHES, ZONES, RunFacts, empty, typed

WARNINGS_KEPT = 50

Columns = dict[str, list[str]]


@dataclass(frozen=True)
class RunOutput:
    """The tables of `sim.tables.RUN_TABLES` and the scalars of one run."""

    tables: Mapping[str, pd.DataFrame]
    facts: RunFacts


def read_outputs(
    spec: driver.RunSpec,
    folder: Path,
    vehicles: pd.DataFrame,
    walks: pd.DataFrame,
    network: Network,
    zones: Zones,
) -> RunOutput:
    """Read everything a finished run left in `folder`.

    `vehicles` and `walks` are the demand as this arm was given it (columns in `sim.demand`). Raises RunError
    where an output is missing or truncated, or where SUMO's books do not balance with the demand.
    """
    try:
        trips_read, persons = read_travellers(folder / driver.TRIPS_FILE)
        statistics = _statistics(folder / driver.STATISTICS_FILE)
        parked, gave_up, stalls_m = _parked(folder / driver.STOPS_FILE, spec.stops)
        trips = trips_table(trips_read, vehicles, network, spec, gave_up)
        walked = walks_table(persons, walks)
        _reconcile(trips, statistics)
        end_s = _end_s(trips, walked, spec)
        tables = {
            "trips": trips,
            "walks": walked,
            "zones": _zones(folder / ZONES_FILE),
            "queues": _queues(folder, zones, end_s),
            "edges": _edges(folder / EDGES_FILE),
            "network": _network(folder / driver.NETWORK_FILE, end_s),
            "parked": parked,
            "searches": searches(folder / driver.ROUTES_FILE, parked, stalls_m, network, end_s)
            if spec.stops
            else empty(SEARCHES),
        }
        if spec.emissions:
            tables["emissions"] = read_emissions(folder / driver.TRIPS_FILE)
        if spec.stop_lines:
            tables["stop_lines"] = read_stop_lines(folder, trips, network)
            tables["signal_states"] = read_states(folder, network)
        if spec.observed is not None:
            tables["conflicts"] = read_conflicts(folder / CONFLICTS_FILE, spec.observed)
    except ConfigError as error:  # from the XML reader: not the user's fault here
        raise RunError(Message("an output cannot be read: {error}", error=error)) from None
    facts = RunFacts(
        begin_s=spec.begin_s,
        window_begin_s=spec.window_begin_s,
        window_end_s=spec.window_end_s,
        end_s=end_s,
        teleports=int(statistics["teleports"]["total"]),
        collisions=int(statistics["safety"]["collisions"]),
        emergency_braking=int(statistics["safety"]["emergencyBraking"]),
        warnings=warnings_of((folder / driver.LOG_FILE).read_text(encoding="utf-8", errors="replace")),
    )
    return RunOutput(tables, facts)


def warnings_of(log: str) -> tuple[str, ...]:
    """Return the distinct warnings of a log without their times, the first few of them."""
    found = dict.fromkeys(
        re.sub(r",? time=[0-9.:]+\.?", "", line.removeprefix("Warning: ").strip())
        for line in log.splitlines()
        if line.startswith("Warning: ")
    )
    return tuple(found)[:WARNINGS_KEPT]


def _gather(path: Path, root: str, tag: str, names: Iterable[str]) -> dict[str, pa.Array]:
    """Read some attributes of every `tag` element, column by column."""
    return columns_of(content(path), path, root, tag, names)


def _reconcile(trips: pd.DataFrame, statistics: Mapping[str, Mapping[str, str]]) -> None:
    """Compare our ledger with SUMO's own counts: demanded = arrived + inside + never inserted + removed."""
    count = trips["fate"].value_counts()
    inserted = int(statistics["vehicles"]["inserted"])
    inside = int(statistics["vehicles"]["running"])
    # Who has given up may still stand at the edge of the site: the stay is the simulator's, not theirs.
    waiting = int(((trips["fate"] == "gave_up") & trips["arrival_s"].isna()).sum())
    ours = (len(trips) - int(count.get("never_inserted", 0)), int(count.get("inside", 0)) + waiting)
    if ours != (inserted, inside):
        raise RunError(
            Message(
                "the books do not balance: the tables have {our_inserted} vehicles inserted and {our_inside} "
                "inside at the end, the simulator counted {inserted} and {inside}",
                our_inserted=ours[0],
                our_inside=ours[1],
                inserted=inserted,
                inside=inside,
            )
        )


def _end_s(trips: pd.DataFrame, walks: pd.DataFrame, spec: driver.RunSpec) -> float:
    """When the last traveller had left; the end of the run where somebody had not."""
    open_trips = trips["fate"].isin(["inside", "never_inserted"]).any()
    if open_trips or (walks["fate"] != "arrived").any():
        return spec.end_s
    walked_s = (walks["scheduled_s"] + walks["duration_s"]).max()
    last_s = np.nanmax([spec.window_end_s, trips["arrival_s"].max(), walked_s])
    return min(spec.end_s, float(math.ceil(last_s)))


def _statistics(path: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    scan(path, "statistics", found.__setitem__)
    return found


def _zones(path: Path) -> pd.DataFrame:
    names = ("id", "begin", "end", "vehicleSum", "meanTimeLoss", "meanTravelTime", "meanHaltsPerVehicle")
    if not path.is_file():  # no junction is measured
        return empty(ZONES)
    read = _gather(path, "e3Detector", "interval", names)
    vehicles = floats(read["vehicleSum"])
    table = pd.DataFrame(
        {
            "movement": texts(read["id"]),
            "begin_s": floats(read["begin"]),
            "end_s": floats(read["end"]),
            "vehicles": vehicles,
            "time_loss_s": floats(read["meanTimeLoss"]),
            "travel_time_s": floats(read["meanTravelTime"]),
            "halts": floats(read["meanHaltsPerVehicle"]),
        }
    )
    return typed(_sorted(table[vehicles > 0], "movement", "begin_s"), ZONES)


def _queues(folder: Path, zones: Zones, end_s: float) -> pd.DataFrame:
    places = {queue_id(queue): queue for queue in zones.queues}
    if not places:
        return empty(QUEUES)
    names = ("id", "begin", "end", "maxJamLengthInMeters", "maxJamLengthInVehicles", "meanOccupancy")
    read = _gather(folder / QUEUES_FILE, "detector", "interval", names)
    loops = _gather(folder / STOP_LINES_FILE, "detector", "interval", ("id", "begin", "nVehEntered"))
    each, passed = (pc.binary_join_element_wise(of["id"], of["begin"], " ") for of in (read, loops))
    number, ids = texts(read["id"]).factorize()
    lanes = [places[id] for id in ids]
    table = pd.DataFrame(
        {
            "approach": pd.array([lane.approach for lane in lanes], dtype="string").take(number),
            "lane": np.array([lane.lane for lane in lanes])[number],
            "length_m": np.array([lane.length_m for lane in lanes])[number],
            "begin_s": floats(read["begin"]),
            "end_s": floats(read["end"]),
            "jam_max_m": floats(read["maxJamLengthInMeters"]),
            "jam_max_veh": floats(read["maxJamLengthInVehicles"]),
            "vehicles": floats(loops["nVehEntered"].take(pc.index_in(each, value_set=passed))),
            "occupancy_pct": floats(read["meanOccupancy"]),
        }
    )
    return typed(_sorted(table[table["begin_s"] < end_s], "approach", "lane", "begin_s"), QUEUES)


def _edges(path: Path) -> pd.DataFrame:
    names = ("id", "entered", "left", "sampledSeconds", "timeLoss", "speed", "density")
    columns: Columns = {name: [] for name in ("begin", "end", *names)}
    interval = ("", "")

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal interval
        if tag == "interval":
            interval = (attributes["begin"], attributes["end"])
        elif tag == "edge":
            columns["begin"].append(interval[0])
            columns["end"].append(interval[1])
            for name in names:
                columns[name].append(attributes.get(name, "nan"))

    scan(path, "meandata", start)
    table = pd.DataFrame(
        {
            "edge": columns["id"],
            "begin_s": floats(columns["begin"]),
            "end_s": floats(columns["end"]),
            "entered": floats(columns["entered"]),
            "left": floats(columns["left"]),
            "vehicle_s": floats(columns["sampledSeconds"]),
            "time_loss_s": floats(columns["timeLoss"]),
            "speed_mps": floats(columns["speed"]),
            "density_vpkm": floats(columns["density"]),
        }
    )
    return typed(_sorted(table, "edge", "begin_s"), EDGES)


def _network(path: Path, end_s: float) -> pd.DataFrame:
    read = _gather(path, "summary", "step", ("time", "running", "halting", "waiting", "arrived", "meanSpeed"))
    speed = floats(read["meanSpeed"])
    table = pd.DataFrame(
        {
            "time_s": floats(read["time"]),
            "running": floats(read["running"]),
            "halting": floats(read["halting"]),
            "waiting": floats(read["waiting"]),
            "arrived": floats(read["arrived"]),
            "mean_speed_mps": np.where(speed < 0, np.nan, speed),
        }
    )
    # One sample after the last arrival belongs to it: there everybody has arrived.
    return typed(table[table["time_s"] < end_s + driver.SUMMARY_PERIOD_S], NETWORK)


def _parked(path: Path, stops: bool) -> tuple[pd.DataFrame, frozenset[str], dict[str, float]]:
    """Return planned stops that began, who left without having parked, and where each stood."""
    if not stops:
        return empty(PARKED), frozenset(), {}
    stalls_m: dict[str, float] = {}
    rows: list[tuple[str, str, str, float, float]] = []
    gave_up: set[str] = set()

    def start(tag: str, a: dict[str, str]) -> None:
        if tag != "stopinfo":
            return
        area = a.get("parkingArea", "")
        if area.startswith(LEAVE):
            if float(a["started"]) >= 0:
                gave_up.add(a["id"])
            return
        edge = a["lane"].rpartition("_")[0]
        stalls_m[a["id"]] = float(a["pos"])
        rows.append((a["id"], area, edge, float(a["started"]), float(a["ended"])))

    scan(path, "stops", start)
    table = pd.DataFrame(rows, columns=list(PARKED))
    table["ended_s"] = table["ended_s"].where(table["ended_s"] >= 0)
    kept = typed(_sorted(table[table["started_s"] >= 0], "vehicle", "started_s"), PARKED)
    return kept, frozenset(gave_up), stalls_m


def _sorted(table: pd.DataFrame, *by: str) -> pd.DataFrame:
    return table.sort_values(list(by), kind="stable")
