"""Vehicles that come round again: a zone counts who made its movement, and nobody's drive is changed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sim.demand import VEHICLES, WALKS, Demand, no_counts
from sim.loading import Bilingual
from sim.policy import apply, empty_policy
from sim.runs.inputs import DEMAND_FILE, RunRequest
from sim.runs.run import Runner
from sim.runs.store import Store
from sim.runs.work import ArmFiles
from sim.site.facts import ImportedNetwork, Period, SiteFacts
from sim.site.model import Site
from sim.site.zones import zones
from sim.sumo import detectors
from sim.sumo.build import build
from sim.sumo.driver import RunSpec
from sim.sumo.netconvert import convert, normalise
from sim.sumo.read_network import read_network
from sim.sumo.signals import read_controls

TITLE = Bilingual(zh="路口", en="crossing")
NODES = {"C": (0, 0), "N": (0, 400), "E": (400, 0), "S": (0, -400), "W": (-400, 0)}
DETOUR = "WC CN NE EC CS"
"""From the west to the left, round the block, and from the east into the street south of the junction."""
ROUTES = {"direct": "WC CS", "detour": DETOUR, "across": "WC CE"}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A signalised crossing with a street round one of its corners."""
    nodes = "".join(
        f'<node id="{id}" x="{x}" y="{y}" type="{"traffic_light" if id == "C" else "priority"}"/>'
        for id, (x, y) in NODES.items()
    )
    ways = [way for leg in "NESW" for way in (f"C{leg}", f"{leg}C")]
    edges = "".join(f'<edge id="{a}{b}" from="{a}" to="{b}" speed="13.89"/>' for a, b in [*ways, "NE"])
    (tmp_path / "c.nod.xml").write_text(f"<nodes>{nodes}</nodes>")
    (tmp_path / "c.edg.xml").write_text(f"<edges>{edges}</edges>")
    convert(["-n", "c.nod.xml", "-e", "c.edg.xml", "-o", "raw.net.xml", "--no-turnarounds", "true"], tmp_path)
    net = tmp_path / "net.net.xml"
    normalise(tmp_path / "raw.net.xml", net)
    facts = SiteFacts(
        name="block",
        title=TITLE,
        made_up=True,
        imported=ImportedNetwork(network="net.net.xml"),
        periods={"peak": Period(title=TITLE, begin="00:00", end="00:15")},
    )
    return Site(tmp_path, facts, read_network(net), net, {"peak": read_controls(net, [])}, no_counts())


def people() -> Demand:
    rows = [
        {
            "id": f"{name}{i}", "scheduled_s": 20.0 * i, "type": "car", "vehicle_class": "car",
            "purpose": "through", "edges": edges, "depart_lane": "best", "depart_pos": "base",
            "depart_speed": "max", "arrival_lane": "", "arrival_pos": "", "stops": "[]", "speed_factor": 1.0,
            "occupancy": 1.0, "lot": "", "stay_s": float("nan"), "uniform": 0.5,
            "patience_s": float("nan"), "knowledge": float("nan"),
        }
        for i in range(5)
        for name, edges in ROUTES.items()
    ]  # fmt: skip
    vehicles = pd.DataFrame(rows)[list(VEHICLES)].astype(dict(VEHICLES))
    walks = pd.DataFrame(columns=list(WALKS)).astype(dict(WALKS))
    return Demand(vehicles, walks, {"car": {"vClass": "passenger", "sigma": "0.5"}})


def drive(site: Site, store: Store) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how many each zone counted, and the trips."""
    arm = build(site, apply(empty_policy(), site, ""), "peak", store.root)
    files = ArmFiles(arm, zones(site.network, ["C"]))
    spec = RunSpec(
        network=str(arm.net_file),
        demand=DEMAND_FILE,
        begin_s=0,
        window_begin_s=0,
        window_end_s=900,
        end_s=900,
        seed=1,
        additionals=tuple(map(str, arm.additional_files)),
    )
    record = Runner(store).run_one(RunRequest(spec, arm, files.zones, people(), 900, 60, 60.0))
    assert record.failure is None
    assert record.digest is not None
    return store.read(record.digest, "zones").set_index("movement"), store.read(record.digest, "trips")


def test_a_detour_is_not_counted_as_the_movement(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, trips = drive(site, Store(tmp_path / "store"))
    made = {"C.west.right": 5, "C.west.left": 5, "C.west.through": 5, "C.east.left": 5}
    assert counted["vehicles"].to_dict() == made
    assert set(trips["type"]) == {"car"}

    # What an entry-exit detector alone makes of it, and that the vehicles do not know the difference.
    monkeypatch.setattr(detectors, "strays", lambda movements, routes: {})
    misled, same = drive(site, Store(tmp_path / "other"))
    # The zone from the east begins round the block, where one of its own exits ends it again.
    assert misled["vehicles"].to_dict() == {**made, "C.west.right": 10, "C.east.right": 5}
    assert misled["travel_time_s"]["C.west.right"] > 1.5 * counted["travel_time_s"]["C.west.right"]
    pd.testing.assert_frame_equal(trips, same)
