"""The templates, and how words in two languages get into what they render."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from html import unescape
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from sim.edits.object_words import attribute_words, kind_words
from sim.labels import Text, text, understood
from sim.plots.numbers import number
from sim.plots.style import VERDICT_MARKS
from sim.report.web_font import web_font

TEMPLATES = Path(__file__).parent / "templates"


UNITS = re.compile(r"(?<=\d) (?=(?:s/veh|veh/h|km/h|s/ped|min|km|m|s|h)(?![A-Za-z]))")
INTERVALS = re.compile(r"\[[-−+\d.]+, [-−+\d.]+\]%?")


def unbroken(words: str) -> str:
    """Keep a number with its unit, and an interval, on one line."""
    kept = INTERVALS.sub(lambda found: found[0].replace(" ", "\u00a0"), words)
    return UNITS.sub("\u00a0", kept)


def bilingual(words: Text) -> Markup:
    """Both languages for the page, of which the style sheet shows one; once where they are equal."""
    zh, en = unbroken(words.zh), unbroken(words.en)
    if zh == en:
        return escape(zh)
    return Markup('<span lang="zh-CN">{}</span><span lang="en">{}</span>').format(zh, en)


def spoken(words: Text, attribute: str = "aria-label") -> Markup:
    """Return an attribute that a screen reader reads; the page's script puts it into the chosen language."""
    return Markup('{}="{}" data-zh="{}" data-en="{}"').format(attribute, words.zh, words.zh, words.en)


def listed(names: Iterable[Text | str]) -> Text:
    """Join names to one text, with the comma of each language."""
    found = [Text(name, name) if isinstance(name, str) else name for name in names]
    return Text("、".join(name.zh for name in found), ", ".join(name.en for name in found))


def environment(write: Callable[[Text], Markup]) -> jinja2.Environment:
    """Return the templates; `write` puts words into what they render, and everything else is escaped."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters["t"] = write
    found.filters["listed"] = listed
    found.filters["unbroken"] = unbroken
    found.globals.update(
        L=lambda key, **values: write(text(key, **values) if values else text(key)),
        marks=VERDICT_MARKS,
        spoken=spoken,
        text=text,
        Text=Text,
        kind_words=kind_words,
        attribute_words=attribute_words,
        understood=understood,
        whole=lambda count: number(count, 0),
    )
    return found


def whole_page(body: str, scripts: Iterable[str], title: Text) -> str:
    """Put a page together: its style, its scripts, and a font of the characters it uses, no more."""
    script = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in scripts)
    return (
        environment(bilingual)
        .get_template("page.html.j2")
        .render(
            body=Markup(body),
            style=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
            script=Markup(script),
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
            font=base64.b64encode(web_font(unescape(body))).decode("ascii"),
            title=title,
        )
    )
