"""Boxes: who heeds them, where, and that nothing else in a run is touched by how SUMO is told."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import cast
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from sim.demand.tables import VEHICLES, Demand
from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.model import Site
from sim.site.zones import MovementZone, Zones
from sim.sumo import detectors
from sim.sumo.boxes import HEEDS, UNMARKED, calibrators, heeding
from sim.sumo.build import ArmBuild, build
from sim.sumo.demand_files import write_demand, written_types
from sim.sumo.install import binary, environment
from sim.sumo.netconvert import convert
from sim.sumo.proof import prove
from sim.vehicles import FILLS_EXIT, filling_exit
from tests.sites import applied_of, policy_of, site_of

SHARE = 0.4
BOX = {
    "kind": "box_junction", "junctions": ["J"], "expect": {"enters_full_exit_share": SHARE},
    "enters_full_exit_share": 0.0,
}  # fmt: skip
CAR = {"vClass": "passenger", "sigma": "0", "tau": "1.55", "speedDev": "0"}
Fields = dict[str, object]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Two signals 150 m apart on a one-way street, of which the second gives it 18 s in 90."""
    folder = Path(tmp_path_factory.mktemp("spillback"))
    nodes = {"W": (-400, 0), "J": (0, 0), "K": (150, 0), "E": (500, 0), "N": (0, 300), "S": (0, -300)}
    nodes |= {"M": (150, 300), "T": (150, -300)}
    lines = [
        f'<node id="{id}" x="{x}" y="{y}" type="{"traffic_light" if id in "JK" else "priority"}"/>'
        for id, (x, y) in nodes.items()
    ]
    (folder / "a.nod.xml").write_text(f"<nodes>{''.join(lines)}</nodes>", encoding="utf-8")
    edges = "".join(
        f'<edge id="{e}" from="{e[0]}" to="{e[1]}" numLanes="2" speed="13.89"/>'
        for e in ("WJ", "JK", "KE", "NJ", "JS", "MK", "KT")
    )
    (folder / "a.edg.xml").write_text(f"<edges>{edges}</edges>", encoding="utf-8")
    convert(["-n", "a.nod.xml", "-e", "a.edg.xml", "-o", "a.net.xml"], folder)
    text = (folder / "a.net.xml").read_text(encoding="utf-8")
    plan = re.search(r'<tlLogic id="K".*?</tlLogic>', text, re.DOTALL)
    assert plan is not None
    short = plan[0].replace('duration="42" state="GGGrrr"', 'duration="66" state="GGGrrr"')
    short = short.replace('duration="42" state="rrrGGG"', 'duration="18" state="rrrGGG"')
    assert short.count("66") == short.count("18") == 1, "the street is the second stage of K"
    (folder / "a.net.xml").write_text(text.replace(plan[0], short), encoding="utf-8")
    return site_of(folder / "a.net.xml", folder / "site", enters_full_exit_share=SHARE)


def applied(site: Site, **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={**BOX, **fields}), site, "policy")


def people(share: float) -> Demand:
    """Cars on the street and across it, so many of them entering full exits."""
    starts = [("W", 2.5, "WJ JK KE"), ("N", 4.0, "NJ JS"), ("M", 6.0, "MK KT")]
    trips = [
        (gap_s * k, f"{name}{k}", edges) for name, gap_s, edges in starts for k in range(int(1500 / gap_s))
    ]
    fills = np.random.default_rng(1).random(len(trips)) < share
    rows = [
        {"id": id, "scheduled_s": at_s, "type": "car" + FILLS_EXIT * bool(fill), "edges": edges,
         "vehicle_class": "car", "purpose": "through", "depart_lane": "best", "depart_speed": "max",
         "stops": "[]", "speed_factor": 1.0, "occupancy": 1.0, "uniform": 0.5}
        for fill, (at_s, id, edges) in zip(fills, sorted(trips), strict=True)
    ]  # fmt: skip
    blank = {name: "" if kind == "string" else 0.0 for name, kind in VEHICLES.items()}
    table = pd.DataFrame([{**blank, **row} for row in rows], columns=list(VEHICLES))
    walks = pd.DataFrame({name: [] for name in ("id", "crossing", "scheduled_s", "from_edge", "to_edge")})
    return Demand(table.astype(dict(VEHICLES)), walks, {"car": CAR, "car" + FILLS_EXIT: filling_exit(CAR)})


