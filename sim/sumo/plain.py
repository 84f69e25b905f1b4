"""From a drawn site to SUMO's plain files (nodes, edges, connections, crossings) and to its network.

All of it lies in one plane: `grade_pct` is not simulated, since the car-following model in use knows no
slope.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sim.errors import Problems
from sim.site.facts import SiteFacts
from sim.site.layout import Layout, Leg, Sides, sides
from sim.sumo.net_file import read_net_file
from sim.sumo.netconvert import convert, normalise
from sim.sumo.read_network import Names, Turns
from sim.sumo.xml_file import element, opening

SIDEWALK_WIDTH_M = 3.0
SET_BACK_M = 15.0
"""First guess of the way from a junction's centre to a stop line; the second build uses the measured one."""
GOES_ON = 1000
"""Priority added to a road that goes on beyond the junction: more than lanes times speed ever give."""
NODE_TYPES = {"signals": "traffic_light", "priority": "priority", "right_before_left": "right_before_left"}
NETWORK_FILE = "net.net.xml"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Road:
    """One direction of a leg or street: its lanes from the median; `sidewalk`: one beside the kerb lane."""

    id: str
    from_node: str
    to_node: str
    widths_m: tuple[float, ...]
    speed_kmh: float
    priority: int
    sidewalk: bool
    solid: bool = False
    """Whether nobody changes lanes here."""
    shape: tuple[Point, ...] = ()
    """Its line where a median moves it away from the straight one between its nodes."""

    def index(self, lane: int) -> int:
        """SUMO's number of a lane that is counted from the median."""
        return len(self.widths_m) - 1 - lane + self.sidewalk


def names_of(facts: SiteFacts) -> Names:
    """Stop-line edge -> (junction, approach) of a drawn site."""
    return {
        f"{junction}.{name}": (junction, name)
        for junction, facts_of in facts.junctions.items()
        for name, approach in facts_of.approaches.items()
        if approach.lanes
    }


def build_network(facts: SiteFacts, folder: Path) -> list[str]:
    """Write a drawn site's normalised network to `folder`/NETWORK_FILE and return netconvert's warnings.

    Built twice: where a stop line lies follows from the junction's shape, and short lanes are measured from
    there. `facts` have passed `sim.site.check`. BuildError where netconvert refuses.
    """
    write_plain(facts, folder)
    _convert(folder)
    write_plain(facts, folder, _set_backs_m(facts, folder / "raw.net.xml"))
    warnings = _convert(folder)
    normalise(folder / "raw.net.xml", folder / NETWORK_FILE)
    (folder / "raw.net.xml").unlink()
    return warnings


def plain_files(facts: SiteFacts, set_backs_m: Mapping[Leg, float] | None = None) -> dict[str, str]:
    """Return name -> content of the plain files. Pure.

    `set_backs_m`: per leg the way from the junction's centre to its stop line, SET_BACK_M where not given.
    """
    plain = _Plain(facts, set_backs_m or {})
    return {
        "site.nod.xml": plain.nodes_xml(),
        "site.edg.xml": plain.edges_xml(),
        "site.con.xml": plain.connections_xml(),
    }


def write_plain(facts: SiteFacts, folder: Path, set_backs_m: Mapping[Leg, float] | None = None) -> None:
    """Write the plain files into a folder (see `plain_files`)."""
    for name, content in plain_files(facts, set_backs_m).items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")


def turns_of(facts: SiteFacts) -> Turns:
    """Way through a junction (from edge, to edge) -> how the drawing calls it."""
    plain = _Plain(facts, {})
    return {
        (_id(leg), plain.exit_of((leg[0], to))): way
        for leg in plain.legs
        for to, way in plain.layout.ahead(leg).items()
    }


def _convert(folder: Path) -> list[str]:
    files = ["-n", "site.nod.xml", "-e", "site.edg.xml", "-x", "site.con.xml", "-o", "raw.net.xml"]
    return convert([*files, "--no-turnarounds", "true", "--offset.disable-normalization", "true"], folder)


def _set_backs_m(facts: SiteFacts, net: Path) -> dict[Leg, float]:
    """Measure how far each stop line lies from its junction's centre."""
    content = read_net_file(net)
    found = {}
    for edge_id, (junction, name) in names_of(facts).items():
        edge = content.edges[edge_id]
        centre, start = content.nodes[edge.to_node].position_m, content.nodes[edge.from_node].position_m
        found[junction, name] = math.dist(centre, start) - edge.length_m
    return found


