"""Webster's textbook numbers, by hand: four stages or two, one critical stream each."""

from __future__ import annotations

import math

import pytest

from sim.signals.splits import loss_veh, oversaturated, protected_splits
from sim.signals.streams import StageRoom, Stream, TimingProblem
from sim.signals.webster import (
    critical,
    equal_saturation,
    practical,
    practical_cycle_s,
    timing_of_cycle,
    webster,
    webster_cycle_s,
)


def two_stages(
    y_a: float, y_b: float, least_s: float = 5, intergreen_s: float = 5, lost_s: float = 3, used_s: float = 3
) -> TimingProblem:
    """L_s = 3, A = 3, I = 5: g_e = g, L = 2 (3 + 5 - 3) = 10."""
    constant_s = used_s - lost_s
    streams = (
        Stream("a", y_a * 1650, 1650, (1, 0), constant_s),
        Stream("b", y_b * 1650, 1650, (0, 1), constant_s),
    )
    stages = (StageRoom("A", 30, least_s), StageRoom("B", 30, least_s))
    return TimingProblem(stages, streams, 2 * intergreen_s)


def test_the_formulas() -> None:
    assert webster_cycle_s(10, 0.6) == pytest.approx(50)  # (15 + 5) / 0.4
    assert practical_cycle_s(10, 0.6, 0.9) == pytest.approx(30)  # 10 / (1 - 2/3)
    assert math.isinf(webster_cycle_s(10, 1.0))
    assert math.isinf(practical_cycle_s(10, 0.9, 0.9))


def test_critical_streams_are_the_textbooks() -> None:
    found = critical(two_stages(0.4, 0.2), 70)
    assert found.flow_ratio == pytest.approx(0.6)
    assert found.lost_s == pytest.approx(10)  # Chinese form: sum of L_s + I - A
    assert found.streams == ("a", "b")


def test_measured_lost_times_lengthen_the_lost_time() -> None:
    assert critical(two_stages(0.4, 0.2, lost_s=2.5, used_s=0.5), 70).lost_s == pytest.approx(14)


def test_webster_cycle_and_splits_by_hand() -> None:
    # Y = 0.6, L = 10: C0 = 20 / 0.4 = 50; g_e = (50 - 10) y_j / Y = 26.7 and 13.3.
    found = webster(two_stages(0.4, 0.2), 30, 180, 0.9)
    assert found.cycle_s == 50
    assert found.greens_s in {(27, 13), (26, 14)}
    assert equal_saturation(two_stages(0.4, 0.2), 50) == pytest.approx((26.667, 13.333), abs=1e-3)


def test_a_stream_that_is_not_critical_moves_nothing() -> None:
    problem = two_stages(0.4, 0.2)
    more = TimingProblem(
        problem.stages, (*problem.streams, Stream("c", 0.1 * 1650, 1650, (0, 1), 0)), problem.fixed_s
    )
    assert critical(more, 70).streams == ("a", "b")
    assert webster(more, 30, 180, 0.9) == webster(problem, 30, 180, 0.9)


def test_a_stream_that_runs_in_two_stages_counts_once() -> None:
    # Lead-lag: w runs in A and B (intergreen 5 between them is green for it), e in B alone, n in C.
    streams = (
        Stream("w", 0.45 * 1650, 1650, (1, 1, 0), 5),
        Stream("e", 0.20 * 1650, 1650, (0, 1, 0), 0),
        Stream("n", 0.25 * 1650, 1650, (0, 0, 1), 0),
    )
    problem = TimingProblem(tuple(StageRoom(s, 20, 5) for s in "ABC"), streams, 15)
    found = critical(problem, 90)
    assert found.streams == ("w", "n")  # 0.45 + 0.25; e fits inside w
    assert found.flow_ratio == pytest.approx(0.70)
    assert found.lost_s == pytest.approx(10)


def test_minimum_greens_bound_cycle_and_splits() -> None:
    found = webster(two_stages(0.3, 0.05, least_s=20), 30, 180, 0.9)
    assert found.cycle_s == 50  # Webster: 20 / 0.65 = 30.8 s, but 2 x 20 + 10 are needed
    assert found.greens_s == (20, 20)
    with pytest.raises(ValueError, match="shortest greens take 40 s"):
        equal_saturation(two_stages(0.4, 0.05, least_s=20), 45)


