"""From the plan on the wall to what the controller runs: stages to green windows, windows to intervals. Pure.

Letters: a movement that a stage lists under `green` shows `G`, under `permissive` `g`. A right turn or U-turn
shows `g` instead of `G` where a crossing or movement that conflicts with it has green in the same stage: it
gives way. A right turn that no stage names shows `g` all the time, yellow and red included. A U-turn that no
stage names goes with the left turn of its approach (without one, with the through movement) and gives way.
Flashing green is green. A crossing shows `G` until `pedestrian_flash_s` before the end of the stage's green,
then `r`: who is on it finishes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import NamedTuple

from sim.errors import Problems, near
from sim.labels import Message
from sim.signals.plan import SignalPlan, Stage
from sim.signals.program import GREEN, Interval, SignalProgram
from sim.site.network import CrossingLink, Junction, Movement, Network

GIVES_WAY = ("right", "uturn")
"""Directions that give way to any conflicting green, also when a stage lists them under `green`."""
TICK_S = 1e-3
"""Times closer than this are the same."""


class _Window(NamedTuple):
    """A time from the start of the cycle during which something shows a letter, s."""

    begin_s: float
    end_s: float
    letter: str


@dataclass(frozen=True, slots=True)
class _Share:
    """What a movement or crossing gets of one stage: from when to when, s after the start of the cycle."""

    begin_s: float
    end_s: float
    letter: str
    yellow_s: float
    whole_end: bool
    """It ends with the stage's green, so that it may run on into the next stage."""
    whole_begin: bool


def program_of(
    plan: SignalPlan, junction: Junction, network: Network, path: str, id: str = "plan"
) -> SignalProgram:
    """Turn the plan of one signalised junction of a drawn site into its program, called `id`.

    `path` is where the plan was written. Raises ConfigError with every movement or crossing that is unknown
    or never served, every pair of conflicting protected greens, and every shift that leaves no green.
    """
    return _Translation(plan, junction, network, path).program(id)


