"""Whether parking, its demand and illegal stopping fit the streets: every problem at once. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

from sim.errors import Problem, Problems, near
from sim.labels import Message
from sim.site.facts import SiteFacts
from sim.site.network import Edge, Network
from sim.site.parking import STALL_ALONG_M, ParkingArea

MEAN_STAYS = 3.0
"""Least horizon of a demand whose stock nobody has counted."""
TABLES = ("parking", "parking_demand", "illegal_stopping")
"""Of a site: what is wrong in them keeps nobody from looking at the streets."""


def entry(problem: Problem, path: str) -> tuple[str, str] | None:
    """Return the table of `TABLES` and the entry in which a problem lies; None if it lies elsewhere."""
    parts = problem.path.removeprefix(f"{path}.").split(".")
    return (parts[0], parts[1]) if parts[0] in TABLES and len(parts) > 1 else None


def without_wrong(data: Mapping[str, Any], found: Iterable[Problem], path: str) -> Mapping[str, Any] | None:
    """Leave out the entries that cannot be read, and demand for such a lot; None if anything else cannot be.

    `data`: a site as written; `found`: what was wrong with it.
    """
    wrong = {entry(problem, path) for problem in found}
    if None in wrong:
        return None
    kept = dict(data)
    for table in TABLES:
        if isinstance(written := data.get(table), Mapping):
            kept[table] = {id: item for id, item in written.items() if (table, id) not in wrong}
    lost = {id for table, id in filter(None, wrong) if table == "parking"}
    if isinstance(demand := kept.get("parking_demand"), Mapping):
        kept["parking_demand"] = {
            id: item
            for id, item in demand.items()
            if not (isinstance(item, Mapping) and item.get("lot") in lost)
        }
    return kept


def check_areas(facts: SiteFacts, streets: Mapping[str, float | None], path: str, problems: Problems) -> None:
    """Hold parking areas against the approaches and edges there are (with their lengths, where known)."""
    for id, area in facts.parking.items():
        place = f"{path}.parking.{id}"
        if area.on.startswith(":"):
            problems.add(
                f"{place}.on",
                Message("{on!r} lies inside a junction", on=area.on),
                Message("name the street before it"),
            )
        elif area.on not in streets:
            problems.add(
                f"{place}.on", Message("no approach or edge {on!r}", on=area.on), near(area.on, streets)
            )
        check_area(area, streets.get(area.on), place, problems)
    for (one, first), (other, second) in combinations(sorted(facts.parking.items()), 2):
        if first.on == second.on and overlap(first, second):
            problems.add(
                f"{path}.parking.{other}.at_m",
                Message("overlaps {one!r}, which takes {first}", one=one, first=taken(first)),
            )


def check_area(area: ParkingArea, length_m: float | None, place: str, problems: Problems) -> None:
    """Check one area against the length of its street."""
    end_m = area.at_m + area.length_m
    if length_m is not None and area.at_m >= length_m:
        what = Message(
            "the entrance at {at_m:g} m lies inside the junction: {on} is {length_m:.0f} m long",
            at_m=area.at_m,
            on=area.on,
            length_m=length_m,
        )
        problems.add(f"{place}.at_m", what)
    elif length_m is not None and end_m > length_m:
        problems.add(
            f"{place}.at_m",
            Message(
                "ends at {end_m:g} m, but {on} is {length_m:.0f} m long",
                end_m=end_m,
                on=area.on,
                length_m=length_m,
            ),
        )
    stall_m = STALL_ALONG_M[area.angle_deg]
    if area.kind == "kerb" and area.stalls * stall_m > area.length_m:
        what = Message(
            "{stalls} stalls do not fit on {length_m:g} m", stalls=area.stalls, length_m=area.length_m
        )
        problems.add(
            f"{place}.stalls",
            what,
            Message(
                "a kerb stall at {angle_deg} degrees takes {stall_m:g} m",
                angle_deg=area.angle_deg,
                stall_m=stall_m,
            )
            if area.angle_deg
            else Message("a kerb stall takes {stall_m:g} m", stall_m=stall_m),
        )


def overlap(one: ParkingArea, other: ParkingArea) -> bool:
    """Whether two areas of one edge take the same metres; gates off the street may stand beside kerb bays."""
    if (one.kind == "kerb") != (other.kind == "kerb"):
        return False
    return one.at_m < other.at_m + other.length_m and other.at_m < one.at_m + one.length_m


def taken(area: ParkingArea) -> Message:
    """Say which metres an area takes."""
    return Message("{from_m:g} to {to_m:g} m", from_m=area.at_m, to_m=area.at_m + area.length_m)


def check_demand(
    facts: SiteFacts,
    streets: Iterable[str],
    entries: Iterable[str],
    exits: Iterable[str],
    path: str,
    problems: Problems,
) -> None:
    """Hold parking demand and illegal stopping against areas, legs and periods."""
    for id, demand in facts.parking_demand.items():
        place = f"{path}.parking_demand.{id}"
        if demand.lot is not None and demand.lot not in facts.parking:
            problems.add(
                f"{place}.lot",
                Message("no parking area {lot!r}", lot=demand.lot),
                near(demand.lot, facts.parking),
            )
        if demand.destination is not None and demand.destination not in streets:
            what = Message("no approach or edge {destination!r}", destination=demand.destination)
            problems.add(f"{place}.destination", what, near(demand.destination, streets))
        if not facts.parking:
            problems.add(
                place, Message("there is no parking area in the site"), Message("add one under `parking`")
            )
        for period in demand.stock_veh if isinstance(demand.stock_veh, Mapping) else ():
            if period not in facts.periods:
                what = Message("no period {period!r}", period=period)
                problems.add(f"{place}.stock_veh.{period}", what, near(period, facts.periods))
        _check_ends(demand.origin, demand.exit, entries, exits, place, problems)
    for id, stopping in facts.illegal_stopping.items():
        place = f"{path}.illegal_stopping.{id}"
        if stopping.on not in streets:
            problems.add(
                f"{place}.on",
                Message("no approach or edge {on!r}", on=stopping.on),
                near(stopping.on, streets),
            )
        if stopping.imported and facts.imported is None:
            what = Message("the site was drawn: no vehicle has come with a model")
            problems.add(f"{place}.imported", what, Message("name `origin` and `exit` instead"))
        elif not stopping.imported:
            _check_ends(str(stopping.origin), str(stopping.exit), entries, exits, place, problems)


def _check_ends(
    origin: str, exit: str, entries: Iterable[str], exits: Iterable[str], place: str, problems: Problems
) -> None:
    if origin not in entries:
        what = Message("{origin!r} is no leg by which vehicles enter the site", origin=origin)
        problems.add(f"{place}.origin", what, near(origin, entries))
    if exit not in exits:
        what = Message("{exit!r} is no leg by which vehicles leave the site", exit=exit)
        problems.add(f"{place}.exit", what, near(exit, exits))


def check_stock(facts: SiteFacts, periods: Iterable[str], path: str, problems: Problems) -> None:
    """Refuse a period whose lots begin with a stock that nobody has counted and do not live to forget it.

    Warm-up and window cover at least `MEAN_STAYS` mean stays of each demand, or its stock is surveyed: that
    which is drawn was drawn as if the rate had always been the same.
    """
    for period in periods:
        named = facts.periods[period]
        for id, demand in sorted(facts.parking_demand.items()):
            stays = demand.covers_stays(period, facts.warm_up_s, named.end_s - named.begin_s)
            if stays < MEAN_STAYS:
                what = Message(
                    "warm-up and window cover {stays:.1f} mean stays, not {most:g}, and nobody has counted "
                    "who is parked when they begin",
                    stays=stays,
                    most=MEAN_STAYS,
                )
                needed_s = math.ceil(MEAN_STAYS * demand.stay_min) * 60 - (named.end_s - named.begin_s)
                hint = Message(
                    "write the survey (夜间/日间), e.g. `{{{period}: 12}}`, or `warm_up_s: {needed_s}`",
                    period=period,
                    needed_s=needed_s,
                )
                problems.add(f"{path}.parking_demand.{id}.stock_veh", what, hint)


def check_on_network(facts: SiteFacts, network: Network, path: str, problems: Problems) -> None:
    """Check what only the built streets say: lanes for cars, lanes that bays take, overlaps along an edge.

    Areas lie on edges already; those that do not are named elsewhere.
    """
    placed = {id: area for id, area in facts.parking.items() if area.on in network.edges}
    for id, area in sorted(placed.items()):
        place, edge = f"{path}.parking.{id}", network.edges[area.on]
        if not any(lane.for_cars for lane in edge.lanes):
            problems.add(f"{place}.on", Message("no lane of {id!r} is open to cars", id=edge.id))
        elif area.bay == "in_lane":
            check_in_lane(edge, network, place, problems)
    for (one, first), (other, second) in combinations(sorted(placed.items()), 2):
        if first.on != second.on or not overlap(first, second):
            continue
        place = f"{path}.parking.{other}.at_m"
        if place not in {problem.path for problem in problems.found}:
            said = Message(
                "overlaps {one!r}, which takes {first} of {on}", one=one, first=taken(first), on=first.on
            )
            problems.add(place, said)


def check_in_lane(edge: Edge, network: Network, place: str, problems: Problems) -> None:
    """Bays in the lane leave every way of the edge to another lane."""
    lanes = [lane.index for lane in edge.lanes if lane.for_cars]
    if len(lanes) < 2:  # noqa: PLR2004 - the lane that is taken and one to drive on
        problems.add(
            f"{place}.bay",
            Message("{id!r} has one lane for cars: bays in it would close the street", id=edge.id),
        )
        return
    ways = network.connections_from.get(edge.id, ())
    kept = {c.to_edge for c in ways if c.from_lane != lanes[0]}
    if lost := sorted({c.to_edge for c in ways} - kept):
        what = Message("the lane taken is the only one from {id!r} to {lost}", id=edge.id, lost=lost)
        problems.add(f"{place}.bay", what, Message("put the bays on the street before the lanes fan out"))
