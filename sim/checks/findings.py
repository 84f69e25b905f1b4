"""Validity findings: the closed list of what makes a run's numbers less than they seem.

Tables in, tables out. Each finding has one severity: ``invalid`` removes verdicts, ``lower_bound`` means that
values are at least as good as the truth, ``caution`` is shown. Limits are data
(`configs/standards/gates.yaml`), words are labels (`finding.*`).

A finding applies to exactly one scope, ``''`` for the whole run; what spoils a movement is also noted for its
approach and junction, whose means it enters.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.checks.parking import circling, little
from sim.labels import Text, text
from sim.loading import Facts, parse, read_yaml
from sim.measures.base import VEHICLE_SPACE_M, RunView, levels, short_lanes
from sim.site.network import Approach
from sim.tables import FINDINGS, empty, typed


class Finding(StrEnum):
    """Everything that can be found; no other words occur in the findings table."""

    RUN_FAILED = "run_failed"
    TELEPORTS = "teleports"
    TRAINS_SET_PAST = "trains_set_past"
    ARMS_DIFFER_IN_DEMAND = "arms_differ_in_demand"
    UNCLEARED_COHORT = "uncleared_cohort"
    MOVEMENT_NOT_SERVED = "movement_not_served"
    UNSEEN_BY_ZONE = "unseen_by_zone"
    COLLISIONS = "collisions"
    EMERGENCY_BRAKING = "emergency_braking"
    INSERTION_SHARE = "insertion_share"
    UNSERVED_DEMAND = "unserved_demand"
    FEW_VEHICLES = "few_vehicles"
    QUEUE_REACHES_ZONE_START = "queue_reaches_zone_start"
    NEGATIVE_DELAY = "negative_delay"
    GRIDLOCK = "gridlock"
    HELD_BY_CLOSURE = "held_by_closure"
    WAYS_UNSETTLED = "ways_unsettled"
    OPEN_ROUTE_SET = "open_route_set"
    CIRCLING = "circling"
    LITTLES_LAW = "littles_law"
    UNCALIBRATED = "uncalibrated"
    MINOR_CAPACITY_UNOBSERVED = "minor_capacity_unobserved"
    MINOR_QUEUE_TOO_SHORT = "minor_queue_too_short"
    MINOR_CAPACITY_DIFFERS = "minor_capacity_differs"
    COUNTS_UNBALANCED = "counts_unbalanced"
    STOP_LINE_COUNTS_AT_SATURATION = "stop_line_counts_at_saturation"


SEVERITY: Mapping[Finding, str] = {
    **dict.fromkeys(Finding, "caution"),
    Finding.RUN_FAILED: "invalid",
    Finding.TELEPORTS: "invalid",
    Finding.ARMS_DIFFER_IN_DEMAND: "invalid",
    Finding.MINOR_CAPACITY_UNOBSERVED: "invalid",
    Finding.MINOR_QUEUE_TOO_SHORT: "invalid",
    Finding.MINOR_CAPACITY_DIFFERS: "invalid",
    Finding.UNCLEARED_COHORT: "lower_bound",
    Finding.MOVEMENT_NOT_SERVED: "lower_bound",
}
"""A gridlock is never ``invalid``: dropping gridlocked runs would flatter the arm that gridlocks."""

FOUND: Mapping[str, str] = {
    name: kind for name, kind in FINDINGS.items() if name not in ("arm", "period", "replicate")
}
"""Columns of what this module returns: `tables.FINDINGS` of one run."""


class Limit(Facts):
    """A limit with its source and how sure that is."""

    limit: float
    source: str
    confidence: str


class Gates(Facts):
    """`configs/standards/gates.yaml`: every limit this module uses."""

    teleports: Limit
    collisions: Limit
    emergency_braking: Limit
    uncleared_cohort: Limit
    insertion_share: Limit
    insertion_delay_s: Limit
    few_vehicles: Limit
    unserved_demand: Limit
    unserved_vehicles: Limit
    movement_not_served: Limit
    unseen_by_zone: Limit
    unseen_vehicles: Limit
    negative_delay: Limit
    gridlock_quiet_s: Limit
    gridlock_halting: Limit
    held_by_closure: Limit
    minor_capacity: Limit
    minor_queue_s: Limit
    counts_unbalanced: Limit
    counts_unbalanced_vph: Limit
    stop_line_counts_at_saturation: Limit


class Found(NamedTuple):
    """One finding before it becomes a row."""

    finding: Finding
    scope: str
    value: float
    limit: float


_ROUNDING = {"scheduled_s": 0.02, "speed_factor": 0.01}
"""Outputs carry two digits, the demand more; which of them a vehicle is read from may differ between arms."""

PEOPLE: Mapping[str, Sequence[str]] = {
    "trips": ("type", "scheduled_s", "speed_factor"),
    "walks": ("crossing", "scheduled_s"),
}
"""Run table -> by what its people are held against those of another run, beside their ids."""

STEP_S = 2.0
"""A stay may seem longer than planned by the steps in which it begins and ends."""


def read_gates(path: Path) -> Gates:
    """Read the limits; ConfigError with all problems."""
    return parse(Gates, read_yaml(path), str(path))


def find(view: RunView, gates: Gates) -> pd.DataFrame:
    """Find everything in one run; columns `FOUND`, sorted, empty where there is nothing to say."""
    checks = (_safety, _cohort, _insertion, _movements, _queues, _gridlock, _parking, _calibration)
    return as_table(item for check in checks for item in check(view, gates))


def run_failed() -> pd.DataFrame:
    """Return the one finding of a run that left no tables."""
    return as_table(iter([Found(Finding.RUN_FAILED, "", 1, 0)]))


def find_between(
    base: Mapping[str, pd.DataFrame], arm: Mapping[str, pd.DataFrame], moved_s: float = 0.0
) -> pd.DataFrame:
    """Check that two arms of one replicate had the same people: `tables.RUN_TABLES` of both, columns `FOUND`.

    Vehicles are compared by id: type, scheduled departure and speed factor; pedestrians by id, crossing and
    scheduled departure; numbers to the two digits that outputs are rounded to. The value is the number of
    people who differ. The blank control's departures may be `moved_s` away.
    """
    differing = sum(_differing(base[name], arm[name], columns, moved_s) for name, columns in PEOPLE.items())
    found = [Found(Finding.ARMS_DIFFER_IN_DEMAND, "", differing, 0)] if differing else []
    return as_table(iter(found))


def find_in_assignment(assignment: pd.DataFrame, arm: str, period: str) -> pd.DataFrame:
    """Check that the choice of ways of an arm came to its target: `tables.ASSIGNMENT` in, columns `FOUND`."""
    rows = assignment[(assignment["arm"] == arm) & (assignment["period"] == period)]
    pairs = zip(rows["gap"].tolist(), rows["target"].tolist(), strict=True)
    return as_table(Found(Finding.WAYS_UNSETTLED, "", gap, target) for gap, target in pairs if gap > target)


def find_in_routes(arm: str, open_route_sets: Collection[str]) -> pd.DataFrame:
    """Check that people could choose among all ways that an arm offers: ids of arms in, columns `FOUND`."""
    return as_table(iter([Found(Finding.OPEN_ROUTE_SET, "", 1, 0)] if arm in open_route_sets else []))


def as_table(items: Iterator[Found]) -> pd.DataFrame:
    """Make the table of findings: columns `FOUND`, sorted by finding and scope."""
    rows = [(str(item.finding), SEVERITY[item.finding], item.scope, item.value, item.limit) for item in items]
    return typed(pd.DataFrame(sorted(rows), columns=list(FOUND)), FOUND) if rows else empty(FOUND)


def words(finding: str, value: float, limit: float) -> Text:
    """Say a finding in both languages, with its value and its limit."""
    return text(f"finding.{Finding(finding)}", value=value, limit=limit)


def hint(finding: str) -> Text:
    """Say in both languages what to do about a finding."""
    return text(f"finding.{Finding(finding)}.hint")


def around(approach: Approach) -> Iterator[str]:
    """Yield the scopes that an approach's measurements enter: its movements, itself, its junction."""
    yield from (f"movement:{movement.id}" for movement in approach.movements)
    yield f"approach:{approach.id}"
    yield f"junction:{approach.junction}"


