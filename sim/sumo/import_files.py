"""What stands in the route and additional files of a SUMO model, sorted by what becomes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from sim.errors import ConfigError, Problems
from sim.labels import Message
from sim.sumo.xml_file import scan

STOPPING_PLACES = {
    "busStop": Message("bus stops"),
    "trainStop": Message("train stops"),
    "containerStop": Message("container stops"),
    "chargingStation": Message("charging stations"),
    "parkingArea": Message("parking areas"),
}
SIGNALS = frozenset({"tlLogic", "WAUT", "wautJunction"})
VEHICLES = frozenset({"vehicle", "trip", "flow"})
PEOPLE = {
    "person": Message("persons"), "personFlow": Message("flows of persons"),
    "container": Message("containers"), "containerFlow": Message("flows of containers"),
}  # fmt: skip
OBSERVERS = frozenset(
    {
        "e1Detector", "inductionLoop", "instantInductionLoop", "e2Detector", "laneAreaDetector", "e3Detector",
        "entryExitDetector", "edgeData", "laneData", "routeProbe", "vTypeProbe", "timedEvent",
    }
)  # fmt: skip
"""Elements that only watch and write files."""
DRAWINGS = frozenset({"poly", "poi", "location"})
REROUTES = frozenset({"parkingAreaReroute", "closingReroute", "closingLaneReroute"})
"""What a rerouter may do here: the rest would give drivers other routes in every arm."""


@dataclass(frozen=True)
class Route:
    """A route as written: its edges and the stops that belong to it (their `until` counts from departure)."""

    edges: tuple[str, ...]
    stops: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True)
class Written:
    """A vehicle, trip or flow as written, and where."""

    element: Element
    file: Path

    @property
    def place(self) -> str:
        """File and element, for messages."""
        return f"{self.file}: {self.element.tag} {self.element.get('id', '')!r}"


@dataclass
class ModelFiles:
    """Everything read, by kind; `left_out` says in words what is not taken over, with its number."""

    types: dict[str, dict[str, str]] = field(default_factory=dict)
    distributions: dict[str, dict[str, float]] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)
    route_distributions: dict[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)
    vehicles: list[Written] = field(default_factory=list)
    signals: list[Element] = field(default_factory=list)
    places: dict[str, Written] = field(default_factory=dict)
    """Stopping places by id."""
    behaviour: list[Written] = field(default_factory=list)
    """Rerouters and variable speed signs."""
    zones: list[Element] = field(default_factory=list)
    """Traffic analysis zones, for trips that name them."""
    left_out: Counter[Message] = field(default_factory=Counter)
    detectors: set[str] = field(default_factory=set)


def read_model_files(paths: Sequence[Path]) -> ModelFiles:
    """Read files in load order; ConfigError naming every broken file, double id and unreadable element."""
    reader = _Reader()
    for path in paths:
        reader.read(path)
    reader.problems.raise_if_any()
    return reader.found


def top_level(path: Path, take: Callable[[Element], None]) -> None:
    """Call `take` for each complete child of a file's root; nothing is kept. ConfigError as from `scan`."""
    open_elements: list[Element] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes)
        if len(open_elements) > 1:
            open_elements[-1].append(element)
        open_elements.append(element)

    def end(_: str) -> None:
        element = open_elements.pop()
        if len(open_elements) == 1:
            take(element)

    scan(path, None, start, end)


def stops_of(element: Element) -> tuple[Mapping[str, str], ...]:
    """Return the stops written inside a vehicle, flow or route."""
    return tuple(dict(stop.attrib) for stop in element.findall("stop"))


