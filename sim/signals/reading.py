"""What a signal program says, whoever wrote it: stages, movements, limits, coordination. Pure.

One description for plans drawn in YAML and for every kind of program a network may bring along (static,
actuated, delay-based, NEMA): the stage table that an engineer reads, and what every movement and crossing
sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from sim.signals.program import GREEN, Interval, SignalProgram
from sim.signals.windows import Window, windows
from sim.site.network import Junction, Network

COORDINATING = ("coordinated", "coordinatePhases")
"""Parameters by which an actuated or a NEMA program says that it runs in a common cycle."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage as it runs. Movements and crossings carry their full names (`J1.north.left`, `J1.north`).

    `begin_s` counts from the start of the cycle. `yellow_s` and `all_red_s` are the parts of the intergreen
    with and without yellow. `clearance_s` is the time at the end of its green in which a crossing that walked
    in it walks no more. `min_green_s`/`max_green_s` are None where the green is fixed.
    """

    name: str
    begin_s: float
    green_s: float
    yellow_s: float
    all_red_s: float
    protected: tuple[str, ...]
    permissive: tuple[str, ...]
    crossings: tuple[str, ...]
    clearance_s: float = 0.0
    min_green_s: float | None = None
    max_green_s: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """What one movement or crossing sees in a cycle. `kind`: movement or crossing."""

    junction: str
    name: str
    kind: str
    approach: str
    bearing_deg: float
    direction: str
    """left, through, right, uturn (maybe with a number); `crossing` for a crossing."""
    exit_bearing_deg: float
    """Of the leg by which the movement leaves; the approach's own for a crossing."""
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One program of one signal, read. A controller may run several junctions."""

    signal: str
    junctions: tuple[str, ...]
    program: str
    kind: str
    cycle_s: float
    offset_s: float
    coordinated: bool
    stages: tuple[Stage, ...]
    groups: tuple[Group, ...]
    free: tuple[str, ...] = ()
    """Movements that go all the time, giving way (right turns on red); no stage lists them."""


def read(program: SignalProgram, network: Network) -> Reading:
    """Read a program; links that control no named movement (bicycles, trams) are left out.

    The cycle of a NEMA program is that of its rings with every phase at its longest green.
    """
    junctions = of_signal(network, program.signal)
    free = free_movements(program, junctions)
    nema = program.kind == "NEMA"
    flat = _nema_sequence(program) if nema else program
    stages = (_nema_stages if nema else _stages)(program, junctions, free)
    return Reading(
        signal=program.signal,
        junctions=tuple(j.id for j in junctions),
        program=program.id,
        kind=program.kind,
        cycle_s=flat.cycle_s,
        offset_s=program.offset_s,
        coordinated=_coordinated(program),
        stages=tuple(stages),
        groups=tuple(_groups(flat, junctions)),
        free=tuple(sorted(free)),
    )


def of_signal(network: Network, signal: str) -> tuple[Junction, ...]:
    """Junctions that a signal's controller runs, by id."""
    return tuple(j for _, j in sorted(network.junctions.items()) if j.signal == signal)


def free_movements(program: SignalProgram, junctions: tuple[Junction, ...]) -> frozenset[str]:
    """Movements that show green that gives way all the time."""
    return frozenset(
        name
        for name, links, crossing in controlled(junctions)
        if links
        and not crossing
        and len(program.intervals) > 1
        and all(i.state[link] == "g" for i in program.intervals for link in links)
    )


def controlled(junctions: tuple[Junction, ...]) -> Iterator[tuple[str, tuple[int, ...], bool]]:
    """Yield full name, links, and whether it is a crossing, of everything a signal's junctions let go."""
    seen: set[str] = set()
    for junction in junctions:
        for approach in junction.approaches:
            for movement in approach.movements:
                links = {c.link for c in movement.connections if c.signal == junction.signal}
                yield movement.id, tuple(sorted(link for link in links if link is not None)), False
            for name, crossing in approach.walked.items():
                if crossing.key in seen or crossing.signal != junction.signal:
                    continue
                seen.add(crossing.key)
                if crossing.link is not None:
                    yield name, (crossing.link,), True


