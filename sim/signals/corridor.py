"""A corridor of signals: the way between neighbours, the movement along it, and its greens. Pure."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.errors import Problems, near
from sim.labels import Message
from sim.signals.band import CorridorLink, CorridorSignal, Green
from sim.signals.greens import Discharge
from sim.signals.program import GREEN, SignalProgram
from sim.site.network import Junction, Movement, Network

LONGEST_DETOUR = 1.5
"""A way longer than the straight line times this is no street between two junctions but a way round."""


@dataclass(frozen=True, slots=True)
class Way:
    """The edges from one junction's stop line to the next one's, and the time to drive them at the limit."""

    edges: tuple[str, ...]
    travel_s: float


@dataclass(frozen=True, slots=True)
class Corridor:
    """Junctions in order with the ways between them; None: no way leads in that direction (one-way street).

    `out_moves`/`home_moves`: the movement along the corridor at each junction, None where there is none.
    """

    junctions: tuple[Junction, ...]
    out: tuple[Way | None, ...]
    home: tuple[Way | None, ...]
    out_moves: tuple[Movement | None, ...]
    home_moves: tuple[Movement | None, ...]


def corridor(network: Network, names: Sequence[str], flows_pcuph: Mapping[str, float], path: str) -> Corridor:
    """Find the streets of a corridor given by its junctions in order.

    ConfigError naming every junction that is unknown, has no signal or stands twice, and every pair that no
    street joins in either direction without another signal between.
    """
    problems = Problems()
    found: list[Junction] = []
    signalised = [id for id, junction in network.junctions.items() if junction.signal is not None]
    for index, name in enumerate(names):
        place = f"{path}[{index}]"
        junction = network.junctions.get(name)
        if junction is None:
            problems.add(
                place, Message("no junction named {name!r}", name=name), near(name, network.junctions)
            )
        elif junction.signal is None:
            problems.add(place, Message("junction {name!r} has no signal", name=name), near(name, signalised))
        elif name in names[:index]:
            problems.add(place, Message("junction {name!r} stands twice", name=name))
        else:
            found.append(junction)
    if len(names) <= 1:
        problems.add(path, Message("a corridor has two junctions or more"))
    problems.raise_if_any()
    out: list[Way | None] = []
    home: list[Way | None] = []
    for index in range(len(found) - 1):
        one, other = found[index], found[index + 1]
        there, back = _way(network, one, other), _way(network, other, one)
        if there is None and back is None:
            told = Message(
                "no street joins {id!r} and {other_id!r} without another signal between",
                id=one.id,
                other_id=other.id,
            )
            problems.add(
                f"{path}[{index + 1}]", told, Message("list the junctions in the order they are driven")
            )
        out.append(there)
        home.append(back)
    problems.raise_if_any()
    return Corridor(
        tuple(found),
        tuple(out),
        tuple(home),
        _moves(network, found, out, flows_pcuph),
        _moves(network, found[::-1], home[::-1], flows_pcuph)[::-1],
    )


def band_inputs(
    found: Corridor,
    programs: Sequence[SignalProgram],
    flows_pcuph: Mapping[str, float],
    discharge: Discharge,
    speed_share: float = 1.0,
) -> tuple[list[CorridorSignal], list[CorridorLink]]:
    """Return what `sim.signals.band` needs: greens along the corridor, travel times, demand as weights.

    The queue at a signal is who turned into its link during the red; it takes ``Q h + l1`` of the green. A
    direction without a street has weight 0. `speed_share`: platoon speed over the limit.
    """
    n = len(found.junctions)
    signals = []
    for i in range(n):
        out = _green(found.out_moves[i], programs[i])
        home = _green(found.home_moves[i], programs[i])
        out_s = _queue_s(found.out, found.out_moves, i, i - 1, out, programs[i], flows_pcuph, discharge)
        home_s = _queue_s(found.home, found.home_moves, i, i + 1, home, programs[i], flows_pcuph, discharge)
        signals.append(
            CorridorSignal(
                Green(out.start_s, out.length_s, out_s), Green(home.start_s, home.length_s, home_s)
            )
        )
    links = []
    for k in range(n - 1):
        one, other = found.out[k], found.home[k]
        links.append(
            CorridorLink(
                out_s=one.travel_s / speed_share if one else 0.0,
                home_s=other.travel_s / speed_share if other else 0.0,
                out_weight=_flow(found.out_moves[k + 1], flows_pcuph) if one else 0.0,
                home_weight=_flow(found.home_moves[k], flows_pcuph) if other else 0.0,
            )
        )
    heaviest = max((w for link in links for w in (link.out_weight, link.home_weight)), default=0.0)
    if heaviest <= 0:  # nobody known: both directions alike
        return signals, [
            CorridorLink(link.out_s, link.home_s, float(link.out_s > 0), float(link.home_s > 0))
            for link in links
        ]
    return signals, [
        CorridorLink(link.out_s, link.home_s, link.out_weight / heaviest, link.home_weight / heaviest)
        for link in links
    ]


def _way(network: Network, one: Junction, other: Junction) -> Way | None:
    """Return the quickest way that meets no other signal; None where there is none, or only a detour."""
    crow_m = math.dist(one.position_m, other.position_m)
    signals = {junction.node for junction in network.junctions.values() if junction.signal is not None}
    best: dict[str, float] = {}
    before: dict[str, str] = {}
    queue: list[tuple[float, str]] = []
    for edge in sorted(network.edges.values(), key=lambda e: e.id):
        if edge.from_node == one.node and any(lane.for_cars for lane in edge.lanes):
            best[edge.id] = edge.free_time_s
            heapq.heappush(queue, (edge.free_time_s, edge.id))
    done: set[str] = set()
    while queue:
        time_s, id = heapq.heappop(queue)
        if id in done:
            continue
        done.add(id)
        node = network.edges[id].to_node
        if node == other.node:
            edges = [id]
            while edges[0] in before:
                edges.insert(0, before[edges[0]])
            length_m = sum(network.edges[edge].length_m for edge in edges)
            return Way(tuple(edges), time_s) if length_m <= LONGEST_DETOUR * crow_m else None
        if node in signals:
            continue
        for connection in network.connections_from.get(id, ()):
            following = network.edges.get(connection.to_edge)
            if following is None or connection.direction == "uturn":
                continue
            if not any(lane.for_cars for lane in following.lanes):
                continue
            reached_s = time_s + following.free_time_s
            if reached_s < best.get(following.id, math.inf):
                best[following.id] = reached_s
                before[following.id] = id
                heapq.heappush(queue, (reached_s, following.id))
    return None


def _moves(
    network: Network,
    junctions: Sequence[Junction],
    ways: Sequence[Way | None],
    flows_pcuph: Mapping[str, float],
) -> tuple[Movement | None, ...]:
    """Per junction, in driving order, the movement along the corridor; at its ends the one most used."""
    found: list[Movement | None] = []
    for i, junction in enumerate(junctions):
        come = ways[i - 1] if i else None
        go = ways[i] if i < len(ways) else None
        fitting = [
            movement
            for approach in junction.approaches
            for movement in approach.movements
            if (come is None or approach.edge == come.edges[-1])
            and (go is None or movement.to_edge == go.edges[0])
            and not movement.direction.startswith("uturn")
        ]
        if come is None and go is None:
            fitting = []
        best = max(
            fitting,
            key=lambda m: (flows_pcuph.get(m.id, 0.0), m.direction.startswith("through"), m.id),
            default=None,
        )
        found.append(best)
    return tuple(found)


def _green(movement: Movement | None, program: SignalProgram) -> Green:
    """Return the longest protected green, else the longest that gives way; the cycle without lights."""
    connections = movement.connections if movement is not None else ()
    links = {c.link for c in connections if c.signal == program.signal and c.link is not None}
    if not links:
        return Green(0.0, program.cycle_s)
    for letters in (frozenset("G"), GREEN):
        shown = [bool(letters & {i.state[link] for link in links}) for i in program.intervals]
        if all(shown):
            return Green(0.0, program.cycle_s)
        runs = []
        for begin in range(len(shown)):
            if not shown[begin] or shown[begin - 1]:
                continue
            length_s, k = 0.0, begin
            while shown[k % len(shown)]:
                length_s += program.intervals[k % len(shown)].duration_s
                k += 1
            runs.append((length_s, -begin))
        if runs:
            length_s, begin = max(runs)
            start_s = sum(interval.duration_s for interval in program.intervals[:-begin])
            return Green(start_s, length_s)
    return Green(0.0, program.cycle_s)


def _queue_s(
    ways: Sequence[Way | None],
    moves: Sequence[Movement | None],
    i: int,
    previous: int,
    green: Green,
    program: SignalProgram,
    flows_pcuph: Mapping[str, float],
    discharge: Discharge,
) -> float:
    """How long of its green a signal clears who did not come with the platoon: turned in, came in the red."""
    movement = moves[i]
    if not 0 <= previous < len(moves) or ways[min(i, previous)] is None or movement is None:
        return 0.0
    here_pcuph = _flow(movement, flows_pcuph)
    platoon_pcuph = min(here_pcuph, _flow(moves[previous], flows_pcuph))
    red_s = max(0.0, program.cycle_s - green.length_s)
    lanes = len({connection.from_lane for connection in movement.connections})
    queue = (here_pcuph - platoon_pcuph) / 3600 * red_s / max(1, lanes)
    if queue < 1:
        return 0.0
    return min(0.5 * green.length_s, queue * 3600 / discharge.saturation_pcuph + discharge.startup_lost_s)


def _flow(movement: Movement | None, flows_pcuph: Mapping[str, float]) -> float:
    return flows_pcuph.get(movement.id, 0.0) if movement is not None else 0.0
