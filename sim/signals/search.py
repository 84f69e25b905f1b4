"""Search over cycles, splits, offsets and orders of stages, scored by whoever simulates. Deterministic.

A coordinate search with steps that shrink. Moves are tried in batches; a batch is raced against the best
plan so far on the same replicates (common random numbers): everybody runs the first replicate, then only the
better half goes on, and nobody who is not better than the best plan on the paired mean (successive halving,
Jamieson and Talwalkar 2016). Moves of different signals that all help are tried together.

The result has been chosen because it did well on these replicates: what it is really worth is for fresh ones
to say (`sim.suggestion`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sim.signals.streams import TimingProblem
from sim.signals.webster import in_proportion

LEVELS = ((6.0, 1.25, 12.0), (3.0, 1.12, 6.0), (1.0, 1.05, 3.0))
"""Step sizes, coarse to fine: seconds between stages, factor of the cycle, seconds of offset."""
BATCH = 6
"""Moves tried at a time."""


@dataclass(frozen=True, slots=True)
class SignalTiming:
    """One signal's stage greens in order of running and its offset, s; `order` where it is not today's."""

    greens_s: tuple[float, ...]
    offset_s: float
    order: tuple[str, ...] = ()


Plans = tuple[SignalTiming, ...]
"""One timing per signal of a `Space`, in its order."""
Evaluate = Callable[[Sequence[tuple[Plans, int]]], list[float]]
"""(plans, number of the replicate from 0) -> what is to be small; infinite for a run that failed."""


@dataclass(frozen=True, slots=True)
class SpaceSignal:
    """One signal that may be changed; `offset` says whether its offset means anything.

    `orders`: other orders of its stages -> the timing problem then.
    """

    junction: str
    problem: TimingProblem
    offset: bool = True
    orders: Mapping[tuple[str, ...], TimingProblem] = field(default_factory=dict)

    def problem_of(self, timing: SignalTiming) -> TimingProblem:
        """Return the timing problem with the stages in a timing's order."""
        return self.orders[timing.order] if timing.order else self.problem

    def cycle_s(self, timing: SignalTiming) -> float:
        """Cycle of a timing of this signal."""
        return self.problem_of(timing).fixed_s + sum(timing.greens_s)


