"""What a measure sees of one run, and the sums and means that several measures share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from sim.measures.door_to_door import drive_s, fair_s, walk_m
from sim.measures.passages import passages
from sim.signals.greens import Discharge, Greens
from sim.signals.lane_groups import LaneGroup, lane_groups
from sim.signals.program import SignalControl
from sim.site.facts import SiteFacts
from sim.site.network import Approach, Junction, Movement, Network
from sim.site.parking import ParkingArea
from sim.site.walking import Walks, walks
from sim.tables import RunFacts

SERVED: Mapping[str, str] = {
    "vehicles": "int64",
    "time_loss_s": "float64",
    "travel_time_s": "float64",
    "halts": "float64",
}

VEHICLE_SPACE_M = 7.5
"""A car and its gap in a standing queue: a lane with less room than this behind the queue is full."""


class Value(NamedTuple):
    """One measured number: where, how much, and how many observations (vehicles, ...) stand behind it."""

    scope: str
    value: float
    n: int


@dataclass(frozen=True)
class RunView:
    """One run as the analysis sees it: tables, never SUMO.

    Attributes
    ----------
    tables
        `tables.RUN_TABLES`, by name.
    facts
        Times of the run and its window, and its safety counts.
    network, controls, parking
        The streets, the signals in this period and the parking areas *of the arm*.
    site
        The facts of the site, the same in every arm.
    free_flow
        Columns `tables.FREE_FLOW`, the same in every arm; a movement without a row has no control delay.
    discharge
        How a straight lane discharges, as calibrated for the vehicle set; None: not known.
    pce
        Passenger car equivalents by vehicle class; 1 for a class that is not listed.
    passport_share
        Share of the movements that pass the site's capacity passport; NaN where none was measured.
    """

    tables: Mapping[str, pd.DataFrame]
    facts: RunFacts
    network: Network
    site: SiteFacts
    controls: Mapping[str, SignalControl]
    free_flow: pd.DataFrame
    parking: Mapping[str, ParkingArea] = field(default_factory=dict)
    discharge: Discharge | None = None
    pce: Mapping[str, float] = field(default_factory=dict)
    passport_share: float = math.nan

    @property
    def window_h(self) -> float:
        """Length of the evaluation window [T0, T1), hours."""
        return (self.facts.window_end_s - self.facts.window_begin_s) / 3600

    def within(self, times_s: pd.Series[float]) -> pd.Series[bool]:
        """Which of these times lie in the evaluation window [T0, T1)."""
        return (times_s >= self.facts.window_begin_s) & (times_s < self.facts.window_end_s)

    def rows(self, table: str, column: str = "begin_s") -> pd.DataFrame:
        """Rows of a table whose `column` lies in the evaluation window."""
        whole = self.tables[table]
        return whole[self.within(whole[column])]

    @cached_property
    def cohort(self) -> pd.DataFrame:
        """Return the trips that wanted to leave in the window, whatever became of them, with times added.

        `drive_s` at the wheel and `fair_s` from door to door, as `door_to_door` has them, and `walk_m` from
        the stall, NaN where none is known.
        """
        trips, parked = self.rows("trips", "scheduled_s"), self.tables["parked"]
        return trips.assign(
            drive_s=drive_s(trips),
            walk_m=walk_m(trips, parked, self.walks),
            fair_s=fair_s(trips, parked, self.walks),
        )

    @cached_property
    def walks(self) -> Walks:
        """How far it is from each parking area of the arm to where each demand goes."""
        return walks(self.network, self.parking, self.site.parking_demand, self.site.parking)

    @cached_property
    def junctions(self) -> tuple[Junction, ...]:
        """The measured junctions: those the site names, else all."""
        names = self.site.measured_junctions
        known = self.network.junctions
        if names is None:
            return tuple(known.values())
        return tuple(known[name] for name in names if name in known)

    @cached_property
    def approaches(self) -> Mapping[str, Approach]:
        """Full name -> approach, of the measured junctions."""
        return {approach.id: approach for junction in self.junctions for approach in junction.approaches}

    @cached_property
    def movements(self) -> Mapping[str, Movement]:
        """Full name -> movement, of the measured junctions."""
        return {movement.id: movement for a in self.approaches.values() for movement in a.movements}

    @cached_property
    def passages(self) -> pd.DataFrame:
        """Return who wanted to make which movement, and when: columns `passages.PASSAGES`.

        All day, and of the measured junctions alone.
        """
        turns = {(a.edge, m.to_edge): (m.id, a.id) for a in self.approaches.values() for m in a.movements}
        return passages(self.tables["trips"], self.tables["parked"], turns, self.network)

    @cached_property
    def first_approaches(self) -> pd.Series[str]:
        """Of each trip of the cohort the first measured approach on its route; NA: it passes none."""
        first = self.passages[self.passages["order"] == 0]
        of_trip = pd.Series(first["approach"].array, index=self.tables["trips"].index[first["trip"]])
        return of_trip.reindex(self.cohort.index)

    @cached_property
    def demand(self) -> Mapping[str, int]:
        """Movement -> vehicles that wanted to make it in the window."""
        wanted = self.passages[self.within(self.passages["time_s"])]
        return {str(movement): int(n) for movement, n in wanted["movement"].value_counts().items()}

    @cached_property
    def demand_pcuph(self) -> Mapping[str, float]:
        """Movement -> passenger car equivalents per hour that wanted to make it in the window."""
        wanted = self.passages[self.within(self.passages["time_s"])]
        counts = wanted.groupby(["movement", "vehicle_class"], as_index=False).size()
        found: dict[str, float] = {}
        for movement, kind, n in counts.itertuples(index=False):
            found[movement] = found.get(movement, 0.0) + n * self.pce.get(kind, 1.0) / self.window_h
        return found

    @cached_property
    def greens(self) -> Greens:
        """The signals as they run in the window."""
        return Greens(self.network, self.controls, self.facts.window_begin_s, self.facts.window_end_s)

    def lane_groups(self, approach: Approach) -> list[LaneGroup]:
        """Return the approach's lane groups with their degrees of saturation in the window."""
        return lane_groups(approach, self.greens, self.demand_pcuph, self.discharge)

    @cached_property
    def served(self) -> pd.DataFrame:
        """Movement or ``route:R`` -> vehicles that completed its zone in the window, with means: `SERVED`."""
        zones = self.rows("zones")
        means = ["time_loss_s", "travel_time_s", "halts"]
        weighted = zones[means].mul(zones["vehicles"], axis=0)
        weighted["vehicles"] = zones["vehicles"]
        sums = weighted.groupby(zones["movement"]).sum()
        sums = sums[sums["vehicles"] > 0]
        sums[means] = sums[means].div(sums["vehicles"], axis=0)
        return typed_columns(sums)

    @cached_property
    def served_vehicles(self) -> Mapping[str, int]:
        """Movement -> vehicles that completed its zone in the window."""
        return {str(movement): int(n) for movement, n in self.served["vehicles"].items()}

    @cached_property
    def lane_queues(self) -> pd.DataFrame:
        """Return the queue rows of the window on measured approaches, `tables.QUEUES` with `storage_m` added.

        Storage: a short lane's own length, else what its detector watches: back to where the zone begins.
        """
        rows = self.rows("queues")
        rows = rows[rows["approach"].isin(list(self.approaches))]
        short = {name: short_lanes(self.network, approach) for name, approach in self.approaches.items()}
        columns = (rows[name].tolist() for name in ("approach", "lane", "length_m"))
        storage = [
            short[approach].get(lane, length_m) for approach, lane, length_m in zip(*columns, strict=True)
        ]
        return rows.assign(storage_m=pd.Series(storage, index=rows.index, dtype="float64"))

    @cached_property
    def queues(self) -> pd.DataFrame:
        """Return the back of queue per approach and interval of the window: ``approach, begin_s, queue_m``.

        The longest among the approach's lanes.
        """
        longest = self.lane_queues.groupby(["approach", "begin_s"], sort=True)["jam_max_m"].max()
        return longest.rename("queue_m").reset_index()


