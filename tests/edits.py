"""One use of every edit, on whatever network: each looks for a place where it fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from sim.edits.edited_site import edited
from sim.edits.vocabulary import (
    AddClosure,
    AddStreet,
    AddWaitingLine,
    Edit,
    KeyedControl,
    KeyedProgram,
    NewWay,
    SetConnections,
    SetControl,
    SetLane,
    SetLaneCount,
    SetProgram,
    SetTurnRules,
    SplitEdge,
    keyed,
    lane_link,
)
from sim.signals.program import Interval
from sim.site.facts import DIRECTIONS
from sim.site.model import Closure, Site
from sim.site.network import Approach, Connection, Network

BUSES = frozenset({"bus", "coach", "emergency"})


def approaches(site: Site, lanes: int = 1) -> Iterator[Approach]:
    """Yield approaches of signals with at least so many lanes for cars, whose movements are all driven."""
    for junction in site.network.junctions.values():
        for approach in junction.approaches if junction.signal else ():
            cars = [lane for lane in site.network.edges[approach.edge].lanes if lane.for_cars]
            if len(cars) >= lanes and all(_by_car(site, m.connections[0]) for m in approach.movements):
                yield approach


def _by_car(site: Site, connection: Connection) -> bool:
    edge = site.network.edges[connection.from_edge]
    return edge.lanes[connection.from_lane].for_cars and connection.link is not None


def slower_lane(site: Site) -> tuple[Edit, ...]:
    lane = site.network.edges[next(approaches(site)).edge].lanes[-1]
    return (SetLane(lane.edge, lane.index, lane.speed_mps, lane.allow, speed_mps=8.33),)


def bus_lane(site: Site) -> tuple[Edit, ...]:
    lane = next(lane for lane in site.network.edges[list(approaches(site, 2))[1].edge].lanes if lane.for_cars)
    return (SetLane(lane.edge, lane.index, lane.speed_mps, lane.allow, allow=BUSES),)


def open_lane(site: Site) -> tuple[Edit, ...]:
    """Let one more class onto a lane that not everyone may use."""
    edges = (site.network.edges[id] for id in site.network.connections_from)
    every = frozenset().union(*(lane.allow for edge in site.network.edges.values() for lane in edge.lanes))
    lane = next(lane for edge in edges for lane in edge.lanes if lane.allow < every)
    allow = lane.allow | {min(every - lane.allow)}
    return (SetLane(lane.edge, lane.index, lane.speed_mps, lane.allow, allow=allow),)


def soft_ban(site: Site) -> tuple[Edit, ...]:
    connection = next(approaches(site, 2)).movements[0].connections[0]
    link = lane_link(connection)
    return (SetTurnRules(connection.from_edge, link, connection.allow, connection.rules, BUSES, ()),)


def full_ban(site: Site) -> tuple[Edit, ...]:
    connection = list(approaches(site, 2))[-1].movements[-1].connections[0]
    link = lane_link(connection)
    return (SetTurnRules(connection.from_edge, link, connection.allow, connection.rules, frozenset(), ()),)


def not_kept_clear(site: Site) -> tuple[Edit, ...]:
    connection = list(approaches(site))[1].movements[0].connections[0]
    rules = (("keepClear", "0"),)
    link = lane_link(connection)
    return (SetTurnRules(connection.from_edge, link, connection.allow, connection.rules, None, rules),)


def waits_further(site: Site) -> tuple[Edit, ...]:
    """Let a left turn wait further inside the junction."""
    connection = next(
        m.connections[0] for a in approaches(site, 2) for m in a.movements if m.direction == "left"
    )
    rules = (("contPos", "8.00"),)
    link = lane_link(connection)
    return (SetTurnRules(connection.from_edge, link, connection.allow, connection.rules, None, rules),)


def waiting_line(site: Site) -> tuple[Edit, ...]:
    """Give a left turn lights of its own where it waits inside the junction."""
    connection = next(
        m.connections[0]
        for a in reversed(list(approaches(site)))
        for m in a.movements
        if m.direction == "left" and len(m.connections) == 1
    )
    return (AddWaitingLine(connection.from_edge, lane_link(connection), 6.0),)


def closed_for_a_time(site: Site) -> tuple[Edit, ...]:
    approach = list(approaches(site, 2))[-1]
    lane = site.network.edges[approach.edge].lanes[-1]
    turn = next(approaches(site)).movements[-1].connections[0]
    closure = Closure(27000.0, 28800.0, (lane.id,), (turn.key,), frozenset({"bus"}))
    return (AddClosure("hours", closure),)


def actuated(site: Site) -> tuple[Edit, ...]:
    """Let traffic stretch the greens of a signal in one period."""
    return _reprogrammed(site, "am", _actuated)


def _actuated(today: KeyedControl) -> KeyedControl:
    program = today.program(today.active)
    intervals = tuple(
        replace(i, min_s=5.0, max_s=i.duration_s + 20) if i.duration_s >= 5 else i
        for i in program.program.intervals
    )
    new = replace(program.program, kind="actuated", intervals=intervals, params=(("max-gap", "2.5"),))
    others = tuple(p for p in today.programs if p.id != program.id)
    return replace(today, programs=(*others, replace(program, program=new)))


def timetable(site: Site) -> tuple[Edit, ...]:
    """Another plan from 8 o'clock on: all reds of the last signal one second longer."""

    def change(today: KeyedControl) -> KeyedControl:
        program = today.program(today.active)
        intervals = tuple(replace(i, duration_s=i.duration_s + 1) for i in program.program.intervals)
        late = replace(program, program=replace(program.program, id="late", intervals=intervals))
        switches = ((28800.0, "late"),)
        return replace(today, programs=(*today.programs, late), switches=switches)

    return _reprogrammed(site, "am", change)


