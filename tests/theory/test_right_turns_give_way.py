"""Free right turns at a drawn crossroads give way to pedestrians, those to the signal; all arrive."""

from __future__ import annotations

import random
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import pytest

from sim.site.model import Site
from sim.sumo.install import binary, environment
from sim.sumo.signals import write_controls
from sim.sumo.site import load
from tests.crossroads import write_site, written

CYCLE_S, WALK_S = 90.0, 22.0
"""Of the crossroads' plan: every crossing walks 30 s less 8 s of flashing."""
CARS, WALKERS, UNTIL_S = 300, 300, 1500


@dataclass(frozen=True)
class Outcome:
    """Who arrived, and what it cost: seconds lost per right-turner and per walker; people driven into."""

    cars: int
    walkers: int
    car_loss_s: float
    walker_loss_s: float
    driven_into: int


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("site")
    return load(write_site(folder / "crossroads", written()), folder / "cache")


def drive(site: Site, folder: Path, walkers: int) -> Outcome:
    """Send cars round every corner, and people over every crossing, for 20 minutes."""
    rng = random.Random(7)
    legs = site.network.junctions["J1"].approaches
    events = []
    for number in range(CARS):
        leg = rng.choice(legs)
        to = next(m.to_edge for m in leg.movements if m.direction == "right")
        route = f'<route edges="{" ".join(leg.chain)} {to}"/>'
        begin = f'id="c{number}" type="car" depart="{4 * number}" departLane="best" departSpeed="max"'
        events.append((4 * number, f"<vehicle {begin}>{route}</vehicle>"))
    for number in range(walkers):
        leg = rng.choice(legs)
        pair = [(leg.edge, -20), (leg.exit_edge, 20)]
        (start, start_m), (end, end_m) = pair if rng.random() < 0.5 else reversed(pair)
        walk = f'<walk from="{start}" to="{end}" arrivalPos="{end_m}"/>'
        begin = f'id="p{number}" depart="{4 * number + 1}" departPos="{start_m}"'
        events.append((4 * number + 1, f"<person {begin}>{walk}</person>"))
    body = "".join(text for _, text in sorted(events))
    (folder / "r.rou.xml").write_text(f'<routes><vType id="car" sigma="0"/>{body}</routes>')
    write_controls(folder / "signals.add.xml", site.signals["am"])
    files = ["-n", str(site.network_file), "-r", "r.rou.xml", "-a", "signals.add.xml", "-e", str(UNTIL_S)]
    options = ["--tripinfo-output", "trips.xml", "--no-step-log", "--collision.check-junctions"]
    command = [str(binary("sumo")), *files, *options, "--collision.action", "warn"]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=True)
    trips = ET.parse(folder / "trips.xml").getroot()
    cars = [float(trip.attrib["timeLoss"]) for trip in trips.iter("tripinfo")]
    walks = [float(walk.attrib["timeLoss"]) for walk in trips.iter("walk")]
    return Outcome(
        cars=len(cars),
        walkers=len(walks),
        car_loss_s=sum(cars) / len(cars),
        walker_loss_s=sum(walks) / len(walks) if walks else 0.0,
        driven_into=done.stderr.count("collision with person"),
    )


def test_right_turns_on_red_give_way_to_pedestrians(site: Site, tmp_path: Path) -> None:
    alone = drive(site, tmp_path, walkers=0)
    among = drive(site, tmp_path, walkers=WALKERS)
    assert alone.cars == among.cars == CARS, "everybody arrives, no right-turner waits for a green"
    assert among.walkers == WALKERS
    assert alone.car_loss_s < 4, "nobody stops a free right turn on an empty junction"
    assert among.car_loss_s > 2 * alone.car_loss_s, "they stop for people"
    # A driver who cannot stop any more when the walk begins is SUMO's own limit: people on red are invisible
    # to it.
    assert among.driven_into <= 0.02 * CARS


def test_pedestrians_wait_as_long_as_uniform_arrivals_do(site: Site, tmp_path: Path) -> None:
    waited = drive(site, tmp_path, walkers=WALKERS).walker_loss_s
    uniform = (CYCLE_S - WALK_S) ** 2 / (2 * CYCLE_S)
    # Above it by what walking between others costs (people also slow down at the kerb).
    assert uniform < waited < 1.5 * uniform
