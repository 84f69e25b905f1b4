"""Edits of parking areas and of stopping where it is forbidden."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sim.edits.base import Edit, ObjectKey
from sim.labels import Message
from sim.site.model import BAYS, Site
from sim.site.network import Network
from sim.site.parking import ParkingArea


@dataclass(frozen=True, slots=True)
class AddParking(Edit):
    """Open a parking area that is not there yet. Beside the lane lanes and permissions stay as they are.

    `area.on` is the edge it lies on and `area.at_m` counts along that edge, as in `Site.facts`.

    `takes`: share of the drivers wishing to park at an existing lot who now wish for this one.
    """

    id: str
    area: ParkingArea
    takes: tuple[tuple[str, float], ...] = ()

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the one parking area, and the lane it takes if it does."""
        return _touched(self.id, self.area)

    def applied(self, site: Site) -> Site:
        """Add the area to the facts."""
        return _with(site, {**site.facts.parking, self.id: self.area})


@dataclass(frozen=True, slots=True)
class RemoveParking(Edit):
    """Take a parking area away, or all but `keeps` of its stalls: those at its upstream end stay.

    Who wished for it still comes, and looks for another one. `stops_illegally`: share of those whose stall is
    gone who stop on the lane where it was instead, for `stay_s` at most (an assumption, decided by each
    driver's own number).
    """

    id: str
    expected: ParkingArea
    stops_illegally: float = 0.0
    stay_s: float = 300.0
    keeps: int = 0

    @property
    def kept_share(self) -> float:
        """Share of the stalls, and of the kerb, that stays."""
        return self.keeps / self.expected.stalls

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the one parking area, and the lane it took if it did."""
        return _touched(self.id, self.expected)

    def applied(self, site: Site) -> Site:
        """Take the area out of the facts, or leave what is kept of it."""
        _check(site, self.id, self.expected)
        parking = {id: area for id, area in site.facts.parking.items() if id != self.id}
        if self.keeps:
            left_m = round(self.expected.length_m * self.kept_share, 2)
            parking[self.id] = self.expected.model_copy(update={"stalls": self.keeps, "length_m": left_m})
        return _with(site, parking)


@dataclass(frozen=True, slots=True)
class ChangeParking(Edit):
    """Change what an area offers (stalls, hours, price, sign): `fields` are those of `ParkingArea`."""

    id: str
    expected: ParkingArea
    fields: tuple[tuple[str, Any], ...]

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the one parking area, and the lane it takes if it does."""
        return _touched(self.id, self.expected)

    def applied(self, site: Site) -> Site:
        """Set the fields."""
        _check(site, self.id, self.expected)
        changed = self.expected.model_copy(update=dict(self.fields))
        return _with(site, {**site.facts.parking, self.id: changed})


@dataclass(frozen=True, slots=True)
class SetIllegalStopping(Edit):
    """Let fewer drivers stop where it is forbidden: from so many per km and hour to so many.

    Nothing in the streets changes; who still stops is decided by each driver's own number.
    """

    id: str
    expected_per_km_h: float
    per_km_h: float

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the one habit: it stands in no file of the simulator but the demand."""
        return frozenset({("illegal_stopping", self.id)})

    def applied(self, site: Site) -> Site:
        """Set the rate."""
        known = site.facts.illegal_stopping
        if self.id not in known or known[self.id].per_km_h != self.expected_per_km_h:
            raise ValueError(
                Message(
                    "illegal stopping {id!r}: not {expected_per_km_h:g} per km and hour",
                    id=self.id,
                    expected_per_km_h=self.expected_per_km_h,
                )
            )
        changed = known[self.id].model_copy(update={"per_km_h": self.per_km_h})
        facts = site.facts.model_copy(update={"illegal_stopping": {**known, self.id: changed}})
        return replace(site, facts=facts)


def _touched(id: str, area: ParkingArea) -> frozenset[ObjectKey]:
    lane = {("closure", BAYS + id)} if area.bay == "in_lane" else set()
    return frozenset({("parking", id)} | lane)


def _check(site: Site, id: str, expected: ParkingArea) -> None:
    if site.facts.parking.get(id) != expected:
        raise ValueError(Message("parking area {id!r} is not there as expected", id=id))


def _with(site: Site, parking: dict[str, ParkingArea]) -> Site:
    return replace(site, facts=site.facts.model_copy(update={"parking": parking}))
