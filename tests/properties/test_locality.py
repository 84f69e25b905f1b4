"""Every arm differs from the baseline where it says so and nowhere else: the proof holds, and it can fail."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.edits.vocabulary import ObjectKey
from sim.errors import BuildError
from sim.policy import AppliedPolicy, apply, empty_policy
from sim.site.facts import ImportedNetwork
from sim.site.model import Site
from sim.sumo.build import ArmBuild, build
from sim.sumo.install import binary, environment
from sim.sumo.proof import prove
from tests.sites import policy_of, street

LOT = {"title": {"zh": "停车场", "en": "Lot"}, "kind": "off_street", "at_m": 40, "stalls": 30}
WEST = {
    "kind": "set_lane_use", "approach": "J1.west",
    "expect": ["left", "through", "through+right"], "lanes": ["left", "left", "through+right"],
}  # fmt: skip
EAST = {
    "kind": "set_lane_use", "approach": "J1.east",
    "expect": ["left+through", "through+right"], "lanes": ["left", "through+right"],
}  # fmt: skip
TIMES = {"kind": "retime_signal", "junction": "J1", "expect": {"cycle_s": 90}, "greens_s": {"S2": 10}}
PARKING = {"kind": "add_parking_area", "id": "P2", "expect": {"areas": []}, "area": {**LOT, "on": "J2.east"}}
ALL = {"west": WEST, "east": EAST, "times": TIMES, "parking": PARKING}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return street(Path(tmp_path_factory.mktemp("street")), parking={"P1": {**LOT, "on": "J1.north"}})


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def base(site: Site, cache: Path) -> ArmBuild:
    return build(site, nothing(site), "am", cache)


def nothing(site: Site) -> AppliedPolicy:
    return apply(empty_policy(), site, "policy")


def contents(arm: ArmBuild) -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in (arm.net_file, *arm.additional_files)]


@pytest.mark.parametrize("names", [["west"], ["east"], ["times"], ["parking"], list(ALL)], ids=" ".join)
def test_the_proof_holds(site: Site, cache: Path, base: ArmBuild, names: list[str]) -> None:
    applied = apply(policy_of(**{name: ALL[name] for name in names}), site, "policy")
    proof = prove(base, build(site, applied, "am", cache), applied.footprint, applied.edits)
    assert proof.changed
    own = {key for key in proof.objects if key[0] not in ("parking_alternative", "other")}
    assert own <= applied.footprint
    assert proof.words.en.endswith(f"{proof.identical:,} identical")


def test_an_empty_policy_gives_byte_identical_inputs(site: Site, base: ArmBuild, tmp_path: Path) -> None:
    again = build(site, nothing(site), "am", tmp_path)
    assert again.folder != base.folder
    assert again.digest == base.digest
    assert contents(again) == contents(base)
    assert prove(base, again, frozenset()).changed == ()


def test_an_edit_of_another_period_leaves_this_period_as_it_is(
    site: Site, cache: Path, base: ArmBuild
) -> None:
    applied = apply(policy_of(times=TIMES), site, "policy")
    elsewhere = tuple(dataclasses.replace(edit, period="pm") for edit in applied.edits)
    arm = build(site, dataclasses.replace(applied, edits=elsewhere), "am", cache)
    assert arm.digest == base.digest


def test_disjoint_interventions_commute(site: Site, tmp_path: Path) -> None:
    digests = set()
    for number, order in enumerate((ALL, dict(reversed(ALL.items())))):
        arm = build(site, apply(policy_of(**order), site, "policy"), "am", tmp_path / str(number))
        digests.add((arm.digest, tuple(contents(arm))))
    assert len(digests) == 1


def test_a_second_build_of_the_same_arm_is_the_first(site: Site, tmp_path: Path) -> None:
    applied = apply(policy_of(west=WEST), site, "policy")
    first = build(site, applied, "am", tmp_path)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert build(site, applied, "am", tmp_path) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == written


def test_new_lanes_show_the_lights_of_their_movement_and_old_ones_what_they_showed(
    site: Site, cache: Path, base: ArmBuild
) -> None:
    arm = build(site, apply(policy_of(west=WEST), site, "policy"), "am", cache)
    today, then = lights(base), lights(arm)
    assert then.pop("W_J1_2->J1_N1_1") == today["W_J1_3->J1_N1_2"]
    assert today.pop("W_J1_2->J1_J2_2")
    assert then == today


@pytest.mark.parametrize("names", [[], ["west", "east"], list(ALL)], ids=" ".join)
def test_sumo_runs_the_arm_without_a_word(site: Site, cache: Path, tmp_path: Path, names: list[str]) -> None:
    policy = policy_of(**{name: ALL[name] for name in names}) if names else empty_policy()
    arm = build(site, apply(policy, site, "policy"), "am", cache)
    shown = programs_shown(arm, tmp_path)
    assert {(signal, program) for _, signal, program in shown} == {
        (signal, control.active) for signal, control in arm.controls.items()
    }


def test_programs_switch_by_the_clock_in_the_arm_too(site: Site, cache: Path, tmp_path: Path) -> None:
    control = site.signals["am"]["J1"]
    programs = {id: dataclasses.replace(control.programs["0"], id=id) for id in ("day", "night")}
    timed = dataclasses.replace(control, programs=programs, active="night", switches=((100.0, "day"),))
    clocked = dataclasses.replace(site, signals={"am": {**site.signals["am"], "J1": timed}})
    arm = build(clocked, apply(policy_of(west=WEST), clocked, "policy"), "am", cache)
    shown = [
        program
        for time_s, signal, program in programs_shown(arm, tmp_path)
        if signal == "J1" and time_s != 100
    ]
    assert shown == ["huandu.night"] * 100 + ["huandu.day"] * 99


def programs_shown(arm: ArmBuild, folder: Path) -> list[tuple[float, str, str]]:
    """Run 200 s without traffic: (second, signal, program that ran). Fails if SUMO warns."""
    states = folder / "states.xml"
    watch = "".join(f'<timedEvent type="SaveTLSStates" source="{s}" dest="{states}"/>' for s in arm.controls)
    (folder / "watch.add.xml").write_text(f"<additional>{watch}</additional>", encoding="utf-8")
    files = ",".join(str(path) for path in (*arm.additional_files, folder / "watch.add.xml"))
    command = [str(binary("sumo")), "-n", str(arm.net_file), "-a", files, "--end", "200", "--no-step-log"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
    # The network's own program "0", which never runs, may keep columns of connections that are gone.
    assert [line for line in done.stderr.splitlines() if "program '0'" not in line] == []
    found = re.findall(r'time="([\d.]+)" id="(\w+)" programID="([^"]+)"', states.read_text(encoding="utf-8"))
    return [(float(time_s), signal, program) for time_s, signal, program in found]


def lights(arm: ArmBuild) -> dict[str, tuple[str, ...]]:
    control = arm.controls["J1"]
    intervals = control.programs[control.active].intervals
    return {
        key: tuple(interval.state[link] for interval in intervals)
        for link, keys in arm.network.links["J1"].items()
        for key in keys
    }


def replaced(pattern: str, new: str) -> Callable[[str], str]:
    def change(content: str) -> str:
        changed, count = re.subn(pattern, new, content, count=1, flags=re.DOTALL)
        assert count == 1, pattern
        return changed

    return change


LANE = r'<lane id="J1_J2_1"[^>]*'
NODE = r'<junction id="J2"[^>]*'
J2 = r'<tlLogic id="J2"[^>]*'
TURN = r'<connection from="N2_J2" to="J2_J1"[^>]*'
RIGHT_TURN = "N2_J2_1->J2_J1_1"
ZEBRA = "crossing:J2:J2_N2+N2_J2"

# What is changed, in which file, how, and the object that the proof must name.
MUTATIONS: dict[str, tuple[str, Callable[[str], str], ObjectKey]] = {
    "edge": ("net", replaced(r'(<edge id="J1_J2"[^>]*priority=)"-1"', r'\1"4"'), ("edge", "J1_J2")),
    "speed": ("net", replaced(f'({LANE}speed=)"13.89"', r'\1"16.67"'), ("lane", "J1_J2_1")),
    "length": ("net", replaced(f'({LANE}length=)"', r'\1"1'), ("lane", "J1_J2_1")),
    "permission": ("net", replaced(f'({LANE}disallow=)"', r'\1"bus '), ("lane", "J1_J2_1")),
    "lane shape": ("net", replaced(f'({LANE}shape=)"', r'\1"1,1 '), ("lane", "J1_J2_1")),
    "connection": ("net", replaced(f'({TURN} dir="r")', r'\1 pass="1"'), ("connection", RIGHT_TURN)),
    "direction": ("net", replaced(f'({TURN} dir=)"r"', r'\1"R"'), ("connection", RIGHT_TURN)),
    "uncontrolled": (
        "net", replaced(f'({TURN}) tl="J2" linkIndex="0"', r"\1"), ("signal_link", RIGHT_TURN)
    ),
    "response": ("net", replaced(f'({NODE}.*?index="0" +response=)"1', r'\1"0'), ("right_of_way", "J2")),
    "foes": ("net", replaced(f'({NODE}.*?<request index="0"[^>]*foes=)"1', r'\1"0'), ("right_of_way", "J2")),
    "place": ("net", replaced(f'({NODE} x=)"550', r'\1"551'), ("junction", "J2")),
    "path inside": ("net", replaced(r'(<lane id=":J2_0_0"[^>]*speed=)"', r'\1"1'), ("right_of_way", "J2")),
    "crossing": ("net", replaced(r'(<lane id=":J2_c0_0"[^>]*length=)"', r'\1"1'), ("crossing", ZEBRA)),
    "settings": ("net", replaced(r'(<net [^>]*limitTurnSpeed=)"', r'\1"1'), ("other", "net")),
    "light": ("signals", replaced(f'({J2}.*?state=)"g', r'\1"r'), ("signal_link", RIGHT_TURN)),
    "duration": ("signals", replaced(f'({J2}.*?duration=)"37"', r'\1"38"'), ("signal_timing", "J2@am")),
    "offset": ("signals", replaced(f'({J2}offset=)"0"', r'\1"9"'), ("signal_timing", "J2@am")),
    "kind": ("signals", replaced(f'({J2}type=)"static"', r'\1"actuated"'), ("signal_timing", "J2@am")),
    "stalls": ("parking", replaced(r'(id="P1"[^>]*Capacity=)"30"', r'\1"31"'), ("parking", "P1")),
    "search": (
        "parking",
        replaced(r'(<parkingAreaReroute id="P1" visible=)"true"', r'\1"false"'),
        ("parking_alternative", "parking.P1|P1"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTATIONS)
def test_one_object_changed_outside_the_footprint_fails_the_proof(
    site: Site, cache: Path, base: ArmBuild, tmp_path: Path, name: str
) -> None:
    file, change, key = MUTATIONS[name]
    applied = apply(policy_of(**ALL), site, "policy")
    arm = build(site, applied, "am", cache)
    prove(base, arm, applied.footprint, applied.edits)
    tampered = copied(arm, tmp_path)
    path = next(p for p in (tampered.net_file, *tampered.additional_files) if p.name.startswith(file))
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(BuildError) as error:
        prove(base, tampered, applied.footprint, applied.edits)
    assert f"outside: {key[0]} {key[1]}:" in str(error.value)


def copied(arm: ArmBuild, folder: Path) -> ArmBuild:
    paths = []
    for path in (arm.net_file, *arm.additional_files):
        paths.append(folder / path.name)
        paths[-1].write_bytes(path.read_bytes())
    return dataclasses.replace(arm, folder=folder, net_file=paths[0], additional_files=tuple(paths[1:]))


@pytest.mark.parametrize("name", list(ALL))
def test_a_change_that_was_declared_and_did_not_happen_fails_the_proof(
    site: Site, base: ArmBuild, name: str
) -> None:
    applied = apply(policy_of(a=ALL[name]), site, "policy")
    with pytest.raises(BuildError, match="missing: "):
        prove(base, base, applied.footprint, applied.edits)


def test_an_edit_that_finds_another_site_than_it_was_written_for_is_refused(site: Site, cache: Path) -> None:
    west = apply(policy_of(west=WEST), site, "policy")
    other = dataclasses.replace(west.edits[0], expected=west.edits[0].expected - {(3, "J1_N1", 2)})
    with pytest.raises(BuildError, match=r"expected .*; found .*W_J1_3->J1_N1_2"):
        build(site, dataclasses.replace(west, edits=(other,)), "am", cache)
    times = apply(policy_of(times=TIMES), site, "policy")
    late = dataclasses.replace(times.edits[0], expected_offset_s=7.0)
    with pytest.raises(BuildError, match=r"expected intervals of .* at offset 7 s; found .* at 0 s"):
        build(site, dataclasses.replace(times, edits=(late,)), "am", cache)


def test_an_id_that_the_imported_model_uses_is_refused(site: Site, tmp_path: Path) -> None:
    (tmp_path / "stops.add.xml").write_text(
        '<additional><parkingArea id="P1" lane="E_J2_1"/></additional>', encoding="utf-8"
    )
    imported = ImportedNetwork(network="net.net.xml", additional="stops.add.xml")
    facts = site.facts.model_copy(update={"imported": imported})
    with pytest.raises(BuildError, match=r"stops.add.xml holds parking areas P1 already"):
        build(
            dataclasses.replace(site, folder=tmp_path, facts=facts), nothing(site), "am", tmp_path / "cache"
        )


def test_imported_stops_are_part_of_the_arm_and_of_its_proof(site: Site, tmp_path: Path) -> None:
    stops = tmp_path / "stops.add.xml"
    stops.write_text(
        '<additional><busStop id="B1" lane="E_J2_1" startPos="10"/></additional>', encoding="utf-8"
    )
    facts = site.facts.model_copy(
        update={"imported": ImportedNetwork(network="net.net.xml", additional=stops.name)}
    )
    found = dataclasses.replace(site, folder=tmp_path, facts=facts)
    base = build(found, nothing(found), "am", tmp_path / "cache")
    stops.write_text(stops.read_text(encoding="utf-8").replace('"10"', '"11"'), encoding="utf-8")
    moved = build(found, nothing(found), "am", tmp_path / "cache")
    assert moved.digest != base.digest
    with pytest.raises(BuildError, match="outside: bus_stop B1: startPos: 10 -> 11"):
        prove(base, moved, frozenset())
