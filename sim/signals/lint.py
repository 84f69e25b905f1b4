"""The check of signal plans (信号体检): what a plan shows, held against the rules. Pure.

What can be found is listed in `sim.signals.findings`; the numbers of the rules, with their sources, are data
(`sim.signals.rules`); words are labels (`lint.*`).

Adaptive programs are held against the rules with every green as short as the controller may make it. Of NEMA
programs only minimum greens, yellows and unserved movements are looked at: which phases meet is decided while
they run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import combinations

from sim.signals.clearance import clearings, next_start_s
from sim.signals.findings import TICK_S, LintFinding, Rule
from sim.signals.program import GREEN, SignalControl, SignalProgram, StageSpan
from sim.signals.reading import controlled, free_movements, of_signal
from sim.signals.rules import TimingRules
from sim.signals.windows import Window, green_windows, longest, shortest, windows
from sim.site.network import Approach, Junction, Movement, Network


def lint(
    program: SignalProgram,
    network: Network,
    rules: TimingRules,
    crossings_m: Mapping[str, float] | None = None,
) -> tuple[LintFinding, ...]:
    """Check one program against the rules.

    `crossings_m` gives surveyed lengths of crossings by leg (`J1.north`); others are as long as they are
    drawn.
    """
    return tuple(sorted(_Lint(program, network, rules, crossings_m or {}).findings()))


def lint_controls(
    controls: Mapping[str, SignalControl],
    network: Network,
    rules: TimingRules,
    window_s: tuple[float, float],
    period: str = "",
    crossings_m: Mapping[str, float] | None = None,
) -> tuple[LintFinding, ...]:
    """Check every program that runs in a window [begin, end), the signals' switching and their offsets."""
    found: list[LintFinding] = []
    single: dict[str, SignalProgram] = {}
    for signal, control in sorted(controls.items()):
        if not of_signal(network, signal):
            continue  # a railway's
        running = control.running(*window_s)
        programs = [control.programs[id] for id in running if id in control.programs]
        for program in programs:
            found += lint(program, network, rules, crossings_m)
        if control.switches and control.switches[0][0] > window_s[0]:
            gap_s = min(control.switches[0][0], window_s[1]) - window_s[0]
            found.append(LintFinding(Rule.TIME_OF_DAY_GAP, signal, control.active, "", "", "", gap_s, 0))
        if len(programs) < len(running):
            found.append(LintFinding(Rule.SWITCHED_OFF, signal, "off", "", "", "", 0, 0))
        elif len(programs) > 1:
            names = " ".join(running)
            found.append(LintFinding(Rule.SWITCHES_WITHIN, signal, names, "", "", "", len(running), 1))
        else:
            single[signal] = programs[0]
    found += _offsets(single, network)
    return tuple(sorted(replace(item, period=period) for item in found))


def _offsets(programs: Mapping[str, SignalProgram], network: Network) -> Iterator[LintFinding]:
    """Neighbours of which one has an offset, in cycles of which neither is a multiple of the other."""
    at_node = {j.node: j.signal for j in network.junctions.values() if j.signal is not None}
    pairs = set()
    for junction in network.junctions.values():
        for approach in junction.approaches:
            upstream = at_node.get(network.edges[approach.chain[0]].from_node)
            if upstream and junction.signal and upstream != junction.signal:
                pairs.add(tuple(sorted((upstream, junction.signal))))
    for one, other in sorted(pairs):
        both = [programs[name] for name in (one, other) if name in programs]
        if len(both) < 2 or any(p.kind != "static" for p in both):  # noqa: PLR2004
            continue
        short_s, long_s = sorted(p.cycle_s for p in both)
        ratio = long_s / short_s if short_s else 1.0
        if any(p.offset_s for p in both) and abs(ratio - round(ratio)) > TICK_S:
            yield LintFinding(
                Rule.OFFSET_OF_OTHER_CYCLE, one, both[0].id, "", "", other, both[0].cycle_s, both[1].cycle_s
            )


