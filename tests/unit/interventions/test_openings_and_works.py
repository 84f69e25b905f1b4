"""Openings for U-turns and work zones: what they change, what they refuse, and what a closed lane costs."""

from __future__ import annotations

import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sim.edits.edited_site import edited
from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.model import Site
from sim.sumo.build import ArmBuild, build
from sim.sumo.install import binary, environment
from sim.sumo.netconvert import convert
from sim.sumo.proof import prove
from tests.sites import applied_of, policy_of, site_of

OPEN = {"kind": "uturn_opening", "approach": "J1.west", "expect": {"lanes": 0}}
CLOSE = {"kind": "close_opening", "approach": "J1.west", "expect": {"lanes": 1}}
WORKS = {"kind": "work_zone", "on": ["W_J1"], "expect": {"lanes": 3}, "closed": 1, "opens_m": 60}
Fields = dict[str, object]


def applied(site: Site, base: Fields, **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={**base, **fields}), site, "policy")


def test_who_turns_back_gives_way_with_the_left_turn(site: Site) -> None:
    policy = applied(site, OPEN)
    then = edited(site, policy.edits)
    (uturn,) = (c for c in then.network.connections_from["W_J1"] if c.to_edge == "J1_W")
    assert (uturn.from_lane, uturn.to_lane) == (3, 2)
    left = next(c for c in then.network.connections_from["W_J1"] if c.direction == "left")
    program = next(iter(then.signals["am"][str(uturn.signal)].programs.values()))
    shown = {(i.state[left.link], i.state[uturn.link]) for i in program.intervals}  # type: ignore[index]
    assert all(back == ahead.replace("G", "g") for ahead, back in shown)
    assert policy.change_log[0].en == "junction J1 west U-turns: none → allowed, giving way"


def test_what_is_opened_can_be_closed_and_nothing_is_left(site: Site, tmp_path: Path) -> None:
    policy = apply(policy_of(a=OPEN, b={**CLOSE, "after": ["a"]}), site, "policy")
    base, arm = (build(site, p, "am", tmp_path) for p in (applied_of(site, ()), policy))
    assert not prove(base, arm, policy.footprint, policy.edits).changed


@pytest.mark.data
def test_an_opening_of_a_network_that_others_made_is_closed(shared_data: Path, tmp_path: Path) -> None:
    """At signals of cologne8, whose movements hold 84 U-turns."""
    site = site_of(shared_data / "cologne8/cologne8.net.xml", tmp_path / "site")
    base = build(site, applied_of(site, ()), "am", tmp_path)
    at_signals = [
        m
        for m in site.network.movements.values()
        if m.direction == "uturn" and m.connections[0].signal and len(m.connections) == 1
    ]
    for movement in at_signals[:2]:
        policy = applied(site, CLOSE, approach=f"{movement.junction}.{movement.approach}")
        arm = build(site, policy, "am", tmp_path)
        assert prove(base, arm, policy.footprint, policy.edits).changed
    assert len(at_signals) > 1


@pytest.mark.parametrize(
    ("base", "fields", "told"),
    [
        (OPEN, {"approach": "J1.wets"}, "no approach or edge 'J1.wets'"),
        (OPEN, {"expect": {"lanes": 1}}, "expected vehicles to turn back from 1 lanes, found 0"),
        (OPEN, {"green_with": "J1.west.up"}, "no movement named 'J1.west.up'"),
        (CLOSE, {"expect": {"lanes": 0}}, "nobody turns back from 'W_J1' today"),
        (CLOSE, {}, "expected vehicles to turn back from 1 lanes, found 0"),
        (WORKS, {"closed": 3}, "no lane would be left open"),
        (WORKS, {"expect": {"lanes": 2}}, "expected 2 lanes for cars on 'W_J1', found 3"),
        (WORKS, {"opens_m": 235}, "nothing is left of the work zone"),
        (WORKS, {"opens_m": None}, "only closed lanes lead there"),
        (WORKS, {"on": ["W_J9"]}, "no edge or approach named 'W_J9'"),
    ],
)
def test_what_cannot_be_is_refused(site: Site, base: Fields, fields: Fields, told: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        applied(site, base, **fields)
    assert told in str(refusal.value)
    assert refusal.value.of("zh") != str(refusal.value)


def test_the_log_of_works_says_lanes_and_dates(site: Site) -> None:
    words = applied(site, WORKS, speed_kmh=30, dates=["2026-03-01", "2026-06-30"]).change_log[0]
    assert words.en == (
        "W_J1: works next to the kerb, not on the last 60 m, limit 30 km/h, 2026-03-01 to 2026-06-30; "
        "lanes for cars 3→2"
    )
    assert words.zh.endswith("小汽车可用车道 3→2")


def test_a_closed_lane_takes_its_share_of_the_capacity(tmp_path: Path) -> None:
    """More cars than two lanes let through, on a street without signals."""
    nodes = "".join(f'<node id="{n}" x="{400 * i}" y="0"/>' for i, n in enumerate("ABC"))
    edges = "".join(f'<edge id="{e}" from="{e[0]}" to="{e[1]}" numLanes="2"/>' for e in ("AB", "BC"))
    (tmp_path / "a.nod.xml").write_text(f"<nodes>{nodes}</nodes>", encoding="utf-8")
    (tmp_path / "a.edg.xml").write_text(f"<edges>{edges}</edges>", encoding="utf-8")
    convert(["-n", "a.nod.xml", "-e", "a.edg.xml", "-o", "a.net.xml"], tmp_path)
    site = site_of(tmp_path / "a.net.xml", tmp_path / "site")

    def through(arm: ArmBuild) -> int:
        route = f'<route edges="{" ".join(arm.network.on_parts(["AB", "BC"]))}"/>'
        flow = '<flow id="c" begin="0" end="900" vehsPerHour="5000" departLane="free" departSpeed="max">'
        (tmp_path / "r.rou.xml").write_text(f"<routes>{flow}{route}</flow></routes>", encoding="utf-8")
        files = ",".join(str(path) for path in arm.additional_files)
        command = [str(binary("sumo")), "-n", str(arm.net_file), "-a", files, "-r", "r.rou.xml", "-e", "900",
                   "--no-step-log", "--tripinfo-output", "t.xml", "--no-warnings"]  # fmt: skip
        subprocess.run(command, cwd=tmp_path, check=True, env=environment(), capture_output=True)
        return len(list(ET.parse(tmp_path / "t.xml").getroot()))

    works = applied(site, WORKS, on=["BC"], expect={"lanes": 2}, opens_m=100)
    before, after = (through(build(site, p, "am", tmp_path)) for p in (applied_of(site, ()), works))
    assert 0.4 * before < after < 0.65 * before, (before, after)