def _safety(view: RunView, gates: Gates) -> Iterator[Found]:
    # All other teleports are off: where the site sets trains past each other, each one is such a passing.
    trains = view.site.trains_pass_after_s is not None
    for finding, value, gate in (
        (Finding.TRAINS_SET_PAST if trains else Finding.TELEPORTS, view.facts.teleports, gates.teleports),
        (Finding.COLLISIONS, view.facts.collisions, gates.collisions),
        (Finding.EMERGENCY_BRAKING, view.facts.emergency_braking, gates.emergency_braking),
        (Finding.HELD_BY_CLOSURE, view.facts.held_by_closures, gates.held_by_closure),
    ):
        if value > gate.limit:
            yield Found(finding, "", value, gate.limit)


def _cohort(view: RunView, gates: Gates) -> Iterator[Found]:
    # Who still stands in a stall within the planned stay has come where they wanted; who stands there longer
    # waits to get out.
    parked = view.tables["parked"]
    staying = parked[parked["ended_s"].isna()].set_index("vehicle")["started_s"]
    elapsed_s = view.facts.end_s - view.cohort["id"].map(staying).astype("float64")
    within = (view.cohort["fate"] == "inside") & (elapsed_s <= view.cohort["stop_s"] + STEP_S)
    through = view.cohort["fate"].isin(["arrived", "gave_up"])
    uncleared = int((~through & ~within).sum())
    if uncleared > gates.uncleared_cohort.limit:
        yield Found(Finding.UNCLEARED_COHORT, "", uncleared, gates.uncleared_cohort.limit)


