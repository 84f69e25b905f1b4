"""Vehicles, trips and flows of a SUMO model as explicit vehicles, with one route or a way to find."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from xml.etree.ElementTree import Element

import numpy as np

from sim.demand.tables import stable_hash
from sim.errors import Problems, near
from sim.labels import Message, message_of
from sim.sumo.import_files import ModelFiles, Written, stops_of
from sim.sumo.import_source import ARRIVAL_DEFAULTS, Source
from sim.sumo.xml_file import time_s

Item = TypeVar("Item")

WAY = (
    "from", "to", "via", "fromTaz", "toTaz", "fromJunction", "toJunction", "viaJunctions", "fromXY", "toXY",
    "viaXY", "fromLonLat", "toLonLat", "viaLonLat",
)  # fmt: skip
"""Attributes that say where a trip goes, for whoever finds its route."""
KEPT = ("departLane", "departPos", "departSpeed", "arrivalLane", "arrivalPos")
STOP_KEPT = frozenset(
    {
        "lane", "edge", "busStop", "trainStop", "containerStop", "chargingStation", "parkingArea", "startPos",
        "endPos", "friendlyPos", "duration", "until", "extension", "parking", "speed", "tripId", "line",
        "posLat", "onDemand", "jump", "arrival",
    }
)  # fmt: skip
STOP_PLACES = ("busStop", "trainStop", "containerStop", "chargingStation", "parkingArea")
RATES = ("vehsPerHour", "perHour", "period", "probability")
TAKEN = frozenset(
    {
        *WAY,
        *KEPT,
        *RATES,
        "id",
        "type",
        "depart",
        "route",
        "line",
        "speedFactor",
        "begin",
        "end",
        "number",
        "color",
    }
)
"""Attributes of which something is made, or which only draw."""
_EXP = re.compile(r"^exp\(([^()]+)\)$")


@dataclass(frozen=True)
class Vehicle:
    """One vehicle. `edges` is empty while its `way` has not been found; attributes by SUMO's names."""

    id: str
    depart_s: float
    type: str
    edges: tuple[str, ...]
    way: Mapping[str, str]
    attributes: Mapping[str, str]
    stops: tuple[Mapping[str, str], ...]
    speed_factor: str
    line: str
    place: str

    @property
    def timetabled(self) -> bool:
        """Whether it belongs to a line or keeps to a timetable."""
        return bool(self.line) or any("until" in stop for stop in self.stops)


def share_of(text: str) -> float:
    """Return a number in [0, 1) that depends on a text alone."""
    return (stable_hash(text) >> 11) / 2.0**53


def explicit_vehicles(
    files: ModelFiles, source: Source, problems: Problems, left_out: Counter[Message]
) -> list[Vehicle]:
    """Write every vehicle out, flows included (drawn once, from the flow's own numbers), by departure.

    Adds every problem of an element to `problems` and what has no place here to `left_out`.
    """
    found: dict[str, Vehicle] = {}
    for written in files.vehicles:
        try:
            for vehicle in _Maker(files, source, left_out).made(written):
                if vehicle.id in found:
                    what = Message(
                        "gives a vehicle {id!r}, which is there already ({place})",
                        id=vehicle.id,
                        place=found[vehicle.id].place,
                    )
                    problems.add(written.place, what, Message("rename one"))
                found[vehicle.id] = vehicle
        except KeyError as error:
            problems.add(written.place, Message("the attribute {error} is missing", error=error))
        except _Unknown as error:
            problems.add(
                written.place,
                Message("no {kind} {name!r}", kind=error.kind, name=error.name),
                near(error.name, error.known),
            )
        except ValueError as error:
            problems.add(written.place, message_of(error))
    return sorted(found.values(), key=lambda vehicle: (vehicle.depart_s, vehicle.id))


