"""A small drawing of what an intervention changes: its example on the example place, today and then.

Drawn from the site in memory as its edits leave it, so a drawing shows what the edits say and nothing else.
SVG by hand: some kilobytes each, the same bytes every time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from sim.edits.edited_site import edited
from sim.edits.vocabulary import Edit
from sim.report.intervention_changes import Changes, facts_in_words, hours_in_words
from sim.report.intervention_streets import Geometry, Point, hull, middle
from sim.signals.program import SignalProgram, StageSpan
from sim.site.model import Site
from sim.site.network import Connection, Edge, Lane

PANEL_W, PANEL_H, HEAD, STRIP, GAP, NAME_W = 320, 200, 18, 15, 12, 120
AROUND_JUNCTION_M, AROUND_PLACE_M, MARGIN_M = 40.0, 35.0, 8.0
ARROWS_FROM = 1.2
"""Pixels per metre from which the arrows on the lanes are drawn."""
ROAD, LINE, WALK, NEW, SHUT, GREEN, BLUE, INK = (
    "#b9bfc4", "#fff", "#e6e2da", "#f59f00", "#d6336c", "#2b8a3e", "#1864ab", "#343a40",
)  # fmt: skip
BUS = "#e8b4b8"
STAGES = ("#2b8a3e", "#1971c2", "#9c36b5", "#e8590c", "#0b7285", "#5f3dc4")
TURNS = {"left": -1, "uturn": -1, "through": 0, "right": 1}


def drawing(site: Site, edits: Sequence[Edit]) -> str:
    """Return the SVG of a site without and with edits, side by side; streets that neither touches are cut."""
    then = edited(site, edits)
    changes = Changes(site, then)
    window = _window(changes)
    strips = max(len(list(_programs(changes, one))) for one in (site, then))
    said = max(len(facts_in_words(changes, one)) for one in (site, then))
    height = HEAD + PANEL_H + STRIP * (strips + said) + 6
    panels = [
        _Panel(changes, one, window, place * (PANEL_W + GAP)).svg() for place, one in enumerate((site, then))
    ]
    width = 2 * PANEL_W + GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="11" fill="{INK}">\n'
        f'<rect width="{width}" height="{height}" fill="#fff"/>\n'
    )
    return "".join([head, *panels, "</svg>\n"])


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of the plane that a panel shows: its middle, and pixels per metre."""

    x_m: float
    y_m: float
    scale: float

    def at(self, point: Point) -> str:
        x = PANEL_W / 2 + (point[0] - self.x_m) * self.scale
        y = HEAD + PANEL_H / 2 - (point[1] - self.y_m) * self.scale
        return f"{x:.0f} {y:.0f}" if self.scale < 1 else f"{x:.1f} {y:.1f}"

    def path(self, points: Iterable[Point], close: bool = False) -> str:
        return "M" + "L".join(self.at(point) for point in points) + ("z" if close else "")


def _window(changes: Changes) -> _Window:
    points: list[Point] = []
    margin_m = MARGIN_M
    for x, y in changes.junctions_m():
        points += [(x + dx, y + dy) for dx in (-AROUND_JUNCTION_M, AROUND_JUNCTION_M) for dy in (-28, 28)]
    for x, y in changes.places_m():
        points += [(x + d, y + d) for d in (-AROUND_PLACE_M, AROUND_PLACE_M)]
    if changes.new:
        margin_m *= 3
    for edge in changes.edges():
        points += changes.then.network.edges[edge].shape
    left, right = min(x for x, _ in points) - margin_m, max(x for x, _ in points) + margin_m
    low, high = min(y for _, y in points) - margin_m, max(y for _, y in points) + margin_m
    scale = min(PANEL_W / (right - left), PANEL_H / (high - low))
    return _Window((left + right) / 2, (low + high) / 2, scale)


