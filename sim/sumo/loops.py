"""Induction loops that note every vehicle's front, with the time interpolated within the step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sim.errors import ConfigError, RunError
from sim.labels import message_of
from sim.site.zones import Point
from sim.sumo.columns import columns_of
from sim.sumo.driver import DETECTORS_FILE
from sim.sumo.xml_file import content, element

LOOPS_FILE = "loops.out.xml"


class Crossing(NamedTuple):
    """One front over one loop: when, s, and how fast, m/s."""

    time_s: float
    speed_mps: float


def write_loops(loops: Mapping[str, Point], folder: Path) -> None:
    """Write the loops, by name, into the folder of a run, in the place of its detectors."""
    lines = [
        element(
            "instantInductionLoop", {"id": name, "lane": at.lane, "pos": at.position_m, "file": LOOPS_FILE}
        )
        for name, at in sorted(loops.items())
    ]
    content = "".join(["<additional>\n", *lines, "</additional>\n"])
    (folder / DETECTORS_FILE).write_text(content, encoding="utf-8")


def read_loops(folder: Path) -> dict[str, list[Crossing]]:
    """Read what the loops of a finished run noted, by name, in order; RunError where the output is broken."""
    path = folder / LOOPS_FILE
    try:
        rows = columns_of(content(path), path, "instantE1", "instantOut", ("id", "time", "state", "speed"))
    except ConfigError as error:
        raise RunError(message_of(error)) from None
    found: dict[str, list[Crossing]] = {}
    for id, time, state, speed in zip(*(column.to_pylist() for column in rows.values()), strict=True):
        if state == "enter":
            found.setdefault(id, []).append(Crossing(float(time), float(speed)))
    return found
