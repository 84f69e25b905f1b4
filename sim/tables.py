"""Columns of the tables that rooms hand to each other. SI units; times in seconds of the simulated day.

The simulator's room fills the run tables (one set per run, stored beside `run.json`); `sim.measures` turns
them into the long measures table; `sim.checks.findings` into findings; `sim.comparison.compare`
into the comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
from pandas.api.types import pandas_dtype

PLACEBO = "placebo"
"""Arm of the blank control (空白对照): today, but everyone leaves up to a second earlier or later."""

TRIPS: Mapping[str, str] = {
    "id": "string",
    "type": "string",
    "vehicle_class": "string",  # car, bus, truck, motorcycle, bicycle, other
    "purpose": "string",  # through, parking, bus, background, leaving, stopping
    "origin": "string",  # first edge
    "destination": "string",  # last edge
    "edges": "string",  # planned route, space-separated
    "scheduled_s": "float64",  # when it wanted to leave
    "depart_s": "float64",  # NaN: never inserted
    "arrival_s": "float64",  # NaN: not arrived
    "depart_delay_s": "float64",  # waiting to enter, up to the end of the run if never inserted
    "duration_s": "float64",  # in the network, so far if unfinished; 0 if never inserted
    "stop_s": "float64",  # planned stops: parking dwell, bus stops
    "time_loss_s": "float64",  # in a stall past the planned stay included
    "stopped_s": "float64",  # at <= 0.1 m/s, planned stops excluded
    "stops": "int64",
    "route_m": "float64",
    "free_time_s": "float64",  # free-flow time of its planned route, ways through junctions included
    "speed_factor": "float64",
    "occupancy": "float64",  # persons
    "fate": "string",  # arrived, gave_up (parking), inside, never_inserted, removed
}
"""One row per vehicle that wanted to travel, never fewer.

Who stood in a stall when the run began (purpose `leaving`) is on a trip from the planned end of the stay on:
`scheduled_s`, `depart_s`, `duration_s` and `time_loss_s` count from there, the stay is no stop of it.
"""

WALKS: Mapping[str, str] = {
    "id": "string",
    "crossing": "string",  # approach id, e.g. J1.north
    "scheduled_s": "float64",
    "duration_s": "float64",
    "time_loss_s": "float64",
    "fate": "string",  # arrived, inside
}
"""One row per pedestrian who wanted to cross a leg."""

ZONES: Mapping[str, str] = {
    "movement": "string",  # or route:R for a named route of the site
    "begin_s": "float64",
    "end_s": "float64",
    "vehicles": "int64",
    "time_loss_s": "float64",  # mean over the vehicles
    "travel_time_s": "float64",  # mean
    "halts": "float64",  # mean per vehicle
}
"""One row per movement and interval: vehicles that passed the whole control-delay zone.

