"""Who would be counted by a movement's zone without having made the movement, or with a detour in between.

An entry-exit detector knows sections, not turns. Whoever passes the zone's entry and turns another way stays
in its books; passing the exit later, by whatever way, they would be counted as having made the movement, with
all that lay between as their delay. Routes are known beforehand, so it is known who.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from sim.site.zones import MovementZone

Sections = Mapping[str, Sequence[tuple[float, bool, str]]]
"""Edge -> the sections on it as they are passed: position, whether an exit, movement."""


def strays(movements: Mapping[str, MovementZone], routes: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the movements that must not count who drives a route (edges, space-separated).

    A route that misleads no zone is absent. Whoever makes a movement properly and also strays through its
    zone on the same trip is lost to that zone.
    """
    sections = _sections(movements)
    found = {}
    for route in sorted(set(routes)):
        misled = frozenset(_misled(route.split(), movements, sections))
        if misled:
            found[route] = misled
    return found


def _sections(movements: Mapping[str, MovementZone]) -> Sections:
    found: dict[str, dict[tuple[bool, str], float]] = {}
    for name, zone in movements.items():
        for points, is_exit in ((zone.entries, False), (zone.exits, True)):
            for (
                point
            ) in points:  # its lanes may differ by centimetres: one section to whoever drives the edge
                found.setdefault(point.edge, {}).setdefault((is_exit, name), point.position_m)
    return {edge: sorted((at_m, *who) for who, at_m in passed.items()) for edge, passed in found.items()}


def _misled(edges: Sequence[str], movements: Mapping[str, MovementZone], sections: Sections) -> Iterator[str]:
    # As the detector does it: inside from the first entry to the next exit, whatever lies between.
    entered: dict[str, list[int]] = {}
    for index, edge in enumerate(edges):
        for _, is_exit, name in sections.get(edge, ()):
            if not is_exit:
                entered.setdefault(name, []).append(index)
            elif name in entered:
                first, *again = entered.pop(name)
                turn = movements[name].turn
                made = sum(pair == turn for pair in pairwise(edges[first : index + 1]))
                if again or made != 1:
                    yield name
