"""What a proof says of values: the same words in every process, only what differs of a set."""

from __future__ import annotations

from sim.sumo.proof import _apart

PLACE = (("type", "internal"), ("x", "6.67"))


def test_of_sets_only_what_differs_is_said_in_order() -> None:
    assert _apart(frozenset("abx"), frozenset("bcd")) == ("{a, x}", "{c, d}")


def test_of_a_waiting_point_only_the_links_that_differ_are_said() -> None:
    assert _apart((PLACE, frozenset("abx")), (PLACE, frozenset("ab"))) == ("{x}", "{}")
    moved = (("type", "internal"), ("x", "7.00"))
    assert _apart((PLACE, frozenset("ba")), (moved, frozenset("abc"))) == (
        "type=internal x=6.67; {}",
        "type=internal x=7.00; {c}",
    )
    assert _apart("-", (PLACE, frozenset("ba"))) == ("-", "type=internal x=6.67; {a, b}")


def test_a_path_is_said_lane_by_lane() -> None:
    lanes = ((("length", "29.48"), ("speed", "12.05")), (("length", "4.03"), ("speed", "12.05")))
    assert _apart(lanes, "-") == ("length=29.48 speed=12.05; length=4.03 speed=12.05", "-")
    assert _apart(lanes[:1], "-")[0] == "length=29.48 speed=12.05"
    assert _apart(("a", "b"), ("a", "c")) == ("a; b", "a; c")