def _insertion(view: RunView, gates: Gates) -> Iterator[Found]:
    of_approach = {f"approach:{name}": trips for name, trips in view.cohort.groupby(view.first_approaches)}
    for scope, trips in {"": view.cohort, **of_approach}.items():
        waited = float(trips["depart_delay_s"].sum())
        lost = float(trips["time_loss_s"].sum()) + waited
        share = waited / lost if lost > 0 else 0.0
        mean_s = waited / len(trips) if len(trips) else 0.0
        if share > gates.insertion_share.limit and mean_s > gates.insertion_delay_s.limit:
            yield Found(Finding.INSERTION_SHARE, scope, share, gates.insertion_share.limit)


def _movements(view: RunView, gates: Gates) -> Iterator[Found]:
    free = {str(k): float(v) for k, v in view.free_flow.set_index("movement")["time_loss_s"].items()}
    gross = {str(k): float(v) for k, v in view.served["time_loss_s"].items()}
    made, unseen = _unseen(view)
    for approach in view.approaches.values():
        for movement in approach.movements:
            wanted, served = view.demand.get(movement.id, 0), view.served_vehicles.get(movement.id, 0)
            scope = f"movement:{movement.id}"
            if wanted and served < gates.few_vehicles.limit:
                yield Found(Finding.FEW_VEHICLES, scope, served, gates.few_vehicles.limit)
            if not served and wanted - unseen.get(movement.id, 0) >= gates.movement_not_served.limit:
                for place in (scope, f"approach:{approach.id}", f"junction:{approach.junction}"):
                    yield Found(Finding.MOVEMENT_NOT_SERVED, place, wanted, gates.movement_not_served.limit)
            delay_s = gross.get(movement.id, np.nan) - free.get(movement.id, np.nan)
            if delay_s < gates.negative_delay.limit:
                yield Found(Finding.NEGATIVE_DELAY, scope, delay_s, gates.negative_delay.limit)
    for scope, movements in levels(view):
        passed, missed = (sum(counts.get(name, 0) for name in movements) for counts in (made, unseen))
        if missed >= gates.unseen_vehicles.limit and missed / passed > gates.unseen_by_zone.limit:
            yield Found(Finding.UNSEEN_BY_ZONE, scope, missed / passed, gates.unseen_by_zone.limit)
        # Whom the zone cannot see may well have been served.
        wanted = sum(view.demand.get(movement, 0) for movement in movements) - missed
        served = sum(view.served_vehicles.get(movement, 0) for movement in movements)
        if wanted - served >= gates.unserved_vehicles.limit and served / wanted < gates.unserved_demand.limit:
            yield Found(Finding.UNSERVED_DEMAND, scope, served / wanted, gates.unserved_demand.limit)


