"""What search costs: a district of lots against the same traffic with unlimited parking and no rerouting.

`make bench`. A grid of streets, 100 lots, parkers at 5,000 an hour for a quarter of warm-up and a window.
The same stalls in all, for as many as stand there at a time and a ninth more, lie in two ways:

ordinary
    where drivers want to park: every lot 90 % full on average, some full at any time.
full
    alike in all lots though four drivers of five want the same 20: those are full all the time.

CPU time of the simulations alone, medians of interleaved runs. `HUANDU_BENCH_PARKERS`, `HUANDU_BENCH_LOTS`,
`HUANDU_BENCH_MINUTES` and `HUANDU_BENCH_REPEATS` change its size; the limits hold for the defaults.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from sim.demand import realise
from sim.importing import import_site
from sim.policy import AppliedPolicy, apply, empty_policy, parse_policy
from sim.runs.inputs import RunRequest, write_inputs
from sim.runs.run import with_clock
from sim.runs.work import laid_out, request
from sim.site.model import Site
from sim.standard_data import vehicle_set
from sim.study import Arm, Assignment, RunSettings, Study
from sim.sumo.build import PARKING, build
from sim.sumo.driver import NETWORK_FILE, simulate
from sim.sumo.install import binary, environment
from sim.sumo.site import load
from tests.bench.test_speed import medians

pytestmark = pytest.mark.bench

PARKERS = int(os.environ.get("HUANDU_BENCH_PARKERS", "5000"))
LOTS = int(os.environ.get("HUANDU_BENCH_LOTS", "100"))
MINUTES = int(os.environ.get("HUANDU_BENCH_MINUTES", "20"))
"""Of the window: the speed does not change once the lots are full, and an hour takes three times as long."""
STREETS = 11
"""Of the grid, each way: 400 directed blocks of 200 m, and a way in and out at the end of each street."""
STAY_MIN = 30
TITLE = {"zh": "场", "en": "Lot"}
OCCUPIED = 0.9
RATIO = {"ordinary": 0.7, "full": 0.5}
"""Least speed of whole runs, searching traffic included: of the speed with unlimited parking."""
DRIVEN_RATIO = 0.7
"""The same in seconds driven by vehicles per second of the processor: who searches drives more, and as much
traffic would cost as much with unlimited parking."""


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Lots spread evenly over the blocks, destinations in every part, drivers in and out at 20 of 44 ends."""
    root = tmp_path_factory.mktemp("district")
    (root / "scenarios").mkdir()
    size = ["--grid.number", str(STREETS), "--grid.length", "200", "--grid.attach-length", "200"]
    streets = ["--default.speed", "11.1", "--default.lanenumber", "2", "-o", "grid.net.xml"]
    command = [str(binary("netgenerate")), "--grid", *size, *streets]
    subprocess.run(command, cwd=root, check=True, capture_output=True, env=environment())
    (root / "trips.rou.xml").write_text(
        '<routes><trip id="t" depart="0" from="left0A0" to="K0right0"/></routes>'
    )
    add = [root / "trips.rou.xml"]
    end = f"{(15 + MINUTES) // 60:02}:{(15 + MINUTES) % 60:02}:00"
    import_site(root / "grid.net.xml", "district", root, begin="00:15:00", end=end, add=add)
    folder = root / "scenarios" / "district"
    facts = yaml.safe_load((folder / "site.yaml").read_text(encoding="utf-8"))
    inside = sorted(
        id for id in load(folder, root / "store").network.edges if re.fullmatch(r"[A-K]\d+[A-K]\d+", id)
    )
    chosen = inside[:: len(inside) // LOTS][:LOTS]
    stalls = round(PARKERS * STAY_MIN / 60 / LOTS / OCCUPIED)
    where: dict[str, Any] = {"title": TITLE, "kind": "micro", "at_m": 60, "stalls": stalls}
    facts["parking"] = {f"P{n}": {**where, "on": edge} for n, edge in enumerate(chosen)}
    # In on one side and out on the opposite one, at every street.
    ends = [("left{n}A{n}", "K{n}right{n}"), ("right{n}K{n}", "A{n}left{n}")]
    ends += [("bottom{n}{c}0", "{c}10top{n}"), ("top{n}{c}10", "{c}0bottom{n}")]
    sides = [
        (way_in.format(n=n, c="ABCDEFGHIJK"[n]), way_out.format(n=n, c="ABCDEFGHIJK"[n]))
        for n in range(STREETS)
        for way_in, way_out in ends
    ]
    goals = chosen[:: max(LOTS // 20, 1)]
    rate = PARKERS / len(goals)
    facts["parking_demand"] = {
        f"d{n}": {
            "origin": sides[n * 7 % len(sides)][0],
            "exit": sides[n * 7 % len(sides)][1],
            "destination": edge,
            "vehicles_per_h": rate,
            "stay_min": STAY_MIN,
            "walks_at_most_m": 800,
        }
        for n, edge in enumerate(goals)
    }
    (folder / "site.yaml").write_text(yaml.safe_dump(facts, allow_unicode=True), encoding="utf-8")
    return load(folder, root / "store")


def wanted(site: Site, applied: AppliedPolicy) -> RunRequest:
    root = site.folder.parent.parent
    study = Study(
        name="bench",
        scenario="bench",
        site=site,
        arms=(Arm("arm", applied),),
        periods=("window",),
        primary="fair_travel_time",
        mcid=(None, None),
        settings=RunSettings(replicates=1, placebo=False, clear_factor=0.5),
        vehicles=vehicle_set(root, None),
        root=root,
        routes="fixed",
        assignment=Assignment(),
    )
    people = realise(site, "window", 1, study.settings, study.vehicles)
    return request(study, "window", 1, laid_out(site, build(site, applied, "window", root / "store")), people)


def where_wanted(district: Site) -> Site:
    """Return the district with the stalls where drivers want to park, as many in all but for rounding."""
    names = district.facts.parking
    wishes = wanted(district, apply(empty_policy(), district, "baseline")).demand.vehicles["lot"]
    share = wishes.value_counts(normalize=True)
    load = PARKERS * STAY_MIN / 60 / OCCUPIED
    stalls = {name: max(round(load * float(share.get(name, 0.0))), 1) for name in names}
    own = {name: area.model_copy(update={"stalls": stalls[name]}) for name, area in names.items()}
    return replace(district, facts=district.facts.model_copy(update={"parking": own}))


def inputs(wanted: RunRequest, folder: Path) -> Path:
    folder.mkdir()
    write_inputs(wanted, folder)
    return folder


@pytest.mark.parametrize("stock", ["ordinary", "full"])
def test_searching_costs_no_more_than_three_tenths_of_the_speed(
    district: Site, tmp_path: Path, stock: str
) -> None:
    if stock == "ordinary":
        district = where_wanted(district)
    stalls = sum(area.stalls for area in district.facts.parking.values())
    item = {"kind": "unlimited_parking", "expect": {"stalls": stalls}}
    policy = {"site": "district", "title": TITLE, "interventions": {"all": item}}
    limited = wanted(district, apply(empty_policy(), district, "baseline"))
    unlimited = wanted(district, apply(parse_policy("u", policy, "u"), district, "u"))
    assert len(limited.demand.vehicles) > PARKERS * MINUTES / 60
    # No rerouters: nobody looks at all.
    parking = next(path for path in unlimited.build.additional_files if path.name == PARKING)
    free = tmp_path / PARKING
    free.write_text(re.sub(r"    <rerouter.*?</rerouter>\n", "", parking.read_text(), flags=re.DOTALL))
    names = tuple(str(free) if Path(name) == parking else name for name in unlimited.spec.additionals)
    assert str(free) in names
    with_search, without = (inputs(one, tmp_path / name) for one, name in ((limited, "a"), (unlimited, "b")))
    spec = replace(unlimited.spec, additionals=names)
    clocked = with_clock(limited, limited.spec)  # as such runs are made: nobody searches without an end
    assert clocked.gives_up
    found = medians(
        {
            "lots that are full": lambda: simulate(clocked, with_search, 3600),
            "unlimited, no rerouting": lambda: simulate(spec, without, 3600),
        }
    )
    searching_s, free_s = found.values()
    sent_on = (with_search / "routes.out.xml").read_text().count("parkingAreaReroute")
    more = driven_veh(with_search) / driven_veh(without)
    whole = free_s / searching_s
    print(f"{stock}: {stalls} stalls in {LOTS} lots, {PARKERS} parkers/h, {sent_on} times sent on")
    print(f"{more:.2f} times as much driving; speed {whole:.2f} of unlimited parking")
    print(f"{whole * more:.2f} in seconds driven")
    assert sent_on > PARKERS * MINUTES / 60 / 50, "many find a lot full, else nothing is measured"
    assert whole * more >= DRIVEN_RATIO
    assert whole >= RATIO[stock]


def driven_veh(folder: Path) -> float:
    """Mean number of vehicles under way, those who stand in a stall aside."""
    steps = re.findall(
        r'running="(\d+)".*?stopped="(\d+)"', (folder / NETWORK_FILE).read_text(encoding="utf-8")
    )
    return sum(int(running) - int(stopped) for running, stopped in steps) / len(steps)
