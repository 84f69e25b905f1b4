import pytest

from sim.errors import BuildError
from sim.signals.program import Interval, SignalControl, SignalProgram
from sim.site.network import Connection, CrossingLink, Network
from sim.sumo.remap import new_conflicts, remap

# A column for each link, read downwards: left "Gyr", through "rGy", right "ggg", zebra "Grr".
STATES = ("GrgG", "yGgr", "rygr")


def link(lane: int, to: str, to_lane: int, direction: str, index: int | None) -> Connection:
    return Connection("a", lane, to, to_lane, direction, "S" if index is not None else None, index)


TODAY = (link(2, "l", 1, "left", 0), link(1, "t", 0, "through", 1), link(0, "r", 0, "right", 2))
ZEBRA = CrossingLink("J", ("a",), 10.0, "S", 3)


def network(*connections: Connection, zebra: int = 3, **foes: str) -> Network:
    crossing = CrossingLink("J", ("a",), 10.0, "S", zebra)
    return Network({}, connections, {}, (crossing,), {key: frozenset({foe}) for key, foe in foes.items()})


def control(states: tuple[str, ...] = STATES) -> SignalControl:
    intervals = tuple(Interval(10.0 + number, state) for number, state in enumerate(states))
    program = SignalProgram("S", "day", intervals, 7.0, "static", (("key", "value"),))
    return SignalControl("S", {"day": program, "night": program}, "day", ((0.0, "night"),))


def states(found: SignalControl) -> tuple[str, ...]:
    return tuple(interval.state for interval in found.programs["day"].intervals)


def test_without_a_change_of_links_nothing_is_touched() -> None:
    same = control()
    assert remap(same, network(*TODAY), network(*TODAY)) is same


def test_shifted_links_keep_their_lights_times_and_all_else() -> None:
    arm = network(
        link(1, "t", 0, "through", 0), link(0, "r", 0, "right", 1), link(2, "l", 1, "left", 3), zebra=2
    )
    found = remap(control(), network(*TODAY), arm)
    assert states(found) == ("rgGG", "Ggry", "ygrr")
    program = found.programs["night"]
    assert (program.offset_s, program.params) == (7.0, (("key", "value"),))
    assert [interval.duration_s for interval in program.intervals] == [10.0, 11.0, 12.0]
    assert (found.active, found.switches) == ("day", ((0.0, "night"),))


def test_a_movement_without_any_light_today_is_refused() -> None:
    with pytest.raises(BuildError, match="a_2->u_0 belongs to no movement"):
        remap(control(), network(*TODAY), network(*TODAY, link(2, "u", 0, "uturn", 4)))


def test_links_that_are_joined_must_have_shown_the_same() -> None:
    arm = network(TODAY[0], TODAY[2], link(1, "t", 0, "through", 0))
    with pytest.raises(BuildError, match="share one link"):
        remap(control(), network(*TODAY), arm)


def test_removed_connections_leave_no_column_behind() -> None:
    arm = network(link(1, "t", 0, "through", 0), zebra=1)
    assert states(remap(control(), network(*TODAY), arm)) == ("rG", "Gr", "yr")


def test_protected_greens_that_only_now_meet_are_found() -> None:
    other = Connection("b", 0, "l", 0, "right", "S", 4)
    both = control(("GrgGGG", "yGgrGy", "rygrGr"))
    base = network(*TODAY, other)
    arm = network(*TODAY, other, link(1, "l", 0, "left", 5), **{"a_1->l_0": other.key, other.key: "a_1->l_0"})
    assert new_conflicts(both, arm, both, base) == ["a_1->l_0 and b_0->l_0"]
    assert new_conflicts(both, arm, both, arm) == []
    assert new_conflicts(both, arm, None, base) == ["a_1->l_0 and b_0->l_0"]