def all_red(site: Site) -> tuple[Edit, ...]:
    """Add an interval in which nobody goes."""

    def change(today: KeyedControl) -> KeyedControl:
        program = today.program(today.active)
        intervals = (*program.program.intervals, Interval(2.0, "", "clear"))
        lights = tuple((key, letters + "r") for key, letters in program.lights)
        new = KeyedProgram(replace(program.program, intervals=intervals), lights)
        return replace(today, programs=(*(p for p in today.programs if p.id != program.id), new))

    return _reprogrammed(site, "am", change, last=False)


def _reprogrammed(
    site: Site, period: str, change: Callable[[KeyedControl], KeyedControl], last: bool = True
) -> tuple[Edit, ...]:
    signals = [s for s, control in site.signals[period].items() if control.active in control.programs]
    signal = signals[-1 if last else 0]
    today = keyed(site.signals[period][signal], site.network)
    return (SetProgram(period, signal, today, change(today)),)


def wider(site: Site) -> tuple[Edit, ...]:
    """Give an approach one lane more: it takes what the lane beside it did furthest to the left."""
    edge, lanes = _shared_median_lane(site)
    return (SetLaneCount(edge, lanes, lanes + 1), *_relieved(site.network, edge, lanes))


def turn_bay(site: Site) -> tuple[Edit, ...]:
    """The same on the last 30 m only."""
    edge, lanes = _shared_median_lane(site, longer_than_m=60)
    split = SplitEdge(edge, site.network.edges[edge].length_m, 30.0, f"{edge}.up")
    network = split.applied(site).network
    today = frozenset(map(lane_link, network.connections_from[split.upstream]))
    into = SetConnections(split.upstream, today, today | {(lanes - 1, edge, lanes)})
    return (split, SetLaneCount(edge, lanes, lanes + 1), *_relieved(network, edge, lanes), into)


def _relieved(network: Network, edge: str, lanes: int) -> tuple[Edit, ...]:
    links = frozenset(map(lane_link, network.connections_from[edge]))
    own = [c for c in network.connections_from[edge] if c.from_lane == lanes - 1]
    taken = lane_link(min(own, key=lambda c: DIRECTIONS.index(c.direction)))
    return (SetConnections(edge, links, links - {taken} | {(lanes, *taken[1:])}),)


