"""Whether the facts of a site hold together, before anything is built: every problem at once. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from itertools import combinations

from sim.errors import Problems, near
from sim.labels import Message, Text, text
from sim.site.facts import ApproachFacts, Period, SiteFacts
from sim.site.layout import Layout, Leg, leg_of, sides
from sim.site.network import Network
from sim.site.parking_check import check_areas, check_demand

SAME_BEARING_DEG = 20.0
"""Two legs closer than this are one to the drawing."""
STREET_BEARING_DEG = 30.0
"""A street's leg may be written this far off the line between its junctions."""
JUNCTION_SPACE_M = 30.0
"""Room that a street needs beside its short lanes: half a junction at each end."""
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
        drawn = _Drawn(facts, path, problems)
        drawn.check()
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
    for id in facts.field_values:
        if id not in places:
            what = Message("no movement or approach {name!r}", name=id)
            problems.add(f"{path}.field_values.{id}", what, near(id, places))


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


class _Drawn:
    def __init__(self, facts: SiteFacts, path: str, problems: Problems) -> None:
        self.facts = facts
        self.path = path
        self.problems = problems
        self.legs: dict[str, Leg] = {
            f"{junction}.{name}": (junction, name)
            for junction, j in facts.junctions.items()
            for name in j.approaches
        }

    def check(self) -> None:
        streets_hold = self._check_streets()
        for junction, j in self.facts.junctions.items():
            place = f"{self.path}.junctions.{junction}.approaches"
            if len(j.approaches) < 2:  # noqa: PLR2004 - a junction joins two legs at least
                self.problems.add(
                    place,
                    Message("{n_approaches} leg is no junction", n_approaches=len(j.approaches)),
                    Message("draw at least two"),
                )
            if streets_hold:
                self._check_bearings(junction, place)
        if streets_hold:
            for name, leg in self.legs.items():
                place = f"{self.path}.junctions.{leg[0]}.approaches.{leg[1]}"
                self._check_leg(name, leg, place)
        self._check_plans()
        self._check_references(streets_hold)

    def approach(self, leg: Leg) -> ApproachFacts:
        return self.facts.junctions[leg[0]].approaches[leg[1]]

    def _check_streets(self) -> bool:
        """Whether every street joins two legs of two junctions, each leg once; else there is no layout."""
        before = len(self.problems.found)
        used: dict[str, str] = {}
        for id, street in self.facts.streets.items():
            place = f"{self.path}.streets.{id}.legs"
            for index, name in enumerate(street.legs):
                if name not in self.legs:
                    self.problems.add(
                        f"{place}[{index}]", Message("no leg {name!r}", name=name), near(name, self.legs)
                    )
                elif name in used:
                    what = Message(
                        "the leg {name!r} is in the street {used!r} already", name=name, used=used[name]
                    )
                    self.problems.add(f"{place}[{index}]", what)
                used.setdefault(name, id)
            first, second = (leg_of(name)[0] for name in street.legs)
            if first == second:
                self.problems.add(
                    place,
                    Message("both legs are at {first!r}", first=first),
                    Message("a street joins two junctions"),
                )
            elif {first, second} <= set(self.facts.junctions) and self._apart_m(first, second) == 0:
                self.problems.add(
                    place,
                    Message("{first} and {second} stand on the same spot", first=first, second=second),
                    Message("mind `position_m`"),
                )
        return len(self.problems.found) == before

    def _apart_m(self, first: str, second: str) -> float:
        junctions = self.facts.junctions
        return math.dist(junctions[first].position_m, junctions[second].position_m)

    def _check_bearings(self, junction: str, place: str) -> None:
        layout, approaches = Layout(self.facts), self.facts.junctions[junction].approaches
        bearing = {name: layout.bearing_deg((junction, name)) for name in approaches}
        for one, other in combinations(bearing, 2):
            apart = _angle_deg(bearing[one], bearing[other])
            if apart < SAME_BEARING_DEG:
                what = Message(
                    "{one!r} and {other!r} lie {apart:.0f} degrees apart", one=one, other=other, apart=apart
                )
                self.problems.add(
                    place,
                    what,
                    Message(
                        "legs need {same_bearing_deg:g} degrees between them",
                        same_bearing_deg=SAME_BEARING_DEG,
                    ),
                )
        for name, straight in bearing.items():
            written = approaches[name].bearing_deg
            if _angle_deg(written, straight) > STREET_BEARING_DEG:
                what = Message(
                    "says {written:g}, but the street's other junction lies at {straight:.0f} degrees",
                    written=written,
                    straight=straight,
                )
                self.problems.add(f"{place}.{name}.bearing_deg", what)

    def _check_leg(self, name: str, leg: Leg, place: str) -> None:
        layout, approach = Layout(self.facts), self.approach(leg)
        other = layout.other_end.get(leg)
        exits = len(layout.exit_widths_m(leg))
        if other is None:
            if approach.length_m is None:
                self.problems.add(
                    f"{place}.length_m", Message("missing: the leg is not a street to another junction")
                )
            if approach.exit_lanes is None:
                what = Message("missing: how many lanes leave the junction on this leg")
                self.problems.add(
                    f"{place}.exit_lanes", what, Message("0 where it is one-way towards the junction")
                )
        else:
            if approach.length_m is not None:
                what = Message("the leg is a street, its length follows from the junctions' positions")
                self.problems.add(f"{place}.length_m", what, Message("leave it out"))
            if approach.exit_lanes not in (None, exits):
                what = Message(
                    "says {exit_lanes}, but {other}.{other_2} has {exits} full lanes",
                    exit_lanes=approach.exit_lanes,
                    other=other[0],
                    other_2=other[1],
                    exits=exits,
                )
                self.problems.add(
                    f"{place}.exit_lanes", what, Message("leave it out: it follows from the other end")
                )
        if not approach.lanes and exits == 0:
            self.problems.add(
                place, Message("nobody drives on this leg"), Message("give it `lanes` or `exit_lanes`")
            )
        if approach.crossing is not None and not approach.lanes:
            self.problems.add(
                f"{place}.crossing", Message("a crossing needs a leg with lanes towards the junction")
            )
        length_m = approach.length_m if other is None else self._apart_m(leg[0], other[0])
        self._check_short_lanes(approach, length_m, place)
        layout.lane_ways(leg, self.problems, place)

    def _check_short_lanes(self, approach: ApproachFacts, length_m: float | None, place: str) -> None:
        parts = sides(approach.lanes)
        if approach.lanes and not parts.full:
            self.problems.add(
                f"{place}.lanes", Message("every lane is short"), Message("a full lane has no `length_m`")
            )
            return
        for index, lane in enumerate(approach.lanes):
            inside = len(parts.left) <= index < len(parts.left) + len(parts.full)
            if lane.length_m is not None and inside:
                what = Message("a short lane lies at the left or right side, not between full lanes")
                self.problems.add(f"{place}.lanes[{index}].length_m", what)
        lengths = sorted({lane.length_m for lane in parts.short if lane.length_m is not None})
        if len(lengths) > 1:
            what = Message("short lanes of {lengths:and} m", lengths=[f"{m:g}" for m in lengths])
            self.problems.add(
                f"{place}.lanes", what, Message("all short lanes of an approach have one length")
            )
        if lengths and length_m is not None and lengths[-1] + JUNCTION_SPACE_M > length_m:
            what = Message(
                "short lanes of {lengths:g} m do not fit on a leg of {length_m:.0f} m",
                lengths=lengths[-1],
                length_m=length_m,
            )
            self.problems.add(
                f"{place}.lanes",
                what,
                Message("leave {junction_space_m:g} m for the junction", junction_space_m=JUNCTION_SPACE_M),
            )
        self._check_solid_line(approach, lengths, length_m, place)

    def _check_solid_line(
        self, approach: ApproachFacts, short_m: list[float], length_m: float | None, place: str
    ) -> None:
        """Check that the edge can be cut where solid lines begin: where short lanes do, if there are any."""
        solid_m, place = approach.solid_line_m, f"{place}.solid_line_m"
        if solid_m is None:
            return
        if len(approach.lanes) <= 1:
            self.problems.add(
                place,
                Message("a solid line lies between lanes towards the junction"),
                Message("leave it out"),
            )
        elif short_m and short_m[-1] != solid_m:
            what = Message(
                "says {solid_m:g}, but the short lanes begin {short_m:g} m before the stop line",
                solid_m=solid_m,
                short_m=short_m[-1],
            )
            self.problems.add(place, what, Message("beside short lanes, solid lines are as long as they are"))
        elif length_m is not None and solid_m + JUNCTION_SPACE_M > length_m:
            what = Message(
                "solid lines of {solid_m:g} m do not fit on a leg of {length_m:.0f} m",
                solid_m=solid_m,
                length_m=length_m,
            )
            self.problems.add(
                place,
                what,
                Message("leave {junction_space_m:g} m for the junction", junction_space_m=JUNCTION_SPACE_M),
            )

    def _check_plans(self) -> None:
        signals = {id for id, j in self.facts.junctions.items() if j.control == "signals"}
        for name, plans in self.facts.plans.items():
            for junction in plans:
                place = f"{self.path}.plans.{name}.{junction}"
                if junction not in self.facts.junctions:
                    self.problems.add(
                        place,
                        Message("no junction {junction!r}", junction=junction),
                        near(junction, self.facts.junctions),
                    )
                elif junction not in signals:
                    what = Message(
                        "{junction!r} is controlled by {control!r}",
                        junction=junction,
                        control=self.facts.junctions[junction].control,
                    )
                    self.problems.add(place, what, Message("give it `control: signals` or remove the plan"))
        used: dict[str, str] = {}
        for id, period in self.facts.periods.items():
            place = f"{self.path}.periods.{id}.plan"
            if period.plan is not None and period.plan not in self.facts.plans:
                self.problems.add(
                    place, Message("no plan {plan!r}", plan=period.plan), near(period.plan, self.facts.plans)
                )
            elif period.plan is None and signals:
                self.problems.add(place, Message("missing: signals need a plan"), near("", self.facts.plans))
            elif period.plan is not None:
                used.setdefault(period.plan, id)
        for plan, period_id in used.items():
            for junction in sorted(signals - set(self.facts.plans[plan])):
                what = Message(
                    "no plan for the signals of {junction!r}, which the period {period_id!r} needs",
                    junction=junction,
                    period_id=period_id,
                )
                self.problems.add(f"{self.path}.plans.{plan}", what)

    def _check_references(self, streets_hold: bool) -> None:
        path, problems = self.path, self.problems
        entering = {name: leg for name, leg in self.legs.items() if self.approach(leg).lanes}
        lengths = {name: self._length_m(leg) if streets_hold else None for name, leg in entering.items()}
        streets = {leg for street in self.facts.streets.values() for leg in street.legs}
        boundary = {name: leg for name, leg in self.legs.items() if name not in streets}
        exits = {name for name, leg in boundary.items() if self.approach(leg).exit_lanes}
        exit_edges = {f"{name}.exit": self.approach(boundary[name]).length_m for name in sorted(exits)}
        check_areas(self.facts, {**lengths, **exit_edges}, path, problems)
        places = {**lengths, **exit_edges}
        check_demand(self.facts, places, set(boundary) & set(entering), exits, path, problems)
        _check_routes(self.facts, {**lengths, **exit_edges}, path, problems)
        _check_measured(self.facts, self.facts.junctions, path, problems)
        crossings = {name for name, leg in self.legs.items() if self.approach(leg).crossing is not None}
        for id, period in self.facts.periods.items():
            _check_pedestrians(period, self.legs, crossings, f"{path}.periods.{id}", problems)

    def _length_m(self, leg: Leg) -> float | None:
        other = Layout(self.facts).other_end.get(leg)
        return self.approach(leg).length_m if other is None else self._apart_m(leg[0], other[0])


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


def _angle_deg(one: float, other: float) -> float:
    """Smallest angle between two bearings, degrees."""
    return abs((one - other + 180) % 360 - 180)
