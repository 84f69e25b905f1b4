"""Who came to which stop line when, and what the signals showed: for runs that are asked for it."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pandas as pd

from sim.site.network import Network
from sim.sumo.exit_times import driven
from sim.sumo.xml_file import element, scan
from sim.tables import SIGNAL_STATES, STOP_LINES, empty, typed

STATES_FILE = "states.out.xml"


def noted_states(network: Network) -> list[str]:
    """Return the lines of an additional file that have every signal's states written down."""
    return [
        element("timedEvent", {"type": "SaveTLSSwitchStates", "source": signal, "dest": STATES_FILE})
        for signal in _signals(network)
    ]


def read_states(folder: Path, network: Network) -> pd.DataFrame:
    """Read what every signal showed from when on: columns `tables.SIGNAL_STATES`."""
    if not _signals(network):
        return empty(SIGNAL_STATES)
    rows: list[tuple[str, float, str]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "tlsState":
            rows.append((attributes["id"], float(attributes["time"]), attributes["state"]))

    scan(folder / STATES_FILE, "tlsStates", start)
    table = pd.DataFrame(rows, columns=list(SIGNAL_STATES))
    return typed(table.sort_values(["signal", "begin_s"], kind="stable"), SIGNAL_STATES)


def read_stop_lines(folder: Path, trips: pd.DataFrame, network: Network) -> pd.DataFrame:
    """Read who came to which movement of a signal when, and when they passed: columns `tables.STOP_LINES`.

    They would have come there after free-flow time, at their own speed factor, from where their approach
    begins (behind the junction upstream, or where they set out); never later than they did. `trips`: columns
    `tables.TRIPS`.
    """
    factors = dict(zip(trips["id"].tolist(), trips["speed_factor"].tolist(), strict=True))
    turns = {
        (approach.edge, movement.to_edge): (movement.id, frozenset(approach.chain))
        for junction in network.junctions.values()
        if junction.signal is not None
        for approach in junction.approaches
        for movement in approach.movements
        if any(connection.link is not None for connection in movement.connections)
    }
    rows: list[tuple[str, str, float, float]] = []
    for vehicle in driven(folder):
        left_s = [time_s for time_s in vehicle.left_s if time_s >= 0]
        ends_s = network.free_times_s(vehicle.edges)
        for index, turn in enumerate(pairwise(vehicle.edges)):
            if turn not in turns:
                continue
            movement, chain = turns[turn]
            first = index
            while first > 0 and vehicle.edges[first - 1] in chain:
                first -= 1
            if first > len(left_s):
                break  # it never came onto the approach
            came_s, before_s = (left_s[first - 1], ends_s[first - 1]) if first else (vehicle.depart_s, 0.0)
            passed_s = left_s[index] if index < len(left_s) else math.nan
            free_s = (ends_s[index] - before_s) / factors.get(vehicle.id, 1.0)
            # min keeps its first argument where the other is NaN.
            rows.append((vehicle.id, movement, min(came_s + free_s, passed_s), passed_s))
    return typed(pd.DataFrame(rows, columns=list(STOP_LINES)), STOP_LINES)


def _signals(network: Network) -> list[str]:
    return sorted({j.signal for j in network.junctions.values() if j.signal is not None})
