"""The timing problem of one fixed-time signal: which stage gives how much green to whom, and who needs it.

A stream (车流) is a lane group: movements that share lanes. Its effective green is linear in the greens of
the stages, `g_e = sum_j share_j g_j + constant`: read off the exact program by lengthening one stage at a
time, so that late starts, early cuts and overlaps (搭接) count as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sim.signals.design_rules import DesignRules
from sim.signals.greens import Discharge
from sim.signals.lane_groups import sharing_lanes
from sim.signals.program import GREEN, SignalProgram, StageSpan
from sim.site.network import Approach, Junction, Movement, Network

CRITICAL_GAP_S, FOLLOW_UP_S = 4.5, 2.5
"""Left turn through oncoming traffic: HCM's permitted left turn (from memory)."""
LEAST_PERMISSIVE = 0.1
"""What a left turn that gives way keeps at least: who waits in the junction goes at the end of green."""
VEHICLE_SPACE_M = 7.5
TURNING = ("left", "right", "uturn")


@dataclass(frozen=True, slots=True)
class StageRoom:
    """One stage: its green today and the shortest it may get, s."""

    name: str
    green_s: float
    least_s: float


@dataclass(frozen=True, slots=True)
class Stream:
    """One lane group: what it needs and what each stage gives it.

    `shares` has one number per stage; a left turn that gives way counts a part of its green. `storage_veh` is
    the room for its queue before it blocks others; infinite at the edge of the model.
    """

    name: str
    demand_pcuph: float
    saturation_pcuph: float
    shares: tuple[float, ...]
    constant_s: float
    storage_veh: float = math.inf

    @property
    def flow_ratio(self) -> float:
        """Flow ratio y = q / S (流量比)."""
        return self.demand_pcuph / self.saturation_pcuph

    def effective_s(self, greens_s: Mapping[int, float] | tuple[float, ...]) -> float:
        """Effective green for these stage greens, s."""
        return sum(share * greens_s[j] for j, share in enumerate(self.shares)) + self.constant_s

    def saturation(self, greens_s: tuple[float, ...], cycle_s: float) -> float:
        """Degree of saturation x = y C / g_e; infinite without green."""
        effective_s = self.effective_s(greens_s)
        if self.flow_ratio == 0:
            return 0.0
        return self.flow_ratio * cycle_s / effective_s if effective_s > 0 else math.inf


@dataclass(frozen=True, slots=True)
class TimingProblem:
    """A junction's stages and streams; `fixed_s` is what of the cycle is no stage's green (intergreens)."""

    stages: tuple[StageRoom, ...]
    streams: tuple[Stream, ...]
    fixed_s: float

    @property
    def least_cycle_s(self) -> float:
        """The shortest cycle that keeps every minimum green."""
        return self.fixed_s + sum(stage.least_s for stage in self.stages)

    @property
    def present_s(self) -> tuple[float, ...]:
        """Today's greens."""
        return tuple(stage.green_s for stage in self.stages)

    def named(self, greens_s: tuple[float, ...]) -> dict[str, float]:
        """Return the greens by stage name."""
        return {stage.name: green_s for stage, green_s in zip(self.stages, greens_s, strict=True)}

    def worst(self, greens_s: tuple[float, ...]) -> float:
        """Highest degree of saturation of any stream (0 without demand)."""
        cycle_s = self.fixed_s + sum(greens_s)
        return max((stream.saturation(greens_s, cycle_s) for stream in self.streams), default=0.0)


def timing_problem(
    program: SignalProgram,
    network: Network,
    flows_pcuph: Mapping[str, float],
    discharge: Discharge,
    rules: DesignRules,
) -> TimingProblem:
    """Set up the timing of one signal from its program, the demand of its movements, and discharge per lane.

    Streams that are green all the time (a free right turn) or that nobody uses are left out. Assumptions:
    demand spreads evenly over the lanes of a group; a group whose movements have different greens uses the
    demand-weighted mean of them; a left turn that gives way has the capacity of gaps in the oncoming flow.
    """
    spans = program.stages()
    cycle_s = program.cycle_s
    longer = [program.retimed({span.name: span.green_s + 1}) for span in spans]
    stages = tuple(
        StageRoom(
            span.name,
            span.green_s,
            max(least_green_s(span, program, network, rules), span.green_s - _elastic_s(program, other) + 1),
        )
        for span, other in zip(spans, longer, strict=True)
    )
    streams = streams_of(program, network, flows_pcuph, discharge)
    fixed_s = cycle_s - sum(span.green_s for span in spans)
    return TimingProblem(stages, streams, fixed_s)


