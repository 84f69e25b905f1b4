"""From what SUMO wrote to the run's tables: every vehicle of the demand has a row, whatever became of it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.demand.tables import LEAVING, departs_s
from sim.errors import ConfigError, RunError
from sim.labels import Message
from sim.site.network import Network
from sim.site.zones import Zones
from sim.sumo import driver
from sim.sumo.detectors import EDGES_FILE, QUEUES_FILE, STOP_LINES_FILE, ZONES_FILE, queue_id
from sim.sumo.parking_files import LEAVE
from sim.sumo.searches import searches
from sim.sumo.xml_file import columns_of, content, scan
from sim.tables import EDGES, NETWORK, PARKED, QUEUES, SEARCHES, TRIPS, WALKS, ZONES, RunFacts, empty, typed

WARNINGS_KEPT = 50
ROUNDING_S = 0.02
"""Times are written with two digits."""
OPEN_STOP = frozenset({"until", "ended", "triggered", "containerTriggered", "extension", "join"})
"""With one of these a stop may rightly last longer than its duration."""

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
        trips_read, persons = _trips_file(folder / driver.TRIPS_FILE)
        statistics = _statistics(folder / driver.STATISTICS_FILE)
        parked, gave_up, stalls_m = _parked(folder / driver.STOPS_FILE, spec.stops)
        trips = _trips(trips_read, vehicles, network, spec, gave_up)
        walked = _walks(persons, walks)
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


def _gather(path: Path, root: str, tag: str, names: Iterable[str]) -> Columns:
    """Read some attributes of every `tag` element, column by column."""
    return columns_of(content(path), path, root, tag, names)


def _float(values: list[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(values, dtype=object).astype(np.float64)


TRIP_ATTRIBUTES = (
    "id", "depart", "departDelay", "arrival", "duration", "routeLength", "waitingTime", "waitingCount",
    "stopTime", "timeLoss", "speedFactor", "vaporized",
)  # fmt: skip


def _trips_file(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    text = content(path)
    trips = columns_of(text, path, "tripinfos", "tripinfo", TRIP_ATTRIBUTES)
    persons: Columns = {name: [] for name in ("id", "depart", "duration", "timeLoss", "arrival")}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "personinfo":
            for name, column in persons.items():
                column.append(attributes.get(name, "0"))
        elif tag == "walk" and persons["id"]:
            persons["arrival"][-1] = attributes["arrival"]

    if "<personinfo" in text:
        scan(path, "tripinfos", start)
    texts = ("id", "vaporized")
    read = {name: values if name in texts else _float(values) for name, values in trips.items()}
    walked = {name: values if name in texts else _float(values) for name, values in persons.items()}
    return pd.DataFrame(read), pd.DataFrame(walked)


def _trips(
    read: pd.DataFrame,
    vehicles: pd.DataFrame,
    network: Network,
    spec: driver.RunSpec,
    gave_up: frozenset[str],
) -> pd.DataFrame:
    strangers = set(read["id"]) - set(vehicles["id"])
    if strangers or read["id"].duplicated().any():
        names = sorted(strangers)[:5] or Message("a vehicle twice")
        raise RunError(
            Message("the simulation drove vehicles that are not in the demand: {names}", names=names)
        )
    demand = vehicles.set_index("id")
    row = read.set_index("id").reindex(demand.index)
    seen = row["depart"].notna()
    departed = seen & (row["depart"] >= 0)
    arrived = departed & (row["arrival"] >= 0) & (row["vaporized"] == "")
    waiting = (seen & ~departed) | (~seen & (demand["scheduled_s"] >= spec.end_s))
    removed = ~waiting & (~seen | (departed & ~row["vaporized"].isin(["", "end"])))
    late = departed & (
        (row["depart"] - row["departDelay"] - departs_s(demand)).abs() > spec.step_length_s + ROUNDING_S
    )
    if late.any():
        raise RunError(
            Message(
                "{late} vehicles were not scheduled when the demand says, e.g. {index}",
                late=late.sum(),
                index=late.index[late][0],
            )
        )
    zero = _from_the_stall(row.drop(columns="vaporized").fillna(0.0), demand)
    planned_s = np.asarray(_planned_s(demand["stops"]))
    edges = demand["edges"].astype(str)
    ends = edges.str.split(" ")
    table = pd.DataFrame(
        {
            "id": demand.index.to_numpy(),
            "type": demand["type"].to_numpy(),
            "vehicle_class": demand["vehicle_class"].to_numpy(),
            "purpose": demand["purpose"].to_numpy(),
            "origin": ends.str[0].to_numpy(),
            "destination": ends.str[-1].to_numpy(),
            "edges": edges.to_numpy(),
            "scheduled_s": demand["scheduled_s"].to_numpy(),
            "depart_s": zero["depart"].where(departed).to_numpy(),
            "arrival_s": row["arrival"].where(arrived).to_numpy(),
            "depart_delay_s": zero["departDelay"].to_numpy(),
            "duration_s": zero["duration"].where(departed, 0.0).to_numpy(),
            "stop_s": np.fmin(zero["stopTime"].where(departed, 0.0), planned_s),
            "time_loss_s": (zero["timeLoss"] + (zero["stopTime"] - planned_s).clip(lower=0.0).fillna(0.0))
            .where(departed, 0.0)
            .to_numpy(),
            "stopped_s": zero["waitingTime"].where(departed, 0.0).to_numpy(),
            "stops": zero["waitingCount"].where(departed, 0.0).to_numpy(),
            "route_m": zero["routeLength"].where(departed, 0.0).to_numpy(),
            "free_time_s": _free_times_s(edges, network),
            "speed_factor": row["speedFactor"].where(departed, demand["speed_factor"]).to_numpy(),
            "occupancy": demand["occupancy"].to_numpy(),
            "fate": np.select(
                [departed & row.index.isin(list(gave_up)), arrived, waiting, removed],
                ["gave_up", "arrived", "never_inserted", "removed"],
                default="inside",
            ),
        }
    )
    return typed(table, TRIPS)


def _from_the_stall(row: pd.DataFrame, demand: pd.DataFrame) -> pd.DataFrame:
    """Let the trips of those who stood in a stall at the start begin when their planned stay ends.

    What the simulator counts before (getting into the stall, and the stay) is no part of the trip. Its time
    loss has the manoeuvre into the stall in it (``started - depart``) but not the wait to get out of it
    (``ended - scheduled``); with ``ended - started = stop time`` both together are
    ``depart + stop time - scheduled``.
    """
    stood = demand["purpose"] == LEAVING
    scheduled_s = demand["scheduled_s"]
    depart_s = row["depart"].clip(lower=scheduled_s)
    ends_s = row["depart"] + row["duration"]
    trip: dict[str, pd.Series[float]] = {
        "timeLoss": (row["timeLoss"] + row["depart"] + row["stopTime"] - scheduled_s).clip(lower=0.0),
        "depart": depart_s,
        "departDelay": (departs_s(demand) + row["departDelay"] - scheduled_s).clip(lower=0.0),
        "duration": (ends_s - depart_s).clip(lower=0.0),
        "stopTime": 0.0 * row["stopTime"],
    }
    return row.assign(**{name: column.where(stood, row[name]) for name, column in trip.items()})


def _planned_s(stops: pd.Series[str]) -> list[float]:
    """Planned length of all stops of each vehicle; NaN where it is open (until a time, or until called).

    A driver who wants out of a stall and is kept in by the queue beside it is still stopped to SUMO: what
    goes beyond the plan is travel.
    """
    known: dict[str, float] = {"[]": 0.0}
    for text in stops:
        if text not in known:
            each = json.loads(text)
            closed = all(set(stop) & {"duration"} and not set(stop) & OPEN_STOP for stop in each)
            known[text] = sum(float(stop["duration"]) for stop in each) if closed else math.nan
    return [known[text] for text in stops]


def _free_times_s(edges: pd.Series[str], network: Network) -> list[float]:
    """Length over limit along each planned route; the driver's own speed factor is left out."""
    known: dict[str, float] = {}
    for route in edges:
        if route not in known:
            known[route] = network.free_times_s(route.split())[-1]
    return [known[route] for route in edges]


