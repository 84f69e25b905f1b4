"""SUMO's routeSampler: as many of given ways as pass every counted turn as often as was counted."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sim.errors import BuildError
from sim.labels import Message
from sim.sumo.install import environment, sumo_home, version
from sim.sumo.xml_file import element, opening, scan


class Turn(NamedTuple):
    """Vehicles that were counted from one edge to the next within [start_s, end_s)."""

    start_s: int
    end_s: int
    from_edge: str
    to_edge: str
    vehicles: int


def sampled_ways(
    ways: Mapping[str, int], turns: Sequence[Turn], interval_s: int, seed: int
) -> list[tuple[float, str]]:
    """Return departure (s) and way of every vehicle, sorted; equal arguments give an equal list.

    Parameters
    ----------
    ways
        Edges of a way, separated by spaces -> how often it is driven: ways are drawn in that proportion.
    turns
        All intervals of `interval_s` without a gap; a vehicle counts in the interval in which it departs.

    Raises BuildError where routeSampler fails.
    """
    version()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ways.rou.xml").write_text(_ways_xml(ways), encoding="utf-8")
        (folder / "turns.xml").write_text(_turns_xml(turns), encoding="utf-8")
        options = {
            "route-files": "ways.rou.xml",
            "turn-files": "turns.xml",
            "output-file": "sampled.rou.xml",
            "begin": min(turn.start_s for turn in turns),
            "end": max(turn.end_s for turn in turns),
            "interval": interval_s,
            "seed": seed,
        }
        tool = sumo_home() / "tools" / "routeSampler.py"
        words = [part for key, value in options.items() for part in (f"--{key}", str(value))]
        done = subprocess.run(
            [sys.executable, str(tool), *words, "--weighted"],
            cwd=folder,
            env=environment(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        written = folder / "sampled.rou.xml"
        if done.returncode != 0 or not written.is_file():
            raise BuildError(Message("routeSampler could not draw ways:\n{words}", words=done.stderr.strip()))
        return _read(written)


def _ways_xml(ways: Mapping[str, int]) -> str:
    lines = [
        element("route", {"id": f"way{i}", "edges": edges, "probability": ways[edges]})
        for i, edges in enumerate(sorted(ways))
    ]
    return "".join(["<routes>\n", *lines, "</routes>\n"])


def _turns_xml(turns: Sequence[Turn]) -> str:
    lines = ["<data>\n"]
    for start_s, end_s in sorted({(turn.start_s, turn.end_s) for turn in turns}):
        lines.append(opening("interval", {"id": "counted", "begin": start_s, "end": end_s}))
        lines += [
            element("edgeRelation", {"from": turn.from_edge, "to": turn.to_edge, "count": turn.vehicles}, 2)
            for turn in turns
            if turn.start_s == start_s
        ]
        lines.append("    </interval>\n")
    return "".join([*lines, "</data>\n"])


def _read(path: Path) -> list[tuple[float, str]]:
    departs: list[float] = []
    ways: list[str] = []

    def take(tag: str, attributes: dict[str, str]) -> None:
        if tag == "vehicle":
            departs.append(float(attributes["depart"]))
        elif tag == "route":
            ways.append(attributes["edges"])

    scan(path, "routes", take)
    return sorted(zip(departs, ways, strict=True))
