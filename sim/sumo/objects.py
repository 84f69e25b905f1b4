"""What a network file and its additional files hold, object by object, in a form that compares by meaning.

SUMO names what lies inside a junction by running numbers, and so do signals their links: one connection more
and they all shift. Here connections are named by their lanes, crossings by the edges they cross, rights of
way are sets of such names, and a signal's states are split into one column for each connection. Everything an
element says is kept, whether this module knows it or not, so nothing can differ unseen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from sim.edits.vocabulary import ObjectKey, timing_key
from sim.errors import BuildError
from sim.labels import Message
from sim.site.network import entry_of

Attributes = dict[str, object]
Objects = dict[ObjectKey, Attributes]

PLACES = {"parkingArea": "parking", "busStop": "bus_stop"}
"""Kinds of objects beside a lane, by their element."""
BOX = "huandu.box."
"""Before the id of a junction: the mark of its box (黄格线)."""
CLOSURE = "closure."
BY_QUEUE = "huandu.by_queue"
"""Before the id of a rerouter that closes lanes for a time."""
RENUMBERED = frozenset({"id", "via", "linkIndex", "linkIndex2", "state", "from", "to", "fromLane", "toLane"})
"""Attributes of a connection that name it, number it, or repeat what else is said."""


@dataclass(frozen=True)
class NetObjects:
    """Objects of one network file; links and programs of signals as they stand there."""

    objects: Objects
    links: Mapping[str, Mapping[str, tuple[int, ...]]]
    """Signal -> connection or crossing key -> its link indices."""
    programs: Mapping[str, Sequence[ElementTree.Element]]
    of_inside: Mapping[str, str]
    """Lane inside a junction -> key of the connection or crossing that runs over it."""


def read_net_objects(path: Path) -> NetObjects:
    """Read a network file; BuildError where it is broken or contradicts itself."""
    reader = _NetReader()
    try:
        root: Attributes = {}
        for attributes, element in _top_level(path):
            root = attributes
            reader.take(element)
        return reader.finished(root)
    except (ElementTree.ParseError, KeyError, ValueError) as error:
        raise BuildError(Message("{path}: not a usable network: {error}", path=path, error=error)) from None


def read_additional_objects(paths: Sequence[Path], net: NetObjects, period: str) -> Objects:
    """Read additional files in load order: signals as they run in `period`, parking, stops, the rest."""
    found: Objects = {}
    programs: dict[str, list[ElementTree.Element]] = {}
    switching: dict[str, object] = {}
    plans: dict[str, ElementTree.Element] = {}
    for path in paths:
        try:
            for _, element in _top_level(path):
                match element.tag:
                    case "tlLogic":
                        programs.setdefault(element.attrib["id"], []).append(element)
                    case "WAUT":
                        plans[element.attrib["id"]] = element
                    case "wautJunction":
                        plan = plans[element.attrib["wautID"]]
                        how = {k: v for k, v in element.attrib.items() if k != "wautID"}
                        switching[element.attrib["junctionID"]] = (_attributes(plan, {"id"}), how)
                    case "rerouter" if _leads_to_parking(element):
                        found.update(_alternatives(element))
                    case "rerouter" if element.attrib["id"].startswith(CLOSURE):
                        id = element.attrib["id"].removeprefix(CLOSURE)
                        found["closure", id] = _closure(element, net.of_inside)
                    case "parkingArea" | "busStop" | "poi":
                        found[_place(element)] = _attributes(element, {"id"})
                    case _:
                        found[_other(element)] = _attributes(element)
        except (ElementTree.ParseError, KeyError) as error:
            raise BuildError(
                Message("{path}: not a usable additional file: {error}", path=path, error=error)
            ) from None
    for signal in sorted({*net.programs, *programs}):
        runs = programs.get(signal) or net.programs.get(signal, ())
        found[timing_key(period, signal)] = _timing(runs, switching.get(signal))
        for key, indices in net.links.get(signal, {}).items():
            found["signal_link", key] = _columns(signal, key, runs, indices)
    return found


def _top_level(path: Path) -> Iterator[tuple[Attributes, ElementTree.Element]]:
    """Yield the root's attributes and a child, for every child of the root, complete; nothing is kept."""
    depth = 0
    root: ElementTree.Element | None = None
    attributes: Attributes = {}
    for event, element in ElementTree.iterparse(path, events=("start", "end")):
        if event == "start":
            if root is None:
                root, attributes = element, dict(element.attrib)
            depth += 1
            continue
        depth -= 1
        if depth == 1 and root is not None:
            yield attributes, element
            root.clear()


