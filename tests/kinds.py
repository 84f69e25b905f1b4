"""One use of every kind of intervention that fits any network: each looks for a place where it may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product

from sim.errors import ConfigError
from sim.interventions import REGISTRY
from sim.interventions.pedestrian_refuge import median_m
from sim.loading import parse
from sim.policy import apply
from sim.signals.program import SignalProgram
from sim.site.car_lanes import lane_uses
from sim.site.model import Site
from sim.site.network import Approach, Edge
from tests.control_kinds import conversions
from tests.edits import approaches
from tests.sites import policy_of

Fields = Mapping[str, object]


def car_lanes(edge: Edge) -> int:
    return sum(lane.for_cars for lane in edge.lanes)


def wide(site: Site, lanes: int = 2) -> Iterator[tuple[Approach, Edge]]:
    for approach in approaches(site, lanes):
        yield approach, site.network.edges[approach.edge]


def two_ways(site: Site) -> Edge:
    """Find a direction of a two-way street that nothing but the street's end needs."""
    network = site.network
    pairs = {(e.from_node, e.to_node): e for e in network.edges.values() if car_lanes(e)}
    into = {c.to_edge: c.from_edge for c in network.connections}
    for (a, b), edge in pairs.items():
        fans = {c.from_edge for c in network.connections if c.to_edge == edge.id}
        others = all(any(c.to_edge != edge.id for c in network.connections_from[before]) for before in fans)
        if (b, a) in pairs and edge.id in into and others and edge.id in network.connections_from:
            return edge
    raise LookupError("no two-way street")


def ban_turn(site: Site) -> Fields:
    approach = next(a for a, _ in wide(site) if len(a.movements) > 1)
    movement = approach.movements[0]
    lanes = len({c.from_lane for c in movement.connections})
    return {"movement": movement.id, "expect": {"lanes": lanes}, "exempt": ["bus"]}


def ban_turn_by_the_clock(site: Site) -> Fields:
    return {**ban_turn(site), "hours": ["07:30-08:00"], "vehicles": ["truck", "car"]}


def speed_limit(site: Site) -> Fields:
    _, edge = next(wide(site))
    limit = max(lane.speed_mps for lane in edge.lanes if lane.for_cars)
    return {"on": [edge.id], "expect": {"speed_kmh": round(limit * 3.6, 1)}, "speed_kmh": 35}


def bus_lane(site: Site) -> Fields:
    for _, edge in reversed(list(wide(site))):
        said = {"on": [edge.id], "expect": {"lanes": car_lanes(edge)}, "opens_m": 40}
        try:
            parse(REGISTRY["bus_lane"], {"kind": "bus_lane", **said}, "f").edits(site, "f")
        except ConfigError:
            continue
        return said
    raise LookupError("no street for a bus lane")


def bus_lane_by_the_clock(site: Site) -> Fields:
    return {**bus_lane(site), "hours": ["07:00-09:00"]}


def one_way(site: Site) -> Fields:
    edge = two_ways(site)
    return {"close": [edge.id], "expect": {"lanes": car_lanes(edge)}}


def school_hours(site: Site) -> Fields:
    return {**one_way(site), "hours": ["07:20-08:00"]}


def work_zone(site: Site) -> Fields:
    said = {**bus_lane(site), "closed": 1, "speed_kmh": 30, "dates": ["2026-03-01", "2026-06-30"]}
    parse(REGISTRY["work_zone"], {"kind": "work_zone", **said}, "f").edits(site, "f")
    return said


def uturn_opening(site: Site) -> Fields:
    """Turn back at a signal, where nobody does yet and the policy is not refused."""
    uses = (
        {"approach": approach.id, "expect": {"lanes": 0}}
        for approach in approaches(site)
        if not any(m.direction.startswith("uturn") for m in approach.movements)
    )
    return found(site, "uturn_opening", uses)


