"""Bus stops: as facts, moved or given a bay, on a small street and on a network that others made."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from sim.demand.buses import in_order, line_buses, served
from sim.demand.tables import VEHICLES
from sim.edits.vocabulary import MoveStop, SetLane
from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.buses import Stop
from sim.site.model import Site
from sim.standard_data import vehicle_set
from sim.sumo.build import ArmBuild, build
from sim.sumo.bus_stops import read_stops
from sim.sumo.install import binary, environment
from sim.sumo.proof import Proof, prove
from sim.sumo.site import load
from tests.own_root import write_root
from tests.sites import applied_of, policy_of, site_of, street
from tests.validation.junction_sweep import assert_sumo_loads

ACOSTA = "bologna_acosta/acosta_buslanes.net.xml"
STOP = Stop("W_J1", 1, 180.0, 20.0)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return replace(street(tmp_path_factory.mktemp("street")), stops={"a": STOP})


def change(**fields: object) -> dict[str, object]:
    return {"kind": "move_bus_stop", "stop": "a", "expect": {"on": "W_J1", "at_m": 180}, **fields}


def moved(site: Site, **fields: object) -> AppliedPolicy:
    return apply(policy_of(m=change(**fields)), site, "policy")


def proof(site: Site, applied: AppliedPolicy, cache: Path) -> tuple[Proof, ArmBuild]:
    base, arm = build(site, applied_of(site, ()), "am", cache), build(site, applied, "am", cache)
    assert_sumo_loads(arm)
    return prove(base, arm, applied.footprint, applied.edits), arm


@pytest.mark.parametrize("fields", [{"at_m": 20}, {"bay": True}, {"on": "J1_J2", "at_m": 40, "bay": True}])
def test_only_the_stop_changes(site: Site, tmp_path: Path, fields: dict[str, object]) -> None:
    found, _ = proof(site, moved(site, **fields), tmp_path)
    assert found.objects == {("bus_stop", "a")}


def test_the_change_log_says_where_and_how(site: Site) -> None:
    (words,) = moved(site, on="J1_J2", at_m=40, bay=True).change_log
    assert words.en == "bus stop a: at 180 m of W_J1, on the lane → at 40 m of J1_J2, in a bay"
    assert words.zh == "公交站 a：W_J1 180 m 处，直接式 → J1_J2 40 m 处，港湾式"


def test_a_stop_close_before_a_stop_line_is_warned_of(site: Site) -> None:
    assert moved(site, at_m=205).warnings[0].en.startswith("bus stop a lies")
    assert not moved(site, at_m=100).warnings


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"stop": "b"}, "no bus stop 'b'"),
        ({"on": "J1_J3", "at_m": 10}, "no approach or edge 'J1_J3'"),
        ({"on": "J1_J2"}, "say from where on the stop lies there"),
        ({"at_m": 2000}, "would end at 2020 m"),
        ({"at_m": 100, "expect": {"on": "W_J1", "at_m": 30}}, "found on 'W_J1' at 180 m"),
        ({"at_m": 100, "expect": {"on": "J9", "at_m": 30}}, "no approach or edge 'J9'"),
        (
            {"bay": False, "expect": {"on": "W_J1", "at_m": 180, "bay": True}},
            "expected a bay, found a stop on",
        ),
        ({}, "the stop would be as it is"),
    ],
)
def test_what_cannot_be_is_refused(site: Site, fields: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        moved(site, **fields)
    assert told in str(refusal.value)
    assert refusal.value.of("zh") != str(refusal.value)


def test_stops_do_not_overlap(site: Site) -> None:
    two = replace(site, stops={"a": STOP, "b": Stop("W_J1", 1, 60.0, 20.0)})
    with pytest.raises(ConfigError, match="would overlap the stop 'b'"):
        moved(two, at_m=70)


def test_a_route_passes_stops_in_their_order() -> None:
    one, two, far = Stop("a", 0, 10, 20), Stop("a", 0, 60, 20), Stop("c", 0, 5, 20)
    assert in_order(["a", "b", "c"], [one, two, far])
    assert not in_order(["a", "b", "c"], [two, one])
    assert in_order(["a", "b", "a"], [two, one])
    assert not in_order(["a", "b"], [far])


def bus(edges: str, *stops: str) -> pd.DataFrame:
    row = {"id": "0", "edges": edges, "stops": json.dumps([{"busStop": s, "duration": "20"} for s in stops])}
    blank = {name: "" if kind == "string" else 0.0 for name, kind in VEHICLES.items()}
    return pd.DataFrame([{**blank, **row}]).astype(dict(VEHICLES))


def test_buses_leave_the_lane_in_a_bay_and_must_come_by(site: Site) -> None:
    edit = MoveStop("a", STOP, replace(STOP, bay=True))
    (stops,) = served(bus("W_J1 J1_J2", "a"), [edit], site.network, site)["stops"]
    assert json.loads(stops) == [{"busStop": "a", "duration": "20", "parking": "true"}]
    away = MoveStop("a", STOP, Stop("J1_N1", 1, 10.0, 20.0))
    with pytest.raises(ConfigError, match="1 vehicles that stop at 'a' do not come by 'J1_N1'"):
        served(bus("W_J1 J1_J2", "a"), [away], site.network, site)


def test_a_bay_spares_those_behind_where_nobody_can_pass(site: Site, tmp_path: Path) -> None:
    """Cars on a street with one lane for them, and 60 buses an hour that stop for 30 s far from the queue."""
    lanes = [lane for lane in site.network.edges["W_J1"].lanes if lane.for_cars][1:]
    closed = [SetLane(x.edge, x.index, x.speed_mps, x.allow, allow=frozenset({"tram"})) for x in lanes]
    spot = replace(STOP, at_m=40.0)
    street = replace(site, stops={"a": spot})

    def mean_s(bay: bool) -> float:
        edits = [*closed, *([MoveStop("a", spot, replace(spot, bay=True))] if bay else [])]
        _, arm = proof(street, applied_of(street, edits), tmp_path / "cache")
        flows = (
            '<vType id="bus" vClass="bus"/>'
            '<flow id="b" type="bus" begin="0" end="1200" vehsPerHour="60"><route edges="W_J1 J1_J2"/>'
            f'<stop busStop="a" duration="30" parking="{str(bay).lower()}"/></flow>'
            '<flow id="c" begin="0" end="1200" vehsPerHour="400" departLane="best">'
            '<route edges="W_J1 J1_J2"/></flow>'
        )
        (tmp_path / "r.rou.xml").write_text(f"<routes>{flows}</routes>", encoding="utf-8")
        files = ",".join(str(path) for path in arm.additional_files)
        command = [str(binary("sumo")), "-n", str(arm.net_file), "-a", files, "-r", "r.rou.xml", "-e", "3600",
                   "--no-step-log", "--tripinfo-output", "t.xml", "--no-warnings"]  # fmt: skip
        subprocess.run(command, cwd=tmp_path, check=True, env=environment(), capture_output=True)
        trips = [t for t in ET.parse(tmp_path / "t.xml").getroot() if t.attrib["id"].startswith("c")]
        return sum(float(t.attrib["timeLoss"]) + float(t.attrib["departDelay"]) for t in trips) / len(trips)

    before, after = mean_s(bay=False), mean_s(bay=True)
    assert after < 0.8 * before, (before, after)


@pytest.mark.data
def test_a_stop_of_an_imported_model_moves_and_the_others_stay(shared_data: Path, tmp_path: Path) -> None:
    facts = {"imported": {"network": "net.net.xml", "additional": "stops.add.xml"}}
    site = site_of(shared_data / ACOSTA, tmp_path / "site", **facts)
    shutil.copyfile(shared_data / "bologna_acosta/acosta_bus_stops.add.xml", tmp_path / "site/stops.add.xml")
    site = replace(site, stops=read_stops(tmp_path / "site/stops.add.xml", site.network))
    id, stop = "busStop#2", site.stops["busStop#2"]
    assert (stop.edge, stop.lane, stop.at_m, stop.end_m) == ("190", 0, 175.018, 195.018)
    fields = {"stop": id, "expect": {"on": stop.edge, "at_m": stop.at_m}, "at_m": 40, "bay": True}
    found, arm = proof(site, moved(site, **fields), tmp_path / "cache")
    assert found.objects == {("bus_stop", id)}
    assert arm.additional_files[1].name == "imported.add.xml"


LINE = """
bus_stops:
  here: {on: J1.west, at_m: 60}
  there: {on: J1.east.exit, at_m: 50, bay: true}