def streams_of(
    program: SignalProgram, network: Network, flows_pcuph: Mapping[str, float], discharge: Discharge
) -> tuple[Stream, ...]:
    """Return the streams of a signal that somebody uses and that see red, as `timing_problem` takes them."""
    spans = program.stages()
    longer = [program.retimed({span.name: span.green_s + 1}) for span in spans]
    streams = []
    for junction in _junctions(program, network):
        for approach in junction.approaches:
            for members, lanes in sharing_lanes(approach.movements):
                demand = [flows_pcuph.get(m.id, 0.0) for m in members]
                total = sum(demand)
                if total <= 0 or all(_always_green(m, program) for m in members):
                    continue
                now = constant = 0.0
                shares = [0.0] * len(spans)
                for movement, own in zip(members, demand, strict=True):
                    part = _permissive(movement, program, network, flows_pcuph, discharge)
                    now = _effective_s(movement, program, discharge, part)
                    gains = [_effective_s(movement, p, discharge, part) - now for p in longer]
                    shares = [s + own / total * gain for s, gain in zip(shares, gains, strict=True)]
                    constant += (
                        own / total * (now - sum(g * s.green_s for g, s in zip(gains, spans, strict=True)))
                    )
                streams.append(
                    Stream(
                        name="+".join(m.id for m in members),
                        demand_pcuph=total,
                        saturation_pcuph=discharge.saturation_pcuph * len(lanes),
                        shares=tuple(round(share, 9) for share in shares),
                        constant_s=round(constant, 9),
                        storage_veh=_storage_veh(approach, len(lanes), network),
                    )
                )
    return tuple(streams)


def _elastic_s(program: SignalProgram, longer: SignalProgram) -> float:
    """Length of the interval that a change of a stage's green falls on; the rest of the stage is fixed."""
    pairs = zip(program.intervals, longer.intervals, strict=True)
    return next(one.duration_s for one, other in pairs if one.duration_s != other.duration_s)


def least_green_s(span: StageSpan, program: SignalProgram, network: Network, rules: DesignRules) -> float:
    """Return the shortest green that the rules leave a stage: for vehicles, and for who walks in it."""
    junctions = _junctions(program, network)
    links = network.links.get(program.signal, {})
    states = [program.intervals[i].state for i in range(span.first, span.last + 1)]
    protected = {link for link in span.green_links if any(state[link] == "G" for state in states)}
    keys = {key for link in protected for key in links.get(link, ())}
    served = [
        (approach, movement)
        for junction in junctions
        for approach in junction.approaches
        for movement in approach.movements
        if any(connection.key in keys for connection in movement.connections)
    ]
    walks_m = [c.length_m for c in network.crossings if c.signal == program.signal and c.key in keys]
    if not any(c.signal == program.signal for c in network.crossings) and rules.crossings_where_none_drawn:
        going = {approach.id for approach, movement in served if not movement.direction.startswith(TURNING)}
        walks_m = [
            _leg_m(approach, network, rules.lane_width_m.value)
            for junction in junctions
            for approach in junction.approaches
            if going and approach.id not in going
        ]
    longest_s = max((rules.walking_least_s(m, span.intergreen_s) for m in walks_m), default=0.0)
    if not served:  # only people on foot
        return math.ceil(longest_s) if longest_s > 0 else span.green_s
    return float(math.ceil(max(rules.minimum_green_s.value, longest_s)))


def _junctions(program: SignalProgram, network: Network) -> list[Junction]:
    return [j for j in network.junctions.values() if j.signal == program.signal]


