"""Lanes and ways through junctions that are closed for a time, as rerouters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sim.errors import BuildError
from sim.labels import Message
from sim.site.model import Closure
from sim.site.network import Network
from sim.sumo.objects import CLOSURE
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
            connection = by_key[key]
            edges.add(connection.from_edge)
            lanes = (
                network.edges[connection.from_edge].lanes[connection.from_lane],
                network.edges[connection.to_edge].lanes[connection.to_lane],
            )
            exempt = lanes[0].allow & lanes[1].allow & closure.exempt
            closed[paths[key][0]] = exempt if connection.allow is None else exempt & connection.allow
        lines.append(opening("rerouter", {"id": f"{CLOSURE}{id}", "edges": " ".join(sorted(edges))}))
        lines.append(opening("interval", {"begin": closure.begin_s, "end": closure.end_s}, 2))
        lines += [
            element("closingLaneReroute", {"id": lane, **permission(exempt)}, 3)
            for lane, exempt in sorted(closed.items())
        ]
        lines += ["        </interval>\n", "    </rerouter>\n"]
    return "".join([*lines, "</additional>\n"])
