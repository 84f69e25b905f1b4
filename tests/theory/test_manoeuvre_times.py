"""Manoeuvres hold up the lane for the time that was written, on straight and on bent streets."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sim.site.network import Network
from sim.site.parking import ParkingArea
from sim.sumo.install import binary, environment
from sim.sumo.manoeuvre_angles import TABLE, angles, table
from sim.sumo.netconvert import convert
from sim.sumo.parking_files import parking_xml
from sim.sumo.read_network import read_network

SHAPES = {"straight": "", "bent": 'shape="0,0 100,0 115,-2 135,2 300,60"'}
STALLS = 10


def areas(manoeuvre_s: int) -> dict[str, ParkingArea]:
    """P in the bend holds the lane up for the time asked for, Q beside it for three seconds."""
    where = {"title": {"zh": "场", "en": "Lot"}, "on": "ab", "length_m": 60, "stalls": STALLS}
    return {
        "P": ParkingArea.model_validate({**where, "kind": "kerb", "at_m": 90, "manoeuvre_s": manoeuvre_s}),
        "Q": ParkingArea.model_validate({**where, "kind": "off_street", "at_m": 95}),
    }


def street(folder: Path, shape: str) -> Network:
    (folder / "s.nod.xml").write_text(
        '<nodes><node id="a" x="0" y="0"/><node id="b" x="300" y="60"/></nodes>'
    )
    (folder / "s.edg.xml").write_text(
        f'<edges><edge id="ab" from="a" to="b" speed="13.9" {SHAPES[shape]}/></edges>'
    )
    convert(["-n", "s.nod.xml", "-e", "s.edg.xml", "-o", "n.net.xml"], folder)
    return read_network(folder / "n.net.xml")


def stood(folder: Path, shape: str, manoeuvre_s: int) -> list[int]:
    """Seconds for which each of ten cars, one after the other, stands on the lane before it is parked."""
    (folder / "s.nod.xml").write_text(
        '<nodes><node id="a" x="0" y="0"/><node id="b" x="300" y="60"/></nodes>'
    )
    (folder / "s.edg.xml").write_text(
        f'<edges><edge id="ab" from="a" to="b" speed="13.9" {SHAPES[shape]}/></edges>'
    )
    convert(["-n", "s.nod.xml", "-e", "s.edg.xml", "-o", "n.net.xml"], folder)
    network = read_network(folder / "n.net.xml")
    parking = areas(manoeuvre_s)
    (folder / "p.add.xml").write_text(parking_xml(parking, network, {}, parking))
    cars = "".join(
        f'<vehicle id="v{n}" type="c" depart="{n * 100}"><route edges="ab"/>'
        '<stop parkingArea="P" duration="20000"/></vehicle>'
        for n in range(STALLS)
    )
    kind = f'<vType id="c" maneuverAngleTimes="{table(parking, network, parking, network)}"/>'
    (folder / "r.rou.xml").write_text(f"<routes>{kind}{cars}</routes>")
    files = ["-n", "n.net.xml", "-r", "r.rou.xml", "-a", "p.add.xml", "--fcd-output", "f.xml", "-e", "1200"]
    stops = ["--stop-output", "s.xml", "--stop-output.write-unfinished", "true"]
    command = [str(binary("sumo")), *files, *stops, "--no-step-log", "--parking.maneuver", "true"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment())
    taken = ElementTree.parse(folder / "s.xml").iter("stopinfo")
    began_s = {stop.attrib["id"]: float(stop.attrib["started"]) for stop in taken}
    counts = Counter(
        car.attrib["id"]
        for step in ElementTree.parse(folder / "f.xml").iter("timestep")
        for car in step.iter("vehicle")
        if float(car.attrib["speed"]) < 0.1 and float(step.attrib["time"]) <= began_s[car.attrib["id"]]
    )
    return [counts[f"v{n}"] for n in range(STALLS)]


@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("manoeuvre_s", [3, 18, 40])
def test_a_movement_holds_up_the_lane_for_its_time(tmp_path: Path, shape: str, manoeuvre_s: int) -> None:
    """Before, a car in the bend was held for up to 41 s instead of 3: the bend came on top of the angle."""
    assert stood(tmp_path, shape, manoeuvre_s) == pytest.approx([manoeuvre_s] * STALLS, abs=2)


def test_straight_streets_keep_the_time_as_the_angle(tmp_path: Path) -> None:
    (tmp_path / "s.nod.xml").write_text(
        '<nodes><node id="a" x="0" y="0"/><node id="b" x="300" y="0"/></nodes>'
    )
    (tmp_path / "s.edg.xml").write_text('<edges><edge id="ab" from="a" to="b" speed="13.9"/></edges>')
    convert(["-n", "s.nod.xml", "-e", "s.edg.xml", "-o", "n.net.xml"], tmp_path)
    network = read_network(tmp_path / "n.net.xml")
    assert angles(areas(18), network, {}, network) == {"P": 18, "Q": 3}
    assert table(areas(18), network, {}, network) == TABLE


def test_what_a_policy_adds_in_a_bend_turns_no_other_area(tmp_path: Path) -> None:
    network = street(tmp_path, "bent")
    today = areas(18)
    more = {**today, "new": areas(40)["P"].model_copy(update={"at_m": 130})}
    before, after = (angles(parking, network, today, network) for parking in (today, more))
    assert {id: after[id] for id in today} == before
    assert after["new"] == before["P"], "the nearest of today's times: 18 s"
    assert table(more, network, today, network) == table(today, network, today, network)
