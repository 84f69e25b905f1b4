"""A site as a policy may name it: signals with stages and greens, approaches with what their lanes serve."""

from __future__ import annotations

from collections.abc import Iterator

from sim.signals.program import SignalProgram, StageSpan
from sim.site.car_lanes import lane_uses
from sim.site.model import Site
from sim.site.network import Junction, Network


def names_of(site: Site, period: str) -> Iterator[str]:
    """Yield lines on every signalised junction in one period, in the words of `expect` in a policy file.

    A stage lists the movements of that junction which it lets go; lanes stand from the median to the kerb. Of
    a junction without signals: its control and its movements.
    """
    window = site.periods[period]
    for junction in site.network.junctions.values():
        if junction.signal is None:
            ways = ", ".join(f"{a.name}.{m.direction}" for a in junction.approaches for m in a.movements)
            yield f"{junction.id}: control: {junction.control} ({ways})"
            continue
        control = site.signals[period][junction.signal]
        for name in control.running(window.begin_s, window.end_s):
            if name in control.programs:
                yield from _program(site.network, junction, control.programs[name])
        for approach in junction.approaches:
            yield f"  {approach.id} ({approach.edge}): [{', '.join(lane_uses(site.network, approach))}]"


def _program(network: Network, junction: Junction, program: SignalProgram) -> Iterator[str]:
    yield (
        f"{junction.id}: program {program.id} ({program.kind}), cycle_s: {program.cycle_s:g},"
        f" offset_s: {program.offset_s:g}"
    )
    for stage in program.stages():
        served = ", ".join(_served(network, junction, stage)) or "-"
        yield f"    {stage.name}: {stage.green_s:g} = {served}"


def _served(network: Network, junction: Junction, stage: StageSpan) -> Iterator[str]:
    links = network.links.get(junction.signal or "", {})
    keys = {key for link in stage.green_links for key in links.get(link, ())}
    for approach in junction.approaches:
        for movement in approach.movements:
            if any(connection.key in keys for connection in movement.connections):
                yield f"{approach.name}.{movement.direction}"
        for name, crossing in approach.walked.items():
            if crossing.key in keys:
                yield f"{name.rpartition('.')[2]} (crossing)"
