"""The people of an imported site: the model's own vehicles, shifted, with fresh drivers in each replicate."""

from __future__ import annotations

import csv
import gzip
import json
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import itemgetter
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.demand.counts import clock
from sim.demand.tables import VEHICLES, floored, own_uniforms
from sim.demand.vehicle_types import PUBLIC_TRANSPORT, VehicleTypes, read_vehicle_types
from sim.errors import ConfigError, Problem, Problems
from sim.labels import Message
from sim.site.model import Site
from sim.vehicles import FILLS_EXIT, VehicleSet

AS_IMPORTED = ("edges", "depart_lane", "depart_pos", "depart_speed", "arrival_lane", "arrival_pos")
"""What passes from the trip to the vehicle as it is."""

DEFAULT_TYPE = "DEFAULT_VEHTYPE"
"""The simulator's own type of a trip that names none."""

CALIBRATED = "calibration/trips.csv.gz"
"""In the site's folder: trips that `huandu calibrate` has drawn; without the file, those imported."""

SHIFT, SPEED, TYPE, KEEP, FILL, OWN = range(6)
"""What a vehicle's own random numbers are for."""


@dataclass(frozen=True)
class Trip:
    """One vehicle of the imported model as it stands in the file; empty text: the simulator's default."""

    id: str
    depart_s: float
    type: str
    edges: str
    depart_lane: str
    depart_pos: str
    depart_speed: str
    arrival_lane: str
    arrival_pos: str
    speed_factor: str
    stops: str
    line: str

    @property
    def planned_stops(self) -> Sequence[Mapping[str, str]]:
        """Its stops, as attributes by the simulator's names."""
        return _planned_stops(self.stops) if self.stops else ()

    @property
    def timetabled(self) -> bool:
        """Whether it runs by the clock: part of a line, or with a stop that lasts until a time."""
        return bool(self.line) or any("until" in stop for stop in self.planned_stops)


@lru_cache(maxsize=1024)
def _planned_stops(text: str) -> Sequence[Mapping[str, str]]:
    return tuple(json.loads(text))


def read_trips(path: Path) -> list[Trip]:
    """Read `demand/trips.csv.gz`; ConfigError where it is missing, broken or not of its form."""
    names = [field.name for field in fields(Trip)]
    problems = Problems()
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            if missing := [name for name in names if name not in header]:
                problems.add(
                    str(path),
                    Message("missing column {missing}", missing=missing),
                    Message("import the model again"),
                )
                problems.raise_if_any()
            own = itemgetter(*(header.index(name) for name in names))
            rows = (own(row) for row in reader if row)
            trips = [Trip(id, float(depart_s), *texts) for id, depart_s, *texts in rows]
    except FileNotFoundError:
        raise ConfigError(
            [Problem(str(path), Message("no such file"), Message("import the model again"))]
        ) from None
    except (OSError, EOFError, ValueError, IndexError, csv.Error, zlib.error) as error:
        what = Message("cannot be read: {error}", error=error)
        raise ConfigError([Problem(str(path), what, Message("import the model again"))]) from None
    seen: set[str] = set()
    for trip in trips:
        if trip.id in seen:
            problems.add(str(path), Message("the id {id!r} stands twice", id=trip.id))
        seen.add(trip.id)
    problems.raise_if_any()
    return trips


def demand_files(site: Site) -> tuple[Path, Path]:
    """Return where an imported site's trips and vehicle types are; ConfigError where it came without any.

    Trips that were drawn to agree with counts (`huandu calibrate`) go before those that were imported.
    """
    imported = site.facts.imported
    if imported is None or imported.trips is None or imported.vehicle_types is None:
        what = Message(
            "the imported site has no vehicles (a network without demand): it can be checked, not run"
        )
        place = f"{site.folder}/site.yaml: imported.trips"
        raise ConfigError([Problem(place, what, Message("import a model with its routes"))])
    calibrated = site.folder / CALIBRATED
    trips = calibrated if calibrated.is_file() else site.folder / imported.trips
    return trips, site.folder / imported.vehicle_types


