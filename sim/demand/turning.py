"""From counts at junctions to routes through a drawn site, and how well they agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from sim.demand.counts import QUARTER_S, clock, demand_table
from sim.demand.parkers import flows
from sim.errors import ConfigError, Problem
from sim.labels import Message
from sim.site.model import Site
from sim.site.network import Approach, Network

THIN_VEH = 20.0
"""Fewer demanded vehicles than this on an approach say little about turning shares; a wider pool is asked."""
RARE = 1e-4
"""Routes rarer than this share of their entry's vehicles are left out: a grid stays enumerable."""

Shares = Callable[[Approach], Mapping[str, float]]
"""Approach -> movement's direction -> share of its vehicles."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way through the site and its probability among those who come in at its entry."""

    edges: tuple[str, ...]
    movements: tuple[str, ...]
    probability: float


class Turning:
    """Turning shares of one period, and the routes that follow from them.

    A route starts at an entry (an approach that is no street's leg) and takes each next movement by its
    share; it enters no approach twice: the others share out what loops would have taken. At its entry a
    vehicle turns by its own class's counts of its quarter, so entry counts are met exactly. At inner
    approaches thin counts are pooled: own class and quarter, own class over the period, all classes of the
    quarter, all classes over the period - the first with THIN_VEH. Shares are those of the quarter of
    departure (a drawn site is crossed in less).
    """

    def __init__(self, site: Site, period: str) -> None:
        self.site = site
        self.period = period
        table = demand_table(site.counts[site.counts["period"] == period])
        self.demand: dict[tuple[int, str, str, str], float] = {
            (int(start_s), approach, movement, kind): float(veh)
            for start_s, approach, movement, kind, veh in table[
                ["start_s", "approach", "movement", "class", "demand_veh"]
            ].itertuples(index=False)
        }

    @cached_property
    def quarters(self) -> tuple[int, ...]:
        """Starts of the quarters, seconds."""
        return tuple(sorted({start_s for start_s, *_ in self.demand}))

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Vehicle classes that were counted."""
        return tuple(sorted({kind for *_, kind in self.demand}))

    @cached_property
    def entries(self) -> tuple[Approach, ...]:
        """Approaches whose upstream end is the model's boundary, by name."""
        inner = {leg for street in self.site.facts.streets.values() for leg in street.legs}
        approaches = self.site.network.approaches
        return tuple(approaches[id] for id in sorted(approaches) if id not in inner)

    def entry_veh(self, entry: str, kind: str, start_s: int) -> float:
        """Vehicles of a class that come in at an entry in a quarter."""
        return sum(self._turns(entry, start_s, kind).values())

    def routes(self, entry: Approach, kind: str, start_s: int) -> tuple[Route, ...]:
        """All routes of a class from an entry in a quarter; probabilities add up to 1.

        Raises ConfigError where turning shares are missing on the way, or every way goes in circles.
        """

        def shares(approach: Approach) -> Mapping[str, float]:
            own = approach.id == entry.id
            return self._shares(approach, kind, start_s, exact=own)

        found = list(_walk(self.site.network, entry, shares))
        total = sum(route.probability for route in found)
        if not found:
            what = Message(
                "no route leads out of the site from {id} ({period}, {kind}, {start_s})",
                id=entry.id,
                period=self.period,
                kind=kind,
                start_s=clock(start_s),
            )
            raise ConfigError(
                [Problem("counts.csv", what, Message("look at the movements counted on the way"))]
            )
        return tuple(Route(r.edges, r.movements, r.probability / total) for r in found)

    @cached_property
    def _by_approach(self) -> Mapping[str, tuple[tuple[int, str, str, float], ...]]:
        found: dict[str, list[tuple[int, str, str, float]]] = {}
        for (start_s, at, movement, kind), veh in self.demand.items():
            found.setdefault(at, []).append((start_s, movement, kind, veh))
        return {at: tuple(rows) for at, rows in found.items()}

    def _turns(self, approach: str, quarter_s: int | None, kind: str | None) -> dict[str, float]:
        """Sum an approach's demand by movement; None pools all quarters, or all classes."""
        found: dict[str, float] = {}
        for start_s, movement, of_kind, veh in self._by_approach.get(approach, ()):
            if quarter_s in (None, start_s) and kind in (None, of_kind):
                found[movement] = found.get(movement, 0.0) + veh
        return found

    def _shares(self, approach: Approach, kind: str, start_s: int, exact: bool) -> Mapping[str, float]:
        turns = self._turns(approach.id, start_s, kind)
        for pool in () if exact else ((None, kind), (start_s, None), (None, None)):
            if sum(turns.values()) < THIN_VEH:
                turns = self._turns(approach.id, *pool)
        total = sum(turns.values())
        if total <= 0:
            what = Message(
                "no vehicle counted at {id} in {period!r}: where do its vehicles turn?",
                id=approach.id,
                period=self.period,
            )
            raise ConfigError([Problem("counts.csv", what, Message("count it, or write the expected turns"))])
        return {movement: veh / total for movement, veh in turns.items() if veh > 0}


