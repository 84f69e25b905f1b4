"""What building does to traffic, where theory gives a direction: plain simulations of a few streets."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

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
