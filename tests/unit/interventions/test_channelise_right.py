"""Right turns beside the signal: what they show, how many more get round, what is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sim.edits.edited_site import edited
from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.model import Site
from sim.site.network import Movement
from sim.sumo.build import ArmBuild, build
from sim.sumo.install import binary, environment
from sim.sumo.proof import prove
from tests.sites import applied_of, policy_of, site_of, street
from tests.theory.isolated import draw, site_data

RIGHT = {"kind": "channelise_right", "movement": "J1.south.right", "expect": {"lanes": 1}, "speed_kmh": 30}
Fields = dict[str, object]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A drawn junction whose right turns have lanes of their own, and go freely already."""
    return draw(Path(tmp_path_factory.mktemp("right")), site_data(30), {"west.through": 600})


def applied(site: Site, **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={**RIGHT, **fields}), site, "policy")


def served_vph(arm: ArmBuild, movement: Movement, folder: Path) -> float:
    """Right turns per hour behind a queue that never clears."""
    (edge, lane) = movement.connections[0].from_edge, movement.connections[0].from_lane
    flow = (
        f'<flow id="r" type="car" begin="27000" end="28800" vehsPerHour="1800" departLane="{lane}"'
        f' departSpeed="max"><route edges="{edge} {movement.to_edge}"/></flow>'
    )
    vehicle = '<vType id="car" tau="1.55" sigma="0" speedDev="0"/>'
    (folder / "r.rou.xml").write_text(f"<routes>{vehicle}{flow}</routes>", encoding="utf-8")
    files = ",".join(str(path) for path in arm.additional_files)
    command = [str(binary("sumo")), "-n", str(arm.net_file), "-a", files, "-r", "r.rou.xml",
               "-b", "27000", "-e", "28800", "--no-step-log", "--tripinfo-output", "t.xml",
               "--time-to-teleport", "-1", "--no-warnings"]  # fmt: skip
    subprocess.run(command, cwd=folder, check=True, env=environment(), capture_output=True)
    trips = ET.parse(folder / "t.xml").getroot()
    return 3 * sum(float(t.attrib["arrival"]) > 27600 for t in trips)


def test_a_turn_that_is_free_already_gets_its_speed_and_nothing_else(site: Site, tmp_path: Path) -> None:
    policy = applied(site)
    base, arm = (build(site, p, "am", tmp_path) for p in (applied_of(site, ()), policy))
    changed = prove(base, arm, policy.footprint, policy.edits).objects
    (turn,) = site.network.movements["J1.south.right"].connections
    assert changed == {("connection", turn.key), ("right_of_way", "J1")}
    movement = site.network.movements["J1.south.right"]
    slow = build(site, applied(site, speed_kmh=12), "am", tmp_path)
    rates = [served_vph(built, movement, tmp_path) for built in (slow, arm)]
    print(rates)
    assert rates[0] < 0.9 * rates[1], "a tighter corner lets fewer cars round"


def test_it_says_what_is_not_in_it(site: Site) -> None:
    policy = applied(site)
    assert policy.change_log[0].en.endswith("giving way, 30 km/h round the corner")
    assert policy.warnings[0].zh.endswith("未建行人，偏乐观")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"movement": "J1.south.rihgt"}, "no movement named 'J1.south.rihgt'"),
        ({"movement": "J1.south.left"}, "is no right turn"),
        ({"expect": {"lanes": 2}}, "expected cars to turn from 2 lanes, found 1"),
        ({"speed_kmh": 90}, "less than or equal to 60"),
    ],
)
def test_what_cannot_be_is_refused(site: Site, fields: Fields, told: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        applied(site, **fields)
    assert told in str(refusal.value)


def test_a_shared_lane_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="shares a lane with other movements"):
        applied(street(tmp_path), movement="J1.west.right")


@pytest.mark.data
@pytest.mark.parametrize(
    ("net", "movement"),
    [
        ("nanchang_cutA/c.net.xml", "11314098778.north.right"),
        ("bologna_acosta/acosta_buslanes.net.xml", "27.east.right"),
        ("ingolstadt7/ingolstadt7.net.xml", "32564122.northwest.right"),
    ],
)
def test_on_networks_that_others_made(shared_data: Path, tmp_path: Path, net: str, movement: str) -> None:
    """They wait for their green there; past the signal more get round, in the same street."""
    site = site_of(shared_data / net, tmp_path / "site")
    turn = site.network.movements[movement]
    policy = applied(site, movement=movement, expect={"lanes": len(turn.connections)}, speed_kmh=35)
    base, arm = (build(site, p, "am", tmp_path) for p in (applied_of(site, ()), policy))
    assert prove(base, arm, policy.footprint, policy.edits).changed
    then = edited(site, policy.edits)
    (program, *_) = then.signals["am"][str(turn.connections[0].signal)].programs.values()
    links = [c.link for c in turn.connections if c.link is not None]
    assert {interval.state[k] for interval in program.intervals for k in links} == {"g"}
    before, after = (served_vph(built, turn, tmp_path) for built in (base, arm))
    print(movement, before, after)
    assert after > 1.1 * before
