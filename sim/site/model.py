"""A site ready to be changed and simulated: its facts, its normalised network, its signals, its counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sim.signals.program import SignalControl
from sim.site.buses import Stop
from sim.site.facts import Period, SiteFacts
from sim.site.network import Network

BAYS = "bays."
"""Before the id of a parking area: the closure of the lane that its bays take."""
BESIDE_CARS = frozenset({"bicycle", "pedestrian"})
"""Who still gets through on a lane with parked cars."""
ALWAYS_S = 30 * 3600 + 24 * 3600 * 7
"""Later than any period ends, on any site's time axis."""


@dataclass(frozen=True, slots=True)
class ByQueue:
    """What lifts a closure of one lane's connections while the simulation runs: queues that ask for it.

    At `spans_s` only; meanwhile the connections `instead` of the same lane are closed. `then_lanes` (by id)
    serve what is closed, beside that lane, `today_lanes` what is open. Every `every_s` the mean number of
    vehicles that stand on each lane is compared: `more_veh` more are needed to change.
    """

    signal: str
    spans_s: tuple[tuple[float, float], ...]
    instead: tuple[str, ...]
    today_lanes: tuple[str, ...]
    then_lanes: tuple[str, ...]
    every_s: float
    more_veh: float


@dataclass(frozen=True, slots=True)
class Closure:
    """Lanes (by id) and connections (by key) closed for a time of day, but for some vehicle classes."""

    begin_s: float
    end_s: float
    lanes: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    exempt: frozenset[str] = frozenset()
    by_queue: ByQueue | None = None


@dataclass(frozen=True)
class Site:
    """What interventions read. Nothing in it depends on any policy.

    `network_file` is the normalised network that every arm is derived from, `signals[period][signal]` what
    runs in that period (every signal of the network is there). `counts` is the checked
    `counts.csv` of a drawn site (columns in `sim.demand`), empty for an imported one, `days` those of further
    days, by the names of their files (the site's folder `days`). `closures` are ours:
    a site as it is has none. `stops` are bus stops, of an imported model's files and of the
    facts.
    """

    folder: Path
    facts: SiteFacts
    network: Network
    network_file: Path
    signals: Mapping[str, Mapping[str, SignalControl]]
    counts: pd.DataFrame
    days: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    closures: Mapping[str, Closure] = field(default_factory=dict)
    stops: Mapping[str, Stop] = field(default_factory=dict)
    boxes: Mapping[str, float] = field(default_factory=dict)
    """Junction whose box is marked (黄格线) -> share of drivers who enter it though their exit is full."""

    @property
    def name(self) -> str:
        """The site's id."""
        return self.facts.name

    @property
    def periods(self) -> Mapping[str, Period]:
        """Named periods by id."""
        return self.facts.periods

    @property
    def closed(self) -> Mapping[str, Closure]:
        """Every closure: ours, and of the lanes that bays in the lane take while they are open."""
        found = dict(self.closures)
        for id, area in self.facts.parking.items():
            if area.bay == "in_lane":
                edge, _ = self.network.part_at(area.on, area.at_m)
                kerb = next(lane for lane in self.network.edges[edge].lanes if lane.for_cars)
                begin_s, end_s = area.hours_s or (0.0, float(ALWAYS_S))
                found[BAYS + id] = Closure(begin_s, end_s, lanes=(kerb.id,), exempt=BESIDE_CARS)
        return found

    @property
    def has_demand(self) -> bool:
        """Whether somebody travels: a network may be imported without vehicles."""
        return self.facts.imported is None or self.facts.imported.trips is not None
