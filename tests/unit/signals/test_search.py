"""The search against functions whose minimum is known; no simulation."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from sim.signals.search import Budget, Plans, Search, SignalTiming, Space, SpaceSignal, search
from sim.signals.streams import StageRoom, Stream, TimingProblem

PROBLEM = TimingProblem(
    (StageRoom("A", 30, 7), StageRoom("B", 30, 7)),
    (Stream("a", 500, 1650, (1, 0), 0), Stream("b", 300, 1650, (0, 1), 0)),
    10,
)


def space(n: int, common: bool = False) -> Space:
    return Space(tuple(SpaceSignal(f"J{i}", PROBLEM) for i in range(n)), 40, 120, common)


PRESENT = SignalTiming((30.0, 30.0), 0.0)


class Bowl:
    """Smallest at given greens and offsets; every replicate adds the same to every plan, some add noise."""

    def __init__(self, wanted: Sequence[SignalTiming], noise: float = 0.0) -> None:
        self.wanted = wanted
        self.noise = noise
        self.asked: list[tuple[Plans, int]] = []

    def __call__(self, pairs: Sequence[tuple[Plans, int]]) -> list[float]:
        self.asked += pairs
        return [self.value(plans, r) for plans, r in pairs]

    def value(self, plans: Plans, r: int) -> float:
        off = sum(
            abs(g - w)
            for plan, goal in zip(plans, self.wanted, strict=True)
            for g, w in zip(
                (*plan.greens_s, plan.offset_s / 3), (*goal.greens_s, goal.offset_s / 3), strict=True
            )
        )
        return (
            100
            + 7 * r
            + off
            + self.noise * math.sin(sum(p.greens_s[0] for p in plans) * 12.9898 + r * 78.233)
        )


def found(
    goal: Sequence[SignalTiming], budget: Budget, noise: float = 0.0, common: bool = False
) -> tuple[Search, Bowl]:
    bowl = Bowl(goal, noise)
    starts = [("present", (PRESENT,) * len(goal))]
    return search(space(len(goal), common), starts, bowl, budget), bowl


def test_it_finds_the_plan_of_one_signal() -> None:
    done, bowl = found([SignalTiming((44.0, 21.0), 0.0)], Budget(200, 3))
    assert bowl.value(done.best, 0) - 100 <= 3


def test_it_finds_the_plans_of_three_signals() -> None:
    goal = [
        SignalTiming((44.0, 21.0), 12.0),
        SignalTiming((25.0, 40.0), 0.0),
        SignalTiming((30.0, 18.0), 30.0),
    ]
    done, bowl = found(goal, Budget(400, 2))
    start = bowl.value((PRESENT,) * 3, 0) - 100
    assert bowl.value(done.best, 0) - 100 < 0.2 * start


def test_a_common_cycle_stays_common() -> None:
    goal = [SignalTiming((44.0, 36.0), 9.0), SignalTiming((30.0, 50.0), 0.0)]
    done, _ = found(goal, Budget(200, 2), common=True)
    for trial in done.trials:
        assert len({PROBLEM.fixed_s + sum(plan.greens_s) for plan in trial.plans}) == 1
    assert PROBLEM.fixed_s + sum(done.best[0].greens_s) > 80


def test_minimum_greens_and_cycle_bounds_are_kept() -> None:
    done, _ = found([SignalTiming((2.0, 2.0), 0.0)], Budget(150, 2))
    for trial in done.trials:
        (plan,) = trial.plans
        assert min(plan.greens_s) >= 7
        assert 40 <= PROBLEM.fixed_s + sum(plan.greens_s) <= 120


def test_the_budget_holds_and_early_stopping_saves() -> None:
    done, bowl = found([SignalTiming((44.0, 21.0), 0.0)] * 2, Budget(40, 5), noise=0.5)
    assert done.candidates <= 40
    assert done.runs == len(bowl.asked) == len(set(bowl.asked))  # nothing is asked for twice
    assert done.runs < 40 * 5 * 0.7
    assert done.saved(5) > 0
    hours, _ = found([SignalTiming((44.0, 21.0), 0.0)], Budget(1000, 5, hours=20))
    assert hours.runs <= 20 + 5 * 7  # the batch that is running ends


def test_it_does_the_same_again() -> None:
    goal = [SignalTiming((44.0, 21.0), 12.0), SignalTiming((25.0, 40.0), 0.0)]
    one, other = (found(goal, Budget(60, 3), noise=2.0)[0] for _ in range(2))
    assert one.trials == other.trials


def test_a_failed_run_never_wins() -> None:
    def failing(pairs: Sequence[tuple[Plans, int]]) -> list[float]:
        return [100.0 if plans[0] == PRESENT else math.inf for plans, _ in pairs]

    done = search(space(1), [("present", (PRESENT,))], failing, Budget(30, 3))
    assert done.best == (PRESENT,)
    assert not any(trial.taken for trial in done.trials)


def test_the_better_start_is_gone_on_from() -> None:
    goal = SignalTiming((50.0, 14.0), 0.0)
    starts = [
        ("present", (PRESENT,)),
        ("near", (SignalTiming((48.0, 14.0), 0.0),)),
        ("far", (SignalTiming((9.0, 60.0), 0.0),)),
    ]
    bowl = Bowl([goal])
    done = search(space(1), starts, bowl, Budget(3, 2))
    assert done.trials[0].taken or done.trials[1].taken
    assert np.isfinite(bowl.value(done.best, 0))
    assert done.best[0].greens_s[0] == 48.0


def test_it_finds_the_order_of_the_stages() -> None:
    stages = (StageRoom("A", 30, 7), StageRoom("B", 30, 7), StageRoom("C", 20, 7))
    problem = TimingProblem(stages, (Stream("a", 500, 1650, (1, 0, 0), 0),), 10)
    # New neighbours take four seconds more to clear: greens have to give them up, the cycle stays.
    other = TimingProblem((stages[0], stages[2], stages[1]), (Stream("a", 500, 1650, (1, 0, 0), 0),), 14)
    order = ("A", "C", "B")
    present = (SignalTiming((30.0, 30.0, 20.0), 0.0),)

    def wanted(pairs: Sequence[tuple[Plans, int]]) -> list[float]:
        named = [dict(zip(plan.order or "ABC", plan.greens_s, strict=True)) for (plan,), _ in pairs]
        return [
            (80.0 if plan.order else 100.0) + abs(greens["C"] - 26) + r
            for greens, ((plan,), r) in zip(named, pairs, strict=True)
        ]

    one = Space((SpaceSignal("J", problem, False, {order: other}),), 40, 120)
    done = search(one, [("present", present)], wanted, Budget(60, 2))
    (best,) = done.best
    assert best.order == order
    assert dict(zip(order, best.greens_s, strict=True))["C"] == 26
    for trial in done.trials:
        (plan,) = trial.plans
        assert min(plan.greens_s) >= 7
    before, after = next(
        (old.plans[0], new.plans[0])
        for old, new in itertools.product(done.trials, done.trials)
        if new.move == "order 0.0" and old.taken and not old.plans[0].order
    )
    assert sum(after.greens_s) + other.fixed_s == sum(before.greens_s) + problem.fixed_s
