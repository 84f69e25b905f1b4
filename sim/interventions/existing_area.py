"""What interventions on a parking area that is there already have in common."""

from __future__ import annotations

from sim.errors import ConfigError, Problem, Problems, near
from sim.labels import Message
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
        what = Message("no parking area {id!r}", id=id)
        raise ConfigError([Problem(f"{path}.area", what, near(id, parking) or Message("the site has none"))])
    area = parking[id]
    if area.stalls != expect.stalls:
        what = Message(
            "expected {stalls} stalls in {id!r}, found {area_stalls}",
            stalls=expect.stalls,
            id=id,
            area_stalls=area.stalls,
        )
        raise ConfigError([Problem(f"{path}.expect.stalls", what)])
    return area


def kerb(area: ParkingArea, id: str, path: str, problems: Problems) -> None:
    """Refuse an area that is not at the kerb."""
    if area.kind != "kerb":
        problems.add(
            f"{path}.area",
            Message("{id!r} is no kerb parking but {kind}", id=id, kind=area.kind),
            Message("name kerb bays"),
        )


def price(value: float) -> str:
    """Write a price without spare digits."""
    return f"{value:g}"
