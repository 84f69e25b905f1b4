"""When every vehicle left every edge that it drove."""

from __future__ import annotations

from pathlib import Path

from sim.demand.closed_ways import Driven
from sim.errors import ConfigError, RunError
from sim.labels import Message
from sim.sumo.driver import ROUTES_FILE
from sim.sumo.xml_file import scan


def driven(folder: Path) -> list[Driven]:
    """Read the output of routes of a run, vehicle by vehicle. RunError where it is missing or cut off."""
    found: list[Driven] = []
    id, depart_s = "", 0.0

    def start(tag: str, a: dict[str, str]) -> None:
        nonlocal id, depart_s
        if tag == "vehicle":
            id, depart_s = a["id"], float(a["depart"])
        elif tag == "route" and "reason" not in a:  # not one that was given up on the way
            left_s = (float(time_s) for time_s in a.get("exitTimes", "").split())
            found.append(Driven(id, depart_s, tuple(a["edges"].split()), tuple(left_s)))

    try:
        scan(folder / ROUTES_FILE, "routes", start)
    except ConfigError as error:
        raise RunError(Message("an output cannot be read: {error}", error=error)) from None
    return found