def _attributes(element: ElementTree.Element, without: frozenset[str] | set[str] = frozenset()) -> Attributes:
    """Every attribute of an element, and its children under their tag as sorted tuples."""
    found: Attributes = {key: value for key, value in element.attrib.items() if key not in without}
    children: dict[str, list[object]] = defaultdict(list)
    for child in element:
        children[f"<{child.tag}>"].append(tuple(sorted(_attributes(child).items(), key=lambda item: item[0])))
    return {**found, **{tag: tuple(each) for tag, each in children.items()}}


def _place(element: ElementTree.Element) -> ObjectKey:
    id = element.attrib["id"]
    if element.tag != "poi":
        return PLACES[element.tag], id
    return ("box", id.removeprefix(BOX)) if id.startswith(BOX) else _other(element)


def _other(element: ElementTree.Element) -> ObjectKey:
    name = element.attrib.get("id") or " ".join(f"{k}={v}" for k, v in sorted(element.attrib.items()))
    return ("other", f"{element.tag} {name}")


# --- the network ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _NetReader:
    objects: Objects = field(default_factory=dict)
    inside: dict[str, Attributes] = field(default_factory=dict)
    """Internal lane -> its attributes."""
    crossings: dict[str, str] = field(default_factory=dict)
    """Internal id of a crossing -> its key."""
    walking: dict[str, list[Attributes]] = field(default_factory=lambda: defaultdict(list))
    junctions: list[ElementTree.Element] = field(default_factory=list)
    waiting: list[ElementTree.Element] = field(default_factory=list)
    connections: list[dict[str, str]] = field(default_factory=list)
    programs: dict[str, list[ElementTree.Element]] = field(default_factory=dict)

    def take(self, element: ElementTree.Element) -> None:
        match element.tag:
            case "edge":
                self._edge(element)
            case "junction":
                inside = element.attrib["type"] == "internal"
                (self.waiting if inside else self.junctions).append(element)
            case "connection":
                self.connections.append({**element.attrib, **_children(element)})
            case "tlLogic":
                self.programs.setdefault(element.attrib["id"], []).append(element)
            case "prohibition":
                pair = f"{element.attrib['prohibitor']} over {element.attrib['prohibited']}"
                self.objects["precedence", pair] = {}
            case "location":  # its boundary is the box round all that is drawn, which is compared itself
                self.objects["other", "location"] = _attributes(element, {"convBoundary"})
            case _:
                self.objects[_other(element)] = _attributes(element)

    def _edge(self, element: ElementTree.Element) -> None:
        id = element.attrib["id"]
        match element.attrib.get("function"):
            case "internal":
                for child in element:
                    self.inside[child.attrib["id"]] = _attributes(child, {"id", "index"})
            case "crossing":
                node = id[1:].rpartition("_c")[0]
                key = f"crossing:{node}:" + "+".join(sorted(element.attrib["crossingEdges"].split()))
                self.crossings[id] = key
                strip = _attributes(element[0], {"id", "index"})
                self.objects["crossing", key] = {**_attributes_only(element, {"id"}), **strip}
            case "walkingarea":
                node = id[1:].rpartition("_w")[0]
                self.walking[node] += [_attributes(strip, {"id", "index"}) for strip in element]
            case _:
                self.objects["edge", id] = _attributes_only(element, {"id"})
                for child in element:
                    named = (
                        ("lane", child.attrib["id"])
                        if child.tag == "lane"
                        else ("other", f"edge {id} {_other(child)[1]}")
                    )
                    self.objects[named] = _attributes(child, {"id"})

    def finished(self, root: Attributes) -> NetObjects:
        self.objects["other", "net"] = root
        names = _Names(self)
        links: dict[str, dict[str, tuple[int, ...]]] = {}
        for a in self.connections:
            key = names.key(a)
            if key is None:
                continue
            if not a["from"].startswith(":"):
                self.objects["connection", key] = {k: v for k, v in a.items() if k not in RENUMBERED}
            if "tl" in a:
                # Lights at a waiting line are those of the way; those at the stop line have a name.
                heads = {key: a.get("linkIndex2", a["linkIndex"])}
                if "linkIndex2" in a:
                    heads[entry_of(key)] = a["linkIndex"]
                known = links.setdefault(a["tl"], {})
                for head, index in heads.items():
                    known[head] = (*known.get(head, ()), int(index))
        for junction in self.junctions:
            self._junction(junction, names)
        for element in self.waiting:
            self._waiting(element, names)
        return NetObjects(self.objects, links, self.programs, names.of_inside)

    def _junction(self, element: ElementTree.Element, names: _Names) -> None:
        """Keep apart what a junction is and how the paths through it run and yield."""
        id = element.attrib["id"]
        found: Attributes = {
            k: v for k, v in element.attrib.items() if k not in ("id", "incLanes", "intLanes")
        }
        incoming = element.attrib.get("incLanes", "").split()
        found["incoming lanes"] = frozenset(lane for lane in incoming if not lane.startswith(":"))
        found["walking areas"] = frozenset(str(sorted(area.items())) for area in self.walking.get(id, ()))
        others = [child for child in element if child.tag != "request"]
        found |= {_other(child)[1]: str(_attributes(child)) for child in others}
        self.objects["junction", id] = found
        keys = [key for lane in incoming for key in names.from_lane.get(lane, ())]
        requests = [child for child in element if child.tag == "request"]
        if requests and len(requests) != len(keys):
            raise BuildError(
                Message(
                    "junction {id!r}: {n_requests} rows in its right-of-way table, {n_keys} links",
                    id=id,
                    n_requests=len(requests),
                    n_keys=len(keys),
                )
            )
        yields: Attributes = {}
        for key, request in zip(keys, requests, strict=False):
            for what in ("response", "foes"):
                bits = reversed(request.attrib[what])
                yields[f"{what} of {key}"] = frozenset(
                    k for k, bit in zip(keys, bits, strict=True) if bit == "1"
                )
            yields[f"waits inside {key}"] = request.attrib.get("cont", "0")
        for key in keys:
            yields[f"path of {key}"] = tuple(
                tuple(sorted(self.inside[lane].items())) for lane in names.path.get(key, ())
            )
        if yields:
            self.objects["right_of_way", id] = yields

    def _waiting(self, element: ElementTree.Element, names: _Names) -> None:
        """Add where a link waits inside its junction, and for whom, to that junction."""
        first, *yields_to = element.attrib["incLanes"].split()
        key = names.of_inside[first]
        node = element.attrib["id"][1:].rsplit("_", 2)[0]
        foes = {names.of_inside.get(lane, lane) for lane in (*yields_to, *element.attrib["intLanes"].split())}
        position = {k: v for k, v in element.attrib.items() if k not in ("id", "incLanes", "intLanes")}
        self.objects["right_of_way", node][f"waiting point of {key}"] = (
            tuple(sorted(position.items())),
            frozenset(foes),
        )


