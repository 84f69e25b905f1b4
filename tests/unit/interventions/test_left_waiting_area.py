"""Waiting areas for left turns: what they show, what they refuse, and how many more they let through."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sim.edits.edited_site import edited
from sim.errors import ConfigError
from sim.interventions.plans import taken_apart
from sim.policy import AppliedPolicy, apply
from sim.signals.findings import Rule
from sim.signals.lint import lint
from sim.signals.rules import timing_rules
from sim.site.model import Site
from sim.sumo.build import ArmBuild, build
from sim.sumo.install import binary, environment
from sim.sumo.proof import prove
from tests.sites import applied_of, policy_of, site_of
from tests.theory.isolated import draw, site_data

AREA = {"kind": "left_waiting_area", "movement": "J1.south.left", "expect": {"lanes": 1}, "storage_m": 10}
SHUFFLED = {
    "kind": "reorder_stages", "junction": "J1", "expect": {"cycle_s": 100},
    "order": ["EW", "NS_left", "NS", "EW_left"],
}  # fmt: skip
Fields = dict[str, object]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return draw(Path(tmp_path_factory.mktemp("area")), site_data(30), {"west.through": 600})


def test_who_waits_in_the_area_gets_green_before_another_stage_begins(site: Site, repo_root: Path) -> None:
    then = edited(site, applied(site).edits)
    program, rules = then.signals["am"]["J1"].programs["day"], timing_rules(repo_root)
    assert not [f for f in lint(program, then.network, rules) if f.rule is Rule.WAITING_AREA]
    names = [stage.name for stage in program.stages()]
    assert names == ["EW", "EW_left", "NS", "NS_left"]
    caught = taken_apart(program).joined(["EW", "NS", "EW_left", "NS_left"], {})
    (found,) = (f for f in lint(caught, then.network, rules) if f.rule is Rule.WAITING_AREA)
    assert (found.movement, found.stage, found.severity) == ("J1.south.left", "NS", "breach")
    assert found.limit == 5  # seconds to the next stage
    assert found.value == 5 + program.stage("EW_left").green_s + 5  # to the left turn's own


def applied(site: Site, **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={**AREA, **fields}), site, "policy")


def test_cars_enter_with_the_through_green_and_go_with_their_own(site: Site) -> None:
    policy = applied(site)
    then = edited(site, policy.edits)
    (turn,) = (c for c in then.network.connections if c.entry_link is not None)
    through = next(c for c in then.network.connections_from[turn.from_edge] if c.direction == "through")
    program = then.signals["am"]["J1"].programs["day"]
    assert turn.link is not None and turn.entry_link is not None and through.link is not None
    shown = [
        (interval.duration_s, *(interval.state[k] for k in (through.link, turn.entry_link, turn.link)))
        for interval in program.intervals
    ]
    assert shown[6:] == [
        (30, "G", "g", "r"), (3, "y", "y", "r"), (2, "r", "r", "r"),
        (10, "r", "G", "G"), (3, "r", "y", "O"), (2, "r", "r", "O"),
    ]  # fmt: skip
    assert {letters for _, *letters_ in shown[:6] for letters in letters_} == {"r"}
    assert policy.change_log[0].en.startswith("Test J1 south left: waiting area, its line 10 m beyond")
    assert not policy.warnings


def test_nothing_else_is_built(site: Site, tmp_path: Path, repo_root: Path) -> None:
    policy = applied(site)
    base, arm = (build(site, p, "am", tmp_path) for p in (applied_of(site, ()), policy))
    changed = prove(base, arm, policy.footprint, policy.edits).changed
    assert {change.kind for change in changed} == {"connection", "right_of_way", "signal_link"}
    rules = timing_rules(repo_root)
    said = [lint(b.controls["J1"].programs["huandu.day"], b.network, rules) for b in (base, arm)]
    assert {f.rule for f in said[1]} <= {f.rule for f in said[0]}, "its yellow is that of the stop line"


def test_stages_are_not_shuffled_behind_its_back(site: Site) -> None:
    with pytest.raises(ConfigError, match="belongs to the order of the stages"):
        apply(policy_of(a=AREA, b={**SHUFFLED, "after": ["a"]}), site, "policy")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"movement": "J1.south.letf"}, "no movement named 'J1.south.letf'"),
        ({"movement": "J1.south.through", "expect": {"lanes": 2}}, "is no left turn"),
        ({"expect": {"lanes": 2}}, "expected cars to turn from 2 lanes, found 1"),
        ({"storage_m": 14}, "J1.north_2->J1.south.exit_1 drives over the area from 10"),
        ({"storage_m": 3}, "greater than or equal to 5"),
    ],
)
def test_what_cannot_be_is_refused(site: Site, fields: Fields, told: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        applied(site, **fields)
    assert told in str(refusal.value)


def test_the_left_turns_green_must_follow_the_through_green(site: Site) -> None:
    with pytest.raises(ConfigError, match="not right behind the through green"):
        apply(policy_of(a=SHUFFLED, b={**AREA, "after": ["a"]}), site, "policy")


def test_a_second_area_on_the_same_lane_is_refused(site: Site) -> None:
    with pytest.raises(ConfigError, match="has a waiting area already"):
        apply(policy_of(a=AREA, b={**AREA, "after": ["a"]}), site, "policy")


def served_per_cycle(arm: ArmBuild, folder: Path, passing: Callable[[str], bool]) -> tuple[float, int]:
    """Left turns per cycle behind a queue that never clears; cars inside when the cross street starts."""
    flow = '<flow id="{id}" type="car" begin="27000" end="29700" vehsPerHour="{n}" departLane="best">'
    lines = [
        f'{flow.format(id=id, n=n)}<route edges="{route}"/></flow>'
        for id, n, route in (("l", 900, "J1.south J1.west.exit"), ("n", 400, "J1.north J1.south.exit"))
    ]
    vehicle = '<vType id="car" tau="1.55" sigma="0" speedDev="0"/>'
    (folder / "r.rou.xml").write_text(f"<routes>{vehicle}{''.join(lines)}</routes>", encoding="utf-8")
    files = ",".join(str(path) for path in arm.additional_files)
    command = [str(binary("sumo")), "-n", str(arm.net_file), "-a", files, "-r", "r.rou.xml",
               "-b", "27000", "-e", "29700", "--no-step-log", "--tripinfo-output", "t.xml", "--fcd-output",
               "f.xml", "--fcd-output.attributes", "lane", "--time-to-teleport", "-1",
               "--collision.check-junctions", "--collision.action", "warn"]  # fmt: skip
    done = subprocess.run(command, cwd=folder, check=True, env=environment(), capture_output=True, text=True)
    assert "collision" not in done.stderr
    trips = ET.parse(folder / "t.xml").getroot()
    late = [t for t in trips if t.attrib["id"].startswith("l") and float(t.attrib["arrival"]) > 27700]
    inside = 0
    for _, step in ET.iterparse(folder / "f.xml"):
        if step.tag == "timestep":
            if float(step.attrib["time"]) % 100 == 1:
                inside += sum(v.attrib["id"].startswith("l") and passing(v.attrib["lane"]) for v in step)
            step.clear()
    return len(late) / 20, inside


def test_a_longer_area_lets_more_cars_through_and_catches_none(site: Site, tmp_path: Path) -> None:
    """Each stored car saves the green the time in which it would have come up to the line, and no more."""
    served = {}
    for storage_m in (0, 5, 10):
        policy = applied(site, storage_m=storage_m) if storage_m else applied_of(site, ())
        arm = build(site, policy, "am", tmp_path)
        served[storage_m], caught = served_per_cycle(arm, tmp_path, lambda lane: lane.startswith(":"))
        assert caught == 0
    print(served)
    assert served[0] + 0.15 < served[10] < served[0] + 2, "two cars stand on 10 m"
    assert served[0] < served[5] <= served[10] + 0.1


@pytest.mark.data
@pytest.mark.parametrize(
    ("net", "movement", "storage_m"),
    [
        ("ingolstadt7/ingolstadt7.net.xml", "cluster_1757124350_1757124352.southeast.left", 14),
        ("bologna_acosta/acosta_buslanes.net.xml", "9.west.left", 14),
        ("cologne8/cologne8.net.xml", "62426694.south.left", 5),
    ],
)
def test_on_networks_that_others_made(
    shared_data: Path, tmp_path: Path, net: str, movement: str, storage_m: float
) -> None:
    """Their plans have no left turn of its own: it gets one first, and the proof covers both."""
    site = site_of(shared_data / net, tmp_path / "site")
    turn = site.network.movement(movement, "test")
    signal = str(turn.connections[0].signal)
    (program,) = site.signals["am"][signal].programs.values()
    beside = site.network.connections_from[turn.connections[0].from_edge]
    through = next(c.link for c in beside if c.direction == "through")
    behind = [stage.name for stage in program.stages() if through in stage.green_links][-1]
    stage = {
        "kind": "add_stage", "junction": turn.junction, "expect": {"cycle_s": program.cycle_s},
        "stage": "left", "serves": [movement], "behind": behind, "green_s": 12, "only": True,
    }  # fmt: skip
    area = {**AREA, "movement": movement, "storage_m": storage_m, "after": ["a"]}
    with pytest.raises(ConfigError, match=r"no green of its own|not right behind"):
        applied(site, movement=movement, storage_m=storage_m)
    policy = apply(policy_of(a=stage, b=area), site, "policy")
    arm = build(site, policy, "am", tmp_path)
    assert prove(
        build(site, applied_of(site, ()), "am", tmp_path), arm, policy.footprint, policy.edits
    ).changed
    then = next(c for c in arm.network.connections if c.key == turn.connections[0].key)
    lights = arm.controls[signal].programs[f"huandu.{program.id}"]
    assert then.link is not None and then.entry_link is not None
    shown = {(i.state[then.entry_link], i.state[then.link]) for i in lights.intervals}
    assert ("g", "r") in shown and ("G", "G") in shown
    assert not {("G", "r"), ("r", "G")} & shown
