"""`pedestrian_refuge`: people cross in two stages, with a refuge on the median between them (二次过街)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.edited_site import edited
from sim.edits.vocabulary import SetProgram, SplitCrossing
from sim.errors import ConfigError, Problems, near
from sim.interventions.base import Intervention, intervention
from sim.interventions.plans import refuse, set_control
from sim.labels import Message, Text, text
from sim.loading import Facts, parse, read_yaml
from sim.signals.legal import merged
from sim.signals.program import GREEN, SignalControl, SignalProgram, StageSpan
from sim.signals.rules import Rule, TimingRules, timing_rules
from sim.site.model import Site
from sim.site.network import Approach, CrossingLink, Edge, Network
from sim.site.places import named
from sim.standard_data import SOURCE, config_path

MEDIAN_WITHIN_M = 0.25
"""The median that is there may differ from the expected one by this much."""


class ExpectedMedian(Facts):
    """How far apart the two directions are believed to be at the stop line, within 0.25 m."""

    median_m: float = Field(gt=0)


@intervention("pedestrian_refuge")
class PedestrianRefuge(Intervention):
    """Let people cross a leg in two halves, waiting on the median between them, each in stages of its own.

    The median is there: `median_m` of a drawn leg, the gap between the carriageways on an imported network.
    A crossing in one piece is parted; where an imported network has two halves, they get stages of their own.
    `approach_stages` walk over the lanes that lead to the junction, `exit_stages` over those that leave it,
    from the beginning of the stage's green; walking ends so early that who stepped off last is across before
    others start. Right turns give way. Stages and their times stay: `retime_signal` or `reorder_stages`,
    with `after`, use what the shorter halves leave free.
    """

    title: ClassVar[Text] = Text("二次过街安全岛", "Pedestrian refuge, two-stage crossing")
    example: ClassVar[str] = """\