def typed_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Order and type the columns of `SERVED`, keeping the index."""
    return table[list(SERVED)].astype(dict(SERVED))


def short_lanes(network: Network, approach: Approach) -> Mapping[int, float]:
    """Lanes of the stop-line edge that begin there (展宽车道), counted from the median -> length in metres.

    Of the lanes fed by the same upstream lane, the one that continues it straightest is not short.
    """
    if len(approach.chain) <= 1:
        return {}
    edge = network.edges[approach.edge]
    fed: dict[int, list[tuple[int, int]]] = {}
    for lane in edge.lanes:
        feeders = [
            (abs(c.from_lane - lane.index), c.from_lane)
            for c in network.connections_from.get(approach.chain[-2], ())
            if c.to_edge == edge.id and c.to_lane == lane.index
        ]
        if feeders:
            shift, feeder = min(feeders)
            fed.setdefault(feeder, []).append((shift, lane.index))
    kept = {min(lanes)[1] for lanes in fed.values()}
    return {len(edge.lanes) - lane.index: lane.length_m for lane in edge.lanes if lane.index not in kept}


def mean(scope: str, values: pd.Series[float]) -> Value:
    """Mean of the values, NaN if there are none."""
    return Value(scope, float(values.mean()) if len(values) else math.nan, len(values))


def groups(trips: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield scope and trips: ``network``, then each class and purpose where there is more than one."""
    yield "network", trips
    for kind, column in (("class", "vehicle_class"), ("purpose", "purpose")):
        parts = list(trips.groupby(column, sort=True))
        if len(parts) > 1:
            yield from ((f"{kind}:{name}", part) for name, part in parts)


def levels(view: RunView) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every scope made of movements, with those movements: each movement, approach and junction."""
    for junction in view.junctions:
        inside: list[str] = []
        for approach in junction.approaches:
            own = tuple(movement.id for movement in approach.movements)
            inside += own
            yield from ((f"movement:{movement}", (movement,)) for movement in own)
            yield f"approach:{approach.id}", own
        yield f"junction:{junction.id}", tuple(inside)


def by_demand(view: RunView, values: Mapping[str, float]) -> Iterator[Value]:
    """Mean of movement values on every level, weighted by the vehicles that wanted to pass.

    A movement that was not observed cannot enter its approach's mean; that it is missing there is a finding
    (`movement_not_served`). n is the number of vehicles observed.
    """
    for scope, movements in levels(view):
        wanted = [m for m in movements if view.demand.get(m, 0) > 0]
        seen = [m for m in wanted if m in values]
        if not wanted:
            continue
        weight = sum(view.demand[m] for m in seen)
        value = sum(view.demand[m] * values[m] for m in seen) / weight if weight else math.nan
        yield Value(scope, value, sum(view.served_vehicles.get(m, 0) for m in seen))
