"""A plan made legal (配时合规化): minimum greens, yellows and pedestrian times are made up. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sim.signals.findings import TICK_S, LintFinding, Rule
from sim.signals.lint import lint
from sim.signals.program import GREEN, Interval, SignalProgram, StageSpan
from sim.signals.reading import controlled, of_signal
from sim.signals.rules import TimingRules
from sim.signals.windows import shortest, windows
from sim.site.network import Network

MENDED = (Rule.YELLOW, Rule.MINIMUM_GREEN, Rule.PEDESTRIAN_TIME, Rule.PEDESTRIAN_CLEARANCE)
"""What `legalised` makes up, in this order. An intergreen is not: its need is an estimate."""
MOST_ROUNDS = 200


def breaks_a_minimum(findings: Iterable[LintFinding]) -> bool:
    """Whether a plan with these findings has anything that `legalised` would make up."""
    return any(item.rule in MENDED for item in findings)


def legalised(
    program: SignalProgram,
    network: Network,
    rules: TimingRules,
    crossings_m: Mapping[str, float] | None = None,
) -> SignalProgram:
    """Return the program with its minima kept and nothing else changed; itself where it keeps them.

    A green or yellow that is too short is made longer, by whole seconds. A crossing whose walkers have too
    little time to clear stops walking earlier, and so does every crossing that stops with it, while the
    vehicles beside it go on. What that costs is taken from the longest greens as long as this breaks no rule
    anew, so that the cycle, and with it any coordination, stays; else the cycle grows. NEMA programs are
    returned as they are, as is what more time cannot mend (no yellow at all, a crossing that walks against
    protected green).
    """
    if program.kind == "NEMA":
        return program
    lengths_m = crossings_m or {}
    legal, tried = program, set[tuple[object, ...]]()
    for _ in range(MOST_ROUNDS):
        findings = [f for f in lint(legal, network, rules, lengths_m) if f.rule in MENDED]
        lacking = sorted(findings, key=lambda f: (MENDED.index(f.rule), f))
        lacking = [f for f in lacking if (*f.place, f.value) not in tried]
        if not lacking:
            break
        tried.add((*lacking[0].place, lacking[0].value))
        legal = _mended(legal, lacking[0], network, rules, lengths_m)
    return _given_back(legal, program.cycle_s, network, rules, lengths_m)


def _mended(
    program: SignalProgram,
    finding: LintFinding,
    network: Network,
    rules: TimingRules,
    crossings_m: Mapping[str, float],
) -> SignalProgram:
    """Make up one finding; the program itself where that is not to be done with time."""
    missing_s = float(math.ceil(finding.limit - finding.value - TICK_S))
    junctions = of_signal(network, program.signal)
    walkers = [links[0] for _, links, crossing in controlled(junctions) if crossing]
    walks = finding.rule in (Rule.PEDESTRIAN_TIME, Rule.PEDESTRIAN_CLEARANCE)
    for name, links, crossing in controlled(junctions):
        if name != finding.movement or crossing is not walks:
            continue
        if finding.rule is Rule.PEDESTRIAN_CLEARANCE:
            return _walk_less(program, links[0], walkers, missing_s)
        letters = frozenset("y") if finding.rule is Rule.YELLOW else GREEN
        for index in (index for link in links for index in _mains(program, link, letters)):
            longer = _lasting(program, index, missing_s)
            left = {f.place: f.value for f in lint(longer, network, rules, crossings_m)}
            if left.get(finding.place, finding.limit) > finding.value:
                return longer
    return program


def _mains(program: SignalProgram, link: int, letters: frozenset[str]) -> list[int]:
    """Per run of these letters, the shortest first, the interval in which most lights are green."""
    brief = shortest(program)
    found: list[int] = []
    runs = [w for w in windows(brief, link) if w.letter in letters]
    for run in sorted(runs, key=lambda w: w.length_s):
        inside: list[int] = []
        at_s = 0.0
        for index, interval in enumerate(brief.intervals):
            middle_s = (at_s + interval.duration_s / 2 - run.begin_s) % brief.cycle_s
            if middle_s < run.length_s and interval.state[link] in letters:
                inside.append(index)
            at_s += interval.duration_s
        found.append(max(inside, key=lambda i: _mainness(brief.intervals[i])))
    return found


def _mainness(interval: Interval) -> tuple[bool, int, float]:
    green = sum(letter in GREEN for letter in interval.state)
    return "y" not in interval.state, green, interval.duration_s


def _lasting(program: SignalProgram, index: int, by_s: float) -> SignalProgram:
    """Let the shortest that an interval may be last longer or shorter."""
    intervals = list(program.intervals)
    old = intervals[index]
    least_s = round(_least_s(program, old) + by_s, 3)
    fixed = program.kind == "static"
    intervals[index] = replace(
        old,
        duration_s=least_s if fixed else max(old.duration_s, least_s),
        min_s=old.min_s if fixed or old.min_s is None else least_s,
        max_s=old.max_s if fixed or old.max_s is None else max(old.max_s, least_s),
    )
    return replace(program, intervals=tuple(intervals))


def _least_s(program: SignalProgram, interval: Interval) -> float:
    return interval.duration_s if program.kind == "static" or interval.min_s is None else interval.min_s


def _walk_less(program: SignalProgram, link: int, walkers: Sequence[int], by_s: float) -> SignalProgram:
    """Let a crossing and those that stop with it stop walking earlier; vehicles beside them go on."""
    intervals = list(program.intervals)
    if any(interval.next for interval in intervals):  # an interval more would shift what they lead to
        return program
    count = len(intervals)
    ends = [
        i
        for i in range(count)
        if intervals[i].state[link] in GREEN and intervals[(i + 1) % count].state[link] not in GREEN
    ]
    for end in reversed(ends):
        after = intervals[(end + 1) % count].state
        stopping = [k for k in walkers if intervals[end].state[k] in GREEN and after[k] not in GREEN]
        left_s, index = by_s, end
        while left_s > TICK_S and index >= 0 and intervals[index].state[link] in GREEN:
            old = intervals[index]
            state = "".join("r" if k in stopping else letter for k, letter in enumerate(old.state))
            has_s = _least_s(program, old)
            if has_s <= left_s + TICK_S:
                intervals[index] = replace(old, state=state)
                left_s -= has_s
                index -= 1
                continue
            walk, stop = _split(old, left_s, state, fixed=program.kind == "static")
            intervals[index : index + 1] = [walk, stop]
            left_s = 0.0
    fixed = program.kind == "static"
    return replace(program, intervals=merged(intervals) if fixed else tuple(intervals))


def _split(interval: Interval, last_s: float, state: str, *, fixed: bool) -> tuple[Interval, Interval]:
    """Cut off the last seconds of an interval, which show another state and last neither more nor less."""
    walk_s = round(interval.duration_s - last_s, 3)
    if fixed or interval.min_s is None:
        return replace(interval, duration_s=walk_s), Interval(last_s, state)
    most_s = interval.duration_s if interval.max_s is None else interval.max_s
    walk = replace(interval, duration_s=walk_s, min_s=interval.min_s - last_s, max_s=most_s - last_s)
    return walk, Interval(last_s, state, min_s=last_s, max_s=last_s)


def merged(intervals: Sequence[Interval]) -> tuple[Interval, ...]:
    """Join neighbours that show the same where the later one begins nothing of a fixed-time program."""
    found: list[Interval] = []
    for interval in intervals:
        last = found[-1] if found else None
        if last is not None and last.state == interval.state and not interval.name and not interval.next:
            found[-1] = replace(last, duration_s=round(last.duration_s + interval.duration_s, 3))
        else:
            found.append(interval)
    return tuple(found)


def _given_back(
    program: SignalProgram,
    cycle_s: float,
    network: Network,
    rules: TimingRules,
    crossings_m: Mapping[str, float],
) -> SignalProgram:
    """Take what the cycle has grown by from the longest greens, a second at a time, while no rule breaks."""
    if program.kind != "static":
        return program

    def broken(tried: SignalProgram) -> int:
        return sum(item.rule in MENDED for item in lint(tried, network, rules, crossings_m))

    spent = set[int]()
    while program.cycle_s > cycle_s + TICK_S:
        step_s = min(1.0, program.cycle_s - cycle_s)
        longest_first = sorted(program.stages(), key=lambda span: -span.green_s)
        mains = [_main(program, span) for span in longest_first]
        index = next((i for i in mains if i not in spent and program.intervals[i].duration_s > step_s), None)
        if index is None:
            break
        shorter = _lasting(program, index, -step_s)
        if broken(shorter) > broken(program):
            spent.add(index)
        else:
            program = shorter
    return program


def _main(program: SignalProgram, span: StageSpan) -> int:
    return max(range(span.first, span.last + 1), key=lambda i: _mainness(program.intervals[i]))
