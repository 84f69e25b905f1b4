"""The one place where a network file is changed as text: lane speed, allow and disallow, after netconvert.

A netconvert patch of a speed would let it decide right of way anew; these three attributes it would otherwise
copy as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sim.errors import BuildError
from sim.labels import Message
from sim.site.network import Connection, Lane, Network
from sim.sumo.vehicle_classes import allowed, permission

_LANE = re.compile(r'^ *<lane id="([^"]*)"[^>]*>', re.MULTILINE)
_ATTRIBUTE = re.compile(r' (\w+)="([^"]*)"')
Attributes = dict[str, str]


def changed_lanes(base: Network, target: Network) -> dict[str, Lane]:
    """Lane id -> lane, for lanes of `base` whose speed or permission is another in `target`."""
    return {
        lane.id: lane
        for id, edge in target.edges.items()
        if id in base.edges and edge is not base.edges[id]
        for lane, before in zip(edge.lanes, base.edges[id].lanes, strict=False)
        if (lane.speed_mps, lane.allow) != (before.speed_mps, before.allow)
    }


def let_in(base: Network, target: Network, lanes: Mapping[str, Lane]) -> dict[str, frozenset[str]]:
    """Map connection keys to the classes that may drive there in `target` and could not in `base`."""
    found = {}
    for connection in target.connections:
        ends = {
            f"{connection.from_edge}_{connection.from_lane}",
            f"{connection.to_edge}_{connection.to_lane}",
        }
        if not ends & lanes.keys():
            continue
        classes = _drivers(target, connection) - _drivers(base, connection)
        if classes:
            found[connection.key] = classes
    return found


def _drivers(network: Network, connection: Connection) -> frozenset[str]:
    both = (
        network.edges[connection.from_edge].lanes[connection.from_lane].allow
        & network.edges[connection.to_edge].lanes[connection.to_lane].allow
    )
    return both if connection.allow is None else both & connection.allow


def with_lanes(content: str, lanes: Mapping[str, Lane], inside: Mapping[str, frozenset[str]]) -> str:
    """Set speed and permission of lanes, and let classes onto lanes `inside` junctions.

    BuildError where a lane is not there exactly once.
    """
    seen: list[str] = []

    def changed(match: re.Match[str]) -> str:
        id = match[1]
        attributes: Attributes = dict(_ATTRIBUTE.findall(match[0]))
        if id in lanes:
            seen.append(id)
            today = float(attributes["speed"])
            speed = attributes["speed"] if today == lanes[id].speed_mps else f"{lanes[id].speed_mps:.2f}"
            attributes = _with(attributes, speed, lanes[id].allow)
        elif id in inside:
            seen.append(id)
            now = allowed(attributes.get("allow"), attributes.get("disallow"))
            attributes = _with(attributes, attributes["speed"], now | inside[id])
        else:
            return match[0]
        indent, end = match[0][: match[0].index("<")], match[0][-2:]
        said = "".join(f' {name}="{value}"' for name, value in attributes.items())
        return f"{indent}<lane{said}{end if end == '/>' else '>'}"

    content = _LANE.sub(changed, content)
    wrong = sorted({*lanes, *inside} ^ set(seen)) or sorted({id for id in seen if seen.count(id) > 1})
    if wrong:
        raise BuildError(Message("lanes that are not in the built network once: {wrong}", wrong=wrong))
    return content


def _with(attributes: Attributes, speed: str, allow: frozenset[str]) -> Attributes:
    """Put speed and permission in their places; a permission that stays is written as it was."""
    found: Attributes = {}
    same = allowed(attributes.get("allow"), attributes.get("disallow")) == allow
    new = {name: str(value) for name, value in permission(allow).items() if value != "all" or not allow}
    for name, value in attributes.items():
        if name in ("allow", "disallow") and not same:
            continue
        if name == "speed" and not same:
            found |= new
        found[name] = speed if name == "speed" else value
    return found
