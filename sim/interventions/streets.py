"""How interventions name stretches of street, vehicle classes and hours. No kind of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

from sim.edits.vocabulary import AddClosure
from sim.errors import Problems, near
from sim.labels import Message, Text, catalogue, text
from sim.loading import Facts
from sim.site.clock import CLOCK, seconds
from sim.site.model import Closure, Site
from sim.site.network import Edge, Movement, Network
from sim.site.places import named

MOTOR = frozenset(
    {
        "private", "army", "vip", "passenger", "hov", "taxi", "bus", "coach", "delivery", "truck",
        "trailer", "motorcycle", "moped", "evehicle", "custom1", "custom2",
    }
)  # fmt: skip
"""Classes that a restriction of motor traffic means. Police, ambulances and fire engines (`authority`,
`emergency`), rails, bicycles and pedestrians go on."""
RESTRICTABLE = MOTOR | {"bicycle", "scooter", "emergency", "authority"}
ALWAYS = (-1e6, 1e6)
"""Before and after every period, s."""
CAR = "car"
"""What people write for `passenger`."""


def _vehicle(value: str) -> str:
    name = "passenger" if value == CAR else value
    if name not in RESTRICTABLE:
        raise ValueError(
            Message(
                "no vehicle class {value!r} ({value_2})",
                value=value,
                value_2=near(value, {*RESTRICTABLE, CAR}),
            )
        )
    return name


VehicleName = Annotated[str, AfterValidator(_vehicle)]
"""A vehicle class as lanes know it, `car` for `passenger`."""


def _hours(value: str) -> str:
    begin, _, end = value.partition("-")
    if not (CLOCK.fullmatch(begin) and CLOCK.fullmatch(end)):
        raise ValueError(Message('hours {value!r}: write "HH:MM-HH:MM" in quotes', value=value))
    if seconds(end) <= seconds(begin):
        raise ValueError(
            Message(
                "hours {value!r} end before they begin: after midnight, hours go on beyond 24", value=value
            )
        )
    return value


Hours = Annotated[str, AfterValidator(_hours)]
"""A time of day, `07:00-09:00`, its end not included."""


def span_s(hours: str) -> tuple[float, float]:
    """Return begin and end in seconds since midnight."""
    begin, _, end = hours.partition("-")
    return float(seconds(begin)), float(seconds(end))


def other_times(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the times that are in none of `spans`, which lie in order and do not overlap."""
    begins, ends = zip(*spans, strict=True)
    bounds = zip((ALWAYS[0], *ends), (*begins, ALWAYS[1]), strict=True)
    return [(a, b) for a, b in bounds if a < b]


def check_hours(site: Site, hours: Sequence[str], path: str, problems: Problems) -> None:
    """Note hours that overlap, and hours that lie beside every period: nothing would be simulated."""
    ordered = sorted(hours, key=span_s)
    for one, other in pairwise(ordered):
        if span_s(other)[0] < span_s(one)[1]:
            problems.add(path, Message("{one} and {other} overlap", one=one, other=other))
    periods = site.periods.values()
    for each in hours:
        begin_s, end_s = span_s(each)
        if not any(begin_s < period.end_s and period.begin_s < end_s for period in periods):
            known = [f"{period.begin}-{period.end}" for period in periods]
            problems.add(
                path,
                Message("{each} meets no period of the site", each=each),
                Message("its periods: {known}", known=known),
            )


class ExpectedStreet(Facts):
    """How many lanes for cars each edge of the stretch is believed to have today."""

    lanes: int = Field(ge=2)