def _coordinated(program: SignalProgram) -> bool:
    if program.kind == "static":
        return True
    told = dict(program.params)
    return any(told.get(key, "").strip().lower() not in ("", "0", "false") for key in COORDINATING)


def _stages(program: SignalProgram, junctions: tuple[Junction, ...], free: frozenset[str]) -> Iterator[Stage]:
    begins_s = [0.0]
    for interval in program.intervals:
        begins_s.append(begins_s[-1] + interval.duration_s)
    spans = program.stages()
    count = len(program.intervals)
    adaptive = program.kind != "static"
    for number, span in enumerate(spans):
        green = program.intervals[span.first : span.last + 1]
        until = spans[number + 1].first if number + 1 < len(spans) else count + spans[0].first
        after = [program.intervals[index % count] for index in range(span.last + 1, until)]
        yellow_s = sum(i.duration_s for i in after if "y" in i.state)
        protected, permissive, crossings = _served(green, junctions, free)
        yield Stage(
            name=span.name,
            begin_s=begins_s[span.first],
            green_s=span.green_s,
            yellow_s=yellow_s,
            all_red_s=span.intergreen_s - yellow_s,
            protected=protected,
            permissive=permissive,
            crossings=crossings,
            clearance_s=_clearance_s(green, junctions),
            min_green_s=_total(green, "min_s") if adaptive else None,
            max_green_s=_total(green, "max_s") if adaptive else None,
        )


def _total(intervals: tuple[Interval, ...], limit: str) -> float:
    limits = [getattr(i, limit) for i in intervals]
    return sum(i.duration_s if s is None else s for i, s in zip(intervals, limits, strict=True))


