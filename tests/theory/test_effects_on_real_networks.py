"""Where theory gives a direction, the effect has it on networks that others made, too."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sim.demand.detours import driven
from sim.demand.realise import realise
from sim.demand.routing import Router
from sim.importing import import_site
from sim.policy import apply
from sim.site.car_lanes import lane_uses
from sim.site.model import Site
from sim.standard_data import DEFAULT_VEHICLES
from sim.study import RunSettings
from sim.sumo.build import ArmBuild, build
from sim.sumo.site import load
from sim.vehicles import read_vehicles
from tests.sites import applied_of, policy_of, site_of
from tests.theory.test_building_effects import one_trip, served

pytestmark = pytest.mark.data


def arms(site: Site, folder: Path, **fields: object) -> tuple[ArmBuild, ArmBuild]:
    policy = apply(policy_of(a=fields), site, "policy")
    period = next(iter(site.periods))
    return build(site, applied_of(site, ()), period, folder), build(site, policy, period, folder)


def turns(edges: pd.Series, way: tuple[str, str]) -> pd.Series:
    """Tell which routes lead over a way."""
    return edges.map(lambda route: way in zip(route.split(), route.split()[1:], strict=False))


@pytest.fixture(scope="module")
def ingolstadt(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The network with its demand."""
    root = tmp_path_factory.mktemp("root")
    for name in ("scenarios", "configs/scenario"):
        (root / name).mkdir(parents=True)
    import_site(shared_data / "ingolstadt7/ingolstadt7.sumocfg", "place", root)
    return load(root / "scenarios" / "place", root / "store")


def test_a_banned_turns_demand_reappears_elsewhere(ingolstadt: Site, repo_root: Path, tmp_path: Path) -> None:
    """Of ingolstadt7: the left turn that most drive; everyone concerned still arrives."""
    site = ingolstadt
    vehicles = read_vehicles(repo_root / "configs" / "vehicles" / f"{DEFAULT_VEHICLES}.yaml")
    people = realise(site, next(iter(site.periods)), 1, RunSettings(), vehicles)
    routes = people.vehicles["edges"]
    movement = max(
        (m for m in site.network.movements.values() if m.direction == "left"),
        key=lambda m: int(turns(routes, (m.connections[0].from_edge, m.to_edge)).sum()),
    )
    way = (movement.connections[0].from_edge, movement.to_edge)
    lanes = len({c.from_lane for c in movement.connections})
    ban = {"kind": "ban_turn", "movement": movement.id, "expect": {"lanes": lanes}}
    policy = apply(policy_of(a=ban), site, "policy")
    _, arm = arms(site, tmp_path, **ban)
    after = driven(people, policy.edits, arm.network, site, "detour")["edges"]
    turned = turns(routes, way)
    print(f"{movement.id}: {turned.sum()} of {len(routes)} turn there")
    assert turned.sum() > 20
    assert not turns(after, way).any()
    assert (after[~turned] == routes[~turned]).all(), "nobody else goes another way"
    ends = [[(route.split()[0], route.split()[-1]) for route in table[turned]] for table in (routes, after)]
    assert ends[0] == ends[1]
    assert (after[turned] != routes[turned]).all()


def test_an_opened_road_shortens_the_way_round(ingolstadt: Site, tmp_path: Path) -> None:
    """From the street before one dead end to the street behind another, 226 m away."""
    before, after = ("201963535", "-104010328"), ("-22716549#6", "201089423#2")
    opened = {"kind": "open_road", "id": "gap", "between": ["320006202", "275309964"],
              "expect": {"gap_m": 226}, "speed_kmh": 30}  # fmt: skip
    policy = apply(policy_of(a=opened), ingolstadt, "policy")
    today, then = arms(ingolstadt, tmp_path, **opened)
    round_ = Router(today.network).route(before[0], after[1])
    assert round_ is not None
    people = one_trip(" ".join(round_))
    way = driven(people, policy.edits, then.network, ingolstadt, "detour")["edges"].iloc[0].split()
    assert way == [*before, "gap.there", *after]
    edges = then.network.edges
    lengths_m = [sum(edges[edge].length_m for edge in route) for route in (round_, way)]
    print(f"{lengths_m[0]:.0f} m round, {lengths_m[1]:.0f} m through")
    assert lengths_m[1] < lengths_m[0] - 400
    assert driven(people, (), today.network, ingolstadt, "detour")["edges"].iloc[0] == " ".join(round_)


def test_a_widened_bottleneck_serves_its_lane_more(shared_data: Path, tmp_path: Path) -> None:
    """Of acosta: a street of one lane that opens into two."""
    site = site_of(shared_data / "bologna_acosta/acosta_buslanes.net.xml", tmp_path / "site")
    today, then = arms(site, tmp_path, kind="widen_road", on=["80"], expect={"lanes": 1}, lanes=2)
    flows = {"80 127": 4000}
    before, after = (served(arm, flows, tmp_path)["80 127"] for arm in (today, then))
    print(before, after)
    assert after == pytest.approx(2 * before, rel=0.1)


def test_a_turn_bay_ends_the_blocking(shared_data: Path, tmp_path: Path) -> None:
    """Of nanchang_cutA: left turns share a lane and wait for the opposing traffic."""
    site = site_of(shared_data / "nanchang_cutA/c.net.xml", tmp_path / "site")
    junction = site.network.junctions["11314098778"]
    west, east = (next(a for a in junction.approaches if a.name == name) for name in ("west", "east"))
    uses = lane_uses(site.network, west)
    assert uses == ["left+through", "through", "through"]
    bay = {"kind": "add_turn_bay", "approach": west.id, "length_m": 60, "expect": uses,
           "lanes": ["left", "through", *uses[1:]]}  # fmt: skip
    today, then = arms(site, tmp_path, **bay)
    left, through, opposing = (
        next(f"{m.connections[0].from_edge} {m.to_edge}" for m in approach.movements if m.direction == turn)
        for approach, turn in ((west, "left"), (west, "through"), (east, "through"))
    )
    flows = {left: 200, through: 2700, opposing: 900}
    before, after = served(today, flows, tmp_path), served(then, flows, tmp_path)
    print(before, after)
    assert after[through] > 1.2 * before[through]
    assert after[left] >= before[left]
