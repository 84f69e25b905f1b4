"""Whether the facts of a site hold together, before anything is built: every problem at once. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from sim.errors import Problems, near
from sim.labels import Message, Text, text
from sim.site.drawing_check import check_drawing
from sim.site.facts import Period, SiteFacts
from sim.site.layout import Layout
from sim.site.network import Network
from sim.site.parking_check import check_areas, check_demand
from sim.site.right_of_way import gives_way

CROSSING_LENGTH_OFF = 0.30
"""A crossing's length may differ by this share from what the lanes give."""
QUARTER_S = 900
NAMED = (
    "junctions", "streets", "plans", "parking", "parking_demand", "illegal_stopping", "periods", "routes",
    "bus_stops", "bus_lines",
)  # fmt: skip
"""Fields of a site that are maps by name."""
_NAME = re.compile(r"\w[\w-]*")
MINUTE_S = 60
"""Zones and queues are counted in whole minutes from the start of a run: the window begins with one."""


def check_site(facts: SiteFacts, path: str = "site.yaml") -> None:
    """Raise one ConfigError with everything that is wrong; `path` is where the facts were read."""
    problems = Problems()
    _check_names(facts, path, problems)
    _check_times(facts, path, problems)
    if facts.imported is None:
        streets_hold = check_drawing(facts, path, problems)
        _check_plans(facts, path, problems)
        _check_references(facts, streets_hold, path, problems)
    else:
        for field in ("streets", "plans"):
            if getattr(facts, field):
                what = Message("an imported site has its {field} from the network's files", field=field)
                problems.add(f"{path}.{field}", what, Message("remove it; policies change signals"))
    problems.raise_if_any()


def check_places(facts: SiteFacts, network: Network, path: str = "site.yaml") -> None:
    """Raise one ConfigError with every approach, edge or junction that the facts name and the network lacks.

    For imported sites; drawn ones are checked before the network is built.
    """
    problems = Problems()
    streets = {**dict.fromkeys(network.approaches), **dict.fromkeys(network.edges)}
    crossings = {id for id, approach in network.approaches.items() if approach.crossing is not None}
    lengths = {**{id: None for id in streets}, **{id: edge.length_m for id, edge in network.edges.items()}}
    check_areas(facts, lengths, path, problems)
    check_demand(facts, streets, streets, streets, path, problems)
    _check_routes(facts, streets, path, problems)
    _check_measured(facts, network.junctions, path, problems)
    for name, period in facts.periods.items():
        _check_pedestrians(period, network.approaches, crossings, f"{path}.periods.{name}", problems)
    problems.raise_if_any()


def check_field_values(facts: SiteFacts, network: Network, path: str, problems: Problems) -> None:
    """Add a problem for everything measured in the street where the site has no movement or approach."""
    places = {**dict.fromkeys(network.movements), **dict.fromkeys(network.approaches)}
    for id, values in facts.field_values.items():
        if id not in places:
            what = Message("no movement or approach {name!r}", name=id)
            problems.add(f"{path}.field_values.{id}", what, near(id, places))
            continue
        for period in values.gap_capacity_vph or ():
            place = f"{path}.field_values.{id}.gap_capacity_vph"
            if id not in network.approaches:
                told = Message("is observed of a whole approach: what stands there shares its lanes")
                problems.add(
                    place, told, Message("write it for {approach!r}", approach=id.rpartition(".")[0])
                )
                break
            if not gives_way(network, id):
                told = Message("nobody goes in gaps there: {approach!r} need not give way", approach=id)
                problems.add(place, told, Message("leave it out"))
                break
            if period not in facts.periods:
                told = Message("the site has no period {period!r}", period=period)
                problems.add(f"{place}.{period}", told, near(period, facts.periods))


def crossing_notes(facts: SiteFacts, network: Network) -> tuple[Text, ...]:
    """Return a note for every crossing whose written length is far from the one its lanes give."""
    notes = []
    for junction, j in facts.junctions.items():
        for name, approach in j.approaches.items():
            built = network.approaches.get(f"{junction}.{name}")
            if approach.crossing is None or built is None or built.crossing is None:
                continue
            written_m, built_m = approach.crossing.length_m, built.crossing.length_m
            if abs(built_m - written_m) > CROSSING_LENGTH_OFF * written_m:
                values = {"leg": built.id, "written_m": f"{written_m:g}", "built_m": f"{built_m:.1f}"}
                notes.append(text("site.crossing_length", **values))
    return tuple(notes)


def _check_names(facts: SiteFacts, path: str, problems: Problems) -> None:
    groups: dict[str, Iterable[str]] = {field: getattr(facts, field) for field in NAMED}
    groups |= {f"junctions.{id}.approaches": j.approaches for id, j in facts.junctions.items()}
    for place, names in groups.items():
        for name in names:
            if not _NAME.fullmatch(name):
                what = Message("the name {name!r} may hold letters, digits, _ and - only", name=name)
                problems.add(f"{path}.{place}", what)