def driven(arm: ArmBuild, demand: Demand, heed: float, folder: Path) -> tuple[str, Mapping[str, float]]:
    """Run; returns a digest of every trip (types aside) and the time lost by origin, s."""
    told = heeding(demand, heed, "spillback", 1)
    write_demand(told, arm, folder / "r.rou.xml")
    lines = calibrators(arm.boxes, arm.network, written_types(told, arm))
    (folder / "box.add.xml").write_text(f"<additional>{''.join(lines)}</additional>", encoding="utf-8")
    files = ",".join([*map(str, arm.additional_files), "box.add.xml"])
    command = [str(binary("sumo")), "-n", str(arm.net_file), "-a", files, "-r", "r.rou.xml", "-e", "1800",
               "--no-step-log", "--tripinfo-output", "t.xml", "--tripinfo-output.write-unfinished",
               "--time-to-teleport", "-1", "--no-warnings"]  # fmt: skip
    subprocess.run(command, cwd=folder, check=True, env=environment(), capture_output=True)
    trips = [dict(trip.attrib) for trip in ET.parse(folder / "t.xml").getroot()]
    lost: dict[str, list[float]] = {}
    for trip in trips:
        trip.pop("vType")
        trip.pop("devices", None)
        lost.setdefault(trip["id"][0], []).append(float(trip["timeLoss"]))
    whole = sorted(str(sorted(trip.items())) for trip in trips)
    digest = hashlib.sha256("\n".join(whole).encode()).hexdigest()
    return digest, {name: sum(each) / len(each) for name, each in lost.items()}


def test_a_box_acts_where_it_is_and_nowhere_else(site: Site, tmp_path: Path) -> None:
    """Exits fill at J alone. So a box at J is as if nobody entered full exits, one at K as if all did."""
    base = build(site, applied_of(site, ()), "am", tmp_path)
    arms = {id: build(site, applied(site, junctions=[id]), "am", tmp_path) for id in ("J", "K")}
    today, lost = driven(base, people(SHARE), 0, tmp_path)
    nobody, _ = driven(base, people(0), 0, tmp_path)
    at_j, then = driven(arms["J"], people(SHARE), 1, tmp_path)
    at_k, _ = driven(arms["K"], people(SHARE), 1, tmp_path)
    assert today != nobody
    assert at_j == nobody
    assert at_k == today, "changing types changes no trajectory"
    print(lost, then)
    assert then["N"] < lost["N"], "the street across is blocked less"


def test_who_heeds_at_a_small_share_heeds_at_a_smaller_one_too(site: Site) -> None:
    before = people(SHARE)

    def heeders(heed: float) -> set[str]:
        told = heeding(before, heed, "spillback", 1)
        assert told.vehicles.drop(columns="type").equals(before.vehicles.drop(columns="type"))
        return set(told.vehicles.loc[told.vehicles["type"] == "car" + UNMARKED, "id"])

    fills = set(before.vehicles.loc[before.vehicles["type"] == "car" + FILLS_EXIT, "id"])
    few, many = heeders(0.3), heeders(0.8)
    assert few < many < fills
    assert heeders(1.0) == fills
    assert len(few) == pytest.approx(0.3 * len(fills), rel=0.25)
    types = heeding(before, 1.0, "spillback", 1).types
    assert types["car" + HEEDS] == CAR
    assert types["car" + UNMARKED] == types["car" + FILLS_EXIT]