Intervals without any are absent. Intervals do not straddle the ends of the window.
"""

QUEUES: Mapping[str, str] = {
    "approach": "string",
    "lane": "int64",  # users' order: 1 at the median
    "length_m": "float64",  # of the detector: a short lane, or back to the upstream junction
    "begin_s": "float64",
    "end_s": "float64",
    "jam_max_m": "float64",  # back of queue
    "jam_max_veh": "float64",
    "vehicles": "int64",  # that left the lane at its end
    "occupancy_pct": "float64",
}
"""One row per stop-line lane and interval (one cycle, or 60 s)."""

EDGES: Mapping[str, str] = {
    "edge": "string",
    "begin_s": "float64",
    "end_s": "float64",
    "entered": "int64",
    "left": "int64",
    "vehicle_s": "float64",  # sampledSeconds
    "time_loss_s": "float64",  # total
    "speed_mps": "float64",
    "density_vpkm": "float64",
}
"""One row per edge and 900 s."""

NETWORK: Mapping[str, str] = {
    "time_s": "float64",
    "running": "int64",
    "halting": "int64",
    "waiting": "int64",  # wanting to enter
    "arrived": "int64",  # so far
    "mean_speed_mps": "float64",
}
"""One row per minute: the state of the whole network."""

PARKED: Mapping[str, str] = {
    "vehicle": "string",
    "area": "string",  # empty: a planned stop elsewhere, e.g. at a bus stop
    "edge": "string",
    "started_s": "float64",
    "ended_s": "float64",  # NaN: still there
}
"""One row per planned stop that began."""

SEARCHES: Mapping[str, str] = {
    "vehicle": "string",
    "began_s": "float64",  # when it saw the first full area
    "ended_s": "float64",  # parked, turned to leave without having parked, or the end of the run
    "driven_m": "float64",  # in between
    "full_areas": "int64",  # that it came to
    "outcome": "string",  # parked, gave_up, searching
}
"""One row per vehicle that did not find a stall where it first looked for one."""

RUN_TABLES: Mapping[str, Mapping[str, str]] = {
    "trips": TRIPS,
    "walks": WALKS,
    "zones": ZONES,
    "queues": QUEUES,
    "edges": EDGES,
    "network": NETWORK,
    "parked": PARKED,
    "searches": SEARCHES,
}

EMISSIONS: Mapping[str, str] = {
    "vehicle": "string",
    "co2_g": "float64",
    "nox_g": "float64",
    "pmx_g": "float64",  # from the exhaust, tyres, brakes and the road
    "fuel_g": "float64",
}
"""One row per vehicle that was inserted: what it emitted until it arrived, or until the end of the run."""

CONFLICTS: Mapping[str, str] = {
    "ego": "string",  # who is observed
    "foe": "string",  # empty for kind none
    "kind": "string",  # rear_end (ego behind), merging, crossing, other; none: a row for each one observed
    "time_s": "float64",
    "x_m": "float64",
    "y_m": "float64",
    "speed_mps": "float64",  # of ego then
    "ttc_s": "float64",  # least, NaN beyond its threshold
    "drac_mps2": "float64",  # greatest
    "pet_s": "float64",
}
"""One row per encounter beyond a threshold, and one per traveller observed, whatever befell them."""

STOP_LINES: Mapping[str, str] = {
    "vehicle": "string",
    "movement": "string",
    "reached_s": "float64",  # when it would have come to the stop line had nothing held it up on the approach
    "passed_s": "float64",  # NaN: not by the end of the run
}
"""One row per vehicle and movement through a signal, once the vehicle has come onto the approach."""

SIGNAL_STATES: Mapping[str, str] = {
    "signal": "string",
    "begin_s": "float64",  # until the signal's next row
    "state": "string",  # a letter per link, see sim.signals.program
}
"""What every signal showed."""

ASKED_TABLES: Mapping[str, Mapping[str, str]] = {
    "emissions": EMISSIONS,
    "conflicts": CONFLICTS,
    "stop_lines": STOP_LINES,
    "signal_states": SIGNAL_STATES,
}
"""Run tables that only a run has that was asked for them (`run.emissions`, `run.conflicts`,
`run.stop_lines`); of any other they are empty."""

FREE_FLOW: Mapping[str, str] = {
    "movement": "string",
    "time_loss_s": "float64",  # mean over vehicles that drove the zone alone, signals green
    "n": "int64",
}
"""Time loss of each movement's zone without traffic: braking for the turn, drivers' noise."""

PASSPORT: Mapping[str, str] = {
    "movement": "string",
    "lanes": "int64",
    "vehicles": "int64",
    "heavy_share": "float64",
    "two_wheeler_share": "float64",
    "grade_pct": "float64",
    "speed_limit_kmh": "float64",
    "headways": "int64",
    "saturation_vph": "float64",  # measured in the model, per lane
    "saturation_se_vph": "float64",
    "saturation_vph_target": "float64",
    "saturation_vph_against": "string",  # field, general or empty
    "saturation_vph_status": "string",  # pass, fail, not_measured, not_compared
    "startup_lost_s": "float64",
    "startup_lost_s_target": "float64",
    "startup_lost_s_against": "string",
    "startup_lost_s_status": "string",
    "free_speed_kmh": "float64",
    "free_speed_kmh_target": "float64",
    "free_speed_kmh_against": "string",
    "free_speed_kmh_status": "string",
    "status": "string",  # pass, fail, not_measured, not_applicable
    "notes": "string",  # grade_not_simulated, two_wheelers
}
"""Capacity passport: one row per movement of a signal that somebody makes."""

ASSIGNMENT: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "iterations": "int64",  # loadings of the demand
    "gap": "float64",  # relative gap of the last one
    "target": "float64",
}
"""How well the choice of ways is settled (`routes: equilibrium`); the blank control is as the baseline."""

MEASURES: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "replicate": "int64",
    "measure": "string",
    # network, junction:J1, approach:J1.north, movement:J1.north.left, route:R, parking:P, class:bus,
    # purpose:parking
    "scope": "string",
    "value": "float64",
    "n": "int64",
}

FINDINGS: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "replicate": "int64",
    "finding": "string",
    "severity": "string",  # invalid, lower_bound, caution
    "scope": "string",
    "value": "float64",
    "limit": "float64",
}

TRIP_PAIRS: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "replicate": "int64",
    "before_s": "float64",  # door to door: waiting to enter, driving, parkers' walk; planned stops taken out
    "after_s": "float64",
    "finished": "bool",  # in both arms; else a time so far
}
"""The same person's trip before and after: a sample of one replicate, for the figure and never for a test."""


@dataclass(frozen=True)
class RunFacts:
    """The scalar side of one run: `run.json` without what only identifies it."""

    begin_s: float
    window_begin_s: float
    window_end_s: float
    end_s: float
    """When the run really ended."""
    teleports: int
    collisions: int
    emergency_braking: int
    warnings: tuple[str, ...] = ()
    held_by_closures: int = 0
    """Vehicles that stood before a way until it was opened again."""


def empty(columns: Mapping[str, str]) -> pd.DataFrame:
    """Return a table with these columns and no rows."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})


def typed(table: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Order and type the columns; a missing or a spare column is a ValueError."""
    if list(table.columns) != (names := list(columns)):
        if set(table.columns) != set(columns):
            raise ValueError(f"columns {sorted(table.columns)} where {sorted(columns)} are wanted")
        table = table[names]
    return converted(table, columns).reset_index(drop=True)


def converted(table: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Convert the columns that are not of the stated type yet: to convert one that is costs as much."""
    present = table.dtypes.to_dict()
    other = {name: dtype for name, kind in columns.items() if present[name] != (dtype := _dtype(kind))}
    return table.astype(other) if other else table


@cache
def _dtype(kind: str) -> Any:
    return pandas_dtype(kind)
