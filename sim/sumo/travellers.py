"""What became of everybody: a row for each vehicle and each person on foot of the demand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd

from sim.demand.tables import LEAVING, departs_s
from sim.errors import RunError
from sim.labels import Message
from sim.site.network import Network
from sim.sumo.columns import columns_of, floats, texts
from sim.sumo.driver import RunSpec
from sim.sumo.xml_file import content, scan
from sim.tables import TRIPS, WALKS, typed

TRIP_ATTRIBUTES = (
    "id", "depart", "departDelay", "arrival", "duration", "routeLength", "waitingTime", "waitingCount",
    "stopTime", "timeLoss", "speedFactor", "vaporized",
)  # fmt: skip
ROUNDING_S = 0.02
"""Times are written with two digits."""
OPEN_STOP = frozenset({"until", "ended", "triggered", "containerTriggered", "extension", "join"})
"""With one of these a stop may rightly last longer than its duration."""


def read_travellers(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what the simulator wrote of vehicles and of people on foot, one row each.

    ConfigError where the file is missing or truncated.
    """
    text = content(path)
    trips = columns_of(text, path, "tripinfos", "tripinfo", TRIP_ATTRIBUTES)
    persons: dict[str, list[str]] = {name: [] for name in ("id", "depart", "duration", "timeLoss", "arrival")}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "personinfo":
            for name, column in persons.items():
                column.append(attributes.get(name, "0"))
        elif tag == "walk" and persons["id"]:
            persons["arrival"][-1] = attributes["arrival"]

    if b"<personinfo" in text:
        scan(path, "tripinfos", start)
    words = ("id", "vaporized")
    read = {name: texts(values) if name in words else floats(values) for name, values in trips.items()}
    walked = {name: values if name in words else floats(values) for name, values in persons.items()}
    return pd.DataFrame(read), pd.DataFrame(walked)


def trips_table(
    read: pd.DataFrame,
    vehicles: pd.DataFrame,
    network: Network,
    spec: RunSpec,
    gave_up: frozenset[str],
) -> pd.DataFrame:
    """Return a row for every vehicle of the demand, columns `tables.TRIPS`, with what became of it.

    `gave_up` are those who left without having parked. RunError where the simulator drove somebody else, or
    somebody at another time than the demand says.
    """
    strangers = set(read["id"].tolist()) - set(vehicles["id"].tolist())
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
    routes: list[str] = demand["edges"].tolist()
    table = pd.DataFrame(
        {
            "id": vehicles["id"].array,
            "type": demand["type"].array,
            "vehicle_class": demand["vehicle_class"].array,
            "purpose": demand["purpose"].array,
            "origin": [route.partition(" ")[0] for route in routes],
            "destination": [route.rpartition(" ")[2] for route in routes],
            "edges": demand["edges"].array,
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
            "free_time_s": _free_times_s(routes, network),
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
    if not stood.any():
        return row
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
    texts = stops.tolist()
    for text in texts:
        if text not in known:
            each = json.loads(text)
            closed = all(set(stop) & {"duration"} and not set(stop) & OPEN_STOP for stop in each)
            known[text] = sum(float(stop["duration"]) for stop in each) if closed else math.nan
    return [known[text] for text in texts]


def _free_times_s(routes: list[str], network: Network) -> list[float]:
    """Length over limit along each planned route; the driver's own speed factor is left out."""
    known: dict[str, float] = {}
    for route in routes:
        if route not in known:
            known[route] = network.free_times_s(route.split())[-1]
    return [known[route] for route in routes]


def walks_table(persons: pd.DataFrame, walks: pd.DataFrame) -> pd.DataFrame:
    """Return a row for everyone on foot in the demand, columns `tables.WALKS`."""
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
