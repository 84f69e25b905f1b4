"""Edits of parking areas."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sim.edits.base import Edit, ObjectKey
from sim.site.model import Site
from sim.site.network import Network
from sim.site.parking import ParkingArea


@dataclass(frozen=True, slots=True)
class AddParking(Edit):
    """Open a parking area that is not there yet. Off the road: lanes and permissions stay as they are.

    `area.on` is the edge it lies on and `area.at_m` counts along that edge, as in `Site.facts`.

    `takes`: share of the drivers wishing to park at an existing lot who now wish for this one.
    """

    id: str
    area: ParkingArea
    takes: tuple[tuple[str, float], ...] = ()

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the one parking area."""
        return frozenset({("parking", self.id)})

    def applied(self, site: Site) -> Site:
        """Add the area to the facts."""
        parking = {**site.facts.parking, self.id: self.area}
        return replace(site, facts=site.facts.model_copy(update={"parking": parking}))
