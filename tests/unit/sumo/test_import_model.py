"""Import of SUMO models: small ones written here, and what is wrong with broken ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from sim.demand.imported import read_trips
from sim.demand.vehicle_types import read_vehicle_types
from sim.errors import ConfigError
from sim.importing import import_site
from sim.loading import read_yaml
from sim.sumo.import_source import clock_s
from sim.sumo.import_vehicles import departures
from sim.sumo.netconvert import convert
from sim.sumo.site import load

NODES = """<nodes>
  <node id="J" x="0" y="0" type="traffic_light"/><node id="W" x="-250" y="0"/><node id="E" x="250" y="0"/>
  <node id="N" x="0" y="250"/><node id="S" x="0" y="-250"/>
</nodes>"""
EDGES = "".join(
    f'<edge id="{end}J" from="{end}" to="J" numLanes="2"/>'
    f'<edge id="J{end}" from="J" to="{end}" numLanes="2"/>'
    for end in "WENS"
)
CONFIG = """<sumoConfiguration>
  <input><net-file value="a.net.xml"/><route-files value="a.rou.xml"/>
    <additional-files value="a.add.xml"/></input>
  <output><tripinfo-output value="trips.xml"/></output>
  <time><begin value="16:10:00"/><end value="{end}"/><step-length value="0.5"/></time>
  <processing><default.departlane value="first"/></processing>
</sumoConfiguration>"""
ADDITIONAL = """<additional>
  <vType id="bus" vClass="bus"><param key="has.rerouting.device" value="true"/></vType>
  <vTypeDistribution id="mix">
    <vType id="slow" maxSpeed="10" probability="0.2"/><vType id="fast" probability="0.8"/>
  </vTypeDistribution>
  <busStop id="stop" lane="JE_0" startPos="20" endPos="40"/>
  <parkingArea id="lot" lane="WJ_0" startPos="20" endPos="60" roadsideCapacity="5"/>
  <e1Detector id="d" lane="WJ_1" pos="10" freq="60" file="out.xml"/>
  <calibrator id="c" lane="WJ_0" pos="0" output="c.xml"/>
</additional>"""
ROUTES = """<routes>
  <route id="we" edges="WJ JE"><stop busStop="stop" duration="10" until="60"/></route>
  <routeDistribution id="some">
    <route id="ns" edges="NJ JS" probability="1"/><route id="nw" edges="NJ JW" probability="3"/>
  </routeDistribution>
  <vehicle id="early" depart="16:09:59"><route edges="WJ JE"/></vehicle>
  <vehicle id="v:1" type="mix" depart="16:10:00" departSpeed="max" speedFactor="1.1"><route edges="WJ JN"/>
    <stop parkingArea="lot" duration="0:01:00"/></vehicle>
  <trip id="t" depart="58210" from="SJ" to="JE"/>
  <trip id="back" depart="58211" from="JE" to="SJ"/>
  <flow id="bus" type="bus" route="we" line="7" begin="16:10:00" end="16:20:00" period="120"/>
  <flow id="f" route="some" begin="16:10:00" end="16:20:00" number="40"/>
  <flow id="p" from="NJ" to="JS" begin="16:10:00" end="16:20:00" period="exp(0.1)"/>
  <vehicle id="late" depart="triggered"><route edges="WJ JE"/></vehicle>
  <person id="walker" depart="58300"><walk edges="WJ"/></person>