@dataclass(frozen=True, slots=True)
class Space:
    """What may be varied: signals, the bounds of their cycles, and whether they share one cycle."""

    signals: tuple[SpaceSignal, ...]
    least_cycle_s: float
    greatest_cycle_s: float
    common_cycle: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be tried: plans, replicates each at most, and simulated hours."""

    candidates: int
    replicates: int
    hours: float = math.inf


@dataclass(frozen=True, slots=True)
class Trial:
    """One plan that was tried: on how many replicates, and its mean paired difference to the best so far."""

    plans: Plans
    move: str
    replicates: int
    difference: float
    taken: bool


@dataclass
class Search:
    """What a search has found and done."""

    best: Plans
    trials: list[Trial] = field(default_factory=list)
    runs: int = 0
    """Runs asked for, each once."""

    @property
    def candidates(self) -> int:
        """Plans tried, the starting ones included."""
        return len({trial.plans for trial in self.trials})

    def saved(self, replicates: int) -> int:
        """Return how many runs early stopping saved against all plans on all replicates."""
        return max(0, self.candidates * replicates - self.runs)


def search(
    space: Space,
    starts: Sequence[tuple[str, Plans]],
    evaluate: Evaluate,
    budget: Budget,
    hours_per_run: float = 1.0,
) -> Search:
    """Find plans with a small mean over the budget's replicates, beginning with the best of `starts`.

    `starts[0]` is the present plan. The same arguments give the same result.
    """
    return _Searching(space, evaluate, budget, hours_per_run).run(starts)


class _Searching:
    def __init__(self, space: Space, evaluate: Evaluate, budget: Budget, hours_per_run: float) -> None:
        self.space = space
        self.evaluate = evaluate
        self.budget = budget
        self.hours_per_run = hours_per_run
        self.values: dict[Plans, dict[int, float]] = {}
        self.found = Search(())

    def run(self, starts: Sequence[tuple[str, Plans]]) -> Search:
        names: dict[Plans, str] = {}
        for name, plans in starts:
            names.setdefault(plans, name)
        present = starts[0][1]
        self.found.best = present
        others = [(names[plans], plans) for plans in names if plans != present]
        self._race(others[: self.budget.candidates])
        for level in LEVELS:
            while not self._spent() and self._pass(level):
                pass
        return self.found

    def _pass(self, level: tuple[float, float, float]) -> bool:
        """Try every move of a level once; whether any helped."""
        helped = False
        waiting = list(self._moves(level))
        while waiting and not self._spent():
            batch: list[tuple[str, Plans]] = []
            while waiting and len(batch) < BATCH:
                move = waiting.pop(0)
                plans = self._moved(move)
                if plans is not None and plans not in self.values:
                    batch.append((_said(move), plans))
            batch = batch[: max(0, self.budget.candidates - self.found.candidates)]
            before = self.found.best
            better = self._race(batch)
            if len(better) > 1 and not self._spent():
                merged = self._merged(before, better)
                if merged is not None and merged not in self.values:
                    self._race([("together", merged)])
            helped |= self.found.best != before
        return helped

    def _moves(self, level: tuple[float, float, float]) -> Iterator[tuple[str, int, int, float]]:
        """Yield (kind, signal, stage, size): all cycles at once, then each signal, busiest first."""
        shift_s, factor, offset_s = level
        n = len(self.space.signals)
        if n > 1 or self.space.common_cycle:
            yield from (("cycles", -1, 0, f) for f in (1 / factor, factor))
        busiest = sorted(
            range(n), key=lambda i: -sum(s.flow_ratio for s in self.space.signals[i].problem.streams)
        )
        kinds: list[list[tuple[str, int, int, float]]] = []
        for i in busiest:
            signal = self.space.signals[i]
            own: list[tuple[str, int, int, float]] = []
            if not self.space.common_cycle:
                own += [("cycle", i, 0, f) for f in (1 / factor, factor)]
            stages = range(len(signal.problem.stages))
            own += (
                [("green", i, j, d) for j in stages for d in (shift_s, -shift_s)] if len(stages) > 1 else []
            )
            own += [("offset", i, 0, d) for d in (offset_s, -offset_s)] if signal.offset and n > 1 else []
            if level == LEVELS[0]:
                own += [("order", i, k, 0.0) for k in range(len(signal.orders) + 1)]
            kinds.append(own)
        longest = max((len(own) for own in kinds), default=0)
        for k in range(longest):  # interleaved, so that a batch holds moves of several signals
            yield from (own[k] for own in kinds if k < len(own))

    def _moved(self, move: tuple[str, int, int, float]) -> Plans | None:
        """Apply a move to the best plans; None where minimum greens or the cycle's bounds forbid it."""
        kind, i, stage, size = move
        best = self.found.best
        if kind == "cycles":
            each = [self._scaled(k, best[k], size) for k in range(len(best))]
            timings = [timing for timing in each if timing is not None]
            if len(timings) < len(each):
                return None
            if self.space.common_cycle:
                cycles = {s.cycle_s(t) for s, t in zip(self.space.signals, timings, strict=True)}
                if len(cycles) > 1:
                    return None
            return tuple(timings)
        timing: SignalTiming | None = best[i]
        if kind == "cycle":
            timing = self._scaled(i, best[i], size)
        elif kind == "offset":
            cycle_s = self.space.signals[i].cycle_s(best[i])
            timing = replace(best[i], offset_s=(best[i].offset_s + size) % cycle_s)
        elif kind == "order":
            timing = self._reordered(i, best[i], stage)
        else:
            timing = self._shifted(i, best[i], stage, size)
        return None if timing is None else (*best[:i], timing, *best[i + 1 :])

    def _scaled(self, i: int, timing: SignalTiming, factor: float) -> SignalTiming | None:
        signal = self.space.signals[i]
        problem = signal.problem_of(timing)
        old_s = signal.cycle_s(timing)
        floor_s = max(self.space.least_cycle_s, math.ceil(problem.least_cycle_s))
        new_s = min(self.space.greatest_cycle_s, max(floor_s, round(old_s * factor)))
        if new_s == old_s:
            return None
        greens_s = _stretched(problem, dict(_named(problem, timing)), float(new_s))
        return None if greens_s is None else SignalTiming(greens_s, timing.offset_s % new_s, timing.order)

    def _reordered(self, i: int, timing: SignalTiming, number: int) -> SignalTiming | None:
        """Run the same greens in another order (the last one is today's), in the same cycle."""
        signal = self.space.signals[i]
        order = [*signal.orders, ()][number]
        if order == timing.order:
            return None
        named = dict(_named(signal.problem_of(timing), timing))
        problem = signal.problem_of(replace(timing, order=order))
        greens_s = _stretched(problem, named, signal.cycle_s(timing))
        return None if greens_s is None else SignalTiming(greens_s, timing.offset_s, order)

    def _shifted(self, i: int, timing: SignalTiming, stage: int, by_s: float) -> SignalTiming | None:
        """Give a stage some seconds (or take them); the others pay in turn, the one with most room first."""
        stages = self.space.signals[i].problem_of(timing).stages
        greens = list(timing.greens_s)
        left_s = by_s
        if greens[stage] + by_s < stages[stage].least_s:
            return None
        greens[stage] += by_s
        others = [j for j in range(len(stages)) if j != stage]
        while left_s > 0:
            j = max(others, key=lambda j: (greens[j] - stages[j].least_s, -j))
            if greens[j] - 1 < stages[j].least_s:
                return None
            greens[j] -= 1
            left_s -= 1
        while left_s < 0:  # what is taken goes to the stage whose streams are tightest
            j = max(
                others, key=lambda j: (_tightness(self.space.signals[i].problem_of(timing), greens, j), -j)
            )
            greens[j] += 1
            left_s += 1
        return replace(timing, greens_s=tuple(greens))

    def _merged(self, before: Plans, better: Sequence[Plans]) -> Plans | None:
        """Put moves of different signals together; of several of one signal the first (best) counts."""
        merged = list(before)
        for plans in better:
            changed = [i for i in range(len(before)) if plans[i] != before[i]]
            if all(merged[i] == before[i] for i in changed):
                for i in changed:
                    merged[i] = plans[i]
        found = tuple(merged)
        return found if found not in better and found != before else None

    def _race(self, batch: Sequence[tuple[str, Plans]]) -> list[Plans]:
        """Race plans against the best; return those better on all replicates and take the first of them."""
        running = dict.fromkeys(plans for _, plans in batch)
        names = {plans: name for name, plans in batch}
        total = self.budget.replicates
        rungs = sorted({1, math.ceil(total / 2), total})
        differences: dict[Plans, tuple[int, float]] = {}
        best = self.found.best
        for rung in rungs:
            if not running:
                break
            self._ask([(plans, r) for plans in (best, *running) for r in range(rung)])
            for plans in running:
                pairs = [self.values[plans][r] - self.values[best][r] for r in range(rung)]
                mean = sum(pairs) / rung
                differences[plans] = (rung, mean if not math.isnan(mean) else math.inf)
            ranked = sorted(running, key=lambda plans: differences[plans][1])
            kept = ranked if rung == total else ranked[: math.ceil(len(ranked) / 2)]
            running = dict.fromkeys(plans for plans in kept if differences[plans][1] < 0)
        better = sorted(running, key=lambda plans: differences[plans][1])
        if better:
            self.found.best = better[0]
        for plans, (rung, mean) in differences.items():
            taken = bool(better) and plans == better[0]
            self.found.trials.append(Trial(plans, names[plans], rung, mean, taken))
        return better

    def _ask(self, wanted: Sequence[tuple[Plans, int]]) -> None:
        missing = [(plans, r) for plans, r in dict.fromkeys(wanted) if r not in self.values.get(plans, {})]
        for (plans, r), value in zip(missing, self.evaluate(missing), strict=True):
            self.values.setdefault(plans, {})[r] = value
        self.found.runs += len(missing)

    def _spent(self) -> bool:
        return (
            self.found.candidates >= self.budget.candidates
            or self.found.runs * self.hours_per_run >= self.budget.hours
        )


def _named(problem: TimingProblem, timing: SignalTiming) -> Iterator[tuple[str, float]]:
    """Yield the stages of a timing with their greens."""
    return zip((stage.name for stage in problem.stages), timing.greens_s, strict=True)


def _stretched(
    problem: TimingProblem, greens_s: Mapping[str, float], cycle_s: float
) -> tuple[float, ...] | None:
    """Put greens, by stage, in proportion into a cycle; None where the shortest greens do not fit."""
    stages = tuple(replace(stage, green_s=greens_s[stage.name]) for stage in problem.stages)
    try:
        return in_proportion(replace(problem, stages=stages), cycle_s)
    except ValueError:
        return None


def _tightness(problem: TimingProblem, greens: Sequence[float], stage: int) -> float:
    cycle_s = problem.fixed_s + sum(greens)
    own = [s.saturation(tuple(greens), cycle_s) for s in problem.streams if s.shares[stage] > 0]
    return max(own, default=0.0)


def _said(move: tuple[str, int, int, float]) -> str:
    kind, signal, stage, size = move
    if kind == "order":
        return f"order {signal}.{stage}"
    return f"{kind} {signal}.{stage} {size:+g}" if kind == "green" else f"{kind} {signal} {size:+.3g}"
