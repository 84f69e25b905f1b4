"""Scopes of measures in words: `movement:J1.north.left` is 石桥铺路口 J1 北进口左转."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from sim.labels import Text, catalogue, text
from sim.loading import Bilingual
from sim.site.facts import SiteFacts
from sim.site.network import Network

LONGEST_ID = 13
"""Characters of a junction's id that a figure has room for."""
LONGEST_TITLE = 14
"""Width of a junction's title and id that a figure has room for; a Chinese character counts twice."""

UNTITLED: Mapping[str, Text] = MappingProxyType({})


def titles(facts: SiteFacts) -> dict[str, Text]:
    """Return what a site calls its junctions, approaches, parking areas and routes, by scope."""
    found: dict[str, Bilingual | None] = {}
    for id, junction in facts.junctions.items():
        found[f"junction:{id}"] = junction.title
        found |= {f"approach:{id}.{leg}": approach.title for leg, approach in junction.approaches.items()}
    found |= {f"parking:{id}": area.title for id, area in facts.parking.items()}
    found |= {f"route:{id}": route.title for id, route in facts.routes.items()}
    return {scope: Text(title.zh, title.en) for scope, title in found.items() if title is not None}


def crossing_streets(network: Network) -> dict[str, Text]:
    """Name the junctions of an imported network by the streets that meet there, by scope; many have none."""
    found = {}
    for id, junction in network.junctions.items():
        streets = Counter(network.edges[approach.edge].name for approach in junction.approaches)
        names = [name for name, _ in streets.most_common() if name][:2]
        if names:
            key = "place.crossing" if len(names) > 1 else "place.on_street"
            found[f"junction:{id}"] = text(key, **dict(zip(("first", "second"), names, strict=False)))
    return found


def place(scope: str, titles: Mapping[str, Text] = UNTITLED) -> Text:
    """Name a scope in both languages, by its title before its id where it has one (`titles`, by scope).

    What the catalogue does not know keeps its id.
    """
    kind, _, name = scope.partition(":")
    if kind == "network":
        return catalogue()["place.network"]
    if kind == "movement":
        return _join(_approach(name.rpartition(".")[0], titles), turn(name))
    if kind == "approach":
        return _approach(name, titles)
    if kind in ("class", "purpose"):
        return _word(kind, name)
    return _junction(name, titles) if kind == "junction" else _other(kind, name, titles)


def named(facts: SiteFacts, scope: str) -> Text:
    """Name a junction or approach for the change log: 石桥铺路口 J1; 路口 J1 where it has no title."""
    return place(scope, titles(facts))


def narrow_place(scope: str, titles: Mapping[str, Text] = UNTITLED) -> Text:
    """Name a scope for a figure: without titles that are too long, and a long id cut in its middle."""
    kind, _, name = scope.partition(":")
    junction, *rest = name.rsplit(".", {"movement": 2, "approach": 1}.get(kind, 0))
    if not rest:
        return place(scope, titles)
    half = (LONGEST_ID - 1) // 2
    id = junction if len(junction) <= LONGEST_ID else f"{junction[:half]}…{junction[-half:]}"
    titled = _junction(junction, titles)
    fits = Text(*(words if _width(words) <= LONGEST_TITLE else id for words in titled))
    whole = place(f"{kind}:" + ".".join(["\0", *rest]), {"junction:\0": Text("\0", "\0")})
    return Text(*(words.replace("\0", head, 1) for words, head in zip(whole, fits, strict=True)))


def leg(approach: str, titles: Mapping[str, Text] = UNTITLED) -> Text:
    """Name an approach without its junction: 北进口, or 科园路(北进口)."""
    bearing, title = _bearing(approach.rpartition(".")[2]), titles.get(f"approach:{approach}")
    return Text(f"{title.zh}（{bearing.zh}）", f"{title.en} ({bearing.en})") if title else bearing


def turn(movement: str) -> Text:
    """Name a movement without its approach: 左转."""
    return _word("turn", movement.rpartition(".")[2])


def _junction(id: str, titles: Mapping[str, Text]) -> Text:
    title = titles.get(f"junction:{id}", catalogue()["place.junction"])
    return Text(*(words if id in words else f"{words} {id}" for words in title))


def _other(kind: str, name: str, titles: Mapping[str, Text]) -> Text:
    known, title = catalogue().get(f"place.{kind}"), titles.get(f"{kind}:{name}")
    if known is None:
        return Text(f"{kind}:{name}", f"{kind}:{name}")
    named = Text(f"{title.zh}（{name}）", f"{title.en} ({name})") if title else Text(name, name)
    # A titled one says itself what it is: kerbside stalls are no car park.
    return named if title and kind == "parking" else Text(f"{known.zh} {named.zh}", f"{known.en} {named.en}")


def _approach(name: str, titles: Mapping[str, Text]) -> Text:
    junction = name.rpartition(".")[0]
    return _join(_junction(junction, titles), leg(name, titles)) if junction else Text(name, name)


def _bearing(name: str) -> Text:
    whole = name.removesuffix("_exit")
    if whole != name:  # the half of a crossing over the exit lanes
        leg, half = _bearing(whole), catalogue()["place.exit_half"]
        return Text(f"{leg.zh}{half.zh}", f"{leg.en} {half.en}")
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


def _width(words: str) -> int:
    return sum(2 if ord(character) > 0x2E80 else 1 for character in words)  # noqa: PLR2004 - where CJK begins