class _Lint:
    def __init__(
        self,
        program: SignalProgram,
        network: Network,
        rules: TimingRules,
        crossings_m: Mapping[str, float],
    ) -> None:
        self.written = program
        self.program = shortest(program)
        self.network = network
        self.rules = rules
        self.crossings_m = crossings_m
        self.junctions: tuple[Junction, ...] = of_signal(network, program.signal)
        self.free = free_movements(program, self.junctions)
        self.waiting = {
            c.link for c in network.connections if c.signal == program.signal and c.entry_link is not None
        }
        self.links = {(name, crossing): links for name, links, crossing in controlled(self.junctions)}

    def findings(self) -> Iterator[LintFinding]:
        checks = [self._minimum_green, self._yellow, self._served]
        if self.program.kind != "NEMA":
            checks += [self._cycle, self._conflicts, self._intergreen, self._shared_lanes]
            checks += [self._waiting_areas, self._crossings]
        for check in checks:
            yield from check()

    def _found(
        self,
        rule: Rule,
        movement: str,
        value: float,
        limit: float,
        other: str = "",
        at_s: float | None = None,
    ) -> LintFinding:
        stage = "" if at_s is None else self._stage_at(at_s)
        return LintFinding(
            rule,
            self.program.signal,
            self.program.id,
            stage,
            movement,
            other,
            round(value, 2),
            round(limit, 2),
        )

    def _stage_at(self, at_s: float) -> str:
        """Name the stage that runs or has run last at a time of the cycle."""
        starts = [sum(i.duration_s for i in self.program.intervals[: s.first]) for s in self._stages]
        begun = [s.name for s, start in zip(self._stages, starts, strict=True) if start <= at_s + TICK_S]
        return (begun or [self._stages[-1].name])[-1]

    @cached_property
    def _stages(self) -> tuple[StageSpan, ...]:
        return self.program.stages()

    def _movements(self) -> Iterator[tuple[Approach, Movement, tuple[int, ...]]]:
        for junction in self.junctions:
            for approach in junction.approaches:
                for movement in approach.movements:
                    links = self.links.get((movement.id, False), ())
                    if links:
                        yield approach, movement, links

    def _minimum_green(self) -> Iterator[LintFinding]:
        limit_s = self.rules.minimum_green_s.value
        for _, movement, links in self._movements():
            spans = [w for link in links for w in green_windows(self.program, link)]
            worst = min(spans, key=lambda w: w.length_s, default=None)
            if worst is not None and worst.length_s < limit_s - TICK_S:
                yield self._found(
                    Rule.MINIMUM_GREEN, movement.id, worst.length_s, limit_s, at_s=worst.begin_s
                )

    def _yellow(self) -> Iterator[LintFinding]:
        for approach, movement, links in self._movements():
            yellows = [
                (self._yellow_after(window, link), window)
                for link in links
                for window in green_windows(self.program, link)
                if window.length_s < self.program.cycle_s - TICK_S
            ]
            if not yellows:
                continue
            shown_s, window = min(yellows, key=lambda item: item[0])
            wanted_s = self.rules.stopping_yellow_s(self.network.edges[approach.edge].speed_mps)
            if shown_s < self.rules.yellow_s.value - TICK_S:
                yield self._found(
                    Rule.YELLOW, movement.id, shown_s, self.rules.yellow_s.value, at_s=window.begin_s
                )
            elif shown_s < wanted_s - self.rules.intergreen_rounding_s.value:
                yield self._found(Rule.STOPPING_YELLOW, movement.id, shown_s, wanted_s, at_s=window.begin_s)

    def _yellow_after(self, green: Window, link: int) -> float:
        if self.program.kind == "NEMA":
            return min(
                float(dict(i.extra).get("yellow", 0))
                for i in self.program.intervals
                if i.state[link] in GREEN
            )
        end_s = green.end_s % self.program.cycle_s
        # A waiting line has no yellow: who is beyond the stop line clears while it is dark.
        ends = "O" if link in self.waiting else "y"
        return sum(
            w.length_s
            for w in windows(self.program, link)
            if w.letter == ends and abs(w.begin_s - end_s) < TICK_S
        )

    def _served(self) -> Iterator[LintFinding]:
        for (name, crossing), links in self.links.items():
            shown = {i.state[link] for i in self.program.intervals for link in links}
            if links and not shown & {*GREEN, "s", "o", "O"}:
                rule = Rule.CROSSING_UNSERVED if crossing else Rule.MOVEMENT_UNSERVED
                yield self._found(rule, name, 0, 0)

    def _cycle(self) -> Iterator[LintFinding]:
        if len(self.program.intervals) == 1:
            return
        rules, stages = self.rules, len(self._stages)
        two = stages <= 2  # noqa: PLR2004
        most_s = (rules.longest_cycle_two_stages_s if two else rules.longest_cycle_s).value
        short_s, long_s = self.program.cycle_s, longest(self.written).cycle_s
        if short_s < rules.shortest_cycle_s.value and self.program.kind == "static":
            yield self._found(Rule.CYCLE_SHORT, "", short_s, rules.shortest_cycle_s.value)
        if long_s > most_s:
            yield self._found(Rule.CYCLE_LONG, "", long_s, most_s)

    def _conflicts(self) -> Iterator[LintFinding]:
        """Protected greens of ways that cross (not: that merge), at the same time."""
        seconds: dict[tuple[str, str], float] = {}
        at: dict[tuple[str, str], float] = {}
        names = {c.key: (m.id, c.to_edge) for _, m, _ in self._movements() for c in m.connections}
        at_s = 0.0
        for interval in self.program.intervals:
            green = [
                (key, names[key])
                for link, keys in self.network.links.get(self.program.signal, {}).items()
                if interval.state[link] == "G"
                for key in keys
                if key in names
            ]
            pairs = {
                (min(one[0], other[0]), max(one[0], other[0]))
                for (key, one), (rival, other) in combinations(green, 2)
                if one[0] != other[0] and one[1] != other[1] and rival in self.network.foes.get(key, ())
            }
            for pair in pairs:
                seconds[pair] = seconds.get(pair, 0.0) + interval.duration_s
                at.setdefault(pair, at_s)
            at_s += interval.duration_s
        for (one, other), together_s in seconds.items():
            yield self._found(Rule.CONFLICTING_GREENS, one, together_s, 0, other, at[one, other])

    def _intergreen(self) -> Iterator[LintFinding]:
        for item in clearings(self.program, self.network, self.rules):
            if item.intergreen_s < item.required_s - self.rules.intergreen_rounding_s.value:
                yield self._found(
                    Rule.INTERGREEN, item.ends, item.intergreen_s, item.required_s, item.begins, item.at_s
                )

    def _shared_lanes(self) -> Iterator[LintFinding]:
        """Lanes of which one movement has green while another has red: nobody passes who stands there."""
        for junction in self.junctions:
            for approach in junction.approaches:
                by_lane: dict[int, dict[str, int]] = {}
                for movement in approach.movements:
                    for c in movement.connections:
                        if c.link is not None and c.signal == self.program.signal:
                            by_lane.setdefault(c.from_lane, {})[movement.id] = c.link
                told: set[tuple[str, str]] = set()
                for lane in by_lane.values():
                    for (one, a), (other, b) in combinations(lane.items(), 2):
                        apart_s = sum(
                            i.duration_s
                            for i in self.program.intervals
                            if {i.state[a] in GREEN, i.state[b] in GREEN} == {True, False}
                            and "r" in (i.state[a], i.state[b])
                        )
                        if apart_s and (one, other) not in told and not {one, other} & self.free:
                            told.add((one, other))
                            turns = {name.rpartition(".")[2].partition("_")[0] for name in (one, other)}
                            rule = Rule.RIGHT_TURN_ARROW if "right" in turns else Rule.SHARED_LANE
                            yield self._found(rule, one, apart_s, 0, other)

    def _waiting_areas(self) -> Iterator[LintFinding]:
        """Cars that are let into an area (待行区) and do not get their green before another stage begins."""
        cycle_s = self.program.cycle_s
        starts_s = [sum(i.duration_s for i in self.program.intervals[: s.first]) for s in self._stages]
        for _, movement, _ in self._movements():
            for turn in movement.connections:
                if turn.entry_link is None or turn.link is None:
                    continue
                own = green_windows(self.program, turn.link)
                for enters in green_windows(self.program, turn.entry_link):
                    waits_s = next_start_s(enters.end_s, own, cycle_s)
                    ends_alike = any(abs((enters.end_s - w.end_s) % cycle_s) < TICK_S for w in own)
                    if waits_s is None or ends_alike:
                        continue
                    next_s = min((start_s - enters.end_s) % cycle_s for start_s in starts_s)
                    if waits_s > next_s + TICK_S:
                        yield self._found(
                            Rule.WAITING_AREA, movement.id, waits_s, next_s, at_s=enters.begin_s
                        )

    def _crossings(self) -> Iterator[LintFinding]:
        for junction in self.junctions:
            for approach in junction.approaches:
                # What was surveyed is the whole way across; halves are as long as they are drawn.
                surveyed = self.crossings_m if approach.exit_crossing is None else {}
                for name, crossing in approach.walked.items():
                    if links := self.links.get((name, True), ()):
                        length_m = surveyed.get(name, crossing.length_m)
                        yield from self._crossing(name, crossing.key, links[0], length_m)

    def _crossing(self, leg: str, key: str, link: int, length_m: float) -> Iterator[LintFinding]:
        rules, cycle_s = self.rules, self.program.cycle_s
        walks = green_windows(self.program, link)
        if not walks or walks[0].length_s >= cycle_s - TICK_S:
            return
        if length_m > rules.longest_crossing_m.value:
            yield self._found(Rule.LONG_CROSSING, leg, length_m, rules.longest_crossing_m.value)
        waits = [w for w in windows(self.program, link) if w.letter == "r"]
        wait_s = max((w.length_s for w in waits), default=0.0)
        if wait_s > rules.longest_pedestrian_wait_s.value:
            yield self._found(Rule.PEDESTRIAN_WAIT, leg, wait_s, rules.longest_pedestrian_wait_s.value)
        against = list(self._protected_against(key))
        for other, windows_of in against:
            together_s = sum(_overlap_s(walk, w, cycle_s) for walk in walks for w in windows_of)
            if together_s > TICK_S:
                yield self._found(Rule.PEDESTRIAN_CONFLICT, leg, together_s, 0, other, walks[0].begin_s)
        for rule, limit_s in (
            (Rule.PEDESTRIAN_CLEARANCE, rules.clearance_s(length_m)),
            (Rule.PEDESTRIAN_TIME, rules.pedestrian_time_s(length_m)),
        ):
            worst: tuple[float, str, Window] | None = None
            for walk in walks:
                for other, windows_of in against:
                    after_s = next_start_s(walk.end_s, windows_of, cycle_s)
                    if after_s is None:
                        continue  # both at once: said already
                    time_s = after_s + (walk.length_s if rule is Rule.PEDESTRIAN_TIME else 0.0)
                    if worst is None or time_s < worst[0]:
                        worst = (time_s, other, walk)
            if worst is not None and worst[0] < limit_s - TICK_S:
                yield self._found(rule, leg, worst[0], limit_s, worst[1], worst[2].begin_s)

    def _protected_against(self, crossing: str) -> Iterator[tuple[str, tuple[Window, ...]]]:
        """Yield the movements that cross the walkers' way and when they have protected green."""
        foes = self.network.foes.get(crossing, frozenset())
        for _, movement, _ in self._movements():
            own = [c.link for c in movement.connections if c.key in foes and c.link is not None]
            spans = tuple(w for link in own for w in windows(self.program, link) if w.letter == "G")
            if spans:
                yield movement.id, spans


def _overlap_s(one: Window, other: Window, cycle_s: float) -> float:
    return sum(
        max(0.0, min(one.end_s, other.end_s + shift) - max(one.begin_s, other.begin_s + shift))
        for shift in (-cycle_s, 0.0, cycle_s)
    )
