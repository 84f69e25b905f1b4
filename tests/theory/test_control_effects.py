"""What signals and signs do to traffic at a junction that others made, where theory gives a direction."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.policy import apply
from sim.site.model import Site
from sim.sumo.build import ArmBuild, build
from tests.control_kinds import plan
from tests.sites import applied_of, policy_of, site_of
from tests.theory.test_building_effects import mean_s, served

CROSSROADS = "252017285"
"""Of cologne8: four legs of one lane each, signals."""
FORK = "3302422976"
"""Of cologne8: a street from the south ends at one from west to east, no signals."""


@pytest.fixture(scope="module")
def cologne(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site_of(shared_data / "cologne8/cologne8.net.xml", tmp_path_factory.mktemp("cologne8"))


def way(site: Site, movement: str) -> str:
    found = site.network.movements[movement]
    return f"{found.connections[0].from_edge} {found.to_edge}"


def arms(site: Site, folder: Path, **fields: object) -> tuple[ArmBuild, ArmBuild]:
    policy = apply(policy_of(a=fields), site, "policy")
    return build(site, applied_of(site, ()), "am", folder), build(site, policy, "am", folder)


@pytest.mark.data
@pytest.mark.validate
def test_signals_let_a_side_street_into_a_busy_one_and_stop_the_busy_one(
    cologne: Site, tmp_path: Path
) -> None:
    main = [way(cologne, f"{FORK}.{leg}.through") for leg in ("west", "east")]
    side = way(cologne, f"{FORK}.south.left")
    flows = {main[0]: 900, main[1]: 900, side: 350}
    control = cologne.network.junctions[FORK].control
    today, then = arms(
        cologne,
        tmp_path,
        kind="signalise",
        junction=FORK,
        expect={"control": control},
        plan=plan(cologne, FORK),
    )
    before = served(today, flows, tmp_path)
    after = served(then, flows, tmp_path)
    print(before, after)
    assert after[side] > 1.2 * before[side]
    served(today, {main[0]: 500}, tmp_path)
    free_s = mean_s(tmp_path)
    served(then, {main[0]: 500}, tmp_path)
    assert mean_s(tmp_path) > free_s + 3


@pytest.mark.data
@pytest.mark.validate
def test_without_signals_few_vehicles_wait_less(cologne: Site, tmp_path: Path) -> None:
    flows = {way(cologne, f"{CROSSROADS}.{leg}.through"): 100 for leg in ("north", "east", "south", "west")}
    for to in ("priority", "allway_stop", "right_before_left"):
        major = {"major": ["east", "west"]} if to == "priority" else {}
        today, then = arms(
            cologne, tmp_path, kind="convert_junction", junction=CROSSROADS, expect={"control": "signals"},
            to=to, **major,
        )  # fmt: skip
        served(today, flows, tmp_path)
        with_signals_s = mean_s(tmp_path)
        served(then, flows, tmp_path)
        print(to, with_signals_s, mean_s(tmp_path))
        assert mean_s(tmp_path) < with_signals_s - 3


@pytest.mark.data
@pytest.mark.validate
def test_the_right_of_way_decides_who_gets_through(cologne: Site, tmp_path: Path) -> None:
    """Both streets are too busy for one junction without signals: the major one gets through."""
    ways = {leg: way(cologne, f"{CROSSROADS}.{leg}.through") for leg in ("north", "east", "south", "west")}
    flows = dict.fromkeys(ways.values(), 700)
    through = {}
    for major in (("east", "west"), ("north", "south")):
        _, arm = arms(
            cologne, tmp_path, kind="convert_junction", junction=CROSSROADS, expect={"control": "signals"},
            to="priority", major=list(major),
        )  # fmt: skip
        found = served(arm, flows, tmp_path)
        through[major] = {leg: found[ways[leg]] for leg in ways}
    print(through)
    for major, found in through.items():
        others = sum(number for leg, number in found.items() if leg not in major)
        assert sum(found[leg] for leg in major) > 1.5 * others


@pytest.mark.data
@pytest.mark.validate
def test_where_everyone_stops_everyone_takes_longer(cologne: Site, tmp_path: Path) -> None:
    flows = {way(cologne, f"{CROSSROADS}.{leg}.through"): 100 for leg in ("east", "west")}
    means_s = []
    for to, major in (("priority", {"major": ["east", "west"]}), ("allway_stop", {})):
        _, arm = arms(
            cologne, tmp_path, kind="convert_junction", junction=CROSSROADS, expect={"control": "signals"},
            to=to, **major,
        )  # fmt: skip
        served(arm, flows, tmp_path)
        means_s.append(mean_s(tmp_path))
    print(means_s)
    assert means_s[1] > means_s[0] + 2
