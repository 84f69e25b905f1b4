"""Ways in equilibrium, arm by arm: simulate, look at the times, let some choose anew, until the gap is small.

One realised demand stands for all: replicate `POOLED`, which no study runs. Shares of ways found with it hold
for every replicate. The baseline starts from the ways of today, an arm from the baseline's shares. Every
loading is a run in the store, so what was found once is found again without simulating.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from sim.assignment.averages import Steps, Ways, edge_times_s, relative_gap, stepped
from sim.assignment.trips import Shares, Trip, counted, drawn, on_parts, shares_of, trips_of
from sim.demand import Demand
from sim.demand.detours import driven, met
from sim.edits.vocabulary import AddClosure
from sim.site.model import Site
from sim.site.network import Network
from sim.study import Arm, Assignment
from sim.sumo.build import ArmBuild

POOLED = 0
"""Number of the replicate whose people the shares are found with."""
Load = Callable[[Demand], tuple[str, pd.DataFrame]]
"""Simulate people in an arm: the run's digest and its table EDGES. RunError where it failed."""


@dataclass(frozen=True)
class Equilibrium:
    """What was found for one arm and period: shares of the loading with the smallest gap, and that gap."""

    shares: Shares
    gap: float
    iterations: int
    """How many times the demand was loaded."""
    digests: tuple[str, ...]
    """Of the runs of all loadings."""


@dataclass(frozen=True)
class Choosing:
    """The people of one replicate before they choose: who chooses, and among what in the baseline."""

    demand: Demand
    trips: Sequence[Trip | None]
    today: Sequence[Mapping[str, float] | None]


def choosing(people: Demand, arm: Arm, network: Network, site: Site, base: Equilibrium | None) -> Choosing:
    """Let people drive by the short-run rule (`detours`), and say who of them then chooses among what.

    `base`: the baseline's equilibrium, None in the baseline itself.
    """
    moved = replace(people, vehicles=driven(people, arm.applied.edits, network, site, "equilibrium"))
    closures = [edit.closure for edit in arm.applied.edits if isinstance(edit, AddClosure)]
    table = moved.vehicles[["edges", "scheduled_s"]].itertuples(index=False)
    trips = trips_of(moved, [met(text.split(), time_s, network, closures) for text, time_s in table])
    if base is None:
        return Choosing(moved, trips, [None] * len(trips))
    before = trips_of(people, [()] * len(trips))
    known: dict[Trip, Mapping[str, float]] = {
        trip: on_parts(ways, network) for trip, ways in base.shares.items()
    }
    today = [None if trip is None else known.get(trip) for trip in before]
    return Choosing(moved, trips, today)


def chosen(people: Choosing, found: Equilibrium, site: Site, replicate: int) -> Demand:
    """Give everybody their way by the shares of an arm, with numbers of their own."""
    return _loaded(people, found.shares, site, replicate)


def settle(people: Choosing, built: ArmBuild, site: Site, settings: Assignment, load: Load) -> Equilibrium:
    """Find the shares of an arm: load, look at the gap, stop at `settings.gap` or the last iteration, step.

    RunError where a loading fails.
    """
    counts = counted(people.trips, people.demand.vehicles["edges"].tolist())
    vehicles = {trip: sum(ways.values()) for trip, ways in counts.items()}
    shares: Shares = _start(people, counts, built)
    steps, digests = Steps(), []
    best: tuple[float, Shares] = (math.inf, shares)
    for number in range(1, settings.iterations_at_most + 1):
        digest, edges = load(_loaded(people, shares, site, POOLED))
        digests.append(digest)
        ways = Ways(built.network, edge_times_s(edges, built.network), built.closures)
        gap = relative_gap(vehicles, shares, ways)
        if gap < best[0]:
            best = gap, shares
        if gap <= settings.gap or number == settings.iterations_at_most:
            break
        shares = stepped(shares, ways, steps.next(gap))
    return Equilibrium(best[1], best[0], number, tuple(digests))


def _loaded(people: Choosing, shares: Shares, site: Site, replicate: int) -> Demand:
    who = (site.name, replicate)
    table = drawn(people.demand.vehicles, people.trips, shares, people.today, who)
    return replace(people.demand, vehicles=table)


def _start(
    people: Choosing, counts: Mapping[Trip, Mapping[str, float]], built: ArmBuild
) -> dict[Trip, dict[str, float]]:
    """Return the shares to begin with: the baseline's, as far as they are open, else the short run's."""
    found = shares_of(counts)
    free_s = {id: edge.free_time_s for id, edge in built.network.edges.items()}
    ways = Ways(built.network, free_s, built.closures)
    for trip, before in zip(people.trips, people.today, strict=True):
        if trip is None or before is None:
            continue
        open_ways = {way: share for way, share in before.items() if ways.open_to(way, trip)}
        total = sum(open_ways.values())
        if total > 0:
            found[trip] = {way: share / total for way, share in open_ways.items()}
    return found
