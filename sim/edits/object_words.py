"""Objects of a network and their attributes in words, for people who read what an arm changes."""

from __future__ import annotations

import re

from sim.labels import Text, catalogue

WHOSE = re.compile(r"(?P<what>waits inside|.+?(?= (?:of|in) )) (?:of |in )?(?P<whose>.+)")
"""`intervals of PROGRAM`, `lights in PROGRAM`, `waits inside CONNECTION`."""


def kind_words(kind: str) -> Text:
    """Name a kind of object; in English as a footprint does."""
    return catalogue().get(f"object.{kind}", Text(kind, kind))


def attribute_words(what: str, whole: bool = True) -> Text:
    """Name an attribute, with whose it is (`offset of peak`) unless `whole` is False; others stay."""
    found = WHOSE.fullmatch(what)
    name, whose = (found["what"], found["whose"]) if found else (what, "")
    known = catalogue().get(f"attribute.{name}", Text(name, name))
    if not whose or not whole:
        return known
    return Text(f"{known.zh}（{whose}）", what)