bus_lines:
  k1: {origin: J1.west, exit: J1.east.exit, stops: [here, there], headway_min: 10, dwell_s: 15}
"""


def drawn(root: Path, more: str) -> Site:
    folder = write_root(root) / "scenarios" / "xingfu"
    facts = folder / "site.yaml"
    facts.write_text(facts.read_text(encoding="utf-8") + more, encoding="utf-8")
    return load(folder, root / "store")


def test_a_drawn_site_has_stops_and_lines(tmp_path: Path) -> None:
    site = drawn(tmp_path, LINE)
    assert site.stops["there"].bay
    (period, *_) = site.periods
    buses = line_buses(site, (27000.0, 30600.0), period, 1, vehicle_set(tmp_path, None))
    assert len(buses) == 6
    assert set(buses["purpose"]) == {"bus"}
    assert buses["scheduled_s"].diff().dropna().eq(600).all()
    here, there = json.loads(buses["stops"][0])
    assert here == {"busStop": "here", "duration": "15"}
    assert there["parking"] == "true"
    assert_sumo_loads(build(site, applied_of(site, ()), period, tmp_path / "cache"))


def test_lines_and_stops_that_cannot_be_are_refused(tmp_path: Path) -> None:
    wrong = LINE.replace("at_m: 60", "at_m: 6000").replace("[here, there]", "[here, nowhere]")
    with pytest.raises(ConfigError) as refusal:
        drawn(tmp_path, wrong.replace("exit: J1", "exit: J7"))
    for told in ("bus_stops.here.at_m", "no bus stop 'nowhere'", "no approach or edge 'J7.east.exit'"):
        assert told in str(refusal.value)
