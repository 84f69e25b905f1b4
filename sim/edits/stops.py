"""Edits of bus stops."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sim.edits.base import Edit, ObjectKey
from sim.labels import Message
from sim.site.buses import Stop
from sim.site.model import Site
from sim.site.network import Network


@dataclass(frozen=True, slots=True)
class MoveStop(Edit):
    """Put a bus stop elsewhere, or give it a bay or take it. Streets stay; the buses' routes do too."""

    id: str
    expected: Stop
    wanted: Stop

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the one bus stop."""
        return frozenset({("bus_stop", self.id)})

    def applied(self, site: Site) -> Site:
        """Move it."""
        found = site.stops.get(self.id)
        if found != self.expected:
            raise ValueError(
                Message(
                    "bus stop {id!r}: expected {expected}; found {found}",
                    id=self.id, expected=_said(self.expected), found=_said(found),
                )
            )  # fmt: skip
        return replace(site, stops={**site.stops, self.id: self.wanted})


def _said(stop: Stop | None) -> str:
    if stop is None:
        return "none"
    return f"{stop.edge}_{stop.lane} at {stop.at_m:g} to {stop.end_m:g} m" + (", a bay" if stop.bay else "")