def _unseen(view: RunView) -> tuple[dict[str, int], dict[str, int]]:
    """Movement -> who made it, of those who arrived, all day; and how many of them its zone did not count.

    They started on a street within the zone, or ended before its exit. Whoever passed and has not arrived yet
    may hide some of them.
    """
    arrived = (view.tables["trips"]["fate"] == "arrived").to_numpy(dtype=bool)[view.passages["trip"]]
    made = {str(k): int(n) for k, n in view.passages.loc[arrived, "movement"].value_counts().items()}
    counted = view.tables["zones"].groupby("movement")["vehicles"].sum()
    seen = {str(k): int(n) for k, n in counted.items()}
    return made, {name: max(0, n - seen.get(name, 0)) for name, n in made.items()}


def _queues(view: RunView, gates: Gates) -> Iterator[Found]:
    del gates  # the limit is the detector's own length
    rows = view.lane_queues
    short = {name: short_lanes(view.network, approach) for name, approach in view.approaches.items()}
    places = zip(rows["approach"].tolist(), rows["lane"].tolist(), strict=True)
    # A short lane's detector ends with the lane: when it is full, that is storage overflow.
    whole = np.array([lane not in short[name] for name, lane in places], dtype=bool)
    reached = rows[whole & (rows["jam_max_m"] > rows["length_m"] - VEHICLE_SPACE_M)]
    worst: dict[str, tuple[float, float]] = {}
    columns = (reached[name].tolist() for name in ("approach", "jam_max_m", "length_m"))
    for name, jam_m, length_m in zip(*columns, strict=True):
        for scope in around(view.approaches[name]):
            worst[scope] = max(worst.get(scope, (0.0, 0.0)), (jam_m, length_m))
    for scope, (jam_m, length_m) in worst.items():
        yield Found(Finding.QUEUE_REACHES_ZONE_START, scope, jam_m, length_m)


def _gridlock(view: RunView, gates: Gates) -> Iterator[Found]:
    states = view.tables["network"].sort_values("time_s")
    states = states[states["time_s"] >= view.facts.window_begin_s]
    standing = states["halting"] >= gates.gridlock_halting.limit
    # A new span begins with every arrival and wherever fewer vehicles stand.
    span = (states["arrived"].diff().fillna(0) > 0).cumsum() + (~standing).cumsum()
    times_s = states["time_s"][standing].groupby(span[standing])
    quiet_s, began_s = times_s.max() - times_s.min(), times_s.min()
    locked_s = began_s[quiet_s >= gates.gridlock_quiet_s.limit]
    if len(locked_s):
        yield Found(Finding.GRIDLOCK, "", float(locked_s.min()) / 3600, gates.gridlock_quiet_s.limit)


def _parking(view: RunView, gates: Gates) -> Iterator[Found]:
    del gates  # drivers' own patience, and an identity
    for hour, patience_min in circling(view):
        yield Found(Finding.CIRCLING, "", hour, patience_min)
    for area, gap in little(view):
        yield Found(Finding.LITTLES_LAW, f"parking:{area}" if area else "", gap, 0)


def _calibration(view: RunView, gates: Gates) -> Iterator[Found]:
    del gates  # the passport has limits of its own
    share = 0.0 if math.isnan(view.passport_share) else view.passport_share
    if not view.site.calibrated or (share < 1 and not math.isnan(view.passport_share)):
        yield Found(Finding.UNCALIBRATED, "", share, 1)


def _differing(base: pd.DataFrame, arm: pd.DataFrame, columns: Sequence[str], moved_s: float) -> int:
    if base[["id", *columns]].equals(arm[["id", *columns]]):  # as good as always
        return 0
    if base["id"].equals(arm["id"]):  # then there is nothing to look up
        names = list(columns)
        both = base[names].add_suffix("_x").join(arm[names].add_suffix("_y"))
        same = np.ones(len(both), dtype=bool)
    else:
        both = base[["id", *columns]].merge(arm[["id", *columns]], on="id", how="outer", indicator=True)
        same = (both["_merge"] == "both").to_numpy(dtype=bool, copy=True)
    for name in columns:
        one, other = both[f"{name}_x"], both[f"{name}_y"]
        if base[name].dtype == "float64":
            one, other = one.astype(float), other.astype(float)
            within = _ROUNDING[name] + (moved_s if name == "scheduled_s" else 0.0)
            same &= np.isclose(one, other, rtol=0, atol=within, equal_nan=True)
        else:
            same &= (one == other).fillna(False).to_numpy(dtype=bool)
    return int((~same).sum())