def narrower(site: Site) -> tuple[Edit, ...]:
    """Take the lane nearest to the median from an approach, and its ways on."""
    edge = next(
        a.edge
        for a in reversed(list(approaches(site, 2)))
        if not any(c.to_edge == a.edge for c in site.network.connections if c.link is not None)
    )
    lanes = len(site.network.edges[edge].lanes)
    network = site.network
    edits: list[Edit] = []
    for from_edge in sorted({edge, *(c.from_edge for c in network.connections if c.to_edge == edge)}):
        links = frozenset(map(lane_link, network.connections_from[from_edge]))
        kept = {k for k in links if lanes - 1 not in [k[0]] * (from_edge == edge) + [k[2]] * (k[1] == edge)}
        edits.append(SetConnections(from_edge, links, frozenset(kept)))
    return (*edits, SetLaneCount(edge, lanes, lanes - 1))


def _shared_median_lane(site: Site, longer_than_m: float = 0.0) -> tuple[str, int]:
    """Find an approach whose lane nearest to the median serves two movements."""
    for approach in approaches(site):
        edge = site.network.edges[approach.edge]
        last = len(edge.lanes) - 1
        ways = {c.to_edge for c in site.network.connections_from[edge.id] if c.from_lane == last}
        if len(ways) > 1 and edge.length_m > longer_than_m:
            return edge.id, len(edge.lanes)
    raise LookupError("no approach with a shared lane")


def new_street(site: Site) -> tuple[Edit, ...]:
    """Lead a lane from one signalised approach's end to the node of another, without a name."""
    network = site.network
    by_node = {network.edges[a.edge].to_node: a.edge for a in approaches(site)}
    (start, before), *_, (end, beside) = by_node.items()
    links = frozenset(map(lane_link, network.connections_from[before]))
    lane = next(lane for lane in network.edges[before].lanes if lane.for_cars).index
    onward = next(c for c in network.connections_from[beside] if c.link is not None)
    street = (
        AddStreet("new", start, end, 1, 11.11, network.edges[before].lanes[lane].allow),
        SetConnections(before, links, links | {(lane, "new", 0)}, (NewWay("new", "through"),)),
        SetConnections(
            "new",
            frozenset(),
            frozenset({(0, onward.to_edge, onward.to_lane)}),
            (NewWay(onward.to_edge, "through"),),
        ),
    )
    return (*street, *_giving_way(edited(site, street), "new_0->", "->new_0"))


def _giving_way(site: Site, *names: str) -> Iterator[Edit]:
    """Let connections go all the time, giving way to everyone."""
    for signal, control in site.signals["am"].items():
        today = keyed(control, site.network)
        programs = []
        for program in today.programs:
            green = "g" * len(program.program.intervals)
            lights = (
                (key, green if any(name in key for name in names) else old) for key, old in program.lights
            )
            programs.append(replace(program, lights=tuple(lights)))
        wanted = replace(today, programs=tuple(programs))
        if wanted != today:
            yield SetProgram("am", signal, today, wanted)


def without_signal(site: Site) -> tuple[Edit, ...]:
    """Let the right go first at the last junction that has a signal to itself."""
    junctions = site.network.junctions.values()
    signals = [j.signal for j in junctions]
    last = [j for j in junctions if j.signal and signals.count(j.signal) == 1 and len(j.approaches) > 2][-1]
    return (SetControl(last.id, "signals", "right_before_left", tuple(site.periods)),)


EDITS: dict[str, Callable[[Site], tuple[Edit, ...]]] = {
    "slower_lane": slower_lane,
    "bus_lane": bus_lane,
    "open_lane": open_lane,
    "soft_ban": soft_ban,
    "full_ban": full_ban,
    "not_kept_clear": not_kept_clear,
    "waits_further": waits_further,
    "waiting_line": waiting_line,
    "closed_for_a_time": closed_for_a_time,
    "wider": wider,
    "narrower": narrower,
    "turn_bay": turn_bay,
    "new_street": new_street,
    "without_signal": without_signal,
    "actuated": actuated,
    "timetable": timetable,
    "all_red": all_red,
}
