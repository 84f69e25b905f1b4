"""Who passes a movement's entry and exit without having made the movement: found from routes alone."""

from __future__ import annotations

from sim.site.strays import strays
from sim.site.zones import MovementZone, Point


def zone(name: str, entries: str, exit: str, turn: tuple[str, str] | None) -> MovementZone:
    points = tuple(Point(f"{edge}_{i}", 30.0 + i) for edge in entries.split() for i in range(2))
    return MovementZone(name, points, (Point(f"{exit}_0", 50.0),), turn)


# A zone over the streets a and b to the junction's exits x and y; from x a loop leads back to c, d and b.
LEFT = {"left": zone("left", "a side", "x", ("b", "x"))}
THROUGH = {"through": zone("through", "a side", "y", ("b", "y"))}
BOTH = {**LEFT, **THROUGH}


def test_who_makes_the_movement_is_no_stray() -> None:
    assert strays(BOTH, ["a b x", "a b y", "side b x", "a b x loop a b x", "z x", "b x", ""]) == {}


def test_who_turns_another_way_and_comes_to_the_exit_later() -> None:
    assert strays(BOTH, ["a b x loop c y"]) == {"a b x loop c y": frozenset({"through"})}
    assert strays(BOTH, ["a b y loop d x", "a b y"]) == {"a b y loop d x": frozenset({"left"})}
    assert strays(LEFT, ["a b y loop d x"]) != {}


def test_who_passes_the_entry_twice_before_making_the_movement_was_not_delayed_by_it_all_the_time() -> None:
    route = "a b y loop a b x"
    assert strays(BOTH, [route]) == {route: frozenset({"left"})}


def test_a_zone_that_begins_where_it_ends_sees_nobody_properly() -> None:
    around = {"round": zone("round", "x", "x", ("b", "x"))}
    assert strays(around, ["b x", "b x loop b x", "a b"]) == {
        "b x": frozenset({"round"}),
        "b x loop b x": frozenset({"round"}),
    }


def test_a_named_route_is_not_asked_for() -> None:
    assert strays({}, ["a b y loop d x"]) == {}
