"""Who is kept in a stall by the queue beside it waits: only the planned stay is taken out of travel time."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from sim.demand import VEHICLES, WALKS
from sim.site.zones import Zones
from sim.sumo.driver import RunSpec, simulate
from sim.sumo.netconvert import convert, normalise
from sim.sumo.outputs import read_outputs
from sim.sumo.read_network import read_network
from sim.tables import empty

STAY_S = 60.0
PARKED = json.dumps([{"parkingArea": "P", "duration": f"{STAY_S:.2f}"}])
BROKEN_DOWN = json.dumps([{"lane": "bc_0", "endPos": "155", "duration": "600"}])
"""Just past the stalls, so that those behind stand beside them."""
TILL_CALLED = json.dumps([{"parkingArea": "P", "duration": "60", "until": "400"}])


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("street")
    nodes = "".join(f'<node id="{name}" x="{x}" y="0"/>' for name, x in (("a", 0), ("b", 300), ("c", 600)))
    edges = "".join(f'<edge id="{way}" from="{way[0]}" to="{way[1]}" speed="13.9"/>' for way in ("ab", "bc"))
    (folder / "s.nod.xml").write_text(f"<nodes>{nodes}</nodes>")
    (folder / "s.edg.xml").write_text(f"<edges>{edges}</edges>")
    convert(["-n", "s.nod.xml", "-e", "s.edg.xml", "-o", "raw.net.xml"], folder)
    normalise(folder / "raw.net.xml", folder / "net.net.xml")
    area = '<parkingArea id="P" lane="bc_0" startPos="100" endPos="150" roadsideCapacity="2"/>'
    (folder / "P.add.xml").write_text(f"<additional>{area}</additional>")
    return folder


def vehicle(name: str, scheduled_s: float, stops: str = "[]") -> dict[str, object]:
    texts = dict.fromkeys(VEHICLES, "")
    numbers = {"speed_factor": 1.0, "occupancy": 1.0, "uniform": 0.5}
    numbers |= dict.fromkeys(("stay_s", "patience_s", "knowledge"), float("nan"))
    how = {"type": "DEFAULT_VEHTYPE", "vehicle_class": "car", "purpose": "through", "edges": "ab bc"}
    return {**texts, **numbers, **how, "id": name, "scheduled_s": scheduled_s, "stops": stops}


def trips(street: Path, folder: Path, end_s: float, stops: str) -> pd.DataFrame:
    """Run one parker beside a queue of eight and return the trips by id."""
    followers = [vehicle(f"q{i}", 63.0 + 3 * i) for i in range(8)]
    rows = [vehicle("parker", 0.0, stops), vehicle("broken", 60.0, BROKEN_DOWN), *followers]
    people = pd.DataFrame(rows)[list(VEHICLES)].astype(dict(VEHICLES))
    folder.mkdir()
    lines = []
    for row in people.to_dict("records"):
        halts = "".join(
            "<stop " + " ".join(f'{k}="{v}"' for k, v in stop.items()) + "/>"
            for stop in json.loads(row["stops"])
        )
        lines.append(
            f'<vehicle id="{row["id"]}" depart="{row["scheduled_s"]}"><route edges="ab bc"/>{halts}</vehicle>'
        )
    (folder / "d.rou.xml").write_text(f"<routes>{''.join(lines)}</routes>")
    (folder / "detectors.add.xml").write_text(
        '<additional><edgeData id="e" file="edges.out.xml"/></additional>'
    )
    spec = RunSpec(
        str(street / "net.net.xml"), "d.rou.xml", 0.0, 0.0, end_s, end_s, 1,
        additionals=(str(street / "P.add.xml"),), stops=True,
    )  # fmt: skip
    simulate(spec, folder, 60)
    network = read_network(street / "net.net.xml")
    read = read_outputs(spec, folder, people, empty(WALKS), network, Zones({}, {}, ()))
    return read.tables["trips"].set_index("id")


def test_waiting_to_get_out_is_travel(street: Path, tmp_path: Path) -> None:
    parker = trips(street, tmp_path / "run", 1200.0, PARKED).loc["parker"]
    assert parker["fate"] == "arrived"
    assert parker["duration_s"] > 650  # the street is blocked until second 680 or so
    assert parker["stop_s"] == STAY_S


def test_waiting_to_get_out_is_time_lost(street: Path, tmp_path: Path) -> None:
    """SUMO's own time loss leaves it out; the drive alone is some 45 s."""
    parker = trips(street, tmp_path / "run", 1200.0, PARKED).loc["parker"]
    assert parker["duration_s"] - parker["stop_s"] - parker["time_loss_s"] == pytest.approx(45, abs=8)


def test_a_stay_that_goes_on_counts_so_far(street: Path, tmp_path: Path) -> None:
    parker = trips(street, tmp_path / "run", 70.0, PARKED).loc["parker"]
    assert parker["fate"] == "inside"
    assert 0 < parker["stop_s"] < STAY_S


def test_a_stop_until_a_time_is_planned_to_its_end(street: Path, tmp_path: Path) -> None:
    parker = trips(street, tmp_path / "run", 300.0, TILL_CALLED).loc["parker"]
    assert parker["stop_s"] > STAY_S