class _Names:
    """Stable names of links, and which links leave a lane, in the file's order."""

    def __init__(self, reader: _NetReader) -> None:
        self.crossings = reader.crossings
        self.from_lane: dict[str, list[str]] = defaultdict(list)
        self.path: dict[str, list[str]] = {}
        self.of_inside: dict[str, str] = {f"{id}_0": key for id, key in reader.crossings.items()}
        following = {
            f"{a['from']}_{a['fromLane']}": a["via"]
            for a in reader.connections
            if a["from"][0] == ":" and "via" in a
        }
        for a in reader.connections:
            key = self.key(a)
            if key is None:
                continue
            if not key.startswith("walk:") and "->walk:" not in key:
                self.from_lane[f"{a['from']}_{a['fromLane']}"].append(key)
            lane = a.get("via")
            while lane is not None:
                self.path.setdefault(key, []).append(lane)
                self.of_inside[lane] = key
                lane = following.get(lane)

    def key(self, a: Mapping[str, str]) -> str | None:
        """Name a connection; None for one that leads on from within a junction."""
        source, target = a["from"], a["to"]
        if target in self.crossings:
            return self.crossings[target]
        if source.startswith(":"):
            return None
        if target.startswith(":"):
            return f"{source}_{a['fromLane']}->walk:{target[1:].rpartition('_w')[0]}"
        return f"{source}_{a['fromLane']}->{target}_{a['toLane']}"


