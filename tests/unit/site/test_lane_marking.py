from sim.site.lane_marking import marked, remarked


def test_left_turns_keep_to_the_median_and_right_turns_to_the_kerb() -> None:
    assert marked("left", [2, 3], [0, 1, 2], beside=0) == {2: 1, 3: 2}
    assert marked("uturn", [3], [0, 1, 2], beside=0) == {3: 2}
    assert marked("right", [0], [1, 2], beside=3) == {0: 1}


def test_through_lanes_go_straight_on_counted_from_the_median() -> None:
    # One left-turn lane beside them: the first through lane meets the second exit lane, if there is room.
    assert marked("through", [1, 2], [0, 1, 2], beside=1) == {1: 0, 2: 1}
    assert marked("through", [1, 2], [0, 1], beside=1) == {1: 0, 2: 1}
    assert marked("through", [1, 2], [0, 1, 2, 3], beside=0) == {1: 2, 2: 3}


def test_a_lane_without_an_exit_lane_of_its_own_is_refused() -> None:
    assert marked("left", [2, 3], [0], beside=0) is None
    assert remarked("left", [2, 3], [0], 0, {3: frozenset({0})}) is None


def test_a_lane_that_keeps_its_movement_keeps_its_exit_lane() -> None:
    assert remarked("left", [2, 3], [0, 1, 2], 0, {3: frozenset({1})}) == {
        2: frozenset({0}),
        3: frozenset({1}),
    }
    assert remarked("through", [1, 2], [0, 1, 2], 1, {1: frozenset({0})}) == {
        1: frozenset({0}),
        2: frozenset({1}),
    }
    both = {1: frozenset({0, 1})}
    assert remarked("right", [1], [0, 1], 2, both) == both


def test_where_no_exit_lane_is_left_beside_a_kept_one_the_movement_is_aimed_anew() -> None:
    # The left-turn lane leads to the kerb today: a second one on its kerb side finds nothing there.
    assert remarked("left", [2, 3], [0, 1], 0, {3: frozenset({0})}) == {2: frozenset({0}), 3: frozenset({1})}


def test_new_lanes_between_two_kept_ones_need_room_between_them() -> None:
    kept = {0: frozenset({0}), 2: frozenset({2})}
    assert remarked("through", [0, 1, 2], [0, 1, 2], 0, kept) == {**kept, 1: frozenset({1})}
