"""The network of an imported site, at rest; and what stands on it: signals, stops, parking, signs."""

from __future__ import annotations

import copy
import gzip
import re
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from sim.errors import NOTHING, Problems, near
from sim.labels import Message
from sim.site.network import Network
from sim.sumo.import_files import STOPPING_PLACES, ModelFiles, Written
from sim.sumo.import_routes import HINTS
from sim.sumo.netconvert import convert, normalise
from sim.sumo.xml_file import scan

OSM_OPTIONS = (
    "--output.street-names", "--geometry.remove", "--ramps.guess", "--roundabouts.guess", "--junctions.join",
    "--tls.guess-signals", "--tls.discard-simple", "--tls.join", "--tls.default-type", "static",
    "--osm.turn-lanes", "--keep-edges.by-vclass", "passenger,bus", "--remove-edges.isolated",
    "--keep-edges.components", "1",
)  # fmt: skip
"""How a street map becomes a network: streets for motor traffic; the nodes of a junction and their signals
joined; signals at a junction's entries (as OpenStreetMap draws them) moved onto it; marked turn lanes."""

_OUTPUT_FILE = re.compile(rb'[ \t]*<param key="file" value="[^"]*"/>\r?\n?')
"""Where the detectors of an actuated signal would write their counts."""


def make_network(source: Path, target: Path) -> list[Message]:
    """Write the normalised network of a `.net.xml[.gz]` or `.osm` to `target` (`.gz`); return remarks.

    ConfigError where the source is broken, BuildError where netconvert cannot make a network of it.
    """
    remarks: list[Message] = []
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".net-") as name:
        folder = Path(name)
        raw = source
        if source.suffix == ".osm":
            scan(source, "osm", lambda tag, attributes: None)
            raw = folder / "map.net.xml"
            warnings = convert(["--osm-files", str(source.resolve()), *OSM_OPTIONS, "-o", raw.name], folder)
            options = " ".join(OSM_OPTIONS)
            remarks.append(Message("street map converted by netconvert {options}", options=options))
            remarks.append(
                Message("ways without motor traffic (footways, cycleways, rails) are not in the network")
            )
            if warnings:
                remarks.append(
                    Message(
                        "netconvert warned {count} times, first: {first}",
                        count=len(warnings),
                        first=warnings[0],
                    )
                )
        else:
            scan(source, "net", lambda tag, attributes: None)  # truncated files: netconvert's words are poor
        normalise(raw, folder / "net.xml")
        content = (folder / "net.xml").read_bytes()
    content, cut = _OUTPUT_FILE.subn(b"", content)
    if cut:
        remarks.append(Message("output files of {cut} signals in the network: not written", cut=cut))
    # No name and no time in the header: equal networks give equal files.
    target.write_bytes(gzip.compress(content, 6, mtime=0))
    return remarks


def signals_xml(files: ModelFiles, left_out: Counter[Message]) -> str | None:
    """Write the signal programs and switching plans that came in additional files; None if there are none."""
    elements = [copy.deepcopy(element) for element in files.signals]
    for element in elements:
        for param in element.findall("param"):
            if param.get("key") == "file":
                element.remove(param)
                left_out[Message("output files of signals")] += 1
            elif param.get("value") in files.detectors - {""}:
                element.remove(param)
                chosen = Message("detectors chosen by hand for actuated signals: SUMO places its own")
                left_out[chosen] += 1
    return _document(elements) if elements else None


def places_xml(
    files: ModelFiles, network: Network, problems: Problems, left_out: Counter[Message]
) -> str | None:
    """Write stopping places, rerouters and speed signs; None if there are none.

    Places that reach beyond the end of a lane (normalising an older network shortens some) are moved back
    onto it, as SUMO itself does where it is asked to be friendly. Notes in `problems` every lane and edge
    that the network lacks.
    """
    length_m = {lane.id: lane.length_m for edge in network.edges.values() for lane in edge.lanes}
    kept = []
    for written in files.places.values():
        element = copy.deepcopy(written.element)
        lane = element.get("lane", "")
        if lane not in length_m:
            problems.add(
                written.place,
                Message("the network has no lane {lane!r}", lane=lane),
                near(lane, length_m) if len(problems.found) < HINTS else NOTHING,
            )
        elif _beyond(element, length_m[lane]) and element.get("friendlyPos") != "true":
            element.set("friendlyPos", "true")
            moved = Message(
                "{what} beyond their lane's end: moved onto the lane", what=STOPPING_PLACES[element.tag]
            )
            left_out[moved] += 1
        kept.append(element)
    for written in files.behaviour:
        _check_behaviour(written, files, network, length_m, problems)
        kept.append(written.element)
    return _document(kept) if kept else None


def _beyond(element: Element, length_m: float) -> bool:
    return any(abs(float(element.get(name, "0"))) > length_m for name in ("startPos", "endPos"))


def _check_behaviour(
    written: Written, files: ModelFiles, network: Network, lanes: dict[str, float], problems: Problems
) -> None:
    element = written.element
    missing = [edge for edge in element.get("edges", "").split() if edge not in network.edges]
    missing += [lane for lane in element.get("lanes", "").split() if lane not in lanes]
    areas = [child.get("id", "") for child in element.iter("parkingAreaReroute")]
    missing += [area for area in areas if area not in files.places]
    for name in dict.fromkeys(missing):
        problems.add(
            written.place,
            Message("names {name!r}, which is not there", name=name),
            near(name, network.edges) if len(problems.found) < HINTS else NOTHING,
        )


def _document(elements: list[Element]) -> str:
    root = ElementTree.Element("additional")
    root.extend(elements)
    ElementTree.indent(root, "    ")
    return ElementTree.tostring(root, encoding="unicode") + "\n"