def _check_times(facts: SiteFacts, path: str, problems: Problems) -> None:
    """Warm-ups of whole minutes, each with room before its period: there is no time before second 0."""
    if facts.warm_up_s % MINUTE_S:
        what = Message(
            "a warm-up of {warm_up_s} s is not a whole number of minutes", warm_up_s=facts.warm_up_s
        )
        nearest_s = max(1, round(facts.warm_up_s / MINUTE_S)) * MINUTE_S
        problems.add(f"{path}.warm_up_s", what, Message("write {nearest_s}", nearest_s=nearest_s))
    for id, period in facts.periods.items():
        if period.begin_s < facts.warm_up_s:
            what = Message(
                "begins {begin_s} s after 00:00, within its warm-up of {warm_up_s} s",
                begin_s=period.begin_s,
                warm_up_s=facts.warm_up_s,
            )
            hint = Message('count hours on past midnight ("24:05"), or write a shorter `warm_up_s`')
            problems.add(f"{path}.periods.{id}.begin", what, hint)


def _check_plans(facts: SiteFacts, path: str, problems: Problems) -> None:
    signals = {id for id, j in facts.junctions.items() if j.control == "signals"}
    for name, plans in facts.plans.items():
        for junction in plans:
            place = f"{path}.plans.{name}.{junction}"
            if junction not in facts.junctions:
                problems.add(
                    place,
                    Message("no junction {junction!r}", junction=junction),
                    near(junction, facts.junctions),
                )
            elif junction not in signals:
                what = Message(
                    "{junction!r} is controlled by {control!r}",
                    junction=junction,
                    control=facts.junctions[junction].control,
                )
                problems.add(place, what, Message("give it `control: signals` or remove the plan"))
    used: dict[str, str] = {}
    for id, period in facts.periods.items():
        place = f"{path}.periods.{id}.plan"
        if period.plan is not None and period.plan not in facts.plans:
            problems.add(place, Message("no plan {plan!r}", plan=period.plan), near(period.plan, facts.plans))
        elif period.plan is None and signals:
            problems.add(place, Message("missing: signals need a plan"), near("", facts.plans))
        elif period.plan is not None:
            used.setdefault(period.plan, id)
    for plan, period_id in used.items():
        for junction in sorted(signals - set(facts.plans[plan])):
            what = Message(
                "no plan for the signals of {junction!r}, which the period {period_id!r} needs",
                junction=junction,
                period_id=period_id,
            )
            problems.add(f"{path}.plans.{plan}", what)


def _check_references(facts: SiteFacts, streets_hold: bool, path: str, problems: Problems) -> None:
    """Check what names legs of a drawn site; without streets that hold nobody knows how long they are."""
    layout = Layout(facts)
    legs = layout.legs
    entering = {name: leg for name, leg in legs.items() if layout.approach(leg).lanes}
    lengths = {name: layout.length_m(leg) if streets_hold else None for name, leg in entering.items()}
    streets = {leg for street in facts.streets.values() for leg in street.legs}
    boundary = {name: leg for name, leg in legs.items() if name not in streets}
    exits = {name for name, leg in boundary.items() if layout.approach(leg).exit_lanes}
    exit_edges = {f"{name}.exit": layout.approach(boundary[name]).length_m for name in sorted(exits)}
    places = {**lengths, **exit_edges}
    check_areas(facts, places, path, problems)
    check_demand(facts, places, set(boundary) & set(entering), exits, path, problems)
    _check_routes(facts, places, path, problems)
    _check_measured(facts, facts.junctions, path, problems)
    crossings = {name for name, leg in legs.items() if layout.approach(leg).crossing is not None}
    for id, period in facts.periods.items():
        _check_pedestrians(period, legs, crossings, f"{path}.periods.{id}", problems)


def _check_routes(facts: SiteFacts, streets: Mapping[str, object], path: str, problems: Problems) -> None:
    for id, route in facts.routes.items():
        for index, name in enumerate(route.via):
            if name not in streets:
                place = f"{path}.routes.{id}.via[{index}]"
                problems.add(place, Message("no approach or edge {name!r}", name=name), near(name, streets))


def _check_measured(facts: SiteFacts, junctions: Iterable[str], path: str, problems: Problems) -> None:
    for index, name in enumerate(facts.measured_junctions or ()):
        if name not in junctions:
            problems.add(
                f"{path}.measured_junctions[{index}]",
                Message("no junction {name!r}", name=name),
                near(name, junctions),
            )


def _check_pedestrians(
    period: Period, legs: Iterable[str], crossings: Iterable[str], path: str, problems: Problems
) -> None:
    quarters = math.ceil((period.end_s - period.begin_s) / QUARTER_S)
    for name, counts in period.pedestrians_per_15min.items():
        place = f"{path}.pedestrians_per_15min.{name}"
        if name not in legs:
            problems.add(place, Message("no leg {name!r}", name=name), near(name, crossings))
        elif name not in crossings:
            problems.add(
                place,
                Message("the leg {name!r} has no crossing", name=name),
                Message("give it a `crossing` or no pedestrians"),
            )
        numbers = counts if isinstance(counts, tuple) else (counts,)
        if isinstance(counts, tuple) and len(counts) != quarters:
            problems.add(
                place,
                Message(
                    "{n_counts} numbers for {quarters} quarters of an hour",
                    n_counts=len(counts),
                    quarters=quarters,
                ),
            )
        if any(number < 0 for number in numbers):
            problems.add(place, Message("a count is not negative"))
