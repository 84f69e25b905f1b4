"""What a site should be after some edits, held against the files.

Whatever an edit touches has to stand there. Like the proof of locality this reads the files and knows what
was meant; how the build went about it does not enter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sim.edits.base import Edit, ObjectKey
from sim.edits.control import Way, precedences
from sim.edits.edited_site import edited, footprint
from sim.edits.lights import column
from sim.edits.object_words import attribute_words, kind_words
from sim.labels import Message
from sim.signals.program import SignalControl, SignalProgram
from sim.site.model import Site
from sim.site.network import CONNECTION_RULES, Connection
from sim.sumo.bus_stops import BAY
from sim.sumo.objects import Attributes, NetObjects, Objects
from sim.sumo.plain import NODE_TYPES
from sim.sumo.signals import PREFIX, written_kind
from sim.sumo.vehicle_classes import ALL, allowed


def undone(
    site: Site, edits: Sequence[Edit], period: str, net: NetObjects, additional: Objects
) -> list[Message]:
    """List the touched objects that do not stand in the files as the edited site has them."""
    said = [edit for edit in edits if edit.concerns(period)]
    if not said:
        return []
    wish = _Wish(edited(site, said), period, {**net.objects, **additional})
    return sorted(
        Message("{kind} {id}: {told}", kind=kind_words(key[0]), id=key[1], told=told)
        for key in footprint(site, said)
        for told in wish.missing(key)
    )


@dataclass(frozen=True)
class _Wish:
    """The site as it should be in one period, and the objects that were found."""

    target: Site
    period: str
    found: Mapping[ObjectKey, Attributes]

    @cached_property
    def connections(self) -> Mapping[str, Connection]:
        return {connection.key: connection for connection in self.target.network.connections}

    @cached_property
    def crossings(self) -> Collection[str]:
        return {crossing.key for crossing in self.target.network.crossings}

    @cached_property
    def links(self) -> Mapping[str, tuple[str, int]]:
        """Connection or crossing key -> its signal and link number."""
        return {
            key: (signal, link)
            for signal, links in self.target.network.links.items()
            for link, keys in links.items()
            for key in keys
        }

    def missing(self, key: ObjectKey) -> Iterator[Message]:
        """Yield what should be said of one object and is not; of other kinds an edit declares nothing."""
        kind, id = key
        match kind:
            case "connection" if "->walk:" not in id:
                yield from self._connection(id, self.found.get(key))
            case "edge":
                yield from _there(id in self.target.network.edges, key in self.found)
            case "crossing":
                yield from _there(id in self.crossings, key in self.found)
            case "lane":
                yield from self._lane(id, self.found.get(key))
            case "junction":
                yield from self._junction(id, self.found.get(key))
            case "right_of_way":
                yield from self._precedence(id, self.found.get(key))
            case "precedence" | "closure" | "parking":
                yield from _there(id in self._present(kind), key in self.found)
            case "signal_link":
                yield from self._lights(id)
            case "signal_timing":
                signal, _, period = id.rpartition("@")
                if period == self.period:
                    yield from self._timing(self.target.signals[period].get(signal), self.found.get(key))
            case "bus_stop":
                yield from self._bus_stop(id, self.found.get(key))
            case "box":
                yield from self._box(id, self.found.get(key))

    def _present(self, kind: str) -> Collection[str]:
        """Return the ids of what is there or is not, without more to say of it."""
        if kind == "precedence":
            return self.precedences
        return self.target.closed if kind == "closure" else self.target.facts.parking

    def _connection(self, id: str, found: Attributes | None) -> Iterator[Message]:
        wanted = self.connections.get(id)
        yield from _there(wanted is not None, found is not None)
        if wanted is not None and found is not None:
            rules = tuple((name, str(found[name])) for name in sorted(CONNECTION_RULES) if name in found)
            yield from _differs("rules", _significant(wanted.rules), _significant(rules))
            yield from _differs("classes", wanted.allow, _classes(found, None))

    def _junction(self, id: str, found: Attributes | None) -> Iterator[Message]:
        wanted = next((j for j in self.target.network.junctions.values() if j.node == id), None)
        if wanted is not None and found is not None:
            controls = {type: control for control, type in NODE_TYPES.items()}
            is_now = str(found["type"])
            yield from _differs("control", wanted.control, controls.get(is_now, is_now))

    def _precedence(self, id: str, found: Attributes | None) -> Iterator[Message]:
        """Hold the table of who yields to whom against the approaches that are to have the right of way."""
        junction = next((j for j in self.target.network.junctions.values() if j.node == id), None)
        if junction is None or not junction.major:
            return
        for first, second in precedences(self.target.network, junction):
            for one in self._of(first):
                yields = (found or {}).get(f"response of {one}", frozenset())
                assert isinstance(yields, frozenset)
                for other in self._of(second) & yields:
                    yield Message("{one} is to go before {other} and yields to it", one=one, other=other)

    def _of(self, way: Way) -> set[str]:
        return {key for key, c in self.connections.items() if (c.from_edge, c.to_edge) == way}

    @cached_property
    def precedences(self) -> set[str]:
        network = self.target.network
        pairs = (pair for junction in network.junctions.values() for pair in precedences(network, junction))
        return {f"{'->'.join(first)} over {'->'.join(second)}" for first, second in pairs}

    def _lane(self, id: str, found: Attributes | None) -> Iterator[Message]:
        edge, _, index = id.rpartition("_")
        lanes = self.target.network.edges[edge].lanes if edge in self.target.network.edges else ()
        wanted = next((lane for lane in lanes if lane.index == int(index)), None)
        yield from _there(wanted is not None, found is not None)
        if wanted is not None and found is not None:
            yield from _differs("speed", f"{wanted.speed_mps:.2f}", f"{float(str(found['speed'])):.2f}")
            yield from _differs("classes", wanted.allow, _classes(found, ALL))

    def _bus_stop(self, id: str, found: Attributes | None) -> Iterator[Message]:
        wanted = self.target.stops.get(id)
        yield from _there(wanted is not None, found is not None)
        if wanted is not None and found is not None:
            edge, _, lane = str(found["lane"]).rpartition("_")
            whole = self.target.network.whole.get(edge, edge)
            yield from _differs("place", (wanted.edge, str(wanted.lane)), (whole, lane))
            length_m = float(str(found["endPos"])) - float(str(found["startPos"]))
            yield from _differs("length", f"{wanted.length_m:.1f}", f"{length_m:.1f}")
            yield from _differs("bay", wanted.bay, BAY in str(found.get("<param>", "")))

    def _box(self, id: str, found: Attributes | None) -> Iterator[Message]:
        wanted = self.target.boxes.get(id)
        yield from _there(wanted is not None, found is not None)
        if wanted is not None and found is not None:
            yield from _differs("says its share", f"'{wanted:g}'" in str(found.get("<param>", "")), True)

    def _lights(self, id: str) -> Iterator[Message]:
        signal, link = self.links.get(id, ("", -1))
        found = self.found.get(("signal_link", id))
        yield from _there(bool(signal), found is not None)
        if signal and found is not None:
            control = self.target.signals[self.period][signal]
            for program in control.programs:
                lights = column(control, program, link)
                yield from _differs(f"lights in {program}", lights, found.get(f"lights in {PREFIX}{program}"))

    def _timing(self, control: SignalControl | None, found: Attributes | None) -> Iterator[Message]:
        yield from _there(control is not None, found is not None)
        if control is None or found is None:
            return
        ids = {f"intervals of {PREFIX}{id}" for id in control.programs}
        yield from _differs("programs", ids, {what for what in found if what.startswith("intervals of ")})
        if control.active in control.programs:
            yield from _differs("runs", PREFIX + control.active, found["runs"])
        yield from _differs("is switched", bool(control.switches), found["switching"] is not None)
        for id, program in control.programs.items():
            said = found.get(f"intervals of {PREFIX}{id}", ())
            assert isinstance(said, tuple)
            durations_s = tuple(float(dict(interval)["duration"]) for interval in said)
            limits = tuple((dict(i).get("minDur"), dict(i).get("maxDur")) for i in said)
            offset_s = float(str(found.get(f"offset of {PREFIX}{id}", 0)))
            yield from _differs(f"intervals of {id}", _durations_s(program), durations_s)
            yield from _differs(f"limits of {id}", _limits(program), limits)
            yield from _differs(f"offset of {id}", program.offset_s, offset_s)
            yield from _differs(f"kind of {id}", written_kind(program), found.get(f"type of {PREFIX}{id}"))


def _classes(found: Attributes, every: frozenset[str] | None) -> frozenset[str] | None:
    said = {name: str(found[name]) for name in ("allow", "disallow") if name in found}
    return allowed(said.get("allow"), said.get("disallow")) if said else every


def _significant(rules: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in rules if value != CONNECTION_RULES[name])


def _durations_s(program: SignalProgram) -> tuple[float, ...]:
    return tuple(interval.duration_s for interval in program.intervals)


def _limits(program: SignalProgram) -> tuple[tuple[str | None, str | None], ...]:
    def written(value_s: float | None) -> str | None:
        return None if value_s is None else f"{value_s:.10g}"

    return tuple((written(interval.min_s), written(interval.max_s)) for interval in program.intervals)


def _there(wanted: bool, found: bool) -> Iterator[Message]:
    if wanted != found:
        yield (
            Message("was asked for and is not there") if wanted else Message("was to go and is still there")
        )


def _differs(what: str, wanted: object, found: object) -> Iterator[Message]:
    if wanted != found:
        yield Message(
            "{what}: should be {wanted}, is {found}",
            what=attribute_words(what),
            wanted=str(wanted),
            found=str(found),
        )