def stretch(network: Network, names: Iterable[str], path: str) -> list[Edge]:
    """Return the edges that are named: by an edge's id, or an approach for the whole leg that leads to it."""
    problems = Problems()
    found: dict[str, Edge] = {}
    for number, name in enumerate(names, 1):
        approach = network.approaches.get(name)
        ids = approach.chain if approach else (name,)
        for id in ids:
            if id in found:
                problems.add(f"{path}.{number}", Message("{name!r} is named twice: {id!r}", name=name, id=id))
            elif id not in network.edges:
                known = {*network.edges, *network.approaches}
                problems.add(
                    f"{path}.{number}",
                    Message("no edge or approach named {name!r}", name=name),
                    near(name, known),
                )
            else:
                found[id] = network.edges[id]
    problems.raise_if_any()
    return list(found.values())


def banned(vehicles: Iterable[str], exempt: Iterable[str]) -> frozenset[str]:
    """Return the classes that a restriction hits: those named, else all motor traffic, but for the exempt."""
    return (frozenset(vehicles) or MOTOR) - frozenset(exempt)


def timed(
    id: str,
    hours: Iterable[str],
    hit: frozenset[str],
    network: Network,
    lanes: Sequence[str] = (),
    connections: Sequence[str] = (),
) -> tuple[AddClosure, ...]:
    """Return the closures of lanes and connections for the classes `hit`, one for each time of day."""
    every = frozenset().union(*(lane.allow for edge in network.edges.values() for lane in edge.lanes))
    edits = []
    for each in hours:
        begin_s, end_s = span_s(each)
        closure = Closure(begin_s, end_s, tuple(lanes), tuple(connections), every - hit)
        edits.append(AddClosure(f"{id}.{begin_s:.0f}-{end_s:.0f}", closure))
    return tuple(edits)


def car_movement_lanes(network: Network, movement: Movement) -> list[int]:
    """Return the lanes, counted from the kerb, from which cars make a movement."""
    lanes = {
        c.from_lane
        for c in movement.connections
        if network.edges[c.from_edge].lanes[c.from_lane].for_cars
        and (c.allow is None or "passenger" in c.allow)
    }
    return sorted(lanes)


def check_turning_lanes(
    network: Network, movement: Movement, expected: int, path: str, problems: Problems
) -> None:
    """Add a problem where cars make a movement from another number of lanes than was believed."""
    found = len(car_movement_lanes(network, movement))
    if found != expected:
        told = Message("expected cars to turn from {lanes} lanes, found {found}", lanes=expected, found=found)
        problems.add(path, told, Message("it leads to {to_edge!r}", to_edge=movement.to_edge))


def streets_in_words(site: Site, names: Sequence[str]) -> Text:
    """Name stretches for the change log."""
    words = [named(site.facts, f"approach:{name}") for name in names]
    return Text("、".join(word.zh for word in words), ", ".join(word.en for word in words))


def classes_in_words(classes: Iterable[str]) -> Text:
    """Name vehicle classes for the change log."""
    words = [catalogue().get(f"vehicle.{name}", Text(name, name)) for name in sorted(classes)]
    return Text("、".join(word.zh for word in words), ", ".join(word.en for word in words))


def restriction_in_words(hours: Sequence[str], vehicles: Sequence[str], exempt: Sequence[str]) -> Text:
    """Say when and whom a restriction hits; empty where always and all motor traffic."""
    parts = [Text("、".join(hours), ", ".join(hours))] if hours else []
    if vehicles:
        parts.append(classes_in_words(vehicles))
    if exempt:
        words = classes_in_words(exempt)
        parts.append(text("intervention.except", zh=words.zh, en=words.en))
    if not parts:
        return Text("", "")
    return Text(f"（{'；'.join(p.zh for p in parts)}）", f" ({'; '.join(p.en for p in parts)})")


def check_lanes(edges: Iterable[Edge], expected: int, problems: Problems, path: str) -> None:
    """Note edges that have another number of lanes for cars than is believed."""
    for edge in edges:
        found = sum(lane.for_cars for lane in edge.lanes)
        if found != expected:
            problems.add(
                path,
                Message(
                    "expected {expected} lanes for cars on {id!r}, found {found}",
                    expected=expected,
                    id=edge.id,
                    found=found,
                ),
            )
