"""What building does to traffic, where theory gives a direction: plain simulations of a few streets."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from sim.demand import Demand
from sim.demand.detours import driven
from sim.demand.tables import VEHICLES
from sim.policy import apply
from sim.site.model import Site
from sim.sumo.build import ArmBuild, build
from sim.sumo.install import binary, environment
from sim.sumo.netconvert import convert
from tests.sites import applied_of, policy_of, site_of, street

BEGIN_S, LENGTH_S = 27000, 1200
Flows = Mapping[str, int]
"""Edges of the site -> vehicles per hour, evenly spaced."""


def served(arm: ArmBuild, flows: Flows, folder: Path) -> dict[str, int]:
    """Return how many of each flow have arrived after 20 min: edges -> vehicles."""
    lines = []
    for number, (route, vph) in enumerate(flows.items()):
        edges = " ".join(arm.network.on_parts(route.split()))
        lines.append(
            f'<flow id="{number}" begin="{BEGIN_S}" end="{BEGIN_S + LENGTH_S}" vehsPerHour="{vph}" '
            f'departLane="free" departSpeed="max"><route edges="{edges}"/></flow>'
        )
    (folder / "r.rou.xml").write_text(f"<routes>{''.join(lines)}</routes>", encoding="utf-8")
    files = ",".join(str(path) for path in arm.additional_files)
    command = [
        str(binary("sumo")), "-n", str(arm.net_file), "-a", files, "-r", "r.rou.xml", "--no-step-log",
        "--begin", str(BEGIN_S), "--end", str(BEGIN_S + LENGTH_S), "--time-to-teleport", "-1", "--seed", "1",
        "--tripinfo-output", "t.xml", "--no-warnings",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr
    arrived = [trip.attrib["id"].split(".")[0] for trip in ET.parse(folder / "t.xml").getroot()]
    return {route: arrived.count(str(number)) for number, route in enumerate(flows)}


def mean_s(folder: Path) -> float:
    """Return the mean duration of the trips in the last run, its wait for room included."""
    trips = list(ET.parse(folder / "t.xml").getroot())
    return sum(float(t.attrib["duration"]) + float(t.attrib["departDelay"]) for t in trips) / len(trips)


def one_trip(edges: str) -> Demand:
    """Return a demand of one car."""
    row = {
        "id": "0",
        "type": "car",
        "purpose": "through",
        "edges": edges,
        "stops": "[]",
        "scheduled_s": BEGIN_S,
    }
    table = pd.DataFrame([{**{name: "" if VEHICLES[name] == "string" else 0.0 for name in VEHICLES}, **row}])
    return Demand(table.astype(dict(VEHICLES)), pd.DataFrame(), {"car": {"vClass": "passenger"}})


def both(site: Site, folder: Path, flows: Flows, **fields: object) -> tuple[dict[str, int], dict[str, int]]:
    """Return what is served without and with one intervention."""
    policy = apply(policy_of(a=fields), site, "policy")
    today, then = (build(site, applied, "am", folder) for applied in (applied_of(site, ()), policy))
    return served(today, flows, folder), served(then, flows, folder)


@pytest.mark.validate
def test_a_turn_bay_ends_the_blocking(tmp_path: Path) -> None:
    """Left turns wait for the opposing traffic; without a bay those behind them wait too."""
    flows = {"N1_J1 J1_J2": 240, "N1_J1 J1_S1": 1500, "S1_J1 J1_N1": 700}
    before, after = both(
        street(tmp_path),
        tmp_path,
        flows,
        kind="add_turn_bay",
        approach="J1.north",
        length_m=60,
        expect=["left+through", "through+right"],
        lanes=["left", "through", "through+right"],
    )
    print(before, after)
    assert after["N1_J1 J1_S1"] > 1.2 * before["N1_J1 J1_S1"]
    assert after["N1_J1 J1_J2"] >= before["N1_J1 J1_J2"]


@pytest.mark.validate
def test_a_widened_bottleneck_serves_its_lane_more(tmp_path: Path) -> None:
    """Two lanes, one lane, two lanes: the one lane decides, until there are two."""
    (tmp_path / "a.nod.xml").write_text(
        "<nodes>"
        + "".join(f'<node id="{n}" x="{300 * i}" y="0"/>' for i, n in enumerate("ABCD"))
        + "</nodes>"
    )
    lanes = {"AB": 2, "BC": 1, "CD": 2}
    edges = (
        f'<edge id="{id}" from="{id[0]}" to="{id[1]}" numLanes="{n}" speed="13.89"/>'
        for id, n in lanes.items()
    )
    (tmp_path / "a.edg.xml").write_text(f"<edges>{''.join(edges)}</edges>")
    convert(["-n", "a.nod.xml", "-e", "a.edg.xml", "-o", "a.net.xml"], tmp_path)
    site = site_of(tmp_path / "a.net.xml", tmp_path / "site")
    widening = {"kind": "widen_road", "on": ["BC"], "expect": {"lanes": 1}, "lanes": 2}
    before, after = both(site, tmp_path, {"AB BC CD": 4000}, **widening)
    print(before, after)
    assert after["AB BC CD"] == pytest.approx(2 * before["AB BC CD"], rel=0.15)


@pytest.mark.validate
def test_an_opened_road_shortens_the_way_round(tmp_path: Path) -> None:
    """Two dead ends 200 m apart; the way round takes some 740 m more."""
    nodes = {"A": (0, 0), "B": (200, 0), "D": (400, 0), "F": (600, 0), "G": (800, 0), "H": (1000, 0),
             "P": (500, 600)}  # fmt: skip
    lines = "".join(f'<node id="{id}" x="{x}" y="{y}"/>' for id, (x, y) in nodes.items())
    pairs = [pair for ab in ("AB", "BD", "FG", "GH", "BP", "PG") for pair in (ab, ab[::-1])]
    edges = "".join(f'<edge id="{a}{b}" from="{a}" to="{b}" speed="13.89"/>' for a, b in pairs)
    (tmp_path / "a.nod.xml").write_text(f"<nodes>{lines}</nodes>")
    (tmp_path / "a.edg.xml").write_text(f"<edges>{edges}</edges>")
    convert(["-n", "a.nod.xml", "-e", "a.edg.xml", "--no-turnarounds", "-o", "a.net.xml"], tmp_path)
    site = site_of(tmp_path / "a.net.xml", tmp_path / "site")
    opened = {"kind": "open_road", "id": "gap", "between": ["D", "F"], "expect": {"gap_m": 200},
              "speed_kmh": 50}  # fmt: skip
    policy = apply(policy_of(a=opened), site, "policy")
    today, then = (build(site, applied, "am", tmp_path) for applied in (applied_of(site, ()), policy))
    people = one_trip("AB BP PG GH")
    way = driven(people, policy.edits, then.network, site, "detour")["edges"].iloc[0]
    assert way == "AB BD gap.there FG GH"
    assert driven(people, (), today.network, site, "detour")["edges"].iloc[0] == "AB BP PG GH"
    means_s, lengths_m = [], []
    for arm, route in ((today, "AB BP PG GH"), (then, way)):
        served(arm, {route: 300}, tmp_path)
        means_s.append(mean_s(tmp_path))
        lengths_m.append(sum(arm.network.edges[edge].length_m for edge in route.split()))
    print(means_s, lengths_m)
    # Few vehicles: the way saved at the speed limit, the slow turns of the way round not counted.
    assert means_s[0] - means_s[1] >= (lengths_m[0] - lengths_m[1]) / 13.89
