"""Where the streets of a site lie, for a drawing: axes, lanes and junction outlines. Pure.

Edges are drawn along their axis, lanes to its right, and end where today's stop lines are: edits in memory
build nothing, so a street that is new ends where its neighbours do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from sim.site.model import Site
from sim.site.network import Edge

Point = tuple[float, float]


class Geometry:
    """The streets of `site`; `base` is the same place as it was built."""

    def __init__(self, base: Site, site: Site) -> None:
        self.base, self.site = base.network, site.network

    @cached_property
    def nodes(self) -> dict[str, Point]:
        """Where every node is."""
        found = {edge.to_node: edge.shape[-1] for edge in self.site.edges.values()}
        return {**{edge.from_node: edge.shape[0] for edge in self.site.edges.values()}, **found}

    @cached_property
    def set_backs_m(self) -> dict[tuple[str, str], float]:
        """(edge, node) -> how far from the node's middle the edge begins or ends, as built."""
        found = {}
        for edge in self.base.edges.values():
            ends = [lane.ends_m for lane in edge.lanes if lane.ends_m is not None]
            for side, node, towards in ((0, edge.from_node, 1), (1, edge.to_node, -2)):
                middle_m, next_m = edge.shape[-side], edge.shape[towards]
                length_m = math.dist(middle_m, next_m) or 1.0
                u = ((next_m[0] - middle_m[0]) / length_m, (next_m[1] - middle_m[1]) / length_m)
                along = [
                    (end[side][0] - middle_m[0]) * u[0] + (end[side][1] - middle_m[1]) * u[1] for end in ends
                ]
                found[edge.id, node] = max([*along, 0.0])
        return found

    def _set_back_m(self, edge: Edge, node: str) -> float:
        whole = self.site.whole.get(edge.id, edge.id)
        known = [back for (_, other), back in self.set_backs_m.items() if other == node]
        return self.set_backs_m.get((whole, node), max(known, default=0.0))

    def axis(self, id: str) -> list[Point]:
        """Return the line on whose right the lanes of an edge lie, from its beginning to its stop line."""
        edge = self.site.edges[id]
        points = _shortened(list(edge.shape), self._set_back_m(edge, edge.from_node))
        return _shortened(points[::-1], self._set_back_m(edge, edge.to_node))[::-1]

    def _asides_m(self, edge: Edge, lane: int) -> tuple[float, float]:
        """How far to the right of the axis a lane begins and ends: the one at the median is the nearest."""
        nearer = sum(other.width_m for other in edge.lanes if other.index > lane)
        return nearer, nearer + edge.lanes[lane].width_m

    def band(self, edge: Edge, lane: int | None = None) -> list[Point]:
        """Return the outline of a lane, or of all."""
        first, last = (0, len(edge.lanes) - 1) if lane is None else (lane, lane)
        axis = self.axis(edge.id)
        inner, outer = self._asides_m(edge, last)[0], self._asides_m(edge, first)[1]
        return [*_beside(axis, inner), *reversed(_beside(axis, outer))]

    def centre(self, edge: Edge, lane: int) -> list[Point]:
        """Return the middle of a lane."""
        return _beside(self.axis(edge.id), sum(self._asides_m(edge, lane)) / 2)

    def lane_lines(self, edge: Edge) -> Iterator[list[Point]]:
        """Yield the lines between lanes."""
        for lane in edge.lanes[1:]:
            yield _beside(self.axis(edge.id), self._asides_m(edge, lane.index)[1])

    def beside(self, edge: Edge, at_m: float) -> Point:
        """Return a place beside the kerb, so many metres from the beginning of an edge."""
        line = _beside(self.axis(edge.id), self._asides_m(edge, 0)[1] + 6)
        rest = _shortened(line, at_m)
        return rest[0]

    def junction_outlines(self) -> Iterator[list[Point]]:
        """Yield the corners of the streets that meet at a node."""
        corners: dict[str, list[Point]] = {}
        for edge in self.site.edges.values():
            band = self.band(edge)
            half = len(band) // 2
            corners.setdefault(edge.from_node, []).extend((band[0], band[-1]))
            corners.setdefault(edge.to_node, []).extend((band[half - 1], band[half]))
        yield from (points for points in corners.values() if len(points) > 2)  # noqa: PLR2004 - an area


def middle(points: Sequence[Point]) -> Point:
    """Return the point half way along a line."""
    length_m = sum(math.dist(a, b) for a, b in pairwise(points))
    return _shortened(list(points), length_m / 2)[0]


def hull(points: Iterable[Point]) -> list[Point]:
    """Return the convex outline of points (Andrew's monotone chain)."""
    known = sorted(set(points))

    def half(line: Iterable[Point]) -> list[Point]:
        found: list[Point] = []
        for point in line:
            while len(found) > 1 and _turn(found[-2], found[-1], point) <= 0:
                found.pop()
            found.append(point)
        return found[:-1]

    return half(known) + half(reversed(known))


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _shortened(points: list[Point], by_m: float) -> list[Point]:
    """Return a line without its first metres; at least its last point twice."""
    for number, (a, b) in enumerate(pairwise(points)):
        length_m = math.dist(a, b)
        if by_m < length_m:
            share = by_m / length_m
            return [(a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])), *points[number + 1 :]]
        by_m -= length_m
    return [points[-1], points[-1]]


def _beside(line: Sequence[Point], aside_m: float) -> list[Point]:
    """Return a line parallel to another, to its right."""
    normals = []
    for a, b in pairwise(line):
        length_m = math.dist(a, b) or 1.0
        normals.append(((b[1] - a[1]) / length_m, -(b[0] - a[0]) / length_m))
    at_points = [
        normals[0],
        *[((n[0] + m[0]) / 2, (n[1] + m[1]) / 2) for n, m in pairwise(normals)],
        normals[-1],
    ]
    return [(x + n[0] * aside_m, y + n[1] * aside_m) for (x, y), n in zip(line, at_points, strict=True)]
