"""Bus stops in additional files: read from an imported model's, written for an arm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from sim.errors import BuildError
from sim.labels import Message
from sim.site.buses import Stop
from sim.site.network import Network
from sim.sumo.xml_file import element, opening, scan

BAY = "huandu.bay"
"""Parameter of a stop in a bay. The simulator does not read it: buses there are told to leave the lane."""


def read_stops(path: Path, network: Network) -> dict[str, Stop]:
    """Return the bus stops of an additional file; those on lanes that the network lacks are left out."""
    found: dict[str, Stop] = {}

    def start(tag: str, a: dict[str, str]) -> None:
        if tag != "busStop":
            return
        edge, _, index = a["lane"].rpartition("_")
        if edge not in network.edges or int(index) >= len(network.edges[edge].lanes):
            return
        length_m = network.edges[edge].lanes[int(index)].length_m
        begin_m, end_m = (
            _along(float(a.get(k, d)), length_m) for k, d in (("startPos", 0), ("endPos", length_m))
        )
        found[a["id"]] = Stop(edge, int(index), round(begin_m, 3), round(end_m - begin_m, 3))

    scan(path, None, start)
    return found


def _along(at_m: float, length_m: float) -> float:
    """Return metres from the lane's start; negative ones count from its end."""
    return min(at_m if at_m >= 0 else at_m + length_m, length_m)


def stops_xml(stops: Mapping[str, Stop], network: Network) -> str:
    """Write stops of our own; BuildError where an edge is cut within one."""
    lines = ["<additional>\n"]
    for id, stop in sorted(stops.items()):
        place = {"id": id, **_place(id, stop, network)}
        if stop.bay:
            lines.append(opening("busStop", place))
            lines.append(element("param", {"key": BAY, "value": "true"}, 2))
            lines.append("    </busStop>\n")
        else:
            lines.append(element("busStop", place))
    return "".join([*lines, "</additional>\n"])


def with_stops(source: Path, changed: Mapping[str, Stop], network: Network) -> bytes:
    """Return an imported additional file in which some stops lie elsewhere; the rest of it is as it was."""
    root = ElementTree.parse(source).getroot()
    for place in root.iter("busStop"):
        stop = changed.get(place.attrib["id"])
        if stop is None:
            continue
        place.attrib.pop("friendlyPos", None)
        place.attrib.update(_place(place.attrib["id"], stop, network))
        for param in [p for p in place.findall("param") if p.get("key") == BAY]:
            place.remove(param)
        if stop.bay:
            ElementTree.SubElement(place, "param", {"key": BAY, "value": "true"})
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _place(id: str, stop: Stop, network: Network) -> dict[str, str]:
    edge, begin_m = network.part_at(stop.edge, stop.at_m)
    if begin_m + stop.length_m > network.edges[edge].length_m + 0.01:
        raise BuildError(
            Message("bus stop {id!r} lies where {edge!r} is cut: put it elsewhere", id=id, edge=stop.edge)
        )
    end_m = min(begin_m + stop.length_m, network.edges[edge].length_m)
    return {"lane": f"{edge}_{stop.lane}", "startPos": f"{begin_m:.2f}", "endPos": f"{end_m:.2f}"}
