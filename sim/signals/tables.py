"""Signals as tables: what every movement sees, the stage table, corridors. Pure; rows in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pandas as pd

from sim.errors import ConfigError
from sim.labels import Text
from sim.signals.corridor import corridor
from sim.signals.program import SignalControl
from sim.signals.reading import Reading, of_signal, read
from sim.site.network import Network
from sim.tables import typed

LIGHTS: Mapping[str, str] = {
    "signal": "string",
    "program": "string",
    "kind": "string",
    "cycle_s": "float64",
    "offset_s": "float64",
    "junction": "string",
    "group": "string",  # movement J1.north.left, or a crossing's leg J1.north
    "group_kind": "string",  # movement, crossing
    "bearing_deg": "float64",  # of the leg it comes from
    "direction": "string",  # left, through, right, uturn, crossing
    "exit_bearing_deg": "float64",
    "begin_s": "float64",  # from the start of the cycle; the end may lie beyond it
    "end_s": "float64",
    "letter": "string",  # G protected, g gives way, y, r, ...
}
"""One row per movement or crossing and run of one light."""

STAGES: Mapping[str, str] = {
    "signal": "string",
    "junctions": "string",  # space-separated
    "program": "string",
    "kind": "string",
    "cycle_s": "float64",
    "offset_s": "float64",
    "coordinated": "bool",
    "number": "int64",
    "stage": "string",
    "begin_s": "float64",
    "green_s": "float64",
    "yellow_s": "float64",
    "all_red_s": "float64",
    "clearance_s": "float64",  # of its green, in which pedestrians finish
    "min_green_s": "float64",  # NaN: fixed
    "max_green_s": "float64",
    "protected": "string",  # movements, space-separated
    "permissive": "string",
    "crossings": "string",
}
"""One row per stage: what a controller is given."""

CORRIDORS: Mapping[str, str] = {
    "corridor": "string",
    "title_zh": "string",
    "title_en": "string",
    "number": "int64",
    "junction": "string",
    "signal": "string",
    "position_m": "float64",  # from the first stop line
    "out_group": "string",  # movement along the corridor in its order; empty where no street leads so
    "home_group": "string",
    "out_s": "float64",  # from the previous junction; NaN: none
    "home_s": "float64",  # from this junction to the previous one
}
"""One row per junction of a corridor."""

TRAJECTORIES: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "replicate": "int64",
    "corridor": "string",
    "vehicle": "string",
    "time_s": "float64",
    "position_m": "float64",  # as in CORRIDORS
}
"""Vehicles along a corridor, in order: when they came to each stop line, and when they passed it."""


def readings(
    controls: Mapping[str, SignalControl], network: Network, window_s: tuple[float, float]
) -> tuple[Reading, ...]:
    """Read every program that runs in a window, signal by signal."""
    return tuple(
        read(control.programs[id], network)
        for signal, control in sorted(controls.items())
        if of_signal(network, signal)
        for id in control.running(*window_s)
        if id in control.programs
    )


def lights(found: Iterable[Reading]) -> pd.DataFrame:
    """Return columns `LIGHTS`."""
    rows = [
        (
            r.signal, r.program, r.kind, r.cycle_s, r.offset_s,
            g.junction, g.name, g.kind, g.bearing_deg, g.direction, g.exit_bearing_deg, *window,
        )
        for r in found
        for g in r.groups
        for window in g.windows
    ]  # fmt: skip
    return typed(pd.DataFrame(rows, columns=list(LIGHTS)), LIGHTS)


def stages(found: Iterable[Reading]) -> pd.DataFrame:
    """Return columns `STAGES`."""
    rows = [
        (
            r.signal, " ".join(r.junctions), r.program, r.kind, r.cycle_s, r.offset_s, r.coordinated,
            number, s.name, s.begin_s, s.green_s, s.yellow_s, s.all_red_s, s.clearance_s,
            s.min_green_s, s.max_green_s,
            " ".join(s.protected), " ".join(s.permissive), " ".join(s.crossings),
        )
        for r in found
        for number, s in enumerate(r.stages, 1)
    ]  # fmt: skip
    return typed(pd.DataFrame(rows, columns=list(STAGES)), STAGES)


def corridors(
    network: Network, named: Mapping[str, Sequence[str]], titles: Mapping[str, Text]
) -> pd.DataFrame:
    """Return columns `CORRIDORS` of the corridors given by name and junctions in order; titles where known.

    Left out: those with less than two signals, those that others repeat or run backwards, and those with
    another signal between.
    """
    rows: list[tuple[object, ...]] = []
    known: set[frozenset[str]] = set()
    for name, junctions in named.items():
        if len(junctions) <= 1 or frozenset(junctions) in known:
            continue
        try:
            found = list(_corridor(network, name, titles.get(name, Text(name, name)), junctions))
        except ConfigError:
            continue
        known.add(frozenset(junctions))
        rows += found
    return typed(pd.DataFrame(rows, columns=list(CORRIDORS)), CORRIDORS)


def _corridor(
    network: Network, name: str, title: Text, junctions: Sequence[str]
) -> Iterator[tuple[object, ...]]:
    found = corridor(network, junctions, {}, f"corridor {name}")
    at_m = 0.0
    for number, junction in enumerate(found.junctions):
        out = found.out[number - 1] if number else None
        home = found.home[number - 1] if number else None
        way = out or home
        at_m += sum(network.edges[edge].length_m for edge in way.edges) if way else 0.0
        moves = (found.out_moves[number], found.home_moves[number])
        yield (
            name,
            *title,
            number + 1,
            junction.id,
            junction.signal,
            at_m,
            *(move.id if move else "" for move in moves),
            out.travel_s if out else None,
            home.travel_s if home else None,
        )


def route_junctions(network: Network, via: Sequence[str]) -> tuple[str, ...]:
    """Return the signalised junctions that a named route enters by the approaches it lists."""
    entered = (network.approaches.get(leg) or network.approach_of_edge.get(leg) for leg in via)
    junctions = (approach.junction for approach in entered if approach is not None)
    return tuple(dict.fromkeys(j for j in junctions if network.junctions[j].signal is not None))