@dataclass(frozen=True)
class _Panel:
    """One of the two states of a place."""

    changes: Changes
    site: Site
    window: _Window
    x: int

    @property
    def after(self) -> bool:
        return self.site is self.changes.then

    @cached_property
    def geometry(self) -> Geometry:
        return Geometry(self.changes.site, self.site)

    def svg(self) -> str:
        title = "实施后 then" if self.after else "现状 today"
        clip = f"c{self.x}"
        parts = [
            f'<g transform="translate({self.x})"><text x="2" y="12" font-weight="bold">{title}</text>\n',
            f'<clipPath id="{clip}"><rect y="{HEAD}" width="{PANEL_W}" height="{PANEL_H}"/></clipPath>\n',
            f'<g clip-path="url(#{clip})">',
            f'<rect y="{HEAD}" width="{PANEL_W}" height="{PANEL_H}" fill="#f4f6f3"/>\n',
            *self._roads(),
            *self._ways(),
            *self._places(),
            *self._junctions(),
            "</g>\n",
            *self._strips(),
            "</g>\n",
        ]
        return "".join(parts)

    def _roads(self) -> Iterator[str]:
        """Surfaces, then lanes that are special or changed, then the lines between lanes, then arrows."""
        network = self.site.network
        seen = [edge for edge in network.edges.values() if self._seen(self.geometry.band(edge))]
        outlines = [hull(points) for points in self.geometry.junction_outlines() if self._seen(points)]
        surfaces = [self.window.path(outline, True) for outline in outlines]
        surfaces += [self.window.path(self.geometry.band(edge), True) for edge in seen]
        yield f'<path d="{"".join(surfaces)}" fill="{ROAD}"/>\n'
        for edge in seen:
            for lane in edge.lanes:
                colour = self._colour(lane)
                if colour is not None:
                    band = self.window.path(self.geometry.band(edge, lane.index), True)
                    yield f'<path d="{band}" fill="{colour}"/>\n'
        lines = [self.window.path(line) for edge in seen for line in self.geometry.lane_lines(edge)]
        axes = [self.window.path(self.geometry.axis(edge.id)) for edge in seen]
        yield f'<g fill="none" stroke="{LINE}"><path d="{"".join(lines)}" stroke-width=".7" '
        yield f'stroke-dasharray="4 3"/><path d="{"".join(axes)}"/></g>\n'
        if self.window.scale >= ARROWS_FROM:
            arrows = [self._arrow(edge, lane) for edge in seen for lane in edge.lanes]
            yield f'<path d="{"".join(arrows)}" fill="none" stroke="{LINE}" stroke-width="1.6"/>\n'

    def _seen(self, points: Sequence[Point]) -> bool:
        """Whether the box around some points reaches into the window."""
        half = (PANEL_W / 2 / self.window.scale, PANEL_H / 2 / self.window.scale)
        centre = (self.window.x_m, self.window.y_m)
        return all(
            min(p[axis] for p in points) < centre[axis] + half[axis]
            and max(p[axis] for p in points) > centre[axis] - half[axis]
            for axis in (0, 1)
        )

    def _colour(self, lane: Lane) -> str | None:
        if self.after and lane.id in self.changes.shut_lanes:
            return SHUT
        if self.after and self.changes.is_changed(lane):
            return NEW if lane.for_cars else BUS if "bus" in lane.allow else SHUT
        if lane.for_cars:
            return None
        return BUS if "bus" in lane.allow else WALK

    def _arrow(self, edge: Edge, lane: Lane) -> str:
        """Shaft on the lane before its stop line, with a head for every direction that it serves."""
        ways = {
            c.direction
            for c in self.site.network.connections_from.get(edge.id, ())
            if c.from_lane == lane.index
        }
        if edge.id not in self.site.network.approach_of_edge or not ways or not lane.for_cars:
            return ""
        (bx, by), (ax, ay) = self.geometry.centre(edge, lane.index)[-2:]
        length_m = math.dist((ax, ay), (bx, by)) or 1.0
        u = ((ax - bx) / length_m, (ay - by) / length_m)

        def at(along_m: float, aside_m: float) -> Point:
            return ax + u[0] * along_m + u[1] * aside_m, ay + u[1] * along_m - u[0] * aside_m

        found = [self.window.path([at(-13, 0), at(-6, 0)])]
        for way in sorted(ways):
            side = TURNS[way]
            tip = at(-3, 0) if side == 0 else at(-5, side * 1.3) if way != "uturn" else at(-10, -1.3)
            found.append(self.window.path([at(-6, 0), tip]))
        return "".join(found)

    def _ways(self) -> Iterator[str]:
        """Ways through junctions that come, go, or are closed for a time."""
        shown: list[tuple[Sequence[Connection], str, str]] = [(self.changes.removed, SHUT, "")]
        if self.after:
            dashed = ' stroke-dasharray="4 2"'
            shown = [
                (self.changes.added, GREEN, ""),
                (self.changes.ruled, NEW, ""),
                (self.changes.shut_ways, SHUT, dashed),
            ]
        for connections, colour, style in shown:
            if connections:
                curves = "".join(self._curve(c) for c in connections)
                yield f'<path d="{curves}" fill="none" stroke="{colour}" stroke-width="2"{style}/>\n'

    def _curve(self, connection: Connection) -> str:
        edges = self.site.network.edges
        start = self.geometry.centre(edges[connection.from_edge], connection.from_lane)[-1]
        end = self.geometry.centre(edges[connection.to_edge], connection.to_lane)[0]
        x, y = self.geometry.nodes[edges[connection.from_edge].to_node]
        bend = ((start[0] + end[0]) / 4 + x / 2, (start[1] + end[1]) / 4 + y / 2)
        return f"M{self.window.at(start)}Q{self.window.at(bend)} {self.window.at(end)}"

    def _places(self) -> Iterator[str]:
        """Parking areas and bus stops, limits that change, and hours of closures."""
        for id, area in self.site.facts.parking.items():
            yield self._sign(area.on, area.at_m, "P", BLUE, self.changes.is_new(id))
        for id, stop in self.site.stops.items():
            yield self._sign(stop.edge, stop.at_m, "H", GREEN, self.changes.is_new(id))
        for edge in self.changes.limits:
            speed_kmh = round(3.6 * self.site.network.edges[edge].speed_mps)
            x, y = self.window.at(middle(self.geometry.axis(edge))).split()
            yield f'<circle cx="{x}" cy="{y}" r="10" fill="#fff" stroke="#e03131" stroke-width="2.5"/>'
            yield f'<text x="{x}" y="{y}" dy="4" text-anchor="middle">{speed_kmh}</text>\n'
        if self.after:
            for number, (edge, words) in enumerate(hours_in_words(self.changes)):
                x, y = self.window.at(middle(self.geometry.axis(edge))).split()
                yield f'<text x="{x}" y="{y}" dx="16" dy="{24 + 13 * number}" fill="{SHUT}" stroke="#fff" '
                yield f'stroke-width="3" paint-order="stroke">{words}</text>\n'

    def _sign(self, on: str, at_m: float, letter: str, colour: str, changed: bool) -> str:
        edge = self.site.network.part_at(on, at_m)[0] if on in self.changes.site.network.edges else on
        place = self.geometry.beside(self.site.network.edges[edge], at_m)
        if not self._seen([place]):
            return ""
        x, y = self.window.at(place).split()
        frame = f' stroke="{NEW}" stroke-width="3"' if changed else ""
        return (
            f'<rect x="{float(x) - 7:g}" y="{float(y) - 7:g}" width="14" height="14" rx="2" fill="{colour}"'
            f"{frame}/>"
            f'<text x="{x}" y="{y}" dy="4" text-anchor="middle" fill="#fff">{letter}</text>\n'
        )

    def _junctions(self) -> Iterator[str]:
        """Name every junction, with a mark for how it is controlled."""
        for junction in self.site.network.junctions.values():
            if not self._seen([junction.position_m]):
                continue
            x, y = map(float, self.window.at(junction.position_m).split())
            if junction.id in self.site.boxes:
                half = round(12 * self.window.scale)
                side = 2 * half
                lines = f"M{x - half:.0f} {y - half:.0f}l{side} {side}m0 {-side}l{-side} {side}"
                yield f'<path d="{lines}" fill="none" stroke="{NEW}" stroke-width="3"/>'
            if junction.control == "signals":
                dots = zip((-5, 0, 5), ("#e03131", "#f59f00", "#2f9e44"), strict=True)
                mark = f'<rect x="{x - 9:.0f}" y="{y - 4:.0f}" width="18" height="8" rx="4"/>' + "".join(
                    f'<circle cx="{x + dx:.0f}" cy="{y:.0f}" r="2" fill="{colour}"/>' for dx, colour in dots
                )
            else:
                mark = f'<path d="M{x - 6:.0f} {y - 4:.0f}h12l-6 10z" fill="#fff" stroke="#e03131"/>'
            yield f'{mark}<text x="{x:.0f}" y="{y - 7:.0f}" text-anchor="middle">{junction.id}</text>\n'

    def _strips(self) -> Iterator[str]:
        """Write the stages of every signal that changes as bars, and what changes beside the streets."""
        y = HEAD + PANEL_H + 3
        longest_s = max(
            (
                p.cycle_s
                for one in (self.changes.site, self.changes.then)
                for _, p in _programs(self.changes, one)
            ),
            default=1.0,
        )
        for name, program in _programs(self.changes, self.site):
            yield f'<text x="2" y="{y + 10}">{name}</text>'
            yield from _bars(program, NAME_W, y, (PANEL_W - NAME_W - 4) / longest_s)
            y += STRIP
        for line in facts_in_words(self.changes, self.site):
            yield f'<text x="2" y="{y + 10}">{line}</text>\n'
            y += STRIP


