"""The free-flow time of a route, ways through junctions included, is what a lone vehicle needs."""

from __future__ import annotations

import pandas as pd
import pytest

from sim.demand import VEHICLES, WALKS
from sim.site.zones import Zones
from sim.sumo.driver import RunSpec, simulate
from sim.sumo.netconvert import convert, normalise
from sim.sumo.outputs import read_outputs
from sim.sumo.read_network import read_network
from sim.tables import empty

NODES = {"w": (-300, 0), "c": (0, 0), "e": (300, 0), "n": (0, 300), "s": (0, -300)}
ROUTES = {"through": "wc ce", "left": "wc cn", "right": "wc cs"}


@pytest.fixture(scope="module")
def trips(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Drive each way of a wide junction alone, one vehicle after the other."""
    folder = tmp_path_factory.mktemp("wide")
    nodes = "".join(
        f'<node id="{id}" x="{x}" y="{y}" radius="40" type="priority"/>' for id, (x, y) in NODES.items()
    )
    edges = "".join(
        f'<edge id="{way}" from="{way[0]}" to="{way[1]}" speed="13.9"/>' for way in ("wc", "ce", "cn", "cs")
    )
    (folder / "s.nod.xml").write_text(f"<nodes>{nodes}</nodes>")
    (folder / "s.edg.xml").write_text(f"<edges>{edges}</edges>")
    convert(["-n", "s.nod.xml", "-e", "s.edg.xml", "-o", "raw.net.xml"], folder)
    normalise(folder / "raw.net.xml", folder / "net.net.xml")
    texts = dict.fromkeys(VEHICLES, "")
    numbers = {"speed_factor": 1.0, "occupancy": 1.0, "stay_s": float("nan"), "uniform": 0.5}
    numbers |= {"patience_s": float("nan"), "knowledge": float("nan")}
    how = {"type": "t", "vehicle_class": "car", "purpose": "through", "stops": "[]"}
    rows = [
        {**texts, **numbers, **how, "id": name, "edges": edges, "scheduled_s": 200.0 * i}
        for i, (name, edges) in enumerate(ROUTES.items())
    ]
    people = pd.DataFrame(rows)[list(VEHICLES)].astype(dict(VEHICLES))
    words = "".join(
        f'<vehicle id="{row["id"]}" type="t" depart="{row["scheduled_s"]}" departSpeed="max" departPos="0">'
        f'<route edges="{row["edges"]}"/></vehicle>'
        for row in rows
    )
    vtype = '<vType id="t" sigma="0" speedDev="0" speedFactor="1"/>'
    (folder / "d.rou.xml").write_text(f"<routes>{vtype}{words}</routes>")
    (folder / "detectors.add.xml").write_text(
        '<additional><edgeData id="e" file="edges.out.xml"/></additional>'
    )
    spec = RunSpec(str(folder / "net.net.xml"), "d.rou.xml", 0.0, 0.0, 900.0, 900.0, 1)
    simulate(spec, folder, 60)
    network = read_network(folder / "net.net.xml")
    read = read_outputs(spec, folder, people, empty(WALKS), network, Zones({}, {}, ()))
    return read.tables["trips"].set_index("id")


@pytest.mark.parametrize("way", ROUTES)
def test_a_lone_vehicle_needs_the_free_time_and_what_braking_costs(trips: pd.DataFrame, way: str) -> None:
    trip = trips.loc[way]
    braking_s = trip["time_loss_s"]
    # Whole steps: up to one second at the end. Without the way through the node 3 s and more are missing.
    assert trip["duration_s"] == pytest.approx(trip["free_time_s"] + braking_s, abs=1.01)
    assert trip["free_time_s"] > trip["route_m"] / 13.9 - 1.0
