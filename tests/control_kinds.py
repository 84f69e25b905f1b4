"""Uses of the kinds that change how junctions are controlled, at every junction of whatever network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sim.edits.control import SIGNALS, with_control
from sim.signals.new_plan import plain_plan
from sim.signals.rules import timing_rules
from sim.site.model import Site
from sim.site.network import Junction
from sim.standard_data import SOURCE

Fields = Mapping[str, object]


def conversions(site: Site) -> Iterator[tuple[str, Fields]]:
    """Yield names and fields: signals where there are none, and every other control wherever it is not."""
    network = site.network
    signals = [junction.signal for junction in network.junctions.values()]
    for id, junction in network.junctions.items():
        if len(junction.approaches) < 3:
            continue
        today = {"junction": id, "expect": {"control": junction.control}}
        if junction.signal is None:
            yield f"{id} signals", {"kind": "signalise", **today, "plan": plan(site, id)}
        elif signals.count(junction.signal) > 1:
            continue  # refused: a test of its own
        for to in ("priority", "allway_stop", "right_before_left"):
            first = {"major": _main_street(junction)} if to == "priority" else {}
            if first or to != junction.control:
                yield f"{id} {to}", {"kind": "convert_junction", **today, "to": to, **first}


def plan(site: Site, junction: str) -> object:
    """Write the plain plan as a policy states one."""
    network = with_control(site.network, junction, SIGNALS)
    found = plain_plan(network.junctions[junction], network, timing_rules(SOURCE.parent))
    return found.model_dump(mode="json", exclude_none=True)


def _main_street(junction: Junction) -> list[str]:
    """Name the two approaches that lie nearest to one line."""
    pairs = [(a, b) for a in junction.approaches for b in junction.approaches if a.name < b.name]
    bend_deg = {(a, b): abs(abs(a.bearing_deg - b.bearing_deg) - 180) for a, b in pairs}
    return [approach.name for approach in min(pairs, key=lambda pair: bend_deg[pair])]