def _leg_m(approach: Approach, network: Network, lane_m: float) -> float:
    """Width of a leg without a zebra: its lanes in and out."""
    lanes = sum(lane.for_cars for lane in network.edges[approach.edge].lanes)
    if approach.exit_edge is not None:
        lanes += sum(lane.for_cars for lane in network.edges[approach.exit_edge].lanes)
    return lanes * lane_m


def _own_links(movement: Movement, program: SignalProgram) -> set[int]:
    return {c.link for c in movement.connections if c.signal == program.signal and c.link is not None}


def _letter(state: str, links: set[int]) -> str:
    letters = {state[link] for link in links}
    return next((letter for letter in "Ggy" if letter in letters), "r")


def _always_green(movement: Movement, program: SignalProgram) -> bool:
    links = _own_links(movement, program)
    return not links or all(_letter(i.state, links) in GREEN for i in program.intervals)


def _effective_s(
    movement: Movement, program: SignalProgram, discharge: Discharge, permissive: float
) -> float:
    """Effective green of a movement in one cycle: g - l1 + min(e, yellow) per green, `g` counted in part."""
    links = _own_links(movement, program)
    if not links:
        return program.cycle_s
    letters = [_letter(interval.state, links) for interval in program.intervals]
    durations = [interval.duration_s for interval in program.intervals]
    n = len(letters)
    found = sum(
        d * (1.0 if letter == "G" else permissive if letter == "g" else 0.0)
        for letter, d in zip(letters, durations, strict=True)
    )
    for i in range(n):
        if letters[i] in GREEN and letters[i - 1] not in GREEN:
            weight = 1.0 if letters[i] == "G" else permissive
            found -= weight * discharge.startup_lost_s
        if letters[i] == "y" and letters[i - 1] in GREEN:
            weight = 1.0 if letters[i - 1] == "G" else permissive
            found += weight * min(discharge.end_gain_s, durations[i])
    return found


def _permissive(
    movement: Movement,
    program: SignalProgram,
    network: Network,
    flows_pcuph: Mapping[str, float],
    discharge: Discharge,
) -> float:
    """Share of its saturation flow that a movement keeps while it gives way: gaps in the oncoming flow.

    ``s_p = q_o exp(-q_o t_c) / (1 - exp(-q_o t_f))`` (HCM, from memory), q_o the oncoming flow while it has
    green. Only left and U-turns: a right turn gives way to people on foot, who are not in the flows.
    """
    if not movement.direction.startswith(("left", "uturn")):
        return 1.0
    own = {connection.key for connection in movement.connections}
    own_links = _own_links(movement, program)
    giving_way = [i.state for i in program.intervals if _letter(i.state, own_links) == "g"]
    oncoming = 0.0
    for junction in _junctions(program, network):
        for approach in junction.approaches:
            for other in approach.movements:
                keys = {connection.key for connection in other.connections}
                crosses = any(network.foes.get(key, frozenset()) & keys for key in own)
                links = _own_links(other, program)
                shown = any(_letter(state, links) == "G" for state in giving_way)
                if other.approach == movement.approach or not crosses or not shown:
                    continue
                green = sum(i.duration_s for i in program.intervals if _letter(i.state, links) == "G")
                oncoming += flows_pcuph.get(other.id, 0.0) * program.cycle_s / green
    if oncoming <= 0:
        return 1.0
    q = oncoming / 3600
    capacity_vph = 3600 * q * math.exp(-q * CRITICAL_GAP_S) / (1 - math.exp(-q * FOLLOW_UP_S))
    lanes = len({connection.from_lane for connection in movement.connections})
    return min(1.0, max(LEAST_PERMISSIVE, capacity_vph / (discharge.saturation_pcuph * lanes)))


def _storage_veh(approach: Approach, lanes: int, network: Network) -> float:
    """Room for a queue on these lanes: a short lane's, or back to the junction upstream."""
    edges = [network.edges[edge] for edge in approach.chain]
    own = edges[-1]
    if len(edges) > 1 and len(edges[-2].lanes) < len(own.lanes):
        return lanes * own.length_m / VEHICLE_SPACE_M
    entered = {connection.to_edge for connection in network.connections}
    if edges[0].id not in entered:
        return math.inf
    return lanes * sum(edge.length_m for edge in edges) / VEHICLE_SPACE_M
