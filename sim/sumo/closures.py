"""Lanes and ways through junctions that are closed for a time, as rerouters; laws that lift such closures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.errors import BuildError
from sim.labels import Message
from sim.site.model import ByQueue, Closure
from sim.site.network import Connection, Network
from sim.sumo.objects import BY_QUEUE, CLOSURE
from sim.sumo.vehicle_classes import permission
from sim.sumo.xml_file import element, opening


def closures_xml(
    closures: Mapping[str, Closure], network: Network, paths: Mapping[str, Sequence[str]]
) -> str:
    """Write an additional file with every closure.

    `paths`: connection key -> the lanes inside the junction, of the built network. Of a connection the first
    of them is closed: who has entered the junction drives on. BuildError where a connection has none.
    """
    by_key = {connection.key: connection for connection in network.connections}
    lines = ["<additional>\n"]
    for id, closure in sorted(closures.items()):
        closed: dict[str, frozenset[str]] = {}
        edges = {name.rpartition("_")[0] for name in closure.lanes}
        for name in closure.lanes:
            edge, _, index = name.rpartition("_")
            closed[name] = network.edges[edge].lanes[int(index)].allow & closure.exempt
        for key in closure.connections:
            if not paths.get(key):
                raise BuildError(
                    Message(
                        "closure {id!r}: the network has no lane inside the junction for {key}",
                        id=id,
                        key=key,
                    )
                )
            edges.add(by_key[key].from_edge)
            closed[paths[key][0]] = _open_to(by_key[key], network) & closure.exempt
        lines.append(opening("rerouter", {"id": f"{CLOSURE}{id}", "edges": " ".join(sorted(edges))}))
        lines.append(opening("interval", {"begin": closure.begin_s, "end": closure.end_s}, 2))
        lines += [
            element("closingLaneReroute", {"id": lane, **permission(exempt)}, 3)
            for lane, exempt in sorted(closed.items())
        ]
        lines.append("        </interval>\n")
        if closure.by_queue is not None:
            lines.append(element("param", {"key": BY_QUEUE, "value": _words(closure.by_queue)}, 2))
        lines.append("    </rerouter>\n")
    return "".join([*lines, "</additional>\n"])


def lane_laws(
    closures: Mapping[str, Closure], network: Network, paths: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Any], ...]:
    """Return the control laws that lift closures by queue, as plain data; see `sim.controllers`."""
    by_key = {connection.key: connection for connection in network.connections}

    def opened(keys: Sequence[str]) -> dict[str, list[str]]:
        return {paths[key][0]: sorted(_open_to(by_key[key], network)) for key in keys}

    found = []
    for _, closure in sorted(closures.items()):
        if (rule := closure.by_queue) is None:
            continue
        first = by_key[closure.connections[0]]
        law = {
            "kind": "lane_by_queue",
            "signal": rule.signal,
            "lane": f"{first.from_edge}_{first.from_lane}",
            "today_lanes": list(rule.today_lanes),
            "then_lanes": list(rule.then_lanes),
            "today": opened(rule.instead),
            "then": opened(closure.connections),
            "spans_s": [list(span) for span in rule.spans_s],
            "every_s": rule.every_s,
            "more_veh": rule.more_veh,
        }
        found.append(law)
    return tuple(found)


def _open_to(connection: Connection, network: Network) -> frozenset[str]:
    lanes = (
        network.edges[connection.from_edge].lanes[connection.from_lane],
        network.edges[connection.to_edge].lanes[connection.to_lane],
    )
    both = lanes[0].allow & lanes[1].allow
    return both if connection.allow is None else both & connection.allow


def _words(rule: ByQueue) -> str:
    """Write a rule in one line: whoever compares two arms sees that it is there, and which."""
    spans = " ".join(f"{begin_s:g}-{end_s:g}" for begin_s, end_s in rule.spans_s)
    beside = f"{' '.join(rule.then_lanes)} over {' '.join(rule.today_lanes)}"
    asked = f"every {rule.every_s:g} s by {rule.more_veh:g} vehicles"
    return f"{spans} instead of {' '.join(rule.instead)} {asked}, {beside}"
