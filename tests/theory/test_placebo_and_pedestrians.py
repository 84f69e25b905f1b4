"""A change that concerns nobody changes nothing; pedestrians wait for half the red, weighted by its share."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.comparison.inference import MINIMUM_PAIRS
from tests.theory.isolated import (
    CYCLE_S,
    GREEN_S,
    LEGS,
    PERIOD,
    TITLE,
    Facts,
    capacity_vph,
    draw,
    evaluate,
    junction,
    plan,
    site_data,
)

FLASH_S = 12
ELSEWHERE: dict[str, Facts] = {
    "lot": {
        "kind": "add_parking_area",
        "id": "P1",
        "expect": {"areas": []},
        "area": {"title": TITLE, "kind": "off_street", "on": "J1.north", "at_m": 200, "stalls": 10},
    },
    "signal": {
        "kind": "retime_signal",
        "junction": "J2",
        "expect": {"cycle_s": CYCLE_S},
        "greens_s": {"EW": GREEN_S + 10, "NS": GREEN_S - 10},
    },
    "lanes": {
        "kind": "set_lane_use",
        "approach": "J2.south",
        "expect": ["left", "through", "through", "right"],
        "lanes": ["left", "left", "through", "right"],
    },
}


@pytest.mark.parametrize("vehicles", ["sigma_zero", pytest.param("sigma_half", marks=pytest.mark.validate)])
def test_a_placebo_changes_nothing(tmp_path: Path, vehicles: str) -> None:
    """A parking area nobody wants, a plan and lanes where nobody drives: the difference is 0, not small."""
    data = site_data(15, name="placebo", warm_up_s=300)
    data["junctions"]["J2"] = {**junction(), "position_m": [3000, 0]}
    data["plans"]["day"]["J2"] = plan()
    site = draw(tmp_path, data, {f"{leg}.through": 0.6 * capacity_vph(lanes=2) for leg in LEGS})
    study = evaluate(site, {"elsewhere": ELSEWHERE}, replicates=MINIMUM_PAIRS, vehicles=vehicles)
    runs = study.analysis.runs
    assert runs["baseline", PERIOD, 1].digest != runs["elsewhere", PERIOD, 1].digest, "simulated again"
    comparison = study.tables.comparison
    observed = comparison[(comparison["n_pairs"] > 0) & ~comparison["scope"].str.contains("J2")]
    assert {"fair_travel_time", "control_delay", "back_of_queue_p95"} <= set(observed["measure"])
    assert (observed["sd_before"] > 0).any(), "replicates do differ"
    assert (observed["difference"] == 0).all()
    assert set(observed["verdict"]) == {"equivalent"}


def test_pedestrians_wait_as_uniform_arrivals_do(tmp_path: Path) -> None:
    zebras = junction(every={"crossing": {"length_m": 20}})
    data = site_data(name="walking", warm_up_s=0, junctions={"J1": zebras})
    stages = {"EW": ["north", "south"], "NS": ["east", "west"]}
    crossings = {name: {"crossings": legs, "pedestrian_flash_s": FLASH_S} for name, legs in stages.items()}
    data["plans"]["day"]["J1"] = plan(**crossings)
    data["periods"][PERIOD]["pedestrians_per_15min"] = {f"J1.{leg}": 60 for leg in LEGS}
    study = evaluate(draw(tmp_path, data, {"north.through": 200.0, "east.left": 50.0}))
    walk_s = GREEN_S - FLASH_S
    uniform_s = (CYCLE_S - walk_s) ** 2 / (2 * CYCLE_S)
    simulated_s = study.values("pedestrian_delay")[1]
    walkers = len(study.view().tables["walks"])
    print(f"simulated {simulated_s:.1f} s, (C - g)^2 / 2C {uniform_s:.1f} s, {walkers} walkers")
    # The standard error of 960 uniform arrivals is 2.5 %.
    assert simulated_s == pytest.approx(uniform_s, rel=0.15)
