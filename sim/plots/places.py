"""Scopes of measures in words: `movement:J1.north.left` is J1 北进口左转."""

from __future__ import annotations

from sim.labels import Text, catalogue

LONGEST_ID = 13
"""Characters of a junction's id that a figure has room for."""


def place(scope: str) -> Text:
    """Name a scope in both languages; what the catalogue does not know keeps its id."""
    kind, _, name = scope.partition(":")
    if kind == "network":
        return catalogue()["place.network"]
    if kind == "movement":
        approach, _, turn = name.rpartition(".")
        return _join(_approach(approach), _word("turn", turn))
    if kind == "approach":
        return _approach(name)
    if kind in ("class", "purpose"):
        return _word(kind, name)
    known = catalogue().get(f"place.{kind}")
    return Text(f"{known.zh} {name}", f"{known.en} {name}") if known else Text(scope, scope)


def narrow_place(scope: str) -> Text:
    """Name a scope for a figure: a long junction id is cut in its middle, its ends tell more."""
    kind, _, name = scope.partition(":")
    junction, *rest = name.rsplit(".", {"movement": 2, "approach": 1}.get(kind, 0))
    if not rest or len(junction) <= LONGEST_ID:
        return place(scope)
    half = (LONGEST_ID - 1) // 2
    return place(f"{kind}:" + ".".join([f"{junction[:half]}…{junction[-half:]}", *rest]))


def leg(approach: str) -> Text:
    """Name an approach without its junction: 北进口."""
    return _bearing(approach.rpartition(".")[2])


def turn(movement: str) -> Text:
    """Name a movement without its approach: 左转."""
    return _word("turn", movement.rpartition(".")[2])


def _approach(name: str) -> Text:
    junction, _, bearing = name.rpartition(".")
    return _join(Text(junction, junction), _bearing(bearing)) if junction else Text(name, name)


def _bearing(name: str) -> Text:
    base, _, number = name.partition("_")
    known = catalogue().get(f"bearing.{base}")
    if known is None or (number and not number.isdigit()):
        return Text(name, name)
    return Text(f"{known.zh}{number}", f"{known.en} {number}".strip())


def _word(group: str, name: str) -> Text:
    return catalogue().get(f"{group}.{name}", Text(name, name))


def _join(first: Text, second: Text) -> Text:
    gap = "" if "\u4e00" <= first.zh[-1:] <= "\u9fff" and "\u4e00" <= second.zh[:1] <= "\u9fff" else " "
    return Text(f"{first.zh}{gap}{second.zh}", f"{first.en} {second.en}")