class _Plain:
    def __init__(self, facts: SiteFacts, set_backs_m: Mapping[Leg, float]) -> None:
        self.facts = facts
        self.layout = Layout(facts)
        self.set_backs_m = set_backs_m
        self.legs: tuple[Leg, ...] = tuple(
            (junction, name) for junction, j in facts.junctions.items() for name in j.approaches
        )
        self.ways = {leg: self.layout.lane_ways(leg, Problems(), "") for leg in self.legs}
        self.roads: dict[str, _Road] = {}
        for leg in self.legs:
            self._add_approach(leg)
            self._add_exit(leg)

    def _sides(self, leg: Leg) -> Sides:
        return sides(self.layout.approach(leg).lanes)

    def _split_m(self, leg: Leg) -> float | None:
        """Return how far up from the stop line a leg is cut: where short lanes or solid lines begin."""
        short = [lane.length_m for lane in self._sides(leg).short if lane.length_m is not None]
        return max(short) if short else self.layout.approach(leg).solid_line_m

    def _source(self, leg: Leg) -> str:
        """Node at the far end of a leg."""
        other = self.layout.other_end.get(leg)
        return other[0] if other else f"{_id(leg)}.end"

    def _point(self, leg: Leg, distance_m: float) -> Point:
        x, y = self.facts.junctions[leg[0]].position_m
        bearing = math.radians(self.layout.bearing_deg(leg))
        return (x + distance_m * math.sin(bearing), y + distance_m * math.cos(bearing))

    def _add_approach(self, leg: Leg) -> None:
        approach = self.layout.approach(leg)
        if not approach.lanes:
            return
        source, lanes = self._source(leg), self._sides(leg)
        other = self.layout.other_end.get(leg)
        from_crossing = other is not None and self.layout.approach(other).crossing is not None
        to_crossing = approach.crossing is not None
        full = tuple(lane.width_m for lane in lanes.full)
        priority, length_m = self._priority(leg), self.layout.length_m(leg)
        assert length_m is not None, "checked by sim.site.check"
        if (split_m := self._split_m(leg)) is not None:
            split = f"{_id(leg)}.split"
            split_m += self.set_backs_m.get(leg, SET_BACK_M)
            line = self._beside_median(leg, length_m, split_m)
            self._add(
                _Road(
                    f"{_id(leg)}.up", source, split, full, approach.speed_kmh, priority, from_crossing,
                    shape=line,
                )
            )  # fmt: skip
            every = tuple(lane.width_m for lane in approach.lanes)
            solid = approach.solid_line_m is not None
            line = self._beside_median(leg, split_m, 0.0)
            self._add(
                _Road(
                    _id(leg), split, leg[0], every, approach.speed_kmh, priority, to_crossing, solid, line
                )
            )  # fmt: skip
        else:
            sidewalk = from_crossing or to_crossing
            line = self._beside_median(leg, length_m, 0.0)
            self._add(
                _Road(_id(leg), source, leg[0], full, approach.speed_kmh, priority, sidewalk, shape=line)
            )

    def _add_exit(self, leg: Leg) -> None:
        widths_m = self.layout.exit_widths_m(leg)
        if leg in self.layout.other_end or not widths_m:
            return
        approach = self.layout.approach(leg)
        sidewalk = approach.crossing is not None
        end = f"{_id(leg)}.end"
        assert approach.length_m is not None, "checked by sim.site.check"
        line = self._beside_median(leg, 0.0, approach.length_m)
        self._add(
            _Road(
                self.exit_of(leg), leg[0], end, widths_m, approach.speed_kmh, self._priority(leg), sidewalk,
                shape=line,
            )
        )  # fmt: skip

    def _add(self, road: _Road) -> None:
        self.roads[road.id] = road

    def _beside_median(self, leg: Leg, *ends_m: float) -> tuple[Point, ...]:
        """Return the line of a part of a leg, beside its median; nothing where there is none.

        `ends_m`: how far from the junction's centre it begins and ends, in driving direction.
        """
        median_m = self.layout.approach(leg).median_m
        if not median_m:
            return ()
        # Traffic keeps right: looking from the junction, what comes towards it lies at the left.
        side = 90 if ends_m[0] < ends_m[-1] else -90
        bearing = math.radians(self.layout.bearing_deg(leg) + side)
        dx, dy = math.sin(bearing) * median_m / 2, math.cos(bearing) * median_m / 2
        return tuple((x + dx, y + dy) for x, y in (self._point(leg, end_m) for end_m in ends_m))

    def exit_of(self, leg: Leg) -> str:
        """Edge that leaves the junction on a leg."""
        other = self.layout.other_end.get(leg)
        if other is None:
            return f"{_id(leg)}.exit"
        return _id(other) if self._split_m(other) is None else f"{_id(other)}.up"

    def _priority(self, leg: Leg) -> int:
        """Rank of the road a leg belongs to (with the leg straight ahead): full lanes times speed limit.

        A leg without one straight ahead ends here (the stem of a T) and ranks below those that go on.
        """
        straight = [name for name, way in self.layout.ahead(leg).items() if way == "through"]
        road = [leg, *((leg[0], name) for name in straight)]
        ranks = [
            (len(self._sides(part).full) or len(self.layout.exit_widths_m(part)))
            * self.layout.approach(part).speed_kmh
            for part in road
        ]
        return round(max(ranks)) + (GOES_ON if straight else 0)

    def nodes_xml(self) -> str:
        lines = ["<nodes>\n"]
        for id, junction in self.facts.junctions.items():
            lines.append(_node(id, junction.position_m, NODE_TYPES[junction.control]))
        for leg in self.legs:
            if leg not in self.layout.other_end:
                length_m = self.layout.approach(leg).length_m
                assert length_m is not None, "checked by sim.site.check"
                lines.append(_node(f"{_id(leg)}.end", self._point(leg, length_m), "priority"))
            if (split_m := self._split_m(leg)) is not None:
                at_m = split_m + self.set_backs_m.get(leg, SET_BACK_M)
                lines.append(_node(f"{_id(leg)}.split", self._point(leg, at_m), "priority"))
        return "".join([*lines, "</nodes>\n"])

    def edges_xml(self) -> str:
        lines = ["<edges>\n"]
        for road in self.roads.values():
            attributes = {
                "id": road.id,
                "from": road.from_node,
                "to": road.to_node,
                "numLanes": len(road.widths_m) + road.sidewalk,
                "speed": round(road.speed_kmh / 3.6, 4),
                "priority": road.priority,
            }
            if road.shape:
                attributes["shape"] = " ".join(f"{x + 0.0:.2f},{y + 0.0:.2f}" for x, y in road.shape)
            lines.append(opening("edge", attributes))
            if road.sidewalk:
                lines.append(
                    element("lane", {"index": 0, "width": SIDEWALK_WIDTH_M, "allow": "pedestrian"}, 2)
                )
            changes = {"changeLeft": "emergency", "changeRight": "emergency"} if road.solid else {}
            for lane in reversed(range(len(road.widths_m))):
                said = {"index": road.index(lane), "width": road.widths_m[lane], "disallow": "pedestrian"}
                lines.append(element("lane", {**said, **changes}, 2))
            lines.append("    </edge>\n")
        return "".join([*lines, "</edges>\n"])

    def connections_xml(self) -> str:
        lines = ["<connections>\n"]
        for leg in self.legs:
            lines += self._split_connections(leg)
            for way in self.ways[leg]:
                to = self.exit_of((leg[0], way.to_leg))
                lines.append(self._connection(_id(leg), way.from_lane, to, way.to_lane))
        for leg in self.legs:
            crossing = self.layout.approach(leg).crossing
            if crossing is None:
                continue
            edges = [id for id in (_id(leg), self.exit_of(leg)) if id in self.roads]
            attributes = {
                "node": leg[0],
                "edges": " ".join(edges),
                "priority": "true",
                "width": crossing.width_m,
            }
            lines.append(element("crossing", attributes))
        return "".join([*lines, "</connections>\n"])

    def _split_connections(self, leg: Leg) -> list[str]:
        """Full lanes go on straight; short ones are entered from the outermost full lane beside them."""
        lanes = self._sides(leg)
        if self._split_m(leg) is None:
            return []
        up, stop, last = f"{_id(leg)}.up", _id(leg), len(lanes.full) - 1
        before = len(lanes.left)
        pairs = [(0, short) for short in range(before)]
        pairs += [(full, before + full) for full in range(len(lanes.full))]
        pairs += [(last, before + len(lanes.full) + short) for short in range(len(lanes.right))]
        return [self._connection(up, from_lane, stop, to_lane) for from_lane, to_lane in pairs]

    def _connection(self, from_edge: str, from_lane: int, to_edge: str, to_lane: int) -> str:
        start, end = self.roads[from_edge], self.roads[to_edge]
        attributes = {
            "from": from_edge,
            "to": to_edge,
            "fromLane": start.index(from_lane),
            "toLane": end.index(to_lane),
        }
        return element("connection", attributes)


def _id(leg: Leg) -> str:
    return f"{leg[0]}.{leg[1]}"


def _node(id: str, point: Point, type: str) -> str:
    x, y = (round(coordinate, 2) + 0.0 for coordinate in point)  # + 0.0 turns -0.0 into 0.0
    return element("node", {"id": id, "x": x, "y": y, "type": type})