def departures(flow: Mapping[str, str], begin_s: float | None, end_s: float | None) -> list[float]:
    """Return when the vehicles of a flow want to leave, in seconds.

    `begin_s`, `end_s` hold where the flow names none. Regular flows leave at begin + i * period, as in SUMO;
    `exp(rate)` and `probability` are drawn once, from a stream that depends on the flow's id alone.
    ValueError where the flow does not say how many or until when.
    """
    begin = time_s(flow["begin"]) if "begin" in flow else begin_s or 0.0
    number = int(flow["number"]) if "number" in flow else None
    end = time_s(flow["end"]) if "end" in flow else end_s
    rates = [name for name in RATES if name in flow]
    if len(rates) > 1:
        raise ValueError(Message("says {rates:and}: a flow has one of them", rates=rates))
    if not rates:
        if number is None or end is None:
            raise ValueError(Message("needs a number and an end, or one of {rates}", rates=RATES))
        return [begin + i * (end - begin) / number for i in range(number)]
    if end is None and number is None:
        raise ValueError(Message("needs an end or a number (the configuration has no end either)"))
    times: list[float] = []
    for time in _times(rates[0], flow, begin):
        if (end is not None and time >= end) or (number is not None and len(times) >= number):
            break
        times.append(time)
    return times


def _times(rate: str, flow: Mapping[str, str], begin: float) -> Iterator[float]:
    """Yield departures without end."""
    stream = np.random.default_rng(stable_hash(f"flow/{flow['id']}"))
    exponential = _EXP.match(flow.get("period", ""))
    if rate == "probability" or exponential:
        value = float(exponential[1]) if exponential else float(flow["probability"])
        if not value > 0:
            raise ValueError(Message("{rate}={flow!r} gives no vehicle", rate=rate, flow=flow[rate]))
        time = begin
        while True:
            if exponential:
                time += float(stream.exponential(1 / value))
                yield round(time, 2)
            else:
                # Each second one Bernoulli draw: gaps are geometric, and the first second counts.
                gap = int(stream.geometric(min(value, 1.0)))
                yield time + gap - 1
                time += gap
    period = time_s(flow["period"]) if rate == "period" else 3600 / float(flow[rate])
    if not 0 < period < math.inf:
        raise ValueError(Message("{rate}={flow!r} gives no vehicle", rate=rate, flow=flow[rate]))
    for i in range(10**7):
        yield begin + i * period


class _Unknown(Exception):
    """A reference to something that is not there."""

    def __init__(self, kind: str, name: str, known: Mapping[str, object]) -> None:
        super().__init__(name)
        self.kind, self.name, self.known = kind, name, known