def test_practical_saturation_is_kept_where_webster_would_go_to_the_bound() -> None:
    found = practical(two_stages(0.45, 0.35), 30, 180, 0.9)
    assert found.cycle_s == 90  # 10 / (1 - 0.8 / 0.9)
    assert found.worst_saturation == pytest.approx(0.9, abs=0.01)


def test_where_minimum_greens_starve_the_critical_stream_the_cycle_grows() -> None:
    # Webster: (15 + 5) / (1 - 0.55) = 44.4 s. With 20 s for B the 0.5 of A gets 15 of 45 s: x = 1.5.
    # Kept below 0.9: g_A >= 0.5 / 0.9 C and C = g_A + 20 + 10, so C = 30 / (1 - 0.5556) = 67.5 s.
    problem = two_stages(0.5, 0.05)
    stages = (problem.stages[0], StageRoom("B", 30, 20))
    found = webster(TimingProblem(stages, problem.streams, 10), 30, 180, 0.9)
    assert found.cycle_s == 68
    assert found.greens_s == (38, 20)


def test_above_nine_tenths_the_cycle_is_the_longest_allowed() -> None:
    found = webster(two_stages(0.55, 0.4), 30, 120, 0.9)
    assert found.cycle_s == 120
    assert found.worst_saturation > 0.9


def test_whole_seconds_make_up_the_cycle() -> None:
    for cycle_s in range(40, 130, 7):
        found = timing_of_cycle(two_stages(0.37, 0.23), cycle_s)
        assert sum(found.greens_s) + 10 == cycle_s
        assert all(green_s == int(green_s) for green_s in found.greens_s)


def oversaturated_site(storage_b_veh: float) -> TimingProblem:
    streams = (
        Stream("a", 1000, 1800, (1, 0), 0),
        Stream("b", 1000, 1800, (0, 1), 0, storage_b_veh),
    )
    return TimingProblem((StageRoom("A", 40, 10), StageRoom("B", 40, 10)), streams, 10)


def test_oversaturation_without_storage_shares_the_loss() -> None:
    # C = 100, 90 s of green: 1620 of 2000 pcu/h are served however it is split; each lacks 190.
    found = protected_splits(oversaturated_site(math.inf), 100, 1.0)
    assert found.greens_s == (45, 45)
    assert loss_veh(oversaturated_site(math.inf), found.greens_s, 1.0) == pytest.approx(380)


def test_green_goes_where_the_queue_has_no_room() -> None:
    # b holds 30 pcu: growth r and the queue of the red, 1000 (100 - g) / 3600, must fit. With r = 0, g = 55.6
    # and 12.3 pcu wait at the end of red; each second less adds 18 pcu in the hour.
    # 30 = 18 (55.56 - g) + 0.278 (100 - g) gives g = 54.6: whole seconds allow 55.
    found = protected_splits(oversaturated_site(30), 100, 1.0)
    assert found.greens_s == (35, 55)
    equal = protected_splits(oversaturated_site(math.inf), 100, 1.0).greens_s
    assert loss_veh(oversaturated_site(30), found.greens_s, 1.0) < loss_veh(
        oversaturated_site(30), equal, 1.0
    )


def test_a_longer_cycle_is_taken_only_as_far_as_it_serves_more() -> None:
    under = two_stages(0.3, 0.3, least_s=10)  # undersaturated: the shortest cycle that loses nothing
    assert oversaturated(under, 40, 180, 1.0).cycle_s == 40
    assert oversaturated(oversaturated_site(math.inf), 40, 180, 1.0).cycle_s > 150


def test_a_short_storage_speaks_against_a_long_cycle() -> None:
    roomy, short = oversaturated_site(math.inf), oversaturated_site(8)
    assert oversaturated(short, 40, 180, 1.0).cycle_s < oversaturated(roomy, 40, 180, 1.0).cycle_s
