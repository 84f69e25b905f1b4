"""The written route file in SUMO: it loads, everyone is counted, and what it promises comes true."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass, fields, replace
from pathlib import Path

import pandas as pd
import pytest

from sim.demand import LEAVING, Demand, assign_lots, departs_s, realise
from sim.demand.imported import Trip
from sim.demand.routing import Router
from sim.edits.vocabulary import AddParking
from sim.errors import BuildError
from sim.policy import BASELINE, apply, empty_policy
from sim.site.parking import ParkingArea
from sim.study import RunSettings
from sim.sumo.build import ArmBuild, build
from sim.sumo.demand_files import write_demand
from sim.sumo.install import binary, environment
from sim.sumo.site import load
from sim.vehicles import VehicleSet, filling_exit, read_vehicles, type_attributes
from tests.sites import site_of

QUIET = ["--no-step-log", "--time-to-teleport", "-1", "--pedestrian.striping.dawdling", "0"]


@dataclass(frozen=True)
class Written:
    """An embedded site's morning at a fifth of its demand, as one arm is given it."""

    demand: Demand
    arm: ArmBuild
    path: Path


@pytest.fixture(scope="module")
def vehicles(repo_root: Path) -> VehicleSet:
    return read_vehicles(repo_root / "configs" / "vehicles" / "sigma_zero.yaml")


@pytest.fixture(scope="module")
def written(repo_root: Path, vehicles: VehicleSet, tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("written")
    site = load(repo_root / "scenarios" / "shiqiaopu", folder)
    arm = build(site, apply(empty_policy(), site, BASELINE), "am_peak", folder)
    demand = realise(site, "am_peak", 1, RunSettings(demand_scale=0.2), vehicles)
    write_demand(demand, arm, folder / "demand.rou.xml")
    return Written(demand, arm, folder / "demand.rou.xml")


def simulate(net: Path, routes: Path, folder: Path, *options: object) -> ET.Element:
    """Run SUMO to the end and return its trips; an error or a warning about the demand fails."""
    trips = folder / "trips.xml"
    command = [binary("sumo"), "-n", net, "-r", routes, "--tripinfo-output", trips, *QUIET, *options]
    words = list(map(str, command))
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment())
    # Hard braking, e.g. for a pedestrian who steps out, is the model's affair and not the file's.
    complaints = [line for line in done.stderr.splitlines() if "emergency braking" not in line]
    assert (done.returncode, complaints) == (0, [])
    return ET.parse(trips).getroot()


def run(written: Written, folder: Path, *options: object) -> ET.Element:
    additional = ",".join(map(str, written.arm.additional_files))
    everyone = ["--tripinfo-output.write-unfinished", "--tripinfo-output.write-undeparted"]
    span = ["--begin", 25500, "--end", 45000]
    return simulate(written.arm.net_file, written.path, folder, "-a", additional, *everyone, *span, *options)


@pytest.fixture(scope="module")
def trips(written: Written, tmp_path_factory: pytest.TempPathFactory) -> ET.Element:
    return run(written, tmp_path_factory.mktemp("run"))


def test_everyone_travels_as_written(written: Written, trips: ET.Element) -> None:
    found = {trip.get("id", ""): trip for trip in trips.iter("tripinfo")}
    people = written.demand.vehicles.set_index("id")
    assert set(found) == set(people.index)
    assert {"car", "bus", "truck"} <= set(people["type"])
    assert len(people) > 500
    assert LEAVING in set(people["purpose"])
    for id, departs in departs_s(people).items():
        trip = found[str(id)]
        left_s = float(trip.get("depart", "nan")) - float(trip.get("departDelay", "nan"))
        assert left_s == pytest.approx(departs, abs=0.011)
        assert float(trip.get("speedFactor", "nan")) == pytest.approx(
            people.loc[id, "speed_factor"], abs=0.0051
        )
        assert trip.get("vType") == people.loc[id, "type"]