class _Maker:
    def __init__(self, files: ModelFiles, source: Source, left_out: Counter[Message]) -> None:
        self.files = files
        self.source = source
        self.left_out = left_out

    def made(self, written: Written) -> Iterator[Vehicle]:
        """Yield the vehicles of one element."""
        element = written.element
        a = element.attrib
        if element.tag != "flow":
            depart = a["depart"]
            if not re.match(r"^-?[\d.:]+(e\d+)?$", depart):
                waiting = Message("vehicles that depart {depart!r}, i.e. wait for somebody", depart=depart)
                self.left_out[waiting] += 1
                return
            yield self._vehicle(written, a["id"], time_s(depart), 0.0)
            self._note(element, 1)
            return
        times = departures(a, self.source.begin_s, self.source.end_s)
        if any(name in a for name in ("probability",)) or "exp(" in a.get("period", ""):
            self.left_out[Message("randomness of flows: drawn once, now the same in every run; flows")] += 1
        for i, time in enumerate(times):
            yield self._vehicle(written, f"{a['id']}.{i}", time, time - times[0])
        self._note(element, len(times))

    def _note(self, element: Element, times: int) -> None:
        for name in sorted(set(element.attrib) - TAKEN - {"departEdge", "arrivalEdge"}):
            self.left_out[Message("attribute {name} of vehicles", name=name)] += times
        for child in element:
            if child.tag == "param":
                self.left_out[Message("parameter {name} of vehicles", name=child.get("key"))] += times
            elif child.tag not in ("route", "routeDistribution", "stop"):
                self.left_out[Message("<{tag}> of vehicles", tag=child.tag)] += times

    def _vehicle(self, written: Written, id: str, depart_s: float, later_s: float) -> Vehicle:
        element = written.element
        a = element.attrib
        type_id = a.get("type", "DEFAULT_VEHTYPE")
        edges, route_stops = self._route(element, id)
        stops = [self._stop(stop, depart_s) for stop in route_stops]
        stops += [self._stop(stop, later_s) for stop in stops_of(element)]
        defaults = {**self.source.depart, **ARRIVAL_DEFAULTS}
        return Vehicle(
            id=id,
            depart_s=round(depart_s, 2),
            type=type_id,
            edges=self._cut(edges, a),
            way={} if edges else {name: a[name] for name in WAY if name in a},
            attributes={name: a.get(name, defaults[name]) for name in KEPT},
            stops=tuple(stops),
            speed_factor=a.get("speedFactor", ""),
            line=a.get("line", ""),
            place=written.place,
        )

    def _route(self, element: Element, id: str) -> tuple[tuple[str, ...], tuple[Mapping[str, str], ...]]:
        inline = element.find("route")
        if inline is not None:
            times = int(inline.get("repeat", "0")) + 1
            return tuple(inline.attrib["edges"].split()) * times, stops_of(inline)
        several = element.find("routeDistribution")
        if several is not None:
            ways = [(tuple(r.attrib["edges"].split()), r) for r in several.findall("route")]
            chosen = _chosen([(r, float(r.get("probability", 1))) for _, r in ways], id)
            return tuple(chosen.attrib["edges"].split()), stops_of(chosen)
        name = element.get("route")
        if name is None:
            return (), ()
        if name in self.files.route_distributions:
            name = _chosen(self.files.route_distributions[name], id)
        if name not in self.files.routes:
            raise _Unknown("route", name, {**self.files.routes, **self.files.route_distributions})
        return self.files.routes[name].edges, self.files.routes[name].stops

    def _cut(self, edges: tuple[str, ...], a: Mapping[str, str]) -> tuple[str, ...]:
        """Apply `departEdge` and `arrivalEdge` where they are numbers."""
        first, last = a.get("departEdge", "0"), a.get("arrivalEdge", "-1")
        if not first.isdigit() or not last.lstrip("-").isdigit():
            self.left_out[Message("random departEdge or arrivalEdge of vehicles")] += 1
            return edges
        return edges[int(first) :] if last == "-1" else edges[int(first) : int(last) + 1]

    def _stop(self, stop: Mapping[str, str], later_s: float) -> Mapping[str, str]:
        """Keep what a stop says about places and times, in seconds; `until` of a repeated one comes later."""
        for name in sorted(set(stop) - STOP_KEPT - {"index", "actType"}):
            self.left_out[Message("attribute {name} of stops", name=name)] += 1
        kept = {name: value for name, value in stop.items() if name in STOP_KEPT}
        for name in ("until", "arrival"):
            if name in kept:
                kept[name] = f"{time_s(kept[name]) + later_s:.10g}"
        for name in ("duration", "extension"):
            if name in kept:
                kept[name] = f"{time_s(kept[name]):.10g}"
        return kept


def _chosen(weighted: Sequence[tuple[Item, float]], id: str) -> Item:
    """Draw one of several by the vehicle's own number."""
    left = share_of(f"route/{id}") * math.fsum(weight for _, weight in weighted)
    for item, weight in weighted:
        left -= weight
        if left < 0:
            return item
    return weighted[-1][0]


def thinned(vehicles: list[Vehicle], scale: float) -> list[Vehicle]:
    """Keep a share of the vehicles, each by a number of its own; timetabled ones all stay."""
    return [v for v in vehicles if v.timetabled or share_of(f"scale/{v.id}") < scale]


def with_edges(vehicle: Vehicle, edges: tuple[str, ...]) -> Vehicle:
    """Return the vehicle with the route that was found for it."""
    return replace(vehicle, edges=edges, way={})
