"""One setting for how routes answer, in every arm: what it refuses, and that it fakes no effect."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ConfigError
from sim.site.model import Site
from sim.study import Routes
from tests.theory.isolated import CYCLE_S, GREEN_S, PERIOD, Facts, draw, evaluate, site_data

OPENED: Facts = {
    "kind": "open_road", "id": "gap", "between": ["J1.north.end", "J1.east.end"], "expect": {"gap_m": 849},
    "speed_kmh": 40,
}  # fmt: skip
BAN: Facts = {"kind": "ban_turn", "movement": "J1.west.through", "expect": {"lanes": 2}}
NO_WAY = "vehicles can no longer drive their route: {} (no way leads from their origin"
ALL, WEST = "J1.north -> J1.east.exit, J1.west -> J1.east.exit", "J1.west -> J1.east.exit"
CLOSERS: dict[str, tuple[Facts, str]] = {
    "ban_turn": (BAN, NO_WAY.format(WEST)),
    "one_way": (
        {"kind": "one_way", "close": ["J1.east.exit"], "expect": {"lanes": 2}}, NO_WAY.format(ALL),
    ),
    "school_hours": (
        {
            "kind": "school_hours", "close": ["J1.east.exit"], "expect": {"lanes": 2},
            "hours": ["07:00-09:00"],
        },
        f"vehicles would come to a closed way: {ALL} (no other way leads to their destination",
    ),
    "set_lane_use": (
        {
            "kind": "set_lane_use", "approach": "J1.west", "expect": ["left", "through", "through", "right"],
            "lanes": ["left", "left", "right", "right"],
        },
        NO_WAY.format(WEST),
    ),
    "bus_lane": (
        {"kind": "bus_lane", "on": ["J1.west"], "expect": {"lanes": 4}},
        "cars could not go from 'J1.west' to 'J1.south.exit' any more: only the bus lane leads there",
    ),
}  # fmt: skip
"""Kinds that take a way from somebody, each used where there is no other, and what is said."""
RETIMED: Facts = {
    "kind": "retime_signal", "junction": "J1", "expect": {"cycle_s": CYCLE_S},
    "greens_s": {"EW": GREEN_S + 5, "NS": GREEN_S - 5},
}  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Site:
    flows = {"west.through": 200.0, "north.left": 60.0}
    return draw(tmp_path, site_data(15, warm_up_s=0), flows)


def refused(site: Site, kind: Facts, routes: Routes = "fixed") -> str:
    with pytest.raises(ConfigError) as error:
        evaluate(site, {"p": {"a": kind}}, routes=routes)
    return str(error.value)


def test_fixed_routes_refuse_what_opens_or_closes_a_road_and_say_what_to_choose(site: Site) -> None:
    opened = refused(site, OPENED)
    assert "policy p, period am: routes: opens gap.back, gap.there, but routes are fixed" in opened
    assert "(routes: equilibrium; `detour` is the short run)" in opened
    closed = refused(site, BAN)
    assert "can no longer drive their route: J1.west -> J1.east.exit" in closed
    assert "choose `routes: equilibrium` (or `detour`, the short run)" in closed


@pytest.mark.parametrize("kind", CLOSERS)
def test_who_is_cut_off_from_their_destination_is_listed(site: Site, kind: str) -> None:
    fields, told = CLOSERS[kind]
    assert told in refused(site, fields, "detour")


def test_where_no_way_changes_detours_show_no_effect(site: Site) -> None:
    """The same runs, to the digest, as with fixed routes."""
    answers: tuple[Routes, ...] = ("fixed", "detour")
    studies = [evaluate(site, {"p": {"a": RETIMED}}, routes=answer, placebo=True) for answer in answers]
    digests = [{key: run.digest for key, run in one.analysis.runs.items()} for one in studies]
    assert digests[0] == digests[1]
    assert {arm for arm, _, _ in digests[0]} >= {"baseline", "p"}
    assert digests[0]["baseline", PERIOD, 1] != digests[0]["p", PERIOD, 1]