class _Reader:
    def __init__(self) -> None:
        self.found = ModelFiles()
        self.problems = Problems()
        self._file = Path()
        self._seen: dict[tuple[str, str], str] = {}

    def read(self, path: Path) -> None:
        outer, self._file = self._file, path
        try:
            top_level(path, self._take)
        except ConfigError as error:
            self.problems.extend(error)
        self._file = outer

    def _take(self, element: Element) -> None:
        written = Written(element, self._file)
        tag = element.tag
        if tag in VEHICLES:
            # A flow's id is only the beginning of its vehicles' ids.
            if self._new("flow" if tag == "flow" else "vehicle", element):
                self.found.vehicles.append(written)
        elif tag == "vType":
            self._type(element)
        elif tag == "vTypeDistribution":
            self._type_distribution(element)
        elif tag in ("route", "routeDistribution"):
            if self._new("route", element):
                take = self._route if tag == "route" else self._route_distribution
                take(element, element.attrib["id"])
        elif tag in SIGNALS:
            self.found.signals.append(element)
        elif tag in STOPPING_PLACES:
            if self._new(STOPPING_PLACES[tag], element):
                self.found.places[element.attrib["id"]] = written
        elif tag == "include":
            self.read(self._file.parent / element.attrib["href"])
        else:
            self._other(element, written)

    def _other(self, element: Element, written: Written) -> None:
        tag = element.tag
        if tag == "rerouter":
            self._rerouter(element, written)
        elif tag == "variableSpeedSign":
            if "file" in element.attrib:
                self._leave(
                    Message("variable speed sign {id!r}: its steps are in another file", id=element.get("id"))
                )
            else:
                self.found.behaviour.append(written)
        elif tag == "taz":
            self.found.zones.append(element)
        elif tag == "tazs":
            self.found.zones += element.findall("taz")
        elif tag in PEOPLE:
            self._leave(Message("{what} of {file}", what=PEOPLE[tag], file=self._file.name))
        elif tag in OBSERVERS:
            self.found.detectors.add(element.get("id", ""))
            self._leave(
                Message(
                    "{what} of {file}: measures only, huandu has its own detectors",
                    what=tag,
                    file=self._file.name,
                )
            )
        elif tag in DRAWINGS:
            self._leave(Message("drawings ({what}) of {file}", what=tag, file=self._file.name))
        else:
            self._leave(Message("{what} of {file}", what=f"<{tag}>", file=self._file.name))

    def _leave(self, what: Message) -> None:
        self.found.left_out[what] += 1

    def _new(self, kind: str, element: Element) -> bool:
        """Note an id; False, and a problem, where it was there before."""
        id = element.attrib["id"]
        before = self._seen.get((kind, id))
        if before is None:
            self._seen[kind, id] = self._file.name
            return True
        self.problems.add(
            f"{self._file}: {element.tag} {id!r}",
            Message("the id stands twice, also in {before}", before=before),
            Message("rename one"),
        )
        return False

    def _type(self, element: Element) -> None:
        if not self._new("vType", element):
            return
        attributes = {k: v for k, v in element.attrib.items() if k not in ("id", "probability", "imgFile")}
        for child in element:
            if child.tag.startswith("carFollowing-"):
                model = child.tag.removeprefix("carFollowing-")
                attributes |= {"carFollowModel": model, **child.attrib}
            elif child.tag == "param":
                self._leave(Message("parameter {name} of vehicle types", name=child.get("key")))
            else:
                self._leave(Message("<{tag}> of vehicle types", tag=child.tag))
        self.found.types[element.attrib["id"]] = attributes

    def _type_distribution(self, element: Element) -> None:
        if not self._new("vType", element):
            return
        for child in element.findall("vType"):
            self._type(child)
        weights = dict(
            _weights(
                element.get("vTypes", element.get("types", "")),
                element.get("probabilities", ""),
                ((c.attrib["id"], c.get("probability")) for c in element.findall("vType")),
            )
        )
        self.found.distributions[element.attrib["id"]] = weights

    def _route(self, element: Element, id: str) -> None:
        edges = tuple(element.attrib["edges"].split())
        times = int(element.get("repeat", "0")) + 1
        if times > 1 and element.findall("stop"):
            self._leave(
                Message("repeated stops of route {id!r}: its edges are repeated, its stops come once", id=id)
            )
        self.found.routes[id] = Route(edges * times, stops_of(element))

    def _route_distribution(self, element: Element, id: str) -> None:
        """Take a distribution of routes, whose members are written inside or named."""
        members = []
        for number, child in enumerate(element.findall("route")):
            own = child.get("refId") or child.get("id") or f"{id}/{number}"
            if "edges" in child.attrib:
                self._route(child, own)
            members.append((own, child.get("probability")))
        self.found.route_distributions[id] = tuple(
            _weights(element.get("routes", ""), element.get("probabilities", ""), members)
        )

    def _rerouter(self, element: Element, written: Written) -> None:
        kinds = {child.tag for interval in element.findall("interval") for child in interval}
        if other := kinds - REROUTES:
            self._leave(
                Message("rerouter {id!r} with {other}: routes are fixed", id=element.get("id"), other=other)
            )
        elif "file" in element.attrib:
            self._leave(Message("rerouter {id!r}: its intervals are in another file", id=element.get("id")))
        else:
            self.found.behaviour.append(written)


def _weights(
    names: str, probabilities: str, inside: Iterable[tuple[str, str | None]]
) -> list[tuple[str, float]]:
    listed = names.split()
    given = [float(p) for p in probabilities.split()] or [1.0] * len(listed)
    if len(given) != len(listed):
        raise ValueError(
            Message("{n_listed} names, but {n_given} probabilities", n_listed=len(listed), n_given=len(given))
        )
    return [
        *zip(listed, given, strict=True),
        *((name, float(probability or 1.0)) for name, probability in inside),
    ]