def _walks(persons: pd.DataFrame, walks: pd.DataFrame) -> pd.DataFrame:
    demand = walks.set_index("id")
    row = persons.set_index("id").reindex(demand.index)
    arrived = row["arrival"] >= 0
    table = pd.DataFrame(
        {
            "id": demand.index.to_numpy(),
            "crossing": demand["crossing"].to_numpy(),
            "scheduled_s": demand["scheduled_s"].to_numpy(),
            "duration_s": row["duration"].where(arrived).to_numpy(),
            "time_loss_s": row["timeLoss"].where(arrived).to_numpy(),
            "fate": np.where(arrived, "arrived", "inside"),
        }
    )
    return typed(table, WALKS)


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
    vehicles = _float(read["vehicleSum"])
    table = pd.DataFrame(
        {
            "movement": read["id"],
            "begin_s": _float(read["begin"]),
            "end_s": _float(read["end"]),
            "vehicles": vehicles,
            "time_loss_s": _float(read["meanTimeLoss"]),
            "travel_time_s": _float(read["meanTravelTime"]),
            "halts": _float(read["meanHaltsPerVehicle"]),
        }
    )
    return typed(_sorted(table[vehicles > 0], "movement", "begin_s"), ZONES)


def _queues(folder: Path, zones: Zones, end_s: float) -> pd.DataFrame:
    places = {queue_id(queue): queue for queue in zones.queues}
    if not places:
        return empty(QUEUES)
    names = (
        "id",
        "begin",
        "end",
        "maxJamLengthInMeters",
        "maxJamLengthInVehicles",
        "meanOccupancy",
    )
    read = _gather(folder / QUEUES_FILE, "detector", "interval", names)
    loops = _gather(folder / STOP_LINES_FILE, "detector", "interval", ("id", "begin", "nVehEntered"))
    passed = dict(zip(zip(loops["id"], loops["begin"], strict=True), loops["nVehEntered"], strict=True))
    queues = [places[id] for id in read["id"]]
    table = pd.DataFrame(
        {
            "approach": [queue.approach for queue in queues],
            "lane": [queue.lane for queue in queues],
            "length_m": [queue.length_m for queue in queues],
            "begin_s": _float(read["begin"]),
            "end_s": _float(read["end"]),
            "jam_max_m": _float(read["maxJamLengthInMeters"]),
            "jam_max_veh": _float(read["maxJamLengthInVehicles"]),
            "vehicles": [int(passed[key]) for key in zip(read["id"], read["begin"], strict=True)],
            "occupancy_pct": _float(read["meanOccupancy"]),
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
            "begin_s": _float(columns["begin"]),
            "end_s": _float(columns["end"]),
            "entered": _float(columns["entered"]),
            "left": _float(columns["left"]),
            "vehicle_s": _float(columns["sampledSeconds"]),
            "time_loss_s": _float(columns["timeLoss"]),
            "speed_mps": _float(columns["speed"]),
            "density_vpkm": _float(columns["density"]),
        }
    )
    return typed(_sorted(table, "edge", "begin_s"), EDGES)


def _network(path: Path, end_s: float) -> pd.DataFrame:
    read = _gather(path, "summary", "step", ("time", "running", "halting", "waiting", "arrived", "meanSpeed"))
    speed = _float(read["meanSpeed"])
    table = pd.DataFrame(
        {
            "time_s": _float(read["time"]),
            "running": _float(read["running"]),
            "halting": _float(read["halting"]),
            "waiting": _float(read["waiting"]),
            "arrived": _float(read["arrived"]),
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
