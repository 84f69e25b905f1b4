"""A refuge alone gives vehicles nothing, the green that walkers need no more does; people wait longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.theory.isolated import Facts, draw, evaluate, junction, plan, site_data

REFUGE: Facts = {
    "kind": "pedestrian_refuge",
    "approach": "J1.north",
    "expect": {"median_m": 4},
    "approach_stages": ["EW"],
    "exit_stages": ["EW"],
}
SHORTER: Facts = {
    "kind": "retime_signal",
    "junction": "J1",
    "expect": {"cycle_s": 100},
    "greens_s": {"EW": 16},
    "after": ["refuge"],
}


def test_vehicles_gain_from_the_green_that_walkers_no_longer_need(tmp_path: Path) -> None:
    """Across 23.5 m it takes 30 s of green and red from east to west, which few drive; half of it 13 m."""
    north = {"median_m": 4, "crossing": {"length_m": 24}}
    data = site_data(15, name="refuge", warm_up_s=300, junctions={"J1": junction(north=north)})
    data["plans"]["day"]["J1"] = plan(EW={"crossings": ["north"], "pedestrian_flash_s": 19})
    data["periods"]["am"]["pedestrians_per_15min"] = {"J1.north": 100}
    flows = {"north.through": 700.0, "south.through": 700.0, "east.through": 150.0, "west.through": 150.0}
    apart = {**REFUGE, "exit_stages": ["NS_left"]}
    arms: dict[str, Facts] = {
        "apart": {"refuge": apart},
        "shorter": {"refuge": REFUGE, "signal": SHORTER},
    }
    study = evaluate(draw(tmp_path, data, flows), arms)
    cars = {arm: study.values("control_delay", "junction:J1", arm)[1] for arm in ("baseline", *arms)}
    walks = {arm: study.values("pedestrian_delay", arm=arm)[1] for arm in ("baseline", *arms)}
    print(cars, walks)
    # No vehicle's green changes, so their delay does not.
    assert cars["apart"] == pytest.approx(cars["baseline"], rel=0.02)
    assert cars["shorter"] < 0.9 * cars["baseline"]
    assert walks["apart"] > walks["baseline"] + 10, "in stages apart people wait twice"
    for arm in arms:
        fates = study.view(arm=arm).tables["walks"]["fate"]
        assert (fates == "arrived").mean() > 0.95, "nobody is stuck on the refuge"