kind: pedestrian_refuge
approach: J5.north
expect: {median_m: 4}
approach_stages: [A]
exit_stages: [C, A]
"""
    watch: ClassVar[Text] = Text(
        "绿灯时间本身不变：只有再缩短原先由行人过街时间决定的绿灯或周期，车辆才受益；行人可能等两次，须同看行人延误。"
        "安全岛能容纳多少人未核算；模型中无人闯红灯。",
        "Greens stay as they are: vehicles gain only where a green or a cycle that walking times held up is "
        "then made shorter. People may wait twice: look at their delay. How many the refuge holds is not "
        "checked, and nobody in the model walks on red.",
    )

    kind: Literal["pedestrian_refuge"]
    approach: str
    expect: ExpectedMedian
    approach_stages: tuple[str, ...] = Field(min_length=1)
    exit_stages: tuple[str, ...] = Field(min_length=1)

    def edits(self, site: Site, path: str) -> tuple[SplitCrossing | SetProgram, ...]:
        """Part the crossing where it is in one piece, then a SetProgram for each period."""
        return _Plan(self, site, path).edits()

    def describe(self, site: Site) -> Text:
        """Name the leg, the lengths before and after, and the stages."""
        plan = _Plan(self, site, self.kind)
        whole_m = sum(half.length_m for half in plan.approach.walked.values())
        near_half, far_half = plan.halves
        where = named(site.facts, f"approach:{plan.approach.id}")
        return text(
            "intervention.pedestrian_refuge",
            zh=where.zh,
            en=where.en,
            whole=f"{whole_m:.1f}",
            near=f"{near_half.length_m:.1f}",
            far=f"{far_half.length_m:.1f}",
            median=f"{plan.median_m:.1f}",
            near_stages="+".join(self.approach_stages),
            far_stages="+".join(self.exit_stages),
        )

    def eligibility(self, site: Site) -> tuple[Text, ...]:
        """Crossings that need none, and refuges narrower than they should be."""
        plan, rules, found = _Plan(self, site, self.kind), _rules(), []
        least, lanes_m = rules.longest_crossing_m, sum(half.length_m for half in plan.halves)
        said = {"id": plan.approach.id}
        if lanes_m <= least.value:
            words = {"m": f"{lanes_m:.1f}", "limit": f"{least.value:g}"}
            found.append(
                text(
                    "eligibility.pedestrian_refuge.short",
                    **said, **words, zh=least.origin.zh, en=least.origin.en,
                )
            )  # fmt: skip
        width = _widths().wanted_m
        if plan.median_m < width.value:
            words = {"m": f"{plan.median_m:.1f}", "limit": f"{width.value:g}"}
            found.append(
                text(
                    "eligibility.pedestrian_refuge.narrow",
                    **said, **words, zh=width.origin.zh, en=width.origin.en,
                )
            )  # fmt: skip
        return tuple(found)


def median_m(network: Network, approach: Approach) -> float | None:
    """Return the gap between the two directions of a leg at the stop line; None where nobody has drawn it."""
    edge, away = network.edges[approach.edge], network.edges.get(approach.exit_edge or "")
    if away is None or edge.lanes[-1].ends_m is None or away.lanes[-1].ends_m is None:
        return None
    (ax, ay), (bx, by) = edge.lanes[-1].ends_m
    x, y = away.lanes[-1].ends_m[0]
    length_m = math.dist((ax, ay), (bx, by))
    # Traffic keeps right: what leads away lies at the left of what comes.
    left_m = ((bx - ax) * (y - by) - (by - ay) * (x - bx)) / length_m if length_m else 0.0
    return left_m - (edge.lanes[-1].width_m + away.lanes[-1].width_m) / 2


class RefugeWidths(Facts):
    """Widths of `configs/standards/signals/refuge.yaml`, metres, with their sources."""

    least_m: Rule
    wanted_m: Rule


def _widths() -> RefugeWidths:
    path = config_path(SOURCE.parent, "standards", "signals", "refuge.yaml")
    return parse(RefugeWidths, read_yaml(path), str(path))


def _rules() -> TimingRules:
    return timing_rules(SOURCE.parent)


@dataclass(frozen=True)
class _Plan:
    """One refuge at one site."""

    kind: PedestrianRefuge
    site: Site
    path: str

    @property
    def approach(self) -> Approach:
        return self.site.network.approach(self.kind.approach, f"{self.path}.approach")

    @property
    def edges(self) -> tuple[Edge, Edge]:
        """The directions that people cross: towards the junction and away from it."""
        network, approach = self.site.network, self.approach
        return network.edges[approach.edge], network.edges[str(approach.exit_edge)]

    @property
    def median_m(self) -> float:
        found = median_m(self.site.network, self.approach)
        return 0.0 if found is None else found

    @property
    def halves(self) -> tuple[CrossingLink, CrossingLink]:
        """The crossings over the two directions, as `SplitCrossing` foresees them where there is one."""
        first, second = self._parted().network.approaches[self.approach.id].walked.values()
        return first, second

    def edits(self) -> tuple[SplitCrossing | SetProgram, ...]:
        self._check_place()
        then = self._parted()
        problems, found = Problems(), []
        for period, controls in then.signals.items():
            control = controls[str(self.halves[0].signal)]
            wanted = self._control(control, period, then.network, problems)
            if wanted != control:
                found.append(set_control(then, period, wanted))
        problems.found = list(dict.fromkeys(problems.found))
        problems.raise_if_any()
        return (*self._split(), *found)

    def _split(self) -> tuple[SplitCrossing, ...]:
        """Return the edit that parts the crossing; none where it has two halves already."""
        if self.approach.exit_crossing is not None:
            return ()
        edge, away = self.edges
        return (SplitCrossing(self.approach.id, (edge.id, away.id)),)

    def _parted(self) -> Site:
        return edited(self.site, self._split())

    def _check_place(self) -> None:
        approach, path, least = self.approach, self.path, _widths().least_m
        crossing = approach.crossing
        if crossing is None:
            told = Message("{id} has no crossing in the model", id=approach.id)
            raise refuse(f"{path}.approach", told, Message("draw its `crossing`"))
        crossed = sorted(edge for half in approach.walked.values() for edge in half.edges)
        if approach.exit_edge is None or crossed != sorted((approach.edge, approach.exit_edge)):
            told = Message(
                "the crossing of {id} does not lead over one street in each direction: {edges}",
                id=approach.id, edges=crossed,
            )  # fmt: skip
            raise refuse(f"{path}.approach", told)
        halves = approach.walked.values()
        if any(half.signal is None or half.link is None for half in halves):
            told = Message("people cross {id} without a signal", id=approach.id)
            hint = Message("halves with stages of their own need one (`signalise` first, this `after`)")
            raise refuse(f"{path}.approach", told, hint)
        heads = self.site.network.links
        if any(heads[str(half.signal)][half.link or 0] != (half.key,) for half in halves):
            told = Message("{id} shares a signal head with other movements", id=approach.id)
            raise refuse(f"{path}.approach", told)
        found_m = median_m(self.site.network, approach)
        if found_m is None:
            told = Message("another intervention draws {id} anew", id=approach.id)
            raise refuse(f"{path}.approach", told, Message("put the refuge first, the other `after` it"))
        problems = Problems()
        if abs(found_m - self.kind.expect.median_m) > MEDIAN_WITHIN_M:
            told = Message(
                "expected a median of {expected:g} m, found {found:.1f} m",
                expected=self.kind.expect.median_m, found=max(found_m, 0.0),
            )  # fmt: skip
            problems.add(f"{path}.expect.median_m", told)
        if found_m < least.value:
            told = Message(
                "a median of {found:.1f} m has no room for a refuge, which needs {least:g} m",
                found=max(found_m, 0.0), least=least.value,
            )  # fmt: skip
            hint = Message("{source}; a drawn leg says `median_m`", source=least.origin)
            problems.add(f"{path}.approach", told, hint)
        problems.raise_if_any()

    def _control(
        self, control: SignalControl, period: str, network: Network, problems: Problems
    ) -> SignalControl:
        """Let both halves walk in their stages, in every program that runs in the period."""
        window = self.site.periods[period]
        programs = dict(control.programs)
        for id in control.running(window.begin_s, window.end_s):
            if id not in programs:
                continue
            if programs[id].kind != "static":
                told = Message("program {id!r} is not fixed-time", id=id)
                problems.add(f"{self.path}.approach", told)
                continue
            for field, stages, half, others in self._walks(network):
                walk = _Walk(programs[id], half, others, network, f"{self.path}.{field}")
                try:
                    programs[id] = walk.walking(stages)
                except ConfigError as error:
                    problems.extend(error)
            # Where the whole stopped walking nothing changes any more: what is retimed later is one interval.
            programs[id] = replace(programs[id], intervals=merged(programs[id].intervals))
        return replace(control, programs=programs)

    def _walks(self, network: Network) -> Iterator[tuple[str, tuple[str, ...], CrossingLink, frozenset[str]]]:
        """Yield field, stages, half, and the keys of the connections that drive over that half."""
        halves = network.approaches[self.approach.id].walked.values()
        stages = (self.kind.approach_stages, self.kind.exit_stages)
        for field, names, half in zip(("approach_stages", "exit_stages"), stages, halves, strict=True):
            over = half.edges[0]
            node = half.node
            own = frozenset(
                c.key
                for c in network.connections
                if over in (c.from_edge, c.to_edge) and network.edges[c.from_edge].to_node == node
            )
            yield field, names, half, own


@dataclass(frozen=True)
class _Walk:
    """One half of a crossing in one program."""

    program: SignalProgram
    half: CrossingLink
    crossed: frozenset[str]
    """Connections that drive over it."""
    network: Network
    path: str

    def walking(self, stages: Sequence[str]) -> SignalProgram:
        """Return the program in which people walk in these stages and in no other."""
        spans = self.program.stages()
        names = [span.name for span in spans]
        problems = Problems()
        for number, stage in enumerate(stages, 1):
            if stage not in names:
                told = Message("no stage {name!r}", name=stage)
                problems.add(f"{self.path}.{number}", told, near(stage, names))
        problems.raise_if_any()
        ends_s: dict[int, float] = {}
        for number, span in enumerate(spans):
            if span.name in stages:
                goes_on = names[(number + 1) % len(names)] in stages
                ends_s[span.first] = self._walk_s(span, goes_on=goes_on)
        link, intervals = self.half.link, []
        assert link is not None, "checked: a signal shows it its lights"
        shown_s = 0.0
        walks_s = 0.0
        last = -1
        for index, interval in enumerate(self.program.intervals):
            if index in ends_s:
                walks_s, shown_s = ends_s[index], 0.0
                last = next(span.last for span in spans if span.first == index)
            left_s = walks_s - shown_s if index <= last else 0.0
            shown_s += interval.duration_s
            red = replace(interval, state=_with(interval.state, {link: "r"}))
            if left_s <= 0:
                intervals.append(red)
                continue
            green = replace(interval, state=self._open(interval.state, link))
            if left_s >= interval.duration_s:
                intervals.append(green)
            else:
                intervals.append(replace(green, duration_s=left_s))
                stops = _with(green.state, {link: "r"})
                intervals.append(replace(red, state=stops, name="", duration_s=interval.duration_s - left_s))
        return replace(self.program, intervals=tuple(intervals))

    def _walk_s(self, span: StageSpan, *, goes_on: bool) -> float:
        """Return how long people may step off in a stage; to its end where they may go on in the next one."""
        rules = _rules()
        against = self._against(span)
        if against:
            told = Message(
                "{id} has protected green in stage {stage!r}, in which people are to walk over {edge}",
                id=", ".join(against), stage=span.name, edge=self.half.edges[0],
            )  # fmt: skip
            raise refuse(self.path, told, Message("choose another stage, or let it give way"))
        if goes_on:
            return span.green_s
        clear_s = math.ceil(max(0.0, rules.clearance_s(self.half.length_m) - span.intergreen_s))
        if span.green_s - clear_s < 1:
            told = Message(
                "stage {stage!r} has {green_s:g} s of green, and {clear_s} s go to clear {length_m:.1f} m",
                stage=span.name, green_s=span.green_s, clear_s=clear_s, length_m=self.half.length_m,
            )  # fmt: skip
            raise refuse(self.path, told, Message("a longer stage (`retime_signal`, this `after`)"))
        return span.green_s - clear_s

    def _against(self, span: StageSpan) -> list[str]:
        """Return the movements with protected green in a stage that drive over this half; not right turns."""
        states = [interval.state for interval in self.program.intervals[span.first : span.last + 1]]
        found = {
            movement.id
            for movement in self.network.movements.values()
            for c in movement.connections
            if c.key in self.crossed
            and c.link is not None
            and c.signal == self.half.signal
            and any(state[c.link] == "G" for state in states)
            and not (c.direction == "right" and self._alone(c.link))
        }
        return sorted(found)

    def _alone(self, link: int) -> bool:
        """Whether a signal head lets nobody go but right turns over this half."""
        keys = self.network.links[str(self.half.signal)][link]
        turns = {c.key for c in self.network.connections if c.direction == "right"} & self.crossed
        return set(keys) <= turns

    def _open(self, state: str, link: int) -> str:
        """Let people walk; right turns over the half give way meanwhile."""
        letters = {link: "G"}
        for other, keys in self.network.links[str(self.half.signal)].items():
            if set(keys) & self.crossed and state[other] in GREEN:
                letters[other] = "g"
        return _with(state, letters)


def _with(state: str, letters: dict[int, str]) -> str:
    return "".join(letters.get(link, letter) for link, letter in enumerate(state))
