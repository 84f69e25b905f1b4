"""Whether the drawing of a site holds together: streets, bearings of legs, lanes and solid lines. Pure."""

from __future__ import annotations

from itertools import combinations

from sim.errors import Problems, near
from sim.labels import Message
from sim.site.facts import ApproachFacts, SiteFacts
from sim.site.layout import Layout, Leg, leg_of, sides

SAME_BEARING_DEG = 20.0
"""Two legs closer than this are one to the drawing."""
STREET_BEARING_DEG = 30.0
"""A street's leg may be written this far off the line between its junctions."""
JUNCTION_SPACE_M = 30.0
"""Room that a street needs beside its short lanes: half a junction at each end."""


def check_drawing(facts: SiteFacts, path: str, problems: Problems) -> bool:
    """Add every problem of the drawing; return whether its streets join legs, so that there is a layout."""
    return _Drawing(facts, path, problems).check()


class _Drawing:
    def __init__(self, facts: SiteFacts, path: str, problems: Problems) -> None:
        self.facts = facts
        self.path = path
        self.problems = problems
        self.layout = Layout(facts)

    def check(self) -> bool:
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
            for leg in self.layout.legs.values():
                place = f"{self.path}.junctions.{leg[0]}.approaches.{leg[1]}"
                self._check_leg(leg, place)
        return streets_hold

    def _check_streets(self) -> bool:
        """Whether every street joins two legs of two junctions, each leg once; else there is no layout."""
        before = len(self.problems.found)
        junctions, legs = self.facts.junctions, self.layout.legs
        used: dict[str, str] = {}
        for id, street in self.facts.streets.items():
            place = f"{self.path}.streets.{id}.legs"
            for index, name in enumerate(street.legs):
                if name not in legs:
                    told = Message("no leg {name!r}", name=name)
                    self.problems.add(f"{place}[{index}]", told, near(name, legs))
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
            elif {first, second} <= set(junctions) and (
                junctions[first].position_m == junctions[second].position_m
            ):
                self.problems.add(
                    place,
                    Message("{first} and {second} stand on the same spot", first=first, second=second),
                    Message("mind `position_m`"),
                )
        return len(self.problems.found) == before

    def _check_bearings(self, junction: str, place: str) -> None:
        layout, approaches = self.layout, self.facts.junctions[junction].approaches
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

    def _check_leg(self, leg: Leg, place: str) -> None:
        layout, approach = self.layout, self.layout.approach(leg)
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
            opposite_m = layout.approach(other).median_m
            if approach.median_m != opposite_m:
                what = Message(
                    "says {median_m:g} m, but {other}.{other_2} says {opposite_m:g} m",
                    median_m=approach.median_m,
                    other=other[0],
                    other_2=other[1],
                    opposite_m=opposite_m,
                )
                self.problems.add(
                    f"{place}.median_m", what, Message("a street has one median, written at both ends")
                )
        if not approach.lanes and exits == 0:
            self.problems.add(
                place, Message("nobody drives on this leg"), Message("give it `lanes` or `exit_lanes`")
            )
        if approach.crossing is not None and not approach.lanes:
            self.problems.add(
                f"{place}.crossing", Message("a crossing needs a leg with lanes towards the junction")
            )
        self._check_short_lanes(approach, layout.length_m(leg), place)
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


def _angle_deg(one: float, other: float) -> float:
    """Smallest angle between two bearings, degrees."""
    return abs((one - other + 180) % 360 - 180)