def test_pedestrians_cross_their_leg_and_nothing_else(written: Written, trips: ET.Element) -> None:
    walks = {person.get("id", ""): person.find("walk") for person in trips.iter("personinfo")}
    assert set(walks) == set(written.demand.walks["id"])
    lengths = {approach.id: approach.crossing for approach in written.arm.network.approaches.values()}
    for id, crossing, speed_mps in written.demand.walks[["id", "crossing", "speed_mps"]].itertuples(
        index=False
    ):
        walk, zebra = walks[id], lengths[crossing]
        assert walk is not None and zebra is not None
        walked_m = float(walk.get("routeLength", "nan"))
        assert zebra.length_m < walked_m < zebra.length_m + 25, "a second crossing would be longer"
        assert float(walk.get("duration", "nan")) >= walked_m / speed_mps - 1.01


def test_parkers_stay_as_long_as_they_wished(written: Written, trips: ET.Element) -> None:
    parkers = written.demand.vehicles.query("purpose == 'parking'").set_index("id")
    stops = {trip.get("id", ""): float(trip.get("stopTime", "nan")) for trip in trips.iter("tripinfo")}
    assert len(parkers) > 0
    for id, stay_s in parkers["stay_s"].items():
        assert stops[str(id)] == pytest.approx(stay_s, abs=2.0)


def test_the_seed_of_the_simulator_changes_nothing(
    written: Written, trips: ET.Element, tmp_path: Path
) -> None:
    other = run(written, tmp_path, "--seed", 99)
    assert [trip.attrib for trip in other.iter()] == [trip.attrib for trip in trips.iter()]


def test_equal_people_give_equal_bytes_and_no_flow(written: Written, tmp_path: Path) -> None:
    write_demand(written.demand, written.arm, tmp_path / "again.rou.xml")
    assert (tmp_path / "again.rou.xml").read_bytes() == written.path.read_bytes()
    assert {child.tag for child in ET.parse(written.path).getroot()} == {"vType", "vehicle", "person"}


def test_routes_and_lots_that_the_arm_lacks_are_refused(written: Written, tmp_path: Path) -> None:
    people = written.demand.vehicles.copy()
    people.loc[3, "edges"] = "J1.north.up J1.north J1.north.exit"
    people.loc[people.index[people["lot"] != ""][0], "lot"] = "nowhere"
    with pytest.raises(BuildError) as error:
        write_demand(replace(written.demand, vehicles=people), written.arm, tmp_path / "bad.rou.xml")
    assert f"{people.loc[3, 'id']} ({people.loc[3, 'type']}): no way from J1.north to J1.north.exit" in str(
        error.value
    )
    assert "no parking area 'nowhere'" in str(error.value)
    assert not (tmp_path / "bad.rou.xml").exists()


def test_a_new_lot_changes_only_those_who_take_it(written: Written, tmp_path: Path) -> None:
    area = ParkingArea.model_validate(
        {
            "title": {"zh": "新", "en": "New"},
            "kind": "off_street",
            "on": "J1.north.up",
            "at_m": 20,
            "stalls": 20,
        }
    )
    edits = [AddParking("new", area, (("kerb_north", 1.0),))]
    moved = assign_lots(written.demand.vehicles, edits, written.arm.network, written.arm.site)
    arm = replace(written.arm, parking={**written.arm.parking, "new": area})
    write_demand(replace(written.demand, vehicles=moved), arm, tmp_path / "moved.rou.xml")
    before = written.path.read_text(encoding="utf-8")
    after = (tmp_path / "moved.rou.xml").read_text(encoding="utf-8")
    assert before != after
    assert after.replace('parkingArea="new"', 'parkingArea="kerb_north"') == before