def test_a_box_is_proved_and_nothing_in_the_streets_moves(site: Site, tmp_path: Path) -> None:
    policy = applied(site, enters_full_exit_share=0.1)
    base, arm = (build(site, p, "am", tmp_path) for p in (applied_of(site, ()), policy))
    changed = prove(base, arm, policy.footprint, policy.edits).changed
    assert [(change.kind, change.id) for change in changed] == [("box", "J")]
    assert arm.net_file == base.net_file
    assert arm.boxes == {"J": 0.1}
    assert policy.change_log[0].en.endswith(
        "J: box markings; drivers who enter although their exit is full 40%→10%"
    )
    assert "10%" in policy.assumptions[0].zh


def test_between_two_boxes_nobody_changes_back(site: Site) -> None:
    types = heeding(people(SHARE), 1.0, "spillback", 1).types
    lines = "".join(calibrators({"J": 0.0, "K": 0.0}, site.network, types))
    assert set(re.findall(r'edge="(\w+)"', lines)) == {"WJ", "NJ", "MK", "JS", "KE", "KT"}


def test_zones_count_who_heeds_a_box_as_before(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who pass a zone astray are shut out by type: under both of their types, and only of that zone."""
    astray = {"WJ JK KE": frozenset({"J.west.through"})}
    monkeypatch.setattr(detectors, "strays", lambda movements, routes: astray)
    names = cast(Mapping[str, MovementZone], {"J.west.through": None, "J.north.through": None})
    told, counted = detectors.told_apart(heeding(people(SHARE), 0.5, "spillback", 1), Zones(names, {}, ()))
    kinds = {"car", "car" + FILLS_EXIT, "car" + UNMARKED, "car" + HEEDS}
    assert set(told.types) == kinds | {f"{kind}~1" for kind in kinds}
    assert set(counted["J.west.through"]) == kinds
    assert "J.north.through" not in counted, "it counts everyone"
    lines = "".join(calibrators({"J": 0.0}, site.network, told.types))
    assert f'vTypes="car{UNMARKED}~1"' in lines
    assert f'type="car{HEEDS}~1"' in lines


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"junctions": ["J9"]}, "no junction named 'J9'"),
        ({"junctions": ["J", "J"]}, "junction 'J' has a box already"),
        (
            {"expect": {"enters_full_exit_share": 0.2}},
            "expected that 20% of drivers enter a full exit, found 40%",
        ),
        ({"enters_full_exit_share": 0.4}, "a box lowers the share: it is 40% today"),
        ({"enters_full_exit_share": 1.5}, "less than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused(site: Site, fields: Fields, told: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        applied(site, **fields)
    assert told in str(refusal.value)


def test_two_shares_in_one_policy_are_refused(site: Site) -> None:
    other = {**BOX, "junctions": ["K"], "enters_full_exit_share": 0.1}
    with pytest.raises(ConfigError, match="which 'a' touches too"):
        apply(policy_of(a=BOX, b=other), site, "policy")
    with pytest.raises(ConfigError, match="have one share"):
        apply(policy_of(a=BOX, b={**other, "after": ["a"]}), site, "policy")


@pytest.mark.data
@pytest.mark.parametrize("net", ["cologne8/cologne8.net.xml", "nanchang_cutA/c.net.xml"])
def test_on_networks_that_others_made(shared_data: Path, tmp_path: Path, net: str) -> None:
    site = site_of(shared_data / net, tmp_path / "site", enters_full_exit_share=SHARE)
    signals = [id for id, junction in site.network.junctions.items() if junction.signal][:3]
    policy = applied(site, junctions=signals)
    arm = build(site, policy, "am", tmp_path)
    assert prove(
        build(site, applied_of(site, ()), "am", tmp_path), arm, policy.footprint, policy.edits
    ).changed
    types = heeding(people(SHARE), 1.0, "data", 1).types
    lines = calibrators(arm.boxes, arm.network, types)
    (tmp_path / "box.add.xml").write_text(f"<additional>{''.join(lines)}</additional>", encoding="utf-8")
    files = ",".join([*map(str, arm.additional_files), "box.add.xml"])
    command = [str(binary("sumo")), "-n", str(arm.net_file), "-a", files, "-b", "27000", "-e", "27010"]
    subprocess.run(
        [*command, "--no-step-log"], cwd=tmp_path, check=True, env=environment(), capture_output=True
    )