class _Translation:
    def __init__(self, plan: SignalPlan, junction: Junction, network: Network, path: str) -> None:
        self.plan = plan
        self.junction = junction
        self.network = network
        self.path = path
        self.problems = Problems()
        self.movements = {f"{a.name}.{m.direction}": m for a in junction.approaches for m in a.movements}
        self.crossings = {a.name: a.crossing for a in junction.approaches if a.crossing is not None}
        self.begins_s: list[float] = []
        at_s = 0.0
        for stage in plan.stages.values():
            self.begins_s.append(at_s)
            at_s += stage.length_s
        self.cycle_s = at_s

    def program(self, id: str) -> SignalProgram:
        signal = self.junction.signal
        if signal is None:
            self.problems.add(
                self.path, Message("junction {id!r} has no signal to run a plan", id=self.junction.id)
            )
            self.problems.raise_if_any()
            raise AssertionError("unreachable")
        for name, stage in self.plan.stages.items():
            self._check_stage(stage, f"{self.path}.stages.{name}")
        self.problems.raise_if_any()
        self._check_served()
        windows = {name: self._movement_windows(name) for name in self.movements}
        walks = {name: self._windows(self._walk_shares(name)) for name in self.crossings}
        intervals = self._intervals(signal, windows, walks)
        self._check_conflicts(signal, intervals)
        self.problems.raise_if_any()
        return SignalProgram(signal, id, intervals, self.plan.offset_s)

    def _check_stage(self, stage: Stage, path: str) -> None:
        for field in ("green", "permissive"):
            for index, name in enumerate(getattr(stage, field)):
                if name not in self.movements:
                    what = Message("no movement {name!r} at junction {id!r}", name=name, id=self.junction.id)
                    self.problems.add(f"{path}.{field}[{index}]", what, near(name, self.movements))
        for index, name in enumerate(stage.crossings):
            if name not in self.crossings:
                what = Message(
                    "no crossing on a leg {name!r} of junction {id!r}", name=name, id=self.junction.id
                )
                self.problems.add(f"{path}.crossings[{index}]", what, near(name, self.crossings))
        served = (*stage.green, *stage.permissive)
        for name in sorted({name for name in served if served.count(name) > 1}):
            self.problems.add(
                path,
                Message("{name!r} stands twice", name=name),
                Message("list it once, under `green` or `permissive`"),
            )
        for field in ("late_start_s", "early_cut_s"):
            for name in getattr(stage, field):
                if name not in served:
                    self.problems.add(
                        f"{path}.{field}.{name}", Message("not green in this stage"), near(name, served)
                    )
        for name in served:
            late_s, early_s = stage.late_start_s.get(name, 0.0), stage.early_cut_s.get(name, 0.0)
            if late_s < 0 or early_s < 0:
                self.problems.add(
                    path, Message("{name!r}: a late start or early cut is not negative", name=name)
                )
            elif late_s + early_s >= stage.green_s:
                what = Message(
                    "late start {late_s:g} s and early cut {early_s:g} s leave {name!r} none of the green of "
                    "{green_s:g} s",
                    late_s=late_s,
                    early_s=early_s,
                    name=name,
                    green_s=stage.green_s,
                )
                self.problems.add(path, what)

    def _check_served(self) -> None:
        stages = self.plan.stages.values()
        named = {name for stage in stages for name in (*stage.green, *stage.permissive)}
        for name, movement in self.movements.items():
            if _kind(movement) not in GIVES_WAY and name not in named:
                self.problems.add(
                    f"{self.path}.stages", Message("no stage serves the movement {name!r}", name=name)
                )
        walked = {name for stage in stages for name in stage.crossings}
        for name in sorted(set(self.crossings) - walked):
            what = Message("no stage lets the crossing {name!r} walk", name=name)
            self.problems.add(f"{self.path}.stages", what, Message("list it in a stage's `crossings`"))

    def _movement_windows(self, name: str) -> list[_Window]:
        shares = self._shares(name)
        kind = _kind(self.movements[name])
        if not any(shares) and kind == "right":
            return [_Window(0, self.cycle_s, "g")]
        if not any(shares) and kind == "uturn":
            approach = name.partition(".")[0]
            leader = next(
                (f"{approach}.{d}" for d in ("left", "through") if f"{approach}.{d}" in self.movements), ""
            )
            return [
                w if w.letter == "y" else w._replace(letter="g") for w in self._windows(self._shares(leader))
            ]
        return self._windows(shares)

    def _shares(self, name: str) -> list[_Share | None]:
        """Per stage what a movement gets of it."""
        shares: list[_Share | None] = []
        for begin_s, stage in zip(self.begins_s, self.plan.stages.values(), strict=True):
            if name not in stage.green and name not in stage.permissive:
                shares.append(None)
                continue
            late_s, early_s = stage.late_start_s.get(name, 0.0), stage.early_cut_s.get(name, 0.0)
            shares.append(
                _Share(
                    begin_s=begin_s + late_s,
                    end_s=begin_s + stage.green_s - early_s,
                    letter="g" if name in stage.permissive or self._gives_way(name, stage) else "G",
                    yellow_s=stage.yellow_s,
                    whole_end=early_s == 0,
                    whole_begin=late_s == 0,
                )
            )
        return shares

    def _walk_shares(self, name: str) -> list[_Share | None]:
        """Per stage what a crossing gets of it."""
        return [
            _Share(begin_s, begin_s + stage.green_s - stage.pedestrian_flash_s, "G", 0.0, True, True)
            if name in stage.crossings
            else None
            for begin_s, stage in zip(self.begins_s, self.plan.stages.values(), strict=True)
        ]

    def _gives_way(self, name: str, stage: Stage) -> bool:
        """Whether a right turn or U-turn listed under `green` conflicts with somebody else in its stage."""
        movement = self.movements[name]
        if _kind(movement) not in GIVES_WAY:
            return False
        greens: list[Movement | CrossingLink] = [
            self.movements[other] for other in stage.green if other != name
        ]
        greens += [self.crossings[leg] for leg in stage.crossings]
        foes = _foes(movement, self.network)
        return any(foes & keys for keys in map(_keys, greens))

    def _windows(self, shares: list[_Share | None]) -> list[_Window]:
        """Join the shares of stages running one after the other, add yellow after the others."""
        windows: list[_Window] = []
        for index, share in enumerate(shares):
            if share is None:
                continue
            windows.append(_Window(share.begin_s, share.end_s, share.letter))
            following = shares[(index + 1) % len(shares)]
            if following is not None and share.whole_end and following.whole_begin:
                until_s = following.begin_s + (self.cycle_s if index + 1 == len(shares) else 0)
                letter = "g" if "g" in (share.letter, following.letter) else "G"
                windows.append(_Window(share.end_s, until_s, letter))
            elif share.yellow_s:
                windows.append(_Window(share.end_s, share.end_s + share.yellow_s, "y"))
        return windows

    def _intervals(
        self, signal: str, windows: Mapping[str, list[_Window]], walks: Mapping[str, list[_Window]]
    ) -> tuple[Interval, ...]:
        columns = self._columns(signal, windows, walks)
        marks = {
            round(t % self.cycle_s, 3) for column in columns for w in column for t in (w.begin_s, w.end_s)
        }
        marks |= {round(begin_s, 3) for begin_s in self.begins_s} | {0.0}
        times = [*sorted(mark for mark in marks if mark < round(self.cycle_s, 3)), round(self.cycle_s, 3)]
        found: list[Interval] = []
        for begin_s, end_s in pairwise(times):
            state = "".join(self._letter(column, (begin_s + end_s) / 2) for column in columns)
            begins_stage = any(abs(begin_s - stage_s) < TICK_S for stage_s in self.begins_s)
            duration_s = round(end_s - begin_s, 3)
            if found and found[-1].state == state and not begins_stage:
                found[-1] = Interval(round(found[-1].duration_s + duration_s, 3), state)
            else:
                found.append(Interval(duration_s, state))
        return self._named(found)

    def _columns(
        self, signal: str, windows: Mapping[str, list[_Window]], walks: Mapping[str, list[_Window]]
    ) -> list[list[_Window]]:
        """Per link of the signal the windows in which it is not red."""
        links = self.network.links.get(signal, {})
        columns: list[list[_Window]] = [[] for _ in range(max(links, default=-1) + 1)]
        for name, movement in self.movements.items():
            for connection in movement.connections:
                if connection.link is not None:
                    columns[connection.link] = windows[name]
        for name, crossing in self.crossings.items():
            if crossing.link is not None:
                columns[crossing.link] = walks[name]
        return columns

    def _letter(self, column: list[_Window], at_s: float) -> str:
        for window in column:
            if window.begin_s <= at_s < window.end_s or window.begin_s <= at_s + self.cycle_s < window.end_s:
                return window.letter
        return "r"

    def _named(self, intervals: list[Interval]) -> tuple[Interval, ...]:
        """Give the first interval of each stage that shows one of its greens the stage's name."""
        named = list(intervals)
        for (name, stage), begin_s in zip(self.plan.stages.items(), self.begins_s, strict=True):
            links = self._links_of(stage)
            at_s = 0.0
            for index, interval in enumerate(named):
                within = begin_s - TICK_S <= at_s < begin_s + stage.green_s
                if within and any(interval.state[link] in GREEN for link in links):
                    named[index] = Interval(interval.duration_s, interval.state, name)
                    break
                at_s += interval.duration_s
        return tuple(named)

    def _links_of(self, stage: Stage) -> list[int]:
        served = [self.movements[name] for name in (*stage.green, *stage.permissive)]
        links = [c.link for movement in served for c in movement.connections]
        links += [self.crossings[leg].link for leg in stage.crossings]
        return [link for link in links if link is not None]

    def _check_conflicts(self, signal: str, intervals: Iterable[Interval]) -> None:
        names = {key: name for name, m in self.movements.items() for key in _keys(m)}
        names |= {crossing.key: f"crossing {leg}" for leg, crossing in self.crossings.items()}
        links = self.network.links.get(signal, {})
        reported: set[tuple[str, str]] = set()
        at_s = 0.0
        for interval in intervals:
            green = [key for link, keys in links.items() if interval.state[link] == "G" for key in keys]
            for one, other in combinations(green, 2):
                pair = (names.get(one, one), names.get(other, other))
                if other in self.network.foes.get(one, ()) and pair not in reported and pair[0] != pair[1]:
                    reported.add(pair)
                    what = Message(
                        "{pair} and {pair_2} cross each other and are both green",
                        pair=pair[0],
                        pair_2=pair[1],
                    )
                    hint = Message("list the one that gives way under `permissive`")
                    self.problems.add(f"{self.path}.stages.{self._stage_at(at_s)}", what, hint)
            at_s += interval.duration_s

    def _stage_at(self, at_s: float) -> str:
        return [n for n, b in zip(self.plan.stages, self.begins_s, strict=True) if b <= at_s + TICK_S][-1]


def _kind(movement: Movement) -> str:
    """Direction without the number of a second one."""
    return movement.direction.partition("_")[0]


def _keys(item: Movement | CrossingLink) -> frozenset[str]:
    if isinstance(item, CrossingLink):
        return frozenset({item.key})
    return frozenset(connection.key for connection in item.connections)


def _foes(movement: Movement, network: Network) -> frozenset[str]:
    return frozenset[str]().union(*(network.foes.get(key, frozenset()) for key in _keys(movement)))
