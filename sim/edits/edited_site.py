"""A site as edits leave it: what an intervention finds that comes `after` others in the same policy. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sim.edits.vocabulary import AddParking, Edit, LaneLink, SetConnections, SetTiming, lane_link
from sim.signals.program import Interval, SignalControl
from sim.site.model import Site
from sim.site.network import Approach, Connection, Network


def edited(site: Site, edits: Sequence[Edit]) -> Site:
    """Return the site with `edits` carried out in order, on its facts alone (nothing is built).

    A connection that is new has its movement's direction and signal but no link index yet: the build gives it
    one. Raises ValueError where an edit does not find what it expects.
    """
    for edit in edits:
        match edit:
            case SetConnections():
                site = replace(site, network=_reconnected(site.network, edit))
            case SetTiming():
                site = replace(site, signals=_retimed(site.signals, edit))
            case AddParking():
                parking = {**site.facts.parking, edit.id: edit.area}
                site = replace(site, facts=site.facts.model_copy(update={"parking": parking}))
    return site


def _retimed(
    signals: Mapping[str, Mapping[str, SignalControl]], edit: SetTiming
) -> dict[str, Mapping[str, SignalControl]]:
    control = timed(signals[edit.period][edit.signal], edit)
    return {**signals, edit.period: {**signals[edit.period], edit.signal: control}}


def timed(control: SignalControl, edit: SetTiming) -> SignalControl:
    """Set one program's durations and offset; ValueError where they are not as expected."""
    program = control.programs[edit.program]
    found = (tuple(interval.duration_s for interval in program.intervals), program.offset_s)
    if found != (edit.expected_durations_s, edit.expected_offset_s):
        durations_s = ", ".join(f"{duration_s:g}" for duration_s in found[0])
        raise ValueError(
            f"signal {edit.signal!r}, program {edit.program!r}: expected intervals of "
            f"{', '.join(f'{duration_s:g}' for duration_s in edit.expected_durations_s)} s at offset "
            f"{edit.expected_offset_s:g} s; found {durations_s} s at {found[1]:g} s"
        )
    intervals = tuple(
        interval if interval.duration_s == duration_s else _lasting(interval, duration_s)
        for interval, duration_s in zip(program.intervals, edit.durations_s, strict=True)
    )
    new = replace(program, intervals=intervals, offset_s=edit.offset_s)
    return replace(control, programs={**control.programs, edit.program: new})


def _lasting(interval: Interval, duration_s: float) -> Interval:
    """Give an interval another duration; its limits, where it has any, make room for it."""
    return replace(
        interval,
        duration_s=duration_s,
        min_s=None if interval.min_s is None else min(interval.min_s, duration_s),
        max_s=None if interval.max_s is None else max(interval.max_s, duration_s),
    )


def _reconnected(network: Network, edit: SetConnections) -> Network:
    present = {lane_link(c): c for c in network.connections_from.get(edit.edge, ())}
    if present.keys() != edit.expected:
        raise ValueError(
            f"edge {edit.edge!r}: expected connections {sorted(edit.expected)}, found {sorted(present)}"
        )
    own = [present.get(link) or _new(link, tuple(present.values())) for link in sorted(edit.wanted)]
    others = [c for c in network.connections if c.from_edge != edit.edge]
    junctions = {
        id: replace(
            junction,
            approaches=tuple(_remarked(a, own) if a.edge == edit.edge else a for a in junction.approaches),
        )
        for id, junction in network.junctions.items()
    }
    return replace(network, connections=(*others, *own), junctions=junctions)


def _new(link: LaneLink, present: Sequence[Connection]) -> Connection:
    from_lane, to_edge, to_lane = link
    model = next((c for c in present if c.to_edge == to_edge), None)
    if model is None:
        raise ValueError(f"no movement leads to {to_edge!r} yet")
    return replace(model, from_lane=from_lane, to_lane=to_lane, link=None, allow=None)


def _remarked(approach: Approach, connections: Sequence[Connection]) -> Approach:
    movements = []
    for movement in approach.movements:
        own = tuple(c for c in connections if c.to_edge == movement.to_edge)
        if own:
            movements.append(replace(movement, connections=own))
    return replace(approach, movements=tuple(movements))
