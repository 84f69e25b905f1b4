"""What is closed by the clock is closed then, to those it means, and open before and after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sim.policy import apply
from sim.site.model import Site
from sim.sumo.build import build
from sim.sumo.driver import DETECTORS_FILE, TRIPS_FILE, RunSpec, simulate
from tests.sites import applied_of, policy_of, street

BEGIN_S, END_S = 27000, 32400


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return street(Path(tmp_path_factory.mktemp("street")))


def driven(site: Site, folder: Path, fields: dict[str, object] | None, flows: Sequence[str]) -> Path:
    """Drive flows for an hour through an arm and return its trips."""
    applied = apply(policy_of(a=fields), site, "policy") if fields else applied_of(site, ())
    arm = build(site, applied, "am", folder / "cache")
    routes = folder / "flows.rou.xml"
    routes.write_text(f"<routes>{''.join(flows)}</routes>", encoding="utf-8")
    (folder / DETECTORS_FILE).write_text("<additional/>", encoding="utf-8")
    files = tuple(str(path.resolve()) for path in arm.additional_files)
    spec = RunSpec(
        str(arm.net_file.resolve()), str(routes), BEGIN_S, BEGIN_S, END_S, END_S, 1,
        additionals=files, controllers=arm.lane_laws, driver="libsumo" if arm.lane_laws else "sumo",
    )  # fmt: skip
    simulate(spec, folder, 600)
    return folder / TRIPS_FILE


def flow(
    id: str, edges: str, per_hour: float, vclass: str = "passenger", from_s: int = 0, to_s: int = 3600
) -> str:
    times = f'begin="{BEGIN_S + from_s}" end="{BEGIN_S + to_s}" vehsPerHour="{per_hour}"'
    return (
        f'<vType id="{id}.t" vClass="{vclass}"/><route id="{id}.r" edges="{edges}"/>'
        f'<flow id="{id}" type="{id}.t" route="{id}.r" {times} departLane="best"/>'
    )


def mean_loss_s(trips: Path, id: str) -> float:
    rows = [dict(row.attrib) for row in ElementTree.parse(trips).iter("tripinfo")]
    losses = [float(row["timeLoss"]) for row in rows if row["id"].startswith(f"{id}.")]
    assert len(losses) > 20
    return sum(losses) / len(losses)


def test_a_ban_by_the_clock_holds_cars_and_lets_buses_turn(site: Site, tmp_path: Path) -> None:
    """Whoever insists on the banned turn stands until the hours are over; an exempt bus goes through."""
    fields: dict[str, object] = {
        "kind": "ban_turn",
        "movement": "J1.north.right",
        "expect": {"lanes": 1},
        "hours": ["07:40-08:10"],
        "exempt": ["bus"],
    }
    buses = flow("bus", "N1_J1 J1_W", 60, "bus")
    free = mean_loss_s(driven(site, tmp_path, None, [buses]), "bus")
    assert mean_loss_s(driven(site, tmp_path, fields, [buses]), "bus") == pytest.approx(free, abs=1)
    cars = flow("car", "N1_J1 J1_W", 60)
    assert mean_loss_s(driven(site, tmp_path, fields, [cars]), "car") > free + 120


def test_a_variable_lane_relieves_the_movement_that_it_serves_then(site: Site, tmp_path: Path) -> None:
    fields: dict[str, object] = {
        "kind": "variable_lane",
        "approach": "J1.west",
        "expect": ["left", "through", "through+right"],
        "lane": 2,
        "then": "left",
        "hours": ["07:30-09:00"],
    }
    flows = [flow("left", "W_J1 J1_N1", 650), flow("through", "W_J1 J1_J2 J2_E", 250)]
    today = driven(site, tmp_path, None, flows)
    before = mean_loss_s(today, "left")
    then = driven(site, tmp_path, fields, flows)
    assert mean_loss_s(then, "left") < 0.8 * before


def test_a_lane_that_follows_queues_beats_the_clock_when_the_flows_change_sides(
    site: Site, tmp_path: Path
) -> None:
    """Many turn left in one half of the hour and go through in the other: each gets the lane while it queues.

    By the clock, for the whole hour, the lane is wrong in one half whichever use it has.
    """
    by_clock: dict[str, object] = {
        "kind": "variable_lane",
        "approach": "J1.west",
        "expect": ["left", "through", "through+right"],
        "lane": 2,
        "then": "left",
        "hours": ["07:30-08:30"],
    }
    flows = [
        flow("left.many", "W_J1 J1_N1", 700, to_s=1800),
        flow("left.few", "W_J1 J1_N1", 100, from_s=1800),
        flow("through.few", "W_J1 J1_J2 J2_E", 200, to_s=1800),
        flow("through.many", "W_J1 J1_J2 J2_E", 1100, from_s=1800),
    ]
    arms = {"today": None, "clock": by_clock, "queue": {**by_clock, "by_queue": {"every_s": 120}}}
    lost = {}
    for name, fields in arms.items():
        (tmp_path / name).mkdir()
        trips = driven(site, tmp_path / name, fields, flows)
        lost[name] = {id: mean_loss_s(trips, id) for id in ("left.many", "through.many")}
    print(lost)
    assert lost["queue"]["left.many"] < 0.85 * lost["today"]["left.many"]
    assert lost["queue"]["through.many"] < 0.8 * lost["clock"]["through.many"]
