"""A small imported site: one signalised crossing, half a minute of simulating in all."""

import csv
import gzip
import json
from pathlib import Path

import pytest

from sim.demand import no_counts
from sim.loading import Bilingual
from sim.policy import BASELINE, apply, empty_policy, parse_policy
from sim.site.facts import ImportedNetwork, Period, SiteFacts
from sim.site.model import Site
from sim.standard_data import vehicle_set
from sim.study import Arm, RunSettings, Study
from sim.sumo.netconvert import convert, normalise
from sim.sumo.read_network import read_network
from sim.sumo.signals import read_controls

NODES = {"C": (0, 0), "N": (0, 400), "E": (400, 0), "S": (0, -400), "W": (-400, 0)}
TITLE = Bilingual(zh="路口", en="crossing")
TRIPS = (
    "id", "depart_s", "type", "edges", "depart_lane", "depart_pos", "depart_speed",
    "arrival_lane", "arrival_pos", "speed_factor", "stops", "line",
)  # fmt: skip


def crossing(folder: Path) -> Path:
    nodes = "".join(
        f'<node id="{id}" x="{x}" y="{y}" type="{"traffic_light" if id == "C" else "priority"}"/>'
        for id, (x, y) in NODES.items()
    )
    edges = "".join(
        f'<edge id="{a}{b}" from="{a}" to="{b}" numLanes="2" speed="13.89"/>'
        for leg in "NESW"
        for a, b in (("C", leg), (leg, "C"))
    )
    (folder / "c.nod.xml").write_text(f"<nodes>{nodes}</nodes>")
    (folder / "c.edg.xml").write_text(f"<edges>{edges}</edges>")
    convert(["-n", "c.nod.xml", "-e", "c.edg.xml", "-o", "raw.net.xml", "--no-turnarounds", "true"], folder)
    normalise(folder / "raw.net.xml", folder / "net.net.xml")
    return folder / "net.net.xml"


@pytest.fixture(scope="session")
def small_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("crossing")
    net = crossing(folder)
    (folder / "demand").mkdir()
    ways = [a + b for a in "NESW" for b in "NESW" if a != b]
    with gzip.open(folder / "demand" / "trips.csv.gz", "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(TRIPS)
        for i in range(150):
            a, b = ways[i * 7 % len(ways)]
            writer.writerow(
                [f"v{i}", 4.0 * i, "car", f"{a}C C{b}", "best", "base", "avg", "", "", "", "[]", ""]
            )
    types = {"types": {"car": {"vClass": "passenger", "sigma": "0.5"}}, "distributions": {}}
    (folder / "demand" / "vehicle_types.json").write_text(json.dumps(types))
    facts = SiteFacts(
        name="crossing",
        title=TITLE,
        made_up=True,
        warm_up_s=300,
        departure_jitter_s=10.0,
        imported=ImportedNetwork(
            network="net.net.xml",
            trips="demand/trips.csv.gz",
            vehicle_types="demand/vehicle_types.json",
        ),
        periods={"peak": Period(title=TITLE, begin="00:05", end="00:10")},
    )
    return Site(folder, facts, read_network(net), net, {"peak": read_controls(net, [])}, no_counts())


@pytest.fixture
def small_study(small_site: Site, tmp_path: Path) -> Study:
    """Two arms, two replicates, in a root of its own."""
    program = small_site.signals["peak"]["C"].programs["0"]
    stage = program.stages()[0]
    policy = {
        "site": "crossing",
        "title": {"zh": "配时", "en": "retime"},
        "interventions": {
            "signal": {
                "kind": "retime_signal",
                "junction": "C",
                "expect": {"cycle_s": program.cycle_s},
                "greens_s": {stage.name: stage.green_s + 5},
            }
        },
    }
    arms = (
        Arm(BASELINE, apply(empty_policy(), small_site, "baseline")),
        Arm("retime", apply(parse_policy("retime", policy, "retime"), small_site, "retime")),
    )
    settings = RunSettings(replicates=2, placebo=False, jobs=2, clear_factor=2.0, timeout_s=120)
    return Study(
        name="small",
        scenario="small",
        site=small_site,
        arms=arms,
        periods=("peak",),
        primary="fair_travel_time",
        mcid=(None, None),
        settings=settings,
        vehicles=vehicle_set(tmp_path, None),
        root=tmp_path,
    )


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a small study with its figures and a moving picture, made once."""
    from sim.measures import SPECS  # noqa: PLC0415 - most tests here need nothing of the page
    from sim.report.page import write_report  # noqa: PLC0415
    from tests.synthetic_replay import write_synthetic_replay  # noqa: PLC0415
    from tests.synthetic_study import write_synthetic_study  # noqa: PLC0415

    folder = write_synthetic_study(
        tmp_path_factory.mktemp("page"), replicates=5, two_periods=False, arms=["baseline", "both"]
    )
    write_synthetic_replay(folder, "both")
    write_report(folder, SPECS)
    return folder / "report.html"
