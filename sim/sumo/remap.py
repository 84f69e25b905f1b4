"""Carry a signal's programs over to the link indices of a changed network, movement by movement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sim.errors import BuildError
from sim.signals.program import SignalControl, SignalProgram
from sim.site.network import Connection, Network


def remap(control: SignalControl, base: Network, arm: Network) -> SignalControl:
    """Return the control for `arm`: every link shows what its connection showed in `base`.

    A connection that is new shows what the nearest lane of the same movement showed (same edge to same edge),
    else what another movement of that approach in the same direction showed. Durations, offsets, parameters
    and switching stay. Raises BuildError where a new connection belongs to no movement, or where connections
    that share a link disagree.
    """
    old = base.links.get(control.signal, {})
    new = arm.links.get(control.signal, {})
    if old == new:
        return control
    index = {key: link for link, keys in old.items() for key in keys}
    columns = _Columns(index, base, arm)
    order = [_one(columns, new.get(link, ()), control) for link in range(max(new, default=-1) + 1)]
    programs = {id: _reordered(program, order) for id, program in control.programs.items()}
    return replace(control, programs=programs)


def new_conflicts(control: SignalControl, base: Network, arm: Network) -> list[str]:
    """Name the pairs that both have protected green at some time and only conflict since the change.

    A path that is new shows its movement's lights. Where it meets the path of another movement that the plan
    gives right of way at the same time, the plan has to be made anew and no remapping can do it.
    """
    links = {key: link for link, keys in arm.links.get(control.signal, {}).items() for key in keys}
    found = set()
    for key, link in links.items():
        for foe in arm.foes.get(key, frozenset()) - base.foes.get(key, frozenset()):
            states = (i.state for program in control.programs.values() for i in program.intervals)
            if foe in links and any(state[link] == state[links[foe]] == "G" for state in states):
                found.add(" and ".join(sorted((key, foe))))
    return sorted(found)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Finds the old link index whose column a connection or crossing takes over."""

    index: Mapping[str, int]
    base: Network
    arm: Network

    def source(self, key: str, signal: str) -> int:
        if key in self.index:
            return self.index[key]
        connection = _connection(self.arm, key)
        if connection is not None:
            known = [
                c for c in self.base.connections_from.get(connection.from_edge, ()) if c.key in self.index
            ]
            for candidates in (
                [c for c in known if c.to_edge == connection.to_edge],
                [c for c in known if c.direction == connection.direction],
            ):
                if candidates:
                    nearest = min(candidates, key=lambda c: (abs(c.from_lane - connection.from_lane), c.key))
                    return self.index[nearest.key]
        raise BuildError(
            f"signal {signal!r}: {key} belongs to no movement that it serves today: no stage is known for it"
        )


def _one(columns: _Columns, keys: Iterable[str], control: SignalControl) -> int | None:
    """Return the old column of all that share a link; None for a link that controls nothing."""
    sources = {columns.source(key, control.signal): key for key in keys}
    shown = {
        source: tuple(tuple(i.state[source] for i in p.intervals) for p in control.programs.values())
        for source in sources
    }
    if len(set(shown.values())) > 1:
        what = ", ".join(sorted(sources.values()))
        raise BuildError(
            f"signal {control.signal!r}: {what} share one link but are shown different lights today"
        )
    return min(sources, default=None)


def _reordered(program: SignalProgram, order: Iterable[int | None]) -> SignalProgram:
    taken = tuple(order)
    return replace(
        program,
        intervals=tuple(
            replace(interval, state="".join("r" if link is None else interval.state[link] for link in taken))
            for interval in program.intervals
        ),
    )


def _connection(network: Network, key: str) -> Connection | None:
    edge = key.partition("->")[0].rpartition("_")[0]
    return next((c for c in network.connections_from.get(edge, ()) if c.key == key), None)
