"""Taking turns at a merge: who gets what, what is refused, and the proof on networks that others made."""

from __future__ import annotations

import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.model import Site
from sim.sumo.build import ArmBuild, build
from sim.sumo.install import binary, environment
from sim.sumo.netconvert import convert
from sim.sumo.proof import prove
from tests.sites import applied_of, policy_of, site_of, street

TURNS = {"kind": "merge_alternation", "junction": "B", "expect": {"control": "priority"}}
Fields = dict[str, object]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A minor street R that merges into a major one, one lane each; a fork F behind them."""
    folder = Path(tmp_path_factory.mktemp("merge"))
    nodes = {"A": (-600, 0), "R": (-600, -150), "B": (0, 0), "F": (600, 0), "C": (900, 60), "D": (900, -60)}
    lines = [f'<node id="{id}" x="{x}" y="{y}"/>' for id, (x, y) in nodes.items()]
    (folder / "a.nod.xml").write_text(f"<nodes>{''.join(lines)}</nodes>", encoding="utf-8")
    edges = "".join(
        f'<edge id="{e}" from="{e[0]}" to="{e[1]}" speed="13.89" priority="{1 if e == "RB" else 3}"/>'
        for e in ("AB", "RB", "BF", "FC", "FD")
    )
    (folder / "a.edg.xml").write_text(f"<edges>{edges}</edges>", encoding="utf-8")
    convert(["-n", "a.nod.xml", "-e", "a.edg.xml", "-o", "a.net.xml"], folder)
    return site_of(folder / "a.net.xml", folder / "site")


def applied(site: Site, **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={**TURNS, **fields}), site, "policy")


def through_vph(arm: ArmBuild, folder: Path, exit: str, demand: dict[str, float]) -> dict[str, float]:
    """Vehicles per hour that get through from each approach, after a quarter."""
    flows = [
        f'<flow id="{edge}" type="car" begin="0" end="1800" vehsPerHour="{vph}" departLane="best"'
        f' departSpeed="max"><route edges="{edge} {exit}"/></flow>'
        for edge, vph in demand.items()
    ]
    vehicle = '<vType id="car" tau="1.55" sigma="0" speedDev="0"/>'
    (folder / "r.rou.xml").write_text(f"<routes>{vehicle}{''.join(flows)}</routes>", encoding="utf-8")
    files = ",".join(str(path) for path in arm.additional_files)
    command = [str(binary("sumo")), "-n", str(arm.net_file), "-a", files, "-r", "r.rou.xml", "-e", "1800",
               "--no-step-log", "--tripinfo-output", "t.xml", "--time-to-teleport", "-1"]  # fmt: skip
    done = subprocess.run(command, cwd=folder, check=True, env=environment(), capture_output=True, text=True)
    assert "collision" not in done.stderr
    trips = [t for t in ET.parse(folder / "t.xml").getroot() if float(t.attrib["arrival"]) > 900]
    return {edge: 4 * sum(t.attrib["id"].rpartition(".")[0] == edge for t in trips) for edge in demand}


def test_at_saturation_each_street_gets_half_of_a_lane(site: Site, tmp_path: Path) -> None:
    base, arm = (build(site, p, "am", tmp_path) for p in (applied_of(site, ()), applied(site)))
    many = {"AB": 1300.0, "RB": 1300.0}
    before, after = (through_vph(b, tmp_path, "BF", many) for b in (base, arm))
    print(before, after)
    assert before["RB"] < 0.1 * before["AB"], "the minor street waits for gaps that never come"
    assert after["AB"] == pytest.approx(after["RB"], rel=0.05)
    assert 1500 < sum(after.values()) < 1900, "one lane"


def test_who_asks_for_less_than_half_gets_it_all(site: Site, tmp_path: Path) -> None:
    arm = build(site, applied(site), "am", tmp_path)
    after = through_vph(arm, tmp_path, "BF", {"AB": 1500.0, "RB": 400.0})
    assert after["RB"] == pytest.approx(400, rel=0.03)
    assert after["AB"] > 1150


def test_it_says_what_it_rests_on(site: Site) -> None:
    policy = applied(site)
    assert policy.change_log[0].en == "junction B: merging priority (give way) → taking turns"
    assert "upper bound" in policy.assumptions[0].en
    assert len(policy.warnings) == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"junction": "BB"}, "no junction named 'BB'"),
        ({"expect": {"control": "right_before_left"}}, "expected 'right_before_left'; found 'priority'"),
        ({"junction": "F"}, "'F' is no merge of two streets: 1 approaches, 2 exits"),
    ],
)
def test_what_cannot_be_is_refused(site: Site, fields: Fields, told: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        applied(site, **fields)
    assert told in str(refusal.value)


def test_a_signal_is_no_place_for_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'J1' has signals"):
        applied(street(tmp_path), junction="J1", expect={"control": "signals"})


def test_twice_is_refused(site: Site) -> None:
    again = {**TURNS, "expect": {"control": "zipper"}, "after": ["a"]}
    with pytest.raises(ConfigError, match="take turns at 'B' already"):
        apply(policy_of(a=TURNS, b=again), site, "policy")


@pytest.mark.data
@pytest.mark.parametrize(
    ("net", "junction"),
    [("cologne8/cologne8.net.xml", "247380547"), ("bologna_acosta/acosta_buslanes.net.xml", "21m")],
)
def test_on_networks_that_others_made(shared_data: Path, tmp_path: Path, net: str, junction: str) -> None:
    """The proof holds, and with too much traffic both approaches get the same."""
    site = site_of(shared_data / net, tmp_path / "site")
    place = site.network.junctions[junction]
    policy = applied(site, junction=junction, expect={"control": place.control})
    base, arm = (build(site, p, "am", tmp_path) for p in (applied_of(site, ()), policy))
    assert prove(base, arm, policy.footprint, policy.edits).changed
    many = {approach.edge: 1300.0 for approach in place.approaches}
    exit = place.approaches[0].movements[0].to_edge
    before, after = (through_vph(built, tmp_path, exit, many) for built in (base, arm))
    print(before, after)
    assert min(before.values()) < 0.3 * max(before.values())
    assert min(after.values()) > 0.95 * max(after.values())
    assert sum(after.values()) > 0.85 * sum(before.values())


@pytest.mark.data
def test_several_lanes_are_refused(shared_data: Path, tmp_path: Path) -> None:
    """There the simulator's turns cost two thirds of the capacity (ingolstadt7: 3340 to 1200 veh/h)."""
    site = site_of(shared_data / "ingolstadt7/ingolstadt7.net.xml", tmp_path / "site")
    with pytest.raises(ConfigError, match="several lanes of an approach of '1331204963' merge"):
        applied(site, junction="1331204963")