def _signalled(
    site: Site, kind: str, fields: Callable[[Site, str, SignalProgram], Fields], stages: int = 2
) -> Fields:
    """Find a junction at which the kind may be used."""

    def uses() -> Iterator[Fields]:
        for junction in site.network.junctions.values():
            control = site.signals["am"].get(junction.signal or "")
            if control is None or control.active not in control.programs:
                continue
            program = control.programs[control.active]
            if program.kind == "static" and len(program.stages()) >= stages:
                yield fields(site, junction.id, program)

    return found(site, kind, uses())


def actuate_signal(site: Site) -> Fields:
    def fields(site: Site, junction: str, program: SignalProgram) -> Fields:
        limits = {stage.name: stage.green_s + 15 for stage in program.stages()}
        return {"junction": junction, "expect": {"cycle_s": program.cycle_s}, "max_greens_s": limits}

    return _signalled(site, "actuate_signal", fields)


def delay_based(site: Site) -> Fields:
    return {**actuate_signal(site), "control": "delay_based"}


def adaptive_control(site: Site) -> Fields:
    def fields(site: Site, junction: str, program: SignalProgram) -> Fields:
        return {"junctions": [junction], "expect": {"cycles_s": {junction: program.cycle_s}}}

    return _signalled(site, "adaptive_control", fields)


def timetable(site: Site) -> Fields:
    def fields(site: Site, junction: str, program: SignalProgram) -> Fields:
        stage = max(program.stages(), key=lambda stage: stage.green_s)
        plans = [
            {"hours": "07:00-08:00"},
            {"hours": "08:00-09:00", "greens_s": {stage.name: stage.green_s + 4}},
        ]
        return {"junction": junction, "expect": {"cycles_s": {"am": program.cycle_s}}, "plans": plans}

    return _signalled(site, "timetable", fields)


def reorder_stages(site: Site) -> Fields:
    def fields(site: Site, junction: str, program: SignalProgram) -> Fields:
        first, second, *others = [stage.name for stage in program.stages()]
        order = [second, first, *others]
        return {"junction": junction, "expect": {"cycle_s": program.cycle_s}, "order": order}

    return _signalled(site, "reorder_stages", fields, stages=3)


def add_stage(site: Site) -> Fields:
    def fields(site: Site, junction: str, program: SignalProgram) -> Fields:
        moves = [m for a in site.network.junctions[junction].approaches for m in a.movements]
        left = [m.id for m in moves if m.direction == "left"][:1]
        return {
            "junction": junction,
            "expect": {"cycle_s": program.cycle_s},
            "stage": "new",
            "serves": left,
            "behind": program.stages()[-1].name,
            "green_s": 12,
            "only": True,
        }

    return _signalled(site, "add_stage", fields)


def variable_lane(site: Site, **more: object) -> Fields:
    for approach, _ in wide(site, 3):
        uses = lane_uses(site.network, approach)
        for lane, then in product(range(1, len(uses) + 1), ("left", "through", "right")):
            said = {"approach": approach.id, "expect": uses, "lane": lane, "then": then}
            said |= {"hours": ["07:30-08:00"], **more}
            try:
                policy = apply(policy_of(a={"kind": "variable_lane", **said}), site, "f")
            except ConfigError:
                continue
            if len(policy.edits) > 2 or more:
                return said
    raise LookupError("no place for a variable lane")


def variable_lane_by_queue(site: Site) -> Fields:
    return variable_lane(site, by_queue={"every_s": 120})


def tidal_lane(site: Site) -> Fields:
    """Let the left turn have a lane more, lent by the other direction."""
    network = site.network
    for approach in approaches(site):
        edge, uses = network.edges[approach.edge], lane_uses(network, approach)
        back = [
            e for e in network.edges.values() if (e.to_node, e.from_node) == (edge.from_node, edge.to_node)
        ]
        if not back or car_lanes(back[0]) < 2 or not edge.lanes[-1].for_cars:
            continue
        said = {"on": [edge.id], "lends": [back[0].id], "hours": ["07:30-08:00"]}
        said["expect"] = {"lanes": len(uses), "uses": uses, "opposite_lanes": car_lanes(back[0])}
        said["uses"] = [uses[0].split("+")[0], *uses]
        try:
            parse(REGISTRY["tidal_lane"], {"kind": "tidal_lane", **said}, "f").edits(site, "f")
        except ConfigError:
            continue
        return said
    raise LookupError("no street for a tidal lane")