def ways(site: Site) -> list[list[str]]:
    """Return the edges that each vehicle of an imported site drives; nothing where its people are drawn."""
    if site.facts.imported is None or not site.has_demand:
        return []
    return [trip.edges.split() for trip in read_trips(demand_files(site)[0])]


def shifted(
    site: Site, window_s: tuple[float, float], replicate: int, scale: float, vehicles: VehicleSet, named: bool
) -> tuple[pd.DataFrame, VehicleTypes]:
    """Return the vehicles that want to leave within `window_s` (columns VEHICLES), and the types in force.

    Everything about a vehicle follows from the replicate and its own id, so one vehicle less changes no
    other: its departure moves uniformly within +-`departure_jitter_s`, its type is drawn from the
    distribution it names, its speed factor from its type's law (one that the model itself fixes stays). Times
    are folded back at the ends of the window and at the model's first departure, so everyone who belongs to
    the window is in it in every replicate. Timetabled vehicles are neither shifted nor scaled. `scale` below
    1 keeps a vehicle if its own number is below it; above 1 copies come, each with an id and numbers of its
    own. With `named`, types drive as the vehicle set says; else as imported. Occupancy is always the vehicle
    set's.

    Raises ConfigError where replicates could not differ: no jitter and only fixed speed factors.
    """
    trips_file, types_file = demand_files(site)
    everyone = read_trips(trips_file)
    types = read_vehicle_types(types_file)
    if named:
        types = types.driving_as(vehicles)
    trips = [trip for trip in everyone if window_s[0] <= trip.depart_s < window_s[1]]
    if not site.facts.parking_demand:  # parkers of the site's own come whenever the window is
        _refuse_outside(window_s, everyone, trips)
    _refuse_without_variance(trips, types, site.facts.departure_jitter_s)
    candidates = list(_candidates(trips, scale))
    numbers = own_uniforms(site.name, replicate, [id for id, *_ in candidates], 6)
    stays = numbers[:, KEEP] < [chance for *_, chance in candidates]
    kept = [(id, trip) for (id, trip, _), stay in zip(candidates, stays, strict=True) if stay]
    first_s = max(window_s[0], min((trip.depart_s for trip in everyone), default=window_s[0]))
    return _table(kept, numbers[stays], site, (first_s, window_s[1]), types, vehicles), types


def _candidates(trips: Sequence[Trip], scale: float) -> Iterator[tuple[str, Trip, float]]:
    """Yield id, trip and the chance to travel at this scale, copies included."""
    for trip in trips:
        own_scale = 1.0 if trip.timetabled else scale
        for copy in range(math.ceil(own_scale)):
            yield (f"{trip.id}.copy{copy}" if copy else trip.id), trip, own_scale - copy


def _table(
    kept: Sequence[tuple[str, Trip]],
    numbers: NDArray[np.float64],
    site: Site,
    window_s: tuple[float, float],
    types: VehicleTypes,
    vehicles: VehicleSet,
) -> pd.DataFrame:
    trips = [trip for _, trip in kept]
    jitter_s = np.array([0.0 if trip.timetabled else site.facts.departure_jitter_s for trip in trips])
    depart_s = np.array([trip.depart_s for trip in trips]) + (2 * numbers[:, SHIFT] - 1) * jitter_s
    type_ids = [
        types.drawn(t.type or DEFAULT_TYPE, float(u)) for t, u in zip(trips, numbers[:, TYPE], strict=True)
    ]
    public = [
        bool(t.line) or types.vclass(id) in PUBLIC_TRANSPORT for t, id in zip(trips, type_ids, strict=True)
    ]
    stops = [next((s for s in t.planned_stops if "parkingArea" in s), None) for t in trips]
    lots = [None if bus else stop for bus, stop in zip(public, stops, strict=True)]
    kinds = [types.vehicle_class(id) for id in type_ids]
    fills = numbers[:, FILL] < site.facts.enters_full_exit_share
    columns = {
        "id": [id for id, _ in kept],
        "scheduled_s": _folded(depart_s, window_s),
        "type": [id + FILLS_EXIT if f else id for id, f in zip(type_ids, fills, strict=True)],
        "vehicle_class": kinds,
        "purpose": [
            "bus" if bus else "parking" if lot else "through" for bus, lot in zip(public, lots, strict=True)
        ],
        **{name: [getattr(trip, name) for trip in trips] for name in AS_IMPORTED},
        "stops": [trip.stops or "[]" for trip in trips],
        "speed_factor": _speed_factors(trips, type_ids, numbers[:, SPEED], types),
        "occupancy": _occupancies(kinds, public, vehicles),
        "lot": [lot["parkingArea"] if lot else "" for lot in lots],
        "stay_s": [float(lot.get("duration", math.nan)) if lot else math.nan for lot in lots],
        "uniform": numbers[:, OWN],
    }
    return pd.DataFrame(columns, columns=list(VEHICLES)).astype(dict(VEHICLES))


