"""Where cars can still go on after some edits. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sim.edits.base import Edit
from sim.edits.closures import while_closed
from sim.edits.edited_site import edited
from sim.edits.geometry import SplitEdge
from sim.site.car_lanes import by_car
from sim.site.model import Site
from sim.site.network import Network


def ways_for_cars(network: Network) -> Mapping[str, frozenset[str]]:
    """Return edge -> the edges that cars may go on to."""
    found: dict[str, set[str]] = {}
    for c in network.connections:
        if by_car(network, c):
            found.setdefault(c.from_edge, set()).add(c.to_edge)
    return {edge: frozenset(to) for edge, to in found.items()}


def lost_ways(site: Site, edits: Sequence[Edit]) -> list[tuple[str, str]]:
    """Return pairs of edges that cars drive one after the other, and at some time afterwards cannot."""
    before = ways_for_cars(site.network)
    lost: set[tuple[str, str]] = set()
    for network in _at_all_times(edited(site, edits)):
        then = ways_for_cars(network)
        lost |= {
            (edge, to)
            for edge, ways in before.items()
            if edge in network.edges
            for to in ways - then.get(edge, frozenset())
        }
    return sorted(lost)


def lost_beside_cuts(site: Site, edits: Sequence[Edit]) -> list[tuple[str, str]]:
    """Return the `lost_ways` of what is no SplitEdge in a list, with the edges cut before.

    A way into a cut edge leads into its upstream part afterwards: under another name, but not lost.
    """
    cut = edited(site, [edit for edit in edits if isinstance(edit, SplitEdge)])
    return lost_ways(cut, [edit for edit in edits if not isinstance(edit, SplitEdge)])


def opens_or_closes(site: Site, edits: Sequence[Edit]) -> bool:
    """Whether cars may go on at some time where today they may not, or the other way round.

    A new or closed street, a turn or an opening that comes or goes; parts of a cut edge count as that edge,
    and lanes that come, go or change their use count only where a turn does.
    """
    return _ways_at_all_times(site) != _ways_at_all_times(edited(site, edits))


def _ways_at_all_times(site: Site) -> set[frozenset[tuple[str, str]]]:
    found = set()
    for network in _at_all_times(site):
        whole = network.whole
        ways = ((whole.get(a, a), whole.get(b, b)) for a, to in ways_for_cars(network).items() for b in to)
        found.add(frozenset((edge, to) for edge, to in ways if edge != to))
    return found


def dead_ends(site: Site, edits: Sequence[Edit]) -> list[str]:
    """Return edges open to cars that could go on from there, and at some time afterwards cannot."""
    before = ways_for_cars(site.network)
    found: set[str] = set()
    for network in _at_all_times(edited(site, edits)):
        stuck = before.keys() & network.edges.keys() - ways_for_cars(network).keys()
        found |= {edge for edge in stuck if any(lane.for_cars for lane in network.edges[edge].lanes)}
    return sorted(found)


def _at_all_times(site: Site) -> Iterator[Network]:
    """Yield the network without closures, and as it is from the beginning of each of them."""
    closures = site.closures.values()
    yield site.network
    for begin_s in sorted({closure.begin_s for closure in closures}):
        yield while_closed(site.network, closures, begin_s, begin_s + 1)
