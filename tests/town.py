"""A drawn site for kinds whose place few networks have: a big signal, a crossroads with signs, a merge."""

from __future__ import annotations

from pathlib import Path

from sim.site.model import Site
from tests.theory.isolated import LEGS, TITLE, Facts, draw, junction, plan, site_data

MERGE: Facts = {
    "title": TITLE,
    "position_m": [600, 0],
    "control": "priority",
    "approaches": {
        "west": {"bearing_deg": 270, "speed_kmh": 50, "lanes": [{"use": "through"}], "exit_lanes": 0},
        "south": {"bearing_deg": 225, "speed_kmh": 30, "lanes": [{"use": "through"}], "exit_lanes": 0,
                  "length_m": 300},
        "east": {"bearing_deg": 90, "speed_kmh": 50, "lanes": [], "exit_lanes": 1, "length_m": 300},
    },
}  # fmt: skip

OF_OPEN_LEGS = ("length_m", "exit_lanes")
"""What a leg that is part of a street has from its other end."""


def town(folder: Path) -> Site:
    """Draw J1, signals, every movement with a lane and a green; J2, where east and west go first; a merge.

    People cross J1.north over a median. J1.east and J2.west are one street, J2.east leads to J3. Four in ten
    drivers enter a full exit.
    """
    one_lane = {"length_m": 300, "exit_lanes": 1, "lanes": [{"use": "left+through+right"}]}
    crossroads = junction(
        every=one_lane, north={**one_lane, "speed_kmh": 30}, south={**one_lane, "speed_kmh": 30}
    )
    data = site_data(30, enters_full_exit_share=0.4, measured_junctions=["J1", "J2"])
    every = {"lanes": [{"use": use} for use in ("left", "through", "right")], "exit_lanes": 1}
    median = {"median_m": 4, "crossing": {"length_m": 17}}
    data["junctions"] = {"J1": junction(every=every, north={**every, **median})}
    data["plans"]["day"]["J1"] = plan(EW={"crossings": ["north"], "pedestrian_flash_s": 14})
    data["junctions"] |= {"J2": {**crossroads, "position_m": [300, 0], "control": "priority"}, "J3": MERGE}
    data["streets"] = {
        "main": {"legs": ["J1.east", "J2.west"]},
        "out": {"legs": ["J2.east", "J3.west"]},
    }
    approaches = {name: data["junctions"][name]["approaches"] for name in data["junctions"]}
    for name, leg in (("J1", "east"), ("J2", "west"), ("J2", "east"), ("J3", "west")):
        approaches[name][leg] = {k: v for k, v in approaches[name][leg].items() if k not in OF_OPEN_LEGS}
    assert set(approaches["J1"]) == set(LEGS)
    return draw(folder, data, {f"{leg}.through": 200 for leg in LEGS})