def _speed_factors(
    trips: Sequence[Trip], type_ids: Sequence[str], uniform: NDArray[np.float64], types: VehicleTypes
) -> NDArray[np.float64]:
    """Draw by each type's law; a factor that the model fixes for a vehicle stays."""
    of_type = np.array(type_ids, dtype=object)
    drawn = np.zeros(len(trips))
    for id in sorted(set(type_ids)):
        drawn[of_type == id] = types.speed_factor(id).at(uniform[of_type == id])
    for i, trip in enumerate(trips):
        if trip.speed_factor:
            drawn[i] = float(trip.speed_factor)
    return drawn


def _folded(times_s: NDArray[np.float64], window_s: tuple[float, float]) -> NDArray[np.float64]:
    """Reflect times into [first, last): clipping would pile vehicles up at the ends."""
    first_s, last_s = window_s[0], window_s[1] - 0.01
    inside = np.where(times_s < first_s, 2 * first_s - times_s, times_s)
    inside = np.where(inside > last_s, 2 * last_s - inside, inside)
    return floored(np.clip(inside, first_s, last_s))


def _occupancies(kinds: Sequence[str], public: Sequence[bool], vehicles: VehicleSet) -> list[float]:
    """Persons per vehicle, from the vehicle set; trams count as buses, what else is unknown as one person."""
    known = {name: vehicle.occupancy_persons.value for name, vehicle in vehicles.by_name.items()}
    return [known.get("bus" if bus else kind, 1.0) for kind, bus in zip(kinds, public, strict=True)]


def _refuse_outside(window_s: tuple[float, float], everyone: Sequence[Trip], inside: Sequence[Trip]) -> None:
    """Refuse a window in which nobody of the model leaves."""
    if not everyone or inside:
        return
    times = [trip.depart_s for trip in everyone]
    first, end, begin, last = (clock(int(t)) for t in (*window_s, min(times), max(times)))
    what = Message("no vehicle leaves between {first_s} and {end_s}", first_s=first, end_s=end)
    hint = Message("departures are from {depart_s} to {last_s}", depart_s=begin, last_s=last)
    raise ConfigError([Problem("site.yaml: periods", what, hint)])


def _refuse_without_variance(trips: Sequence[Trip], types: VehicleTypes, jitter_s: float) -> None:
    """Refuse replicates that are all alike: they would give an interval of width zero."""
    if not trips or (jitter_s > 0 and not all(trip.timetabled for trip in trips)):
        return
    names = {trip.type or DEFAULT_TYPE for trip in trips}
    if any(len(types.distributions.get(name, ())) > 1 for name in names):
        return
    drawn = {trip.type or DEFAULT_TYPE for trip in trips if not trip.speed_factor}
    of_type = {type_id for name in drawn for type_id in types.distributions.get(name, {name: 1.0})}
    if any(types.speed_factor(id).sd > 0 for id in of_type):
        return
    what = Message(
        "every replicate would be the same: departure_jitter_s is 0 and all speed factors are fixed"
    )
    raise ConfigError([Problem("site.yaml: departure_jitter_s", what, Message("60 is the default"))])
