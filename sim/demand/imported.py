"""The people of an imported site: the model's own vehicles, shifted, with fresh drivers in each replicate."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.demand.tables import VEHICLES, floored, own_uniforms
from sim.demand.vehicle_types import PUBLIC_TRANSPORT, VehicleTypes, read_vehicle_types
from sim.errors import ConfigError, Problem, Problems
from sim.site_model import Site
from sim.vehicles import FILLS_EXIT, SpeedFactor, VehicleSet

TRIPS = (
    "id", "depart_s", "type", "edges", "depart_lane", "depart_pos", "depart_speed",
    "arrival_lane", "arrival_pos", "speed_factor", "stops", "line",
)  # fmt: skip
"""Columns of `demand/trips.csv.gz`."""

SHIFT, SPEED, TYPE, KEEP, FILL, OWN = range(6)
"""What a vehicle's own random numbers are for."""


@dataclass(frozen=True)
class ImportedDemand:
    """The files of an imported demand, as they stand."""

    trips: pd.DataFrame
    types: VehicleTypes


def read_imported(site: Site) -> ImportedDemand:
    """Read the trips and types that an import wrote; ConfigError with all problems."""
    imported = site.facts.imported
    if imported is None or imported.trips is None or imported.vehicle_types is None:
        what = "the imported site has no vehicles (a network without demand)"
        place = f"{site.folder}/site.yaml: imported.trips"
        raise ConfigError([Problem(place, what, "import a model with its routes")])
    return ImportedDemand(
        _read_trips(site.folder / imported.trips), read_vehicle_types(site.folder / imported.vehicle_types)
    )


def _read_trips(path: Path) -> pd.DataFrame:
    try:
        trips = pd.read_csv(path, dtype="string", keep_default_na=False)
    except FileNotFoundError:
        raise ConfigError([Problem(str(path), "no such file", "import the model again")]) from None
    except (OSError, EOFError, ValueError) as error:
        what = f"cannot be read: {error}"
        raise ConfigError([Problem(str(path), what, "import the model again")]) from None
    problems = Problems()
    if missing := [name for name in TRIPS if name not in trips.columns]:
        problems.add(str(path), f"missing column {', '.join(missing)}", "import the model again")
    elif repeated := sorted(set(trips["id"][trips["id"].duplicated()])):
        problems.add(str(path), f"the id {repeated[0]!r} stands twice")
    problems.raise_if_any()
    return trips.assign(depart_s=pd.to_numeric(trips["depart_s"]))


@dataclass(frozen=True)
class _Replicate:
    """What holds for every vehicle of one replicate."""

    site: Site
    number: int
    window_s: tuple[float, float]
    scale: float
    types: VehicleTypes
    laws: dict[str, SpeedFactor]

    def law(self, type_id: str) -> SpeedFactor:
        if type_id not in self.laws:
            self.laws[type_id] = self.types.speed_factor(type_id)
        return self.laws[type_id]


def shifted(
    site: Site, window_s: tuple[float, float], replicate: int, scale: float, vehicles: VehicleSet, named: bool
) -> tuple[pd.DataFrame, VehicleTypes]:
    """Return the vehicles that want to leave within `window_s` (columns VEHICLES), and the types in force.

    Everything about a vehicle follows from the replicate and its own id, so one vehicle less changes no
    other: its departure moves uniformly within +-`departure_jitter_s`, its type is drawn from the
    distribution it names, its speed factor from its type's law (one that the model itself fixes stays). Times
    are folded back at the ends of the window and at the model's first departure, so everyone who belongs to
    the window is in it in every replicate. Timetabled vehicles (with a `line`, or a stop with `until`) are
    neither shifted nor scaled. `scale` below 1 keeps a vehicle if its own number is below it; above 1 copies
    come, each with an id and numbers of its own. With `named`, types drive as the vehicle set says; else as
    imported. Occupancy is always the vehicle set's.

    Raises ConfigError where replicates could not differ: no jitter and only fixed speed factors.
    """
    files = read_imported(site)
    types = files.types.driving_as(vehicles) if named else files.types
    trips = files.trips[(files.trips["depart_s"] >= window_s[0]) & (files.trips["depart_s"] < window_s[1])]
    first_s = max(window_s[0], float(files.trips["depart_s"].min())) if len(files.trips) else window_s[0]
    context = _Replicate(site, replicate, (first_s, window_s[1]), scale, types, {})
    rows = [row for trip in trips.to_dict("records") for row in _vehicles(context, trip, vehicles)]
    _refuse_without_variance(context, trips)
    table = pd.DataFrame(rows, columns=list(VEHICLES))
    return table.astype(dict(VEHICLES)), types


