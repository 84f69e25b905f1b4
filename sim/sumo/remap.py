"""Carry a signal's programs over to the link indices of a changed network, key by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sim.edits.lights import column, link_of
from sim.errors import BuildError
from sim.labels import Message
from sim.signals.program import SignalControl, SignalProgram
from sim.site.network import Connection, Network

GOES = frozenset("GgsoO")
"""Letters with which somebody may go at some time."""


def remap(control: SignalControl, base: Network, arm: Network) -> SignalControl:
    """Return the control for the link indices of `arm`: every key shows what it shows in `base`.

    Durations, offsets, parameters and switching stay. Raises BuildError where `base` knows no lights for a
    connection or crossing, or where such as share a link are shown different lights.
    """
    old = base.links.get(control.signal, {})
    new = arm.links.get(control.signal, {})
    if old == new:
        return control
    index = link_of(base, control.signal)
    order = [_one(index, new.get(link, ()), control) for link in range(max(new, default=-1) + 1)]
    programs = {id: _reordered(program, order) for id, program in control.programs.items()}
    return replace(control, programs=programs)


def with_all_links(arm: Network, intended: Network) -> tuple[Network, tuple[Connection, ...]]:
    """Give a link to every connection that a signal is to control and netconvert left out; return those too.

    It does so, without a word, where a new street ends at a signal; and it knows no lights at waiting lines.
    """
    wanted = {c.key: c for c in intended.connections if c.link is not None}
    last = {name: max(links) for name, links in arm.links.items()}
    added = []
    for connection in arm.connections:
        own = wanted.get(connection.key)
        if own is None or own.signal is None:
            continue
        waits = own.entry_link is not None and connection.entry_link is None
        if connection.link is None or waits:
            last[own.signal] = last.get(own.signal, -1) + 1
            added.append(replace(connection, signal=own.signal, link=last[own.signal]))
        if waits:
            entry = connection.link
            if entry is None:
                last[own.signal] += 1
                entry = last[own.signal]
            added[-1] = replace(added[-1], entry_link=entry)
    by_key = {connection.key: connection for connection in added}
    connections = tuple(by_key.get(c.key, c) for c in arm.connections)
    return (replace(arm, connections=connections) if added else arm), tuple(added)


def new_conflicts(
    control: SignalControl, arm: Network, today: SignalControl | None, base: Network
) -> list[str]:
    """Name the pairs that meet and both have protected green at some time, unless `today` has them so too.

    A path that is new shows its movement's lights. Where it meets the path of another movement that the plan
    gives right of way at the same time, the plan has to be made anew and no remapping can do it.
    """
    found = set()
    known = () if today is None else _pairs(today, base)
    for pair in _pairs(control, arm):
        if pair not in known:
            found.add(" and ".join(pair))
    return sorted(found)


def never_green(control: SignalControl, network: Network) -> set[str]:
    """Return the keys that no program of the signal ever lets go."""
    states = [interval.state for program in control.programs.values() for interval in program.intervals]
    links = link_of(network, control.signal)
    return {key for key, link in links.items() if not any(state[link] in GOES for state in states)}


def _pairs(control: SignalControl, network: Network) -> set[tuple[str, str]]:
    """Return the pairs of keys that conflict and both have protected green at some time."""
    links = link_of(network, control.signal)
    states = [interval.state for program in control.programs.values() for interval in program.intervals]
    return {
        (key, foe)
        for key, link in links.items()
        for foe in network.foes.get(key, ())
        if key < foe and foe in links and any(state[link] == state[links[foe]] == "G" for state in states)
    }


def _one(index: Mapping[str, int], keys: Iterable[str], control: SignalControl) -> int | None:
    """Return the old column of all that share a link; None for a link that controls nothing."""
    sources: dict[int, str] = {}
    for key in keys:
        if key not in index:
            raise BuildError(
                Message(
                    "signal {signal!r}: {key} belongs to no movement that it serves today: "
                    "no stage is known for it",
                    signal=control.signal,
                    key=key,
                )
            )
        sources[index[key]] = key
    shown = {
        source: tuple(column(control, program, source) for program in control.programs) for source in sources
    }
    if len(set(shown.values())) > 1:
        what = ", ".join(sorted(sources.values()))
        raise BuildError(
            Message(
                "signal {signal!r}: {what} share one link but are shown different lights today",
                signal=control.signal,
                what=what,
            )
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
