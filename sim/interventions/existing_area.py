"""What interventions on a parking area that is there already have in common."""

from __future__ import annotations

from sim.errors import ConfigError, Problem, Problems, near
from sim.loading import Facts
from sim.site.model import Site
from sim.site.parking import ParkingArea


class ExpectedStalls(Facts):
    """How many stalls the area is believed to have today."""

    stalls: int


def found(site: Site, id: str, expect: ExpectedStalls, path: str) -> ParkingArea:
    """Return the area; ConfigError where it is not there or has another number of stalls."""
    parking = site.facts.parking
    if id not in parking:
        what = f"no parking area {id!r}"
        raise ConfigError([Problem(f"{path}.area", what, near(id, parking) or "the site has none")])
    area = parking[id]
    if area.stalls != expect.stalls:
        what = f"expected {expect.stalls} stalls in {id!r}, found {area.stalls}"
        raise ConfigError([Problem(f"{path}.expect.stalls", what)])
    return area


def kerb(area: ParkingArea, id: str, path: str, problems: Problems) -> None:
    """Refuse an area that is not at the kerb."""
    if area.kind != "kerb":
        problems.add(f"{path}.area", f"{id!r} is no kerb parking but {area.kind}", "name kerb bays")


def price(value: float) -> str:
    """Write a price without spare digits."""
    return f"{value:g}"
