"""What differs between a site and the site as edits leave it, as a drawing needs it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from sim.report.intervention_streets import Point
from sim.signals.program import SignalControl
from sim.site.model import Closure, Site
from sim.site.network import Connection, Junction, Lane

DAY_S = 24 * 3600
LONGEST = 52
"""Characters of a line of text."""


@dataclass(frozen=True)
class Changes:
    """Two states of a site."""

    site: Site
    then: Site

    @cached_property
    def new(self) -> set[str]:
        """Edges that were not there."""
        return set(self.then.network.edges) - set(self.site.network.edges)

    @cached_property
    def _lanes(self) -> dict[str, Lane]:
        return {lane.id: lane for edge in self.site.network.edges.values() for lane in edge.lanes}

    def is_changed(self, lane: Lane) -> bool:
        """Whether a lane is new, or for others than before; a part of a cut edge is not."""
        whole = self.then.network.whole.get(lane.edge)
        before = self._lanes.get(lane.id if whole is None else f"{whole}_{lane.index}")
        return before is None or before.allow != lane.allow

    @cached_property
    def limits(self) -> list[str]:
        """Edges with another speed limit."""
        known, now = self.site.network.edges, self.then.network.edges
        whole = self.then.network.whole
        return [
            id
            for id in now
            if (before := known.get(whole.get(id, id)))
            and before.speed_mps != now[id].speed_mps
            and id in known
        ]

    @cached_property
    def added(self) -> list[Connection]:
        """Ways through junctions that were not there."""
        return self._only(self.then, self.site)

    @cached_property
    def removed(self) -> list[Connection]:
        """Ways through junctions that go."""
        return self._only(self.site, self.then)

    def _only(self, one: Site, other: Site) -> list[Connection]:
        def open_ways(site: Site) -> dict[str, Connection]:
            found = (c for c in site.network.connections if c.allow is None or "passenger" in c.allow)
            return {c.key: c for c in found}

        inner = {edge for parts in self.then.network.parts.values() for edge in parts[:-1]}
        known = open_ways(other).keys()
        own = (c for key, c in open_ways(one).items() if key not in known)
        # Ways into and between the parts of an edge that is cut go on as they were.
        return [
            c
            for c in own
            if not inner & {c.from_edge, c.to_edge} and c.to_edge not in self.then.network.parts
        ]

    @cached_property
    def ruled(self) -> list[Connection]:
        """Ways that stay and are driven by other rules (waiting areas, box junctions)."""
        known = {c.key: c for c in self.site.network.connections}
        return [
            c
            for c in self.then.network.connections
            if (before := known.get(c.key)) is not None
            and (before.rules, before.entry_link is None) != (c.rules, c.entry_link is None)
        ]

    @cached_property
    def closures(self) -> list[Closure]:
        """Closures that were not there: what edits close, and what bays in the lane take."""
        known = self.site.closed
        return [closure for id, closure in self.then.closed.items() if known.get(id) != closure]

    @cached_property
    def shut_lanes(self) -> set[str]:
        """Lanes closed for a time."""
        return {lane for closure in self.closures for lane in closure.lanes}

    @cached_property
    def shut_ways(self) -> list[Connection]:
        """Ways through junctions closed for a time."""
        keys = {key for closure in self.closures for key in closure.connections}
        return [c for c in self.then.network.connections if c.key in keys]

    @cached_property
    def signals(self) -> dict[str, str]:
        """Signal -> the first period in which it runs something else."""
        found: dict[str, str] = {}
        for period, then in self.then.signals.items():
            today = self.site.signals.get(period, {})
            for signal in {**today, **then}:
                if _runs(today.get(signal)) != _runs(then.get(signal)):
                    found.setdefault(signal, period)
        return found

    def is_new(self, place: str) -> bool:
        """Whether a parking area or a stop is new or has changed."""
        areas = [site.facts.parking.get(place) for site in (self.site, self.then)]
        stops = [site.stops.get(place) for site in (self.site, self.then)]
        return areas[0] != areas[1] or stops[0] != stops[1]

    def edges(self) -> set[str]:
        """Edges to be seen whole: whose lanes, limits or closures differ."""
        now = self.then.network.edges
        lanes = {lane.edge for edge in now.values() for lane in edge.lanes if self.is_changed(lane)}
        lanes |= {lane.rpartition("_")[0] for lane in self.shut_lanes} | set(self.limits)
        return {id for id in lanes if id in now and (id in self.site.network.edges or id in self.new)}

    def junctions_m(self) -> list[Point]:
        """Where junctions are whose ways, control or signal differ, or which nothing else shows."""
        nodes = {
            self.then.network.edges[c.from_edge].to_node
            for c in (*self.added, *self.shut_ways, *self.ruled)
            if c.from_edge not in self.new
        }
        nodes |= {self.site.network.edges[c.from_edge].to_node for c in self.removed}
        found = [j for j in self.then.network.junctions.values() if self._shows(j, nodes)]
        return [j.position_m for j in found]

    def _shows(self, junction: Junction, nodes: set[str]) -> bool:
        before = self.site.network.junctions[junction.id]
        signals = {before.signal, junction.signal} & self.signals.keys()
        boxes = [site.boxes.get(junction.id) for site in (self.site, self.then)]
        differs = before.control != junction.control or boxes[0] != boxes[1]
        return junction.node in nodes or bool(signals) or differs

    def places_m(self) -> list[Point]:
        """Where parking areas, stops and stopping lie that differ; all areas where only facts differ."""
        found = []
        for site in (self.site, self.then):
            on = [a.on for id, a in site.facts.parking.items() if self.is_new(id)]
            on += [stop.edge for id, stop in site.stops.items() if self.is_new(id)]
            own = site.facts.illegal_stopping
            others = (
                self.then.facts.illegal_stopping if site is self.site else self.site.facts.illegal_stopping
            )
            on += [one.on for id, one in own.items() if others.get(id) != one]
            if not on and not self.edges() and not self.junctions_m():
                on = [a.on for a in site.facts.parking.values()]
            for name in on:
                approach = site.network.approaches.get(name)
                edge = site.network.edges[approach.edge if approach else name]
                found += [edge.shape[0], edge.shape[-1]]
        return found


def facts_in_words(changes: Changes, site: Site) -> list[str]:
    """Say the facts beside the streets that differ, as `site` has them, in the words of the files."""
    facts = [one.facts for one in (changes.site, changes.then)]
    mine = facts[0] if site is changes.site else facts[1]
    lines = [
        f"{key} {value}"
        for c in changes.ruled
        if site is changes.then
        for key, value in dict(c.rules).items()
    ]
    for name in Told._fields:
        one, other, own = (getattr(_told(s), name) for s in (changes.site, changes.then, site))
        for id in {**one, **other}:
            if one.get(id) != other.get(id):
                lines.append(f"{id}: {own.get(id, '—')}"[:LONGEST])
    for name in ("parking", "parking_demand", "illegal_stopping"):
        one, other, own = (getattr(f, name) for f in (*facts, mine))
        for id in {**one, **other}:
            if one.get(id) != other.get(id):
                lines.append(f"{id}: {_fields(one.get(id), other.get(id), own.get(id))}"[:LONGEST])
    return [line.replace("&", "&amp;").replace("<", "&lt;") for line in lines]


class Told(NamedTuple):
    """What a site says that is better read than drawn: text by id."""

    controls: Mapping[str, str]
    boxes: Mapping[str, str]
    crossings: Mapping[str, str]


def _told(site: Site) -> Told:
    junctions, share = site.network.junctions, site.facts.enters_full_exit_share
    return Told(
        {id: f"control {junction.control}" for id, junction in junctions.items()},
        {id: f"enters_full_exit_share {site.boxes.get(id, share):g}" for id in junctions},
        {c.key: f"{c.length_m:g} m" for c in site.network.crossings},
    )


def hours_in_words(changes: Changes) -> Iterator[tuple[str, str]]:
    """Yield an edge and the hours for which lanes of it, or ways from it, are closed."""
    hours: dict[str, dict[str, None]] = {}
    for closure in changes.closures:
        if closure.begin_s < 0 or closure.end_s > DAY_S:
            continue  # all the rest of the day
        words = f"{_clock(closure.begin_s)}–{_clock(closure.end_s)}"
        edges = [lane.rpartition("_")[0] for lane in closure.lanes]
        edges += [key.partition("->")[0].rpartition("_")[0] for key in closure.connections]
        for edge in edges:
            hours.setdefault(edge, {})[words] = None
    for edge, said in hours.items():
        yield edge, " ".join(said)


def _clock(time_s: float) -> str:
    return f"{int(time_s // 3600):02d}:{int(time_s % 3600 // 60):02d}"


def _runs(control: SignalControl | None) -> object:
    """Return what a signal runs as the bars of a drawing show it: lanes marked anew change nothing."""
    if control is None:
        return None
    programs = [
        (p.id, p.kind, p.offset_s, [(s.name, s.green_s, s.intergreen_s) for s in p.stages()])
        for p in control.programs.values()
    ]
    return programs, control.active, control.switches


def _fields(one: Any, other: Any, own: Any) -> str:
    """Say the fields that differ; of what is there on one side only the most telling ones."""
    if own is None:
        return "—"
    if one is None or other is None:
        said = {name: getattr(own, name, None) for name in ("stalls", "lot", "vehicles_per_h")}
        return ", ".join(f"{name} {value}" for name, value in said.items() if value is not None)
    differ = [n for n in type(own).model_fields if getattr(one, n) != getattr(other, n)]
    return ", ".join(f"{name} {_said(getattr(own, name))}" for name in differ)


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_said(each)}" for key, each in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "–".join(map(_said, value))
    if value is None:
        return "—"
    return f"{value:g}" if isinstance(value, float) else str(value)