def _programs(changes: Changes, site: Site) -> Iterator[tuple[str, SignalProgram]]:
    """Yield what each signal that changes runs in the first period in which it does, by a name to show."""
    for signal, period in changes.signals.items():
        control = site.signals[period].get(signal)
        if control is None:
            continue
        for id in dict.fromkeys([control.active, *(id for _, id in control.switches)]):
            program = control.programs.get(id)
            if program is not None:
                kind = "" if program.kind == "static" else f" {program.kind}"
                offset = f" +{program.offset_s:g}" if program.offset_s else ""
                yield f"{signal}{kind} {program.cycle_s:g} s{offset}", program


def _bars(program: SignalProgram, x: float, y: int, scale: float) -> Iterator[str]:
    starts_s = [0.0]
    for interval in program.intervals:
        starts_s.append(starts_s[-1] + interval.duration_s)
    names = sorted({stage.name for stage in program.stages()})
    yield f'<rect x="{x:.0f}" y="{y}" width="{program.cycle_s * scale:.0f}" height="11" fill="#dee2e6"/>'
    for stage in program.stages():
        left, width = x + starts_s[stage.first] * scale, stage.green_s * scale
        colour = STAGES[names.index(stage.name) % len(STAGES)]
        yield f'<rect x="{left:.0f}" y="{y}" width="{width:.0f}" height="11" fill="{colour}"/>'
        yield (
            f'<text x="{left + width / 2:.0f}" y="{y + 9}" font-size="9" text-anchor="middle" fill="#fff">'
            f"{stage.name} {_green(program, stage)}</text>\n"
        )


def _green(program: SignalProgram, stage: StageSpan) -> str:
    """Say a stage's green, or its limits where it is not fixed."""
    intervals = program.intervals[stage.first : stage.last + 1]
    low_s, high_s = (
        sum(i.duration_s if limit is None else limit for i, limit in zip(intervals, limits, strict=True))
        for limits in ([i.min_s for i in intervals], [i.max_s for i in intervals])
    )
    return f"{stage.green_s:g}" if low_s == high_s else f"{low_s:g}–{high_s:g}"