def _attributes_only(element: ElementTree.Element, without: set[str]) -> Attributes:
    return {key: value for key, value in element.attrib.items() if key not in without}


def _children(element: ElementTree.Element) -> dict[str, str]:
    return {_other(child)[1]: str(_attributes(child)) for child in element}


# --- signals and parking ----------------------------------------------------------------------------------


def _timing(programs: Sequence[ElementTree.Element], switching: object) -> Attributes:
    found: Attributes = {"runs": programs[-1].attrib["programID"], "switching": switching}
    for program in programs:
        id = program.attrib["programID"]
        found |= {
            f"{key} of {id}": value for key, value in program.attrib.items() if key not in ("id", "programID")
        }
        phases = [child.attrib for child in program if child.tag == "phase"]
        found[f"intervals of {id}"] = tuple(
            tuple(sorted((key, value) for key, value in phase.items() if key != "state")) for phase in phases
        )
        rest = [child for child in program if child.tag != "phase"]
        found[f"rules of {id}"] = tuple((child.tag, str(_attributes(child))) for child in rest)
    return found


def _columns(
    signal: str, key: str, programs: Sequence[ElementTree.Element], indices: Sequence[int]
) -> Attributes:
    found: Attributes = {"signal": signal}
    for program in programs:
        states = [child.attrib["state"] for child in program if child.tag == "phase"]
        if any(len(state) <= max(indices) for state in states):
            raise BuildError(
                Message(
                    "signal {signal!r}: program {programID!r} has no light for {key}",
                    signal=signal,
                    programID=program.attrib["programID"],
                    key=key,
                )
            )
        id = program.attrib["programID"]
        for place, index in enumerate(indices):
            found[f"lights in {id}" + (f" ({place + 1})" if place else "")] = "".join(
                state[index] for state in states
            )
    return found


def _closure(rerouter: ElementTree.Element, of_inside: Mapping[str, str]) -> Attributes:
    """Say when which lanes and connections are closed, and to whom, and what lifts it."""
    found: Attributes = {"seen from": frozenset(rerouter.attrib["edges"].split())}
    found |= {child.attrib["key"]: child.attrib["value"] for child in rerouter.iter("param")}
    for interval in rerouter.iter("interval"):
        hours = f"{interval.attrib['begin']} to {interval.attrib['end']}"
        for child in interval:
            lane = child.attrib["id"]
            classes = {key: value for key, value in child.attrib.items() if key != "id"}
            found[f"{of_inside.get(lane, lane)} {hours}"] = (child.tag, tuple(sorted(classes.items())))
    return found


def _leads_to_parking(rerouter: ElementTree.Element) -> bool:
    inner = {child.tag for interval in rerouter for child in interval}
    return inner == {"parkingAreaReroute"}


def _alternatives(element: ElementTree.Element) -> Objects:
    """Return an object for each pair of areas, so that a new area changes only pairs it belongs to.

    Intervals are cut where any area opens or closes: what holds on both sides of a cut is one span.
    """
    id = element.attrib["id"]
    found: Objects = {("other", f"rerouter {id}"): {k: v for k, v in element.attrib.items() if k != "id"}}
    spans: dict[tuple[str, tuple[tuple[str, str], ...]], list[tuple[str, str]]] = {}
    for interval in element:
        begin, end = interval.attrib["begin"], interval.attrib["end"]
        for child in interval:
            own = tuple(sorted((k, v) for k, v in child.attrib.items() if k != "id"))
            known = spans.setdefault((child.attrib["id"], own), [])
            if known and known[-1][1] == begin:
                known[-1] = (known[-1][0], end)
            else:
                known.append((begin, end))
    for (other, own), held in spans.items():
        pair = found.setdefault(("parking_alternative", f"{id}|{other}"), {})
        pair |= {**dict(own), " ".join(f"{begin}-{end}" for begin, end in held): "offered"}
    return found