def _vehicles(
    context: _Replicate, trip: Mapping[Any, Any], vehicles: VehicleSet
) -> Iterator[dict[str, object]]:
    """Yield the vehicle of one trip, its copies, or nothing, as the scale asks."""
    stops: list[dict[str, str]] = json.loads(trip["stops"] or "[]")
    timetabled = _timetabled(trip, stops)
    scale = 1.0 if timetabled else context.scale
    for copy in range(math.ceil(scale)):
        id = trip["id"] if copy == 0 else f"{trip['id']}.copy{copy}"
        numbers = own_uniforms(context.site.name, context.number, id, 6)
        if numbers[KEEP] >= scale - copy:
            continue
        type_id = context.types.drawn(trip["type"] or "DEFAULT_VEHTYPE", float(numbers[TYPE]))
        shift_s = 0.0 if timetabled else (2 * numbers[SHIFT] - 1) * context.site.facts.departure_jitter_s
        law = context.law(type_id)
        vclass = context.types.vclass(type_id)
        lots = [stop for stop in stops if "parkingArea" in stop]
        public = bool(trip["line"]) or vclass in PUBLIC_TRANSPORT
        yield {
            "id": id,
            "scheduled_s": _folded(float(trip["depart_s"]) + shift_s, context.window_s),
            "type": type_id
            + (FILLS_EXIT if numbers[FILL] < context.site.facts.enters_full_exit_share else ""),
            "vehicle_class": context.types.vehicle_class(type_id),
            "purpose": "bus" if public else "parking" if lots else "through",
            "edges": trip["edges"],
            "depart_lane": trip["depart_lane"],
            "depart_pos": trip["depart_pos"],
            "depart_speed": trip["depart_speed"],
            "arrival_lane": trip["arrival_lane"],
            "arrival_pos": trip["arrival_pos"],
            "stops": json.dumps(stops),
            "speed_factor": float(trip["speed_factor"] or law.at(numbers[SPEED : SPEED + 1])[0]),
            "occupancy": _occupancy(context.types.vehicle_class(type_id), public, vehicles),
            "lot": lots[0]["parkingArea"] if lots and not public else "",
            "stay_s": float(lots[0].get("duration", math.nan)) if lots and not public else math.nan,
            "uniform": numbers[OWN],
        }


def _timetabled(trip: Mapping[Any, Any], stops: list[dict[str, str]]) -> bool:
    return bool(trip["line"]) or any("until" in stop for stop in stops)


def _folded(time_s: float, window_s: tuple[float, float]) -> float:
    """Reflect a time into [first, last): clipping would pile vehicles up at the ends."""
    first_s, last_s = window_s
    if time_s < first_s:
        time_s = min(2 * first_s - time_s, last_s - 0.01)
    if time_s >= last_s:
        time_s = max(2 * last_s - time_s - 0.01, first_s)
    return float(floored(np.array([time_s]))[0])


def _occupancy(vehicle_class: str, public: bool, vehicles: VehicleSet) -> float:
    """Persons per vehicle, from the vehicle set; trams count as buses, what else is unknown as one person."""
    vehicle = vehicles.by_name.get("bus" if public else vehicle_class)
    return vehicle.occupancy_persons.value if vehicle else 1.0


def _refuse_without_variance(context: _Replicate, trips: pd.DataFrame) -> None:
    """Replicates that are all alike would give an interval of width zero: refuse."""
    free = [
        trip for trip in trips.to_dict("records") if not _timetabled(trip, json.loads(trip["stops"] or "[]"))
    ]
    jitter = context.site.facts.departure_jitter_s > 0 and bool(free)
    drawn = {
        trip["type"] or "DEFAULT_VEHTYPE" for trip in trips.to_dict("records") if not trip["speed_factor"]
    }
    names = {type_id for name in drawn for type_id in context.types.distributions.get(name, {name: 1.0})}
    mixed = any(len(context.types.distributions.get(name, ())) > 1 for name in set(trips["type"]))
    if jitter or mixed or any(context.law(name).sd > 0 for name in names):
        return
    what = "every replicate would be the same: departure_jitter_s is 0 and all speed factors are fixed"
    raise ConfigError([Problem("site.yaml: departure_jitter_s", what, "60 is the default")])
