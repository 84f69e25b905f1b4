"""Green times read from programs, also where programs switch within the window."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.signals.greens import Discharge, Greens
from sim.signals.program import Interval, SignalControl, SignalProgram
from tests import tiny_run


def greens(control: SignalControl, begin_s: float = 0, end_s: float = 3600) -> Greens:
    return Greens(tiny_run.network(), {"J1": control}, begin_s, end_s)


def switching() -> SignalControl:
    """Make a signal that gives the west leg 1/2 of the cycle until second 900, 1/4 from then on."""
    day = tiny_run.control().programs["huandu"]
    night = SignalProgram("J1", "night", (Interval(15, "GGrr"), Interval(45, "rrGg")))
    return SignalControl("J1", {"huandu": day, "night": night}, "huandu", ((0, "huandu"), (900, "night")))


@pytest.mark.parametrize(
    ("begin_s", "end_s", "share"),
    [(0, 900, 0.5), (0, 3600, 0.25 * 0.5 + 0.75 * 0.25), (900, 3600, 0.25), (450, 1350, 0.375)],
)
def test_shares_are_weighted_by_time(begin_s: float, end_s: float, share: float) -> None:
    movement = tiny_run.network().movements["J1.west.through"]
    assert greens(switching(), begin_s, end_s).protected_share(movement) == pytest.approx(share)


def test_green_that_gives_way_is_not_protected() -> None:
    movement = tiny_run.network().movements["J1.south.right"]
    assert greens(tiny_run.control()).protected_share(movement) == 0


def test_no_signal_or_no_fixed_time_means_unknown() -> None:
    movement = tiny_run.network().movements["J1.south.through"]
    assert greens(tiny_run.control("actuated")).protected_share(movement) is None
    assert Greens(tiny_run.network(), {}, 0, 3600).protected_share(movement) is None


def test_switched_off_means_unknown() -> None:
    movement = tiny_run.network().movements["J1.south.through"]
    off = replace(switching(), switches=((0, "huandu"), (900, "off")))
    assert greens(off, 0, 900).protected_share(movement) is not None
    assert greens(off).protected_share(movement) is None
    assert greens(off, 1800, 3600).protected_share(movement) is None


@pytest.mark.parametrize(
    ("intervals", "effective_s"),
    [
        # One green: 30 - 2.5 + 0.5.
        ([(30, "GGrr"), (3, "yyrr"), (27, "rrGg")], 28.0),
        # The same green over the end of the cycle is one, and starts once.
        ([(10, "GGrr"), (3, "yyrr"), (27, "rrGg"), (20, "GGrr")], 28.0),
        # Two greens lose twice.
        ([(15, "GGrr"), (3, "yyrr"), (12, "rrGg"), (15, "GGrr"), (3, "yyrr"), (12, "rrGg")], 26.0),
        # No yellow: nothing gained at the end. A short one: no more than there is.
        ([(30, "GGrr"), (30, "rrGg")], 27.5),
        ([(30, "GGrr"), (0.2, "yyrr"), (29.8, "rrGg")], 27.7),
        # A queue that drives on green that gives way before has started already.
        ([(10, "grrr"), (20, "GGrr"), (3, "yyrr"), (27, "rrGg")], 20.5),
        # A green shorter than its losses serves nobody; one that never ends loses nothing.
        ([(1, "GGrr"), (59, "rrGg")], 0.0),
        ([(30, "GGrr"), (30, "GrGg")], 60.0),
    ],
)
def test_effective_green_by_hand(intervals: list[tuple[float, str]], effective_s: float) -> None:
    """With l1 = 2.5 s and e = 0.5 s, in a cycle of 60 s."""
    program = SignalProgram("J1", "p", tuple(Interval(s, state) for s, state in intervals))
    movement = tiny_run.network().movements["J1.west.through"]
    share = greens(SignalControl("J1", {"p": program}, "p")).effective_share(
        movement, Discharge(1658.0, 2.5, 0.5)
    )
    assert share == pytest.approx(effective_s / 60)
