"""Which lights a connection shows that is new to its signal. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from sim.signals.program import SignalControl, SignalProgram
from sim.site.model import Site
from sim.site.network import Connection, Network

Controls = Mapping[str, Mapping[str, SignalControl]]


def model_of(connection: Connection, known: Iterable[Connection]) -> Connection | None:
    """Return the connection whose lights a new one shows: the nearest lane of the same movement.

    `known` are the connections of the same approach. Without one to the same edge, the nearest lane of
    another movement in the same direction.
    """
    known = tuple(known)
    for candidates in (
        [c for c in known if c.to_edge == connection.to_edge],
        [c for c in known if c.direction == connection.direction],
    ):
        if candidates:
            return min(candidates, key=lambda c: (abs(c.from_lane - connection.from_lane), c.key))
    return None


def with_links(
    site: Site, signal: str, sources: Sequence[int | None]
) -> tuple[Mapping[str, Mapping[str, SignalControl]], range]:
    """Give a signal further links, one for each of `sources`: it shows what that link shows; None: red.

    Returns the signals of all periods and the numbers of the new links.
    """
    first = _links(site, signal)

    def extended(program: SignalProgram) -> SignalProgram:
        return _restated(program, lambda state: _extended(state.ljust(first, "r"), sources))

    signals = {
        period: controls
        if signal not in controls
        else {**controls, signal: changed(controls[signal], extended)}
        for period, controls in site.signals.items()
    }
    return signals, range(first, first + len(sources))


def changed(control: SignalControl, change: Callable[[SignalProgram], SignalProgram]) -> SignalControl:
    """Change every program of a control."""
    return replace(control, programs={id: change(program) for id, program in control.programs.items()})


def column(control: SignalControl, program: str, link: int) -> str:
    """Return the letters that a link shows in a program, interval by interval."""
    return "".join(interval.state[link] for interval in control.programs[program].intervals)


def link_of(network: Network, signal: str) -> Mapping[str, int]:
    """Map each connection or crossing key of a signal to its link number."""
    return {key: link for link, keys in network.links.get(signal, {}).items() for key in keys}


def _links(site: Site, signal: str) -> int:
    """Count a signal's links, those of superfluous letters in its programs included."""
    states = (
        len(interval.state)
        for controls in site.signals.values()
        if signal in controls
        for program in controls[signal].programs.values()
        for interval in program.intervals
    )
    return max([*states, max(site.network.links.get(signal, {}), default=-1) + 1], default=0)


def _extended(state: str, sources: Sequence[int | None]) -> str:
    return state + "".join("r" if source is None else state[source] for source in sources)


def _restated(program: SignalProgram, change: Callable[[str], str]) -> SignalProgram:
    intervals = tuple(replace(i, state=change(i.state)) for i in program.intervals)
    return replace(program, intervals=intervals)
