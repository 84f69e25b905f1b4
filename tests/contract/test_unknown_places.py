"""Whatever kind names a place that is not there is refused, and told what is near."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from sim.errors import ConfigError
from sim.interventions import REGISTRY
from sim.policy import apply
from sim.site.buses import Stop
from sim.site.model import Site
from tests.building_kinds import BUILDING
from tests.contract.test_parking import DEMANDS, KERB, LOT, MADE, STOPS
from tests.kinds import CHOOSY, KINDS
from tests.sites import policy_of, street
from tests.town import town

PLACES = (
    "stop", "approach", "movement", "junction", "junctions", "on", "area", "areas", "close", "between",
    "stopping",
)  # fmt: skip
"""Fields by which kinds name where they are, the first of which a kind has."""
CYCLE: Mapping[str, Any] = {"junction": "J1", "expect": {"cycle_s": 90}}
TWO_CYCLES = {"expect": {"cycles_s": {"J1": 90, "J2": 90}}, "cycle_s": 90}
SAID: dict[str, Mapping[str, Any]] = {
    **{kind: fields for kind, fields in MADE.items() if kind != "add_parking_area"},
    "coordinate": {"junctions": ["J1", "J2"], **TWO_CYCLES},
    "close_opening": {"approach": "J1.west", "expect": {"lanes": 1}},
    "move_bus_stop": {"stop": "school", "expect": {"on": "W_J1", "at_m": 20}, "at_m": 40},
    "optimise_splits": CYCLE,
    "retime_signal": {**CYCLE, "cycle_s": 100},
    "set_lane_use": {"approach": "J1.west", "expect": ["left", "through"], "lanes": ["left", "through"]},
}
FOUND: dict[str, Callable[[Site], Mapping[str, Any]]] = {
    kind: fields for kind, fields in {**KINDS, **BUILDING, **CHOOSY}.values()
}
NO_PLACE = {"unlimited_parking": "it is about all areas", "add_parking_area": "its area is a new one"}


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Site]:
    parking = {"parking": {"kerb": KERB, "lot": LOT}, "parking_demand": DEMANDS}
    streets = street(tmp_path_factory.mktemp("street"), illegal_stopping={"main": STOPS}, **parking)
    streets = replace(streets, stops={"school": Stop("W_J1", 1, 20.0, 20.0)})
    return streets, town(tmp_path_factory.mktemp("town"))


@pytest.mark.parametrize("kind", sorted(REGISTRY.keys() - NO_PLACE.keys()))
def test_an_unknown_place_is_named_with_what_is_near(sites: tuple[Site, Site], kind: str) -> None:
    site, fields = placed(sites, kind)
    name = next(place for place in PLACES if place in fields)
    said = fields[name]
    first = said if isinstance(said, str) else said[0]
    wrong = first + "x"
    spoilt = {**fields, name: wrong if isinstance(said, str) else [wrong, *said[1:]]}
    with pytest.raises(ConfigError) as error:
        apply(policy_of(a={"kind": kind, **spoilt}), site, "policy")
    assert f"{wrong!r}" in str(error.value)
    assert "did you mean" in str(error.value), error.value


def placed(sites: tuple[Site, Site], kind: str) -> tuple[Site, Mapping[str, Any]]:
    """Return a site and a use of the kind there."""
    if kind in SAID:
        return sites[0], SAID[kind]
    for site in sites:
        try:
            return site, FOUND[kind](site)
        except (LookupError, ConfigError):
            continue
    raise LookupError(kind)


def test_every_kind_is_among_them() -> None:
    assert REGISTRY.keys() == {*SAID, *FOUND, *NO_PLACE}