@pytest.mark.parametrize("fills", [False, True])
def test_who_fills_the_exit_stands_inside_the_junction(
    vehicles: VehicleSet, tmp_path: Path, fills: bool
) -> None:
    (tmp_path / "n.nod.xml").write_text(
        '<nodes><node id="w" x="-300" y="0"/><node id="e" x="60" y="0"/><node id="n" x="0" y="200"/>'
        '<node id="s" x="0" y="-200"/><node id="c" x="0" y="0" type="priority"/></nodes>',
        encoding="utf-8",
    )
    (tmp_path / "n.edg.xml").write_text(
        '<edges><edge id="wc" from="w" to="c" priority="3"/><edge id="ce" from="c" to="e" priority="3"/>'
        '<edge id="nc" from="n" to="c" priority="1"/><edge id="cs" from="c" to="s" priority="1"/></edges>',
        encoding="utf-8",
    )
    plain = ["-n", "n.nod.xml", "-e", "n.edg.xml", "-o", "net.xml", "--no-turnarounds"]
    subprocess.run(
        [binary("netconvert"), *plain], cwd=tmp_path, check=True, capture_output=True, env=environment()
    )
    plain_type = type_attributes(vehicles, vehicles.of("car", ""))
    attributes = filling_exit(plain_type) if fills else plain_type
    words = " ".join(f'{key}="{value}"' for key, value in attributes.items())
    cars = "".join(
        f'<vehicle id="v{i}" type="t" depart="{10 + 3 * i}" departSpeed="avg">'
        '<route edges="wc ce"/></vehicle>'
        for i in range(12)
    )
    (tmp_path / "d.rou.xml").write_text(
        f'<routes><vType id="t" {words}/><vehicle id="stopped" type="t" depart="0"><route edges="wc ce"/>'
        f'<stop lane="ce_0" endPos="45" duration="900"/></vehicle>{cars}</routes>',
        encoding="utf-8",
    )
    simulate(
        tmp_path / "net.xml",
        tmp_path / "d.rou.xml",
        tmp_path,
        "--end",
        300,
        "--fcd-output",
        tmp_path / "fcd.xml",
    )
    last = list(ET.parse(tmp_path / "fcd.xml").getroot())[-1]
    lanes = [vehicle.get("lane", "") for vehicle in last]
    assert len(lanes) == 13
    assert any(lane.startswith(":") for lane in lanes) == fills


@pytest.mark.data
def test_trips_of_a_real_model_run_as_written(
    shared_data: Path, vehicles: VehicleSet, tmp_path: Path
) -> None:
    folder = shared_data / "cologne8"
    period = {"title": {"zh": "早", "en": "AM"}, "begin": "07:00", "end": "08:00"}
    files = {"network": "net.net.xml", "trips": "trips.csv.gz", "vehicle_types": "types.json"}
    site = site_of(folder / "cologne8.net.xml", tmp_path, imported=files, periods={"am": period})
    router = Router(site.network)
    rows = []
    for trip in ET.parse(folder / "cologne8.rou.xml").getroot().iter("trip"):
        edges = router.route(trip.get("from", ""), trip.get("to", ""))
        assert edges is not None, trip.attrib
        own = {"id": trip.get("id"), "depart_s": trip.get("depart"), "type": "car", "edges": " ".join(edges)}
        rows.append({**dict.fromkeys((field.name for field in fields(Trip)), ""), **own, "stops": "[]"})
    pd.DataFrame(rows).to_csv(tmp_path / "trips.csv.gz", index=False)
    types = {"types": {"car": {"vClass": "passenger", "length": "4.3"}}, "distributions": {}}
    (tmp_path / "types.json").write_text(json.dumps(types), encoding="utf-8")
    demand = realise(site, "am", 1, RunSettings(), vehicles)
    assert len(demand.vehicles) == len(rows) == 2046
    arm = build(site, apply(empty_policy(), site, BASELINE), "am", tmp_path / "cache")
    write_demand(demand, arm, tmp_path / "d.rou.xml")
    trips = simulate(arm.net_file, tmp_path / "d.rou.xml", tmp_path, "-b", 24300, "-e", 32400)
    assert len(list(trips.iter("tripinfo"))) == 2046