KINDS: dict[str, tuple[str, Callable[[Site], Fields]]] = {
    "ban_turn": ("ban_turn", ban_turn),
    "ban_turn by the clock": ("ban_turn", ban_turn_by_the_clock),
    "speed_limit": ("speed_limit", speed_limit),
    "bus_lane": ("bus_lane", bus_lane),
    "bus_lane by the clock": ("bus_lane", bus_lane_by_the_clock),
    "one_way": ("one_way", one_way),
    "school_hours": ("school_hours", school_hours),
    "work_zone": ("work_zone", work_zone),
    "uturn_opening": ("uturn_opening", uturn_opening),
    "actuate_signal": ("actuate_signal", actuate_signal),
    "actuate_signal by delay": ("actuate_signal", delay_based),
    "adaptive_control": ("adaptive_control", adaptive_control),
    "timetable": ("timetable", timetable),
    "reorder_stages": ("reorder_stages", reorder_stages),
    "add_stage": ("add_stage", add_stage),
    "variable_lane": ("variable_lane", variable_lane),
    "variable_lane by queue": ("variable_lane", variable_lane_by_queue),
    "tidal_lane": ("tidal_lane", tidal_lane),
}


def found(site: Site, kind: str, uses: Iterator[Fields]) -> Fields:
    """Return the first of these uses that is not refused."""
    for said in uses:
        try:
            parse(REGISTRY[kind], {"kind": kind, **said}, "f").edits(site, "f")
        except ConfigError:
            continue
        return said
    raise LookupError(f"no place for {kind}")


def of_turns(site: Site, direction: str, **more: object) -> Iterator[Fields]:
    for name, movement in site.network.movements.items():
        lanes = len({c.from_lane for c in movement.connections})
        if movement.direction == direction:
            yield {"movement": name, "expect": {"lanes": lanes}, **more}


def left_waiting_area(site: Site) -> Fields:
    return found(site, "left_waiting_area", of_turns(site, "left", storage_m=8))


def channelise_right(site: Site) -> Fields:
    return found(site, "channelise_right", of_turns(site, "right", speed_kmh=30))


def box_junction(site: Site) -> Fields:
    share = {"expect": {"enters_full_exit_share": site.facts.enters_full_exit_share}}
    uses = ({"junctions": [id], **share, "enters_full_exit_share": 0.1} for id in site.network.junctions)
    return found(site, "box_junction", uses)


def merge_alternation(site: Site) -> Fields:
    junctions = site.network.junctions.values()
    uses = ({"junction": j.id, "expect": {"control": j.control}} for j in junctions)
    return found(site, "merge_alternation", uses)


def _converted(site: Site, kind: str) -> Fields:
    uses = (dict(said) for _, said in conversions(site))
    return found(
        site, kind, ({k: v for k, v in said.items() if k != "kind"} for said in uses if said["kind"] == kind)
    )


def signalise(site: Site) -> Fields:
    return _converted(site, "signalise")


def convert_junction(site: Site) -> Fields:
    return _converted(site, "convert_junction")


def pedestrian_refuge(site: Site) -> Fields:
    """Let each half of a crossing over a median walk in one stage."""
    uses = (
        {"approach": a.id, "expect": {"median_m": gap_m}, "approach_stages": [one], "exit_stages": [other]}
        for a in site.network.approaches.values()
        if a.crossing is not None and (gap_m := median_m(site.network, a))
        for one, other in product(("EW", "NS_left"), repeat=2)
    )
    return found(site, "pedestrian_refuge", uses)


CHOOSY: dict[str, tuple[str, Callable[[Site], Fields]]] = {
    use.__name__: (use.__name__, use)
    for use in (
        left_waiting_area,
        channelise_right,
        box_junction,
        merge_alternation,
        signalise,
        convert_junction,
        pedestrian_refuge,
    )
}
"""Kinds whose place few networks have: tests.town has one for each."""
