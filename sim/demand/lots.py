"""Which lot a driver wishes for: walking time, price, and a taste of the driver's own. Pure.

``cost = walk / WALK_MPS + price * stay / value of time - TASTE_S * g``, g a Gumbel number of driver and lot:
a logit model with common random numbers, so that an added lot changes nobody's mind about the others. How
full lots are is not known at home; who finds one full searches on the street (`sim.sumo.parking_files`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.demand.tables import own_uniforms
from sim.site.model import Site
from sim.site.network import Network
from sim.site.parking import ParkingArea, ParkingDemand
from sim.site.walking import WALK_MPS, destination, point, walk_m

TASTE_S = 60.0
"""Scale of what else drivers like in a lot (assumption: no survey)."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Wishes:
    """The lots that the drivers of one demand may wish for, with what does not depend on the driver."""

    demand: ParkingDemand
    parking: Mapping[str, ParkingArea]
    walks_s: Mapping[str, float]

    @property
    def lots(self) -> list[str]:
        """Lots within walking distance, by id."""
        return sorted(self.walks_s)

    def chosen(self, uniforms: Sequence[float], stays_s: Floats, times_s: Floats) -> list[str]:
        """Return the lot each driver wishes for; empty where none is open within walking distance."""
        return [lots[0] if lots else "" for lots in self.ranked(uniforms, stays_s, times_s)]

    def ranked(self, uniforms: Sequence[float], stays_s: Floats, times_s: Floats) -> list[list[str]]:
        """Return each driver's lots, the best first."""
        lots = self.lots
        if not lots:
            return [[] for _ in uniforms]
        cost_s = np.array([self._cost_s(lot, stays_s) for lot in lots]).T.reshape(len(stays_s), len(lots))
        if self.demand.destination is not None:
            cost_s = cost_s - TASTE_S * _gumbel(uniforms, lots)
        shut = np.array([[not self.parking[lot].open_at(time_s) for lot in lots] for time_s in times_s])
        cost_s = np.where(shut.reshape(cost_s.shape), np.inf, cost_s)
        order = np.argsort(cost_s, axis=1, kind="stable")
        return [
            [lots[at] for at in row if np.isfinite(costs[at])]
            for row, costs in zip(order, cost_s, strict=True)
        ]

    def _cost_s(self, lot: str, stays_s: Floats) -> Floats:
        yuan = self.parking[lot].price_yuan_per_h * stays_s / 3600
        return np.asarray(self.walks_s[lot] + yuan * 3600 / self.demand.value_of_time_yuan_per_h)


def wishes(
    site: Site,
    name: str,
    parking: Mapping[str, ParkingArea],
    network: Network,
    reaches: Callable[[str], bool],
) -> Wishes:
    """Return what the drivers of one demand may wish for among `parking` on an arm's network.

    `reaches` tells whether a lot lies on a way through the site for them.
    """
    demand = site.facts.parking_demand[name]
    goal = destination(demand, site.network, site.facts.parking)
    walks_s: dict[str, float] = {}
    for id, area in parking.items():
        length_m = 0.0
        if goal is not None:
            length_m = walk_m(point(network, network.edge(area.on, f"parking.{id}.on").id, area.at_m), goal)
        if length_m <= demand.walks_at_most_m and reaches(id):
            walks_s[id] = length_m / WALK_MPS
    return Wishes(demand, parking, walks_s)


def _gumbel(uniforms: Sequence[float], lots: Sequence[str]) -> Floats:
    """Draw a number per driver and lot, shape (drivers, lots), from the driver's own number alone."""
    ids = [f"{uniform!r}|{lot}" for uniform in uniforms for lot in lots]
    drawn = own_uniforms("lots", 0, ids, 1).reshape(len(uniforms), len(lots))
    return np.asarray(-np.log(-np.log(np.clip(drawn, 1e-12, 1 - 1e-12))))