def _walk(network: Network, entry: Approach, shares: Shares) -> Iterator[Route]:
    """Follow every movement from an entry, depth first, in the order of the network's movements."""
    place = {
        edge: (approach, i)
        for approach in network.approaches.values()
        for i, edge in enumerate(approach.chain)
    }

    def onward(
        approach: Approach, edges: tuple[str, ...], passed: tuple[str, ...], probability: float
    ) -> Iterator[Route]:
        for direction, share in sorted(shares(approach).items()):
            movement = network.movement(f"{approach.id}.{direction}", "counts.csv")
            likely = probability * share
            if likely < RARE:
                continue
            then = place.get(movement.to_edge)
            if then is None:
                yield Route((*edges, movement.to_edge), (*passed, movement.id), likely)
            elif not {then[0].edge, movement.to_edge} & set(edges):
                yield from onward(
                    then[0], (*edges, *then[0].chain[then[1] :]), (*passed, movement.id), likely
                )

    return onward(entry, entry.chain, (), 1.0)


def balance(site: Site, period: str) -> pd.DataFrame:
    """Hold the flows that the model expects against the counted ones.

    Columns `approach, movement, counted_vph, modelled_vph, geh`, a row per movement. Counted includes queue
    growth; modelled is the expectation over replicates, parkers of `parking_demand` included (they come on
    top of the counts). At entries the two agree but for parkers; elsewhere a difference says that counts of
    neighbours do not fit together. GEH = sqrt(2 (M - C)^2 / (M + C)) on hourly flows (UK DMRB).
    """
    turning = Turning(site, period)
    hours = len(turning.quarters) * QUARTER_S / 3600
    counted: dict[str, float] = dict.fromkeys(site.network.movements, 0.0)
    modelled = dict(counted)
    for (_, approach, movement, _), veh in turning.demand.items():
        id = f"{approach}.{movement}"
        counted[id] = counted.get(id, 0.0) + veh / hours
    for entry in turning.entries:
        for kind in turning.classes:
            for start_s in turning.quarters:
                veh = turning.entry_veh(entry.id, kind, start_s)
                for route in turning.routes(entry, kind, start_s) if veh > 0 else ():
                    for id in route.movements:
                        modelled[id] += veh * route.probability / hours
    for id, vph in flows(site).items():
        modelled[id] += vph
    table = pd.DataFrame(
        [(*id.rpartition(".")[::2], counted[id], modelled.get(id, 0.0)) for id in sorted(counted)],
        columns=["approach", "movement", "counted_vph", "modelled_vph"],
    )
    return table.assign(geh=geh(table["modelled_vph"], table["counted_vph"]))


def imbalance(table: pd.DataFrame) -> pd.DataFrame:
    """Sum a balance per approach: `approach, counted_vph, modelled_vph, relative, geh`; 5 % off is a finding.

    `relative` = (modelled - counted) / counted, NaN where none was counted.
    """
    sums = table.groupby("approach", as_index=False)[["counted_vph", "modelled_vph"]].sum()
    counted = sums["counted_vph"]
    relative = (sums["modelled_vph"] - counted) / counted.where(counted > 0)
    return sums.assign(relative=relative, geh=geh(sums["modelled_vph"], counted))


def geh(modelled_vph: pd.Series, counted_vph: pd.Series) -> pd.Series:
    """GEH statistic of hourly flows, element by element; 0 where both are 0."""
    both = modelled_vph + counted_vph
    squared: pd.Series = 2 * (modelled_vph - counted_vph) ** 2 / both.where(both > 0, 1.0)
    return squared.pow(0.5)