</routes>"""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("net")
    (folder / "a.nod.xml").write_text(NODES)
    (folder / "a.edg.xml").write_text(f"<edges>{EDGES}</edges>")
    convert(["-n", "a.nod.xml", "-e", "a.edg.xml", "--no-turnarounds", "-o", "a.net.xml"], folder)
    return (folder / "a.net.xml").read_bytes()


@pytest.fixture
def model(tmp_path: Path, network: bytes) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "scenarios").mkdir()
    (folder / "a.net.xml").write_bytes(network)
    (folder / "a.add.xml").write_text(ADDITIONAL)
    (folder / "a.rou.xml").write_text(ROUTES)
    (folder / "a.sumocfg").write_text(CONFIG.format(end="16:20:00"))
    return folder / "a.sumocfg"


def test_everything_is_taken_over_or_named(model: Path, tmp_path: Path) -> None:
    lines = import_site(model, "small", tmp_path)
    folder = tmp_path / "scenarios" / "small"
    trips = {trip.id: trip for trip in read_trips(folder / "demand" / "trips.csv.gz")}

    assert trips["v:1"].depart_s == 58200
    assert (trips["v:1"].depart_lane, trips["v:1"].depart_speed, trips["v:1"].depart_pos) == (
        "first",
        "max",
        "base",
    )
    assert trips["v:1"].speed_factor == "1.1"
    assert json.loads(trips["v:1"].stops) == [{"parkingArea": "lot", "duration": "60"}]
    assert trips["t"].edges == "SJ JE"
    assert trips["t"].depart_speed == "avg"
    buses = [trips[f"bus.{i}"] for i in range(5)]
    assert [bus.depart_s for bus in buses] == [58200 + 120 * i for i in range(5)]
    # In a route `until` counts from departure.
    assert [json.loads(bus.stops)[0]["until"] for bus in buses] == [f"{58260 + 120 * i}" for i in range(5)]
    assert all(bus.timetabled for bus in buses)
    to_west = sum(trips[f"f.{i}"].edges == "NJ JW" for i in range(40))
    assert 20 <= to_west < 40
    assert "bus.5" not in trips
    assert not {"early", "late", "back", "walker"} & set(trips)

    types = read_vehicle_types(folder / "demand" / "vehicle_types.json")
    assert types.distributions["mix"] == {"slow": 0.2, "fast": 0.8}
    assert types.vclass("bus") == "bus"

    text = "\n".join(lines)
    for left_out in (
        "step-length=0.5", "tripinfo-output", "e1Detector", "<calibrator>", "has.rerouting.device",
        "persons of a.rou.xml (1)", "'triggered'", "vehicles that leave outside 16:10:00 to 16:20:00 (1)",
        "trips without any way (1): back", "randomness of flows",
    ):  # fmt: skip
        assert f"{left_out}" in text, left_out
    facts = read_yaml(folder / "site.yaml")
    assert facts["imported"]["not_carried_over"] == [
        line.removeprefix("not carried over: ") for line in lines if line.startswith("not carried over: ")
    ]
    assert "trips.xml" not in (folder / "network" / "additional.add.xml").read_text()


def test_the_site_loads(model: Path, tmp_path: Path) -> None:
    import_site(model, "small", tmp_path)
    site = load(tmp_path / "scenarios" / "small", tmp_path / "store")
    assert site.periods["window"].begin_s == 58200
    assert site.facts.warm_up_s == 0
    assert set(site.signals["window"]) == {"J"}


def test_import_is_repeatable(model: Path, tmp_path: Path) -> None:
    import_site(model, "small", tmp_path)
    first = {p.relative_to(tmp_path): p.read_bytes() for p in (tmp_path / "scenarios").rglob("*.*")}
    (tmp_path / "scenarios" / "small").rename(tmp_path / "old")
    import_site(model, "small", tmp_path)
    assert first == {p.relative_to(tmp_path): p.read_bytes() for p in (tmp_path / "scenarios").rglob("*.*")}


def test_a_later_begin_leaves_room_for_the_warm_up(model: Path, tmp_path: Path) -> None:
    import_site(model, "small", tmp_path, begin="16:15", end="16:18:00")
    facts = read_yaml(tmp_path / "scenarios" / "small" / "site.yaml")
    assert (facts["periods"]["window"]["begin"], facts["periods"]["window"]["end"]) == (
        "16:15:00",
        "16:18:00",
    )
    assert facts["warm_up_s"] == 300
    trips = read_trips(tmp_path / "scenarios" / "small" / "demand" / "trips.csv.gz")
    assert max(trip.depart_s for trip in trips) < 58680


def test_a_warm_up_is_of_whole_minutes(model: Path, tmp_path: Path) -> None:
    import_site(model, "small", tmp_path, begin="16:11:30", end="16:18:00")
    assert read_yaml(tmp_path / "scenarios" / "small" / "site.yaml")["warm_up_s"] == 60
    load(tmp_path / "scenarios" / "small", tmp_path / "store")  # the site check takes it


def test_scale_keeps_the_same_vehicles_whatever_else_is_there(model: Path, tmp_path: Path) -> None:
    def kept(name: str, scale: float) -> set[str]:
        import_site(model, name, tmp_path, scale=scale)
        return {trip.id for trip in read_trips(tmp_path / "scenarios" / name / "demand" / "trips.csv.gz")}

    everyone, half, few = kept("a", 1.0), kept("b", 0.5), kept("c", 0.2)
    assert few < half < everyone
    assert {id for id in everyone if id.startswith("bus.")} <= few


def test_switching_plans_come_along(model: Path, tmp_path: Path) -> None:
    net = (model.parent / "a.net.xml").read_text()
    state = net.split('state="')[1].split('"')[0]
    phase = f'<phase duration="20" state="{state}"/>'
    program = f'<tlLogic id="J" type="static" programID="night" offset="5">{phase}</tlLogic>'
    plan = (
        '<WAUT id="w" refTime="0" startProg="night"><wautSwitch time="58300" to="0"/></WAUT>'
        '<wautJunction wautID="w" junctionID="J"/>'
    )
    (model.parent / "more.add.xml").write_text(f"<additional>{program}{plan}</additional>")
    import_site(model, "small", tmp_path, add=[model.parent / "more.add.xml"])
    control = load(tmp_path / "scenarios" / "small", tmp_path / "store").signals["window"]["J"]
    assert control.active == "night"
    assert control.programs["night"].offset_s == 5
    assert control.switches == ((58300.0, "0"),)


def test_a_network_alone_has_no_demand(model: Path, tmp_path: Path) -> None:
    packed = model.parent / "b.net.xml.gz"
    packed.write_bytes(gzip.compress((model.parent / "a.net.xml").read_bytes()))
    lines = import_site(packed, "bare", tmp_path)
    assert any("no demand" in line for line in lines)
    assert not load(tmp_path / "scenarios" / "bare", tmp_path / "store").has_demand


def test_all_problems_of_all_files_at_once(model: Path, tmp_path: Path) -> None:
    (model.parent / "a.rou.xml").write_text(
        """<routes>
        <vehicle id="1" depart="58200"><route edges="WJ JX"/></vehicle>
        <vehicle id="2" depart="58200" type="buss"><route edges="WJ JE"/></vehicle>
        <vehicle id="3" depart="58200" route="gone"/>
        <vehicle id="4" depart="58200"><route edges="WJ JE"/><stop busStop="halt"/></vehicle>
        <vehicle id="5" depart="58200"/>
        <trip id="6" depart="58200" from="QJ" to="JE"/>
        <flow id="7" from="WJ" to="JE" end="58300"/>
        </routes>"""
    )
    with pytest.raises(ConfigError) as caught:
        import_site(model, "small", tmp_path)
    text = str(caught.value)
    for id, what in (
        ("1", "no edge 'JX'"), ("2", "no vehicle type 'buss'"), ("3", "no route 'gone'"), ("4", "'halt'"),
        ("5", "neither a route"), ("6", "no edge 'QJ'"), ("7", "needs a number"),
    ):  # fmt: skip
        assert any(what in line and f"'{id}'" in line for line in text.splitlines()), (id, what)
    assert "did you mean bus?" in text
    assert [*(tmp_path / "scenarios").iterdir()] == []


def test_ids_that_stand_twice(model: Path, tmp_path: Path) -> None:
    (model.parent / "b.rou.xml").write_text(
        '<routes><trip id="t" depart="58300" from="SJ" to="JE"/></routes>'
    )
    with pytest.raises(ConfigError, match=r"b\.rou\.xml: trip 't': the id stands twice, also in a\.rou\.xml"):
        import_site(model, "small", tmp_path, add=[model.parent / "b.rou.xml"])


def test_a_turn_that_no_lane_allows(model: Path, tmp_path: Path) -> None:
    (model.parent / "a.rou.xml").write_text(
        '<routes><vehicle id="u" depart="58200"><route edges="WJ JW"/></vehicle></routes>'
    )
    with pytest.raises(ConfigError, match="from 'WJ' to 'JW', where no passenger may turn"):
        import_site(model, "small", tmp_path)


def test_files_that_are_missing_or_cut_off(model: Path, tmp_path: Path) -> None:
    (model.parent / "a.add.xml").unlink()
    (model.parent / "a.rou.xml").unlink()
    with pytest.raises(ConfigError) as caught:
        import_site(model, "small", tmp_path)
    assert len(caught.value.problems) == 2

    (model.parent / "a.add.xml").write_text(ADDITIONAL[:200])
    (model.parent / "a.rou.xml").write_text(ROUTES[:300])
    (model.parent / "a.net.xml").write_text((model.parent / "a.net.xml").read_text()[:3000])
    with pytest.raises(ConfigError) as caught:
        import_site(model, "small", tmp_path)
    assert {Path(p.path.split(":")[0]).name for p in caught.value.problems} == {
        "a.add.xml",
        "a.rou.xml",
        "a.net.xml",
    }


@pytest.mark.parametrize(
    ("flow", "times"),
    [
        ({"begin": "0", "end": "100", "number": "4"}, [0, 25, 50, 75]),
        ({"begin": "10", "end": "40", "period": "10"}, [10, 20, 30]),
        ({"begin": "0", "number": "3", "vehsPerHour": "1800"}, [0, 2, 4]),
        ({"begin": "1:00:00", "end": "1:00:03", "probability": "1"}, [3600, 3601, 3602]),
    ],
)
def test_departures_of_flows(flow: dict[str, str], times: list[float]) -> None:
    assert departures({"id": "f", **flow}, None, None) == pytest.approx(times)


@pytest.mark.parametrize("law", [{"period": "exp(0.2)"}, {"probability": "0.2"}])
def test_random_flows_keep_their_rate_and_never_change(law: dict[str, str]) -> None:
    flow = {"id": "f", "begin": "0", "end": "20000", **law}
    times = departures(flow, None, None)
    assert len(times) == pytest.approx(4000, abs=4 * np.sqrt(4000))
    assert times == departures(flow, None, None)
    assert times != departures({**flow, "id": "g"}, None, None)


def test_times_of_the_command_line() -> None:
    assert [clock_s(text, "") for text in ("58200", "16:10", "16:10:00", "0:16:10:00", None)] == [
        58200
    ] * 4 + [None]
    with pytest.raises(ConfigError, match="is no time"):
        clock_s("noon", "--begin")


def test_how_the_authors_pass_a_blocker_is_kept(model: Path, tmp_path: Path) -> None:
    assert import_site(model, "never", tmp_path)
    assert load(tmp_path / "scenarios" / "never", tmp_path / "store").facts.passes_blocker_after_s is None
    text = model.read_text().replace("<processing>", '<processing><ignore-junction-blocker value="20"/>')
    model.write_text(text)
    lines = import_site(model, "after", tmp_path)
    assert any("drivers pass who blocks a junction after 20 s" in line for line in lines)
    assert load(tmp_path / "scenarios" / "after", tmp_path / "store").facts.passes_blocker_after_s == 20


def test_a_window_outside_the_demand_is_refused(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        import_site(model, "late", tmp_path, begin="17:00", end="18:00")
    (problem,) = refused.value.problems
    assert "no vehicle leaves between" in str(problem) and "departures are from 16:09:59 to" in str(problem)
