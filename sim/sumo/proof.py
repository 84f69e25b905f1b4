"""The proof of locality: an arm's files against the baseline's, object by object.

An independent look: it reads the files and knows the footprint, which was fixed before the build; how the
build went about it does not enter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sim.edits.base import Edit, ObjectKey
from sim.edits.object_words import attribute_words, kind_words
from sim.errors import BuildError
from sim.labels import Lang, Message, Text, text
from sim.sumo.build import ArmBuild
from sim.sumo.collector import uncollected
from sim.sumo.declared import undone
from sim.sumo.objects import Attributes, NetObjects, Objects, read_additional_objects, read_net_objects

OUTLINE = frozenset(
    {"shape", "length", "customShape", "outlineShape", "dir", "incoming lanes", "walking areas"}
)
"""What `geometry` in a footprint allows to change of an edge, lane, crossing or junction.

A connection's `dir` is what netconvert calls its angle beside the others'; it decides nothing."""
ABSENT = "-"
"""What stands for the missing side of an object or attribute that only one of the two has."""


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One attribute of one object that differs: what it was and what it is."""

    kind: str
    id: str
    what: str
    before: str
    after: str

    @property
    def name(self) -> Text:
        """What of the object it is; a change of its existence says which way."""
        if self.what == "exists":
            return attribute_words("added" if self.before == ABSENT else "removed")
        return attribute_words(self.what)

    def of(self, lang: Lang) -> str:
        """Say it in one language."""
        said = f"{kind_words(self.kind).of(lang)} {self.id}: {self.name.of(lang)}"
        return said if self.what == "exists" else f"{said}: {self.before} -> {self.after}"

    def __str__(self) -> str:
        return self.of("en")


@dataclass(frozen=True, slots=True)
class Proof:
    """All differences between baseline and arm, and the number of objects without any."""

    changed: tuple[Change, ...]
    identical: int

    @property
    def objects(self) -> frozenset[ObjectKey]:
        """The objects that changed."""
        return frozenset((change.kind, change.id) for change in self.changed)

    @property
    def words(self) -> Text:
        """The result in one sentence."""
        key = "proof.held_one" if len(self.objects) == 1 else "proof.held"
        return text(key, changed=len(self.objects), identical=self.identical)


@uncollected
def prove(
    base: ArmBuild, arm: ArmBuild, footprint: frozenset[ObjectKey], edits: Sequence[Edit] = ()
) -> Proof:
    """Compare two builds of the same period.

    Raises BuildError listing everything that differs outside the footprint, and everything that `edits`
    declare and the arm's files do not show.
    """
    if base.period != arm.period:
        raise ValueError(f"builds of two periods: {base.period!r} and {arm.period!r}")
    proof = _compare(_objects(base), _objects(arm))
    outside = [change for change in proof.changed if not _allowed(change, footprint)]
    missing = undone(base.site, edits, arm.period, *_objects(arm))
    if outside or missing:
        raise BuildError(
            Message(
                "{n_outside} changes outside the footprint, {n_missing} declared changes missing:\n"
                "- {lines:-}",
                n_outside=len(outside),
                n_missing=len(missing),
                lines=[Message("outside: {change}", change=change) for change in outside]
                + [Message("missing: {line}", line=line) for line in missing],
            )
        )
    return proof


def _objects(build: ArmBuild) -> tuple[NetObjects, Objects]:
    state = build.net_file.stat()
    net = _net_objects(build.net_file, state.st_mtime_ns, state.st_size)
    return net, read_additional_objects(build.additional_files, net, build.period)


@lru_cache(maxsize=2)
def _net_objects(path: Path, _changed_ns: int, _size: int) -> NetObjects:
    """Read a network once for all arms that share it."""
    return read_net_objects(path)


def _compare(base: tuple[NetObjects, Objects], arm: tuple[NetObjects, Objects]) -> Proof:
    changed: list[Change] = []
    identical = 0
    for before, after in ((base[0].objects, arm[0].objects), (base[1], arm[1])):
        if before is after:
            identical += len(before)
            continue
        for key in before.keys() | after.keys():
            own = list(_differences(key, before.get(key), after.get(key)))
            changed += own
            identical += not own
    return Proof(tuple(sorted(changed)), identical)


def _differences(key: ObjectKey, before: Attributes | None, after: Attributes | None) -> Iterator[Change]:
    if before == after:
        return
    if before is None or after is None:
        yield Change(*key, "exists", *(ABSENT if side is None else "yes" for side in (before, after)))
        return
    for what in sorted(before.keys() | after.keys()):
        old, new = before.get(what, ABSENT), after.get(what, ABSENT)
        if old != new:
            yield Change(*key, what, *_apart(old, new))


def _apart(old: object, new: object) -> tuple[str, str]:
    """Two values in words; of sets only what one of them lacks, of a set beside attributes as well."""
    if isinstance(old, frozenset) and isinstance(new, frozenset):
        old, new = old - new, new - old
    match old, new:
        case (place, frozenset(links)), (new_place, frozenset(new_links)) if place == new_place:
            old, new = links - new_links, new_links - links
        case (place, frozenset(links)), (new_place, frozenset(new_links)):
            old, new = (place, links - new_links), (new_place, new_links - links)
    return _said(old), _said(new)


def _said(value: object) -> str:
    """Say a value: attributes by name, a set in the order of its words."""
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(str, value))) + "}"
    if not isinstance(value, tuple):
        return str(value)
    pairs = [part for part in value if isinstance(part, tuple) and [type(one) for one in part] == [str, str]]
    if value and len(pairs) == len(value):
        return " ".join(f"{name}={content}" for name, content in pairs)
    return "; ".join(map(_said, value))


def _area(rerouter: str) -> tuple[str, str]:
    """Return what may be the area of a rerouter: all of the name, or what stands before the demand's."""
    return rerouter, rerouter.rpartition("@")[0]


def _allowed(change: Change, footprint: frozenset[ObjectKey]) -> bool:
    """Look the change up; a pair of parking areas belongs to both, its rerouters to the area."""
    match change.kind:
        case "parking_alternative":
            area, _, other = change.id.removeprefix("parking.").partition("|")
            return any(("parking", owner) in footprint for owner in (*_area(area), other))
        case "other" if change.id.startswith("rerouter parking."):
            return any(
                ("parking", owner) in footprint
                for owner in _area(change.id.removeprefix("rerouter parking."))
            )
        case _ if change.what in OUTLINE and ("geometry", change.id) in footprint:
            return True
        case "right_of_way" if change.what.startswith("path of ") and ("geometry", change.id) in footprint:
            return True  # drawn otherwise; who yields to whom is the same
        case _:
            return (change.kind, change.id) in footprint