def _served(
    green: tuple[Interval, ...], junctions: tuple[Junction, ...], free: frozenset[str]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Names of the protected movements, the permissive ones and the crossings that go in some interval."""
    protected, permissive, crossings = [], [], []
    for name, links, crossing in controlled(junctions):
        shown = {i.state[link] for i in green for link in links} & GREEN
        if name in free and not crossing:
            continue
        if crossing and shown:
            crossings.append(name)
        elif "G" in shown:
            protected.append(name)
        elif shown:
            permissive.append(name)
    return tuple(protected), tuple(permissive), tuple(crossings)


def _clearance_s(green: tuple[Interval, ...], junctions: tuple[Junction, ...]) -> float:
    """Seconds at the end of the green in which the crossings that walked in it walk no more; the longest."""
    found = 0.0
    for _, links, crossing in controlled(junctions):
        walks = [crossing and any(i.state[link] in GREEN for link in links) for i in green]
        if any(walks):
            last = max(index for index, walk in enumerate(walks) if walk)
            found = max(found, sum(i.duration_s for i in green[last + 1 :]))
    return found


def _groups(program: SignalProgram, junctions: tuple[Junction, ...]) -> Iterator[Group]:
    found = {name: (links, crossing) for name, links, crossing in controlled(junctions)}
    for junction in junctions:
        exits = {a.exit_edge: a.bearing_deg for a in junction.approaches if a.exit_edge}
        for approach in junction.approaches:
            place = (junction.id, approach.name, approach.bearing_deg)
            for movement in approach.movements:
                links, _ = found[movement.id]
                if links:
                    away_deg = exits.get(movement.to_edge, _away(approach.bearing_deg, movement.direction))
                    yield _group(program, movement.id, links, "movement", place, movement.direction, away_deg)
            for name in approach.walked:
                if found.get(name, ((), False))[1]:
                    links, _ = found[name]
                    yield _group(program, name, links, "crossing", place, "crossing", approach.bearing_deg)


def _away(bearing_deg: float, direction: str) -> float:
    """Bearing of the leg that a movement leaves by where no approach comes from there (driving right)."""
    turn = {"left": 90.0, "through": 180.0, "right": 270.0, "uturn": 0.0}[direction.partition("_")[0]]
    return (bearing_deg + turn) % 360


def _group(
    program: SignalProgram,
    name: str,
    links: tuple[int, ...],
    kind: str,
    place: tuple[str, str, float],
    direction: str,
    exit_bearing_deg: float,
) -> Group:
    junction, approach, bearing_deg = place
    # Lanes of one movement may differ (a bus lane's early start): what the most of them see longest counts.
    link = max(links, key=lambda k: sum(i.duration_s for i in program.intervals if i.state[k] in GREEN))
    shown = windows(program, link)
    return Group(junction, name, kind, approach, bearing_deg, direction, exit_bearing_deg, shown)


# --- NEMA: phases in two rings ----------------------------------------------------------------------------


def _nema_stages(
    program: SignalProgram, junctions: tuple[Junction, ...], free: frozenset[str]
) -> Iterator[Stage]:
    """One stage per phase, beginning where its ring reaches it with every phase at its longest green."""
    starts_s = _ring_starts(program)
    for interval in program.intervals:
        extra = dict(interval.extra)
        protected, permissive, crossings = _served((interval,), junctions, free)
        yield Stage(
            name=interval.name,
            begin_s=starts_s.get(interval.name, 0.0),
            green_s=_longest_green_s(interval),
            yellow_s=float(extra.get("yellow", 0)),
            all_red_s=float(extra.get("red", 0)),
            protected=protected,
            permissive=permissive,
            crossings=crossings,
            min_green_s=interval.min_s,
            max_green_s=interval.max_s,
        )


def _longest_green_s(interval: Interval) -> float:
    return interval.duration_s if interval.max_s is None else interval.max_s


def _phase_s(interval: Interval) -> float:
    extra = dict(interval.extra)
    return _longest_green_s(interval) + float(extra.get("yellow", 0)) + float(extra.get("red", 0))


def _rings(program: SignalProgram) -> list[list[str]]:
    told = dict(program.params)
    names = {interval.name for interval in program.intervals}
    rings = [
        [name.strip() for name in told.get(key, "").split(",") if name.strip() in names]
        for key in ("ring1", "ring2")
    ]
    found = [ring for ring in rings if ring]
    return found or [[interval.name for interval in program.intervals]]


def _ring_starts(program: SignalProgram) -> Mapping[str, float]:
    by_name = {interval.name: interval for interval in program.intervals}
    starts_s: dict[str, float] = {}
    for ring in _rings(program):
        at_s = 0.0
        for name in ring:
            starts_s[name] = at_s
            at_s += _phase_s(by_name[name])
    return starts_s


def _nema_sequence(program: SignalProgram) -> SignalProgram:
    """Lay the rings side by side as one sequence of intervals, every phase at its longest green."""
    by_name = {interval.name: interval for interval in program.intervals}
    starts_s = _ring_starts(program)
    phases = [(starts_s[name], by_name[name]) for ring in _rings(program) for name in ring]
    marks = {0.0}
    for begin_s, phase in phases:
        green_s, yellow_s = _longest_green_s(phase), float(dict(phase.extra).get("yellow", 0))
        marks |= {begin_s, begin_s + green_s, begin_s + green_s + yellow_s, begin_s + _phase_s(phase)}
    times = sorted(marks)
    intervals = []
    for begin_s, end_s in pairwise(times):
        letters = ["r"] * len(program.intervals[0].state)
        for start_s, phase in phases:
            into_s = begin_s - start_s
            if not 0 <= into_s < _phase_s(phase):
                continue
            green_s, yellow_s = _longest_green_s(phase), float(dict(phase.extra).get("yellow", 0))
            for link, letter in enumerate(phase.state):
                if letter not in GREEN:
                    continue
                shown = letter if into_s < green_s else "y" if into_s < green_s + yellow_s else "r"
                letters[link] = min(letters[link], shown, key="Ggyr".index)
        intervals.append(Interval(end_s - begin_s, "".join(letters)))
    return SignalProgram(program.signal, program.id, tuple(intervals), program.offset_s)
