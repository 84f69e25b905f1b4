"""The page of a synthetic study, read the way tests ask about it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd

from sim.measures import SPECS
from sim.plots.study_data import read_study
from sim.report.page import context, html, markdown
from tests.synthetic_study import write_synthetic_study


class Reader(HTMLParser):
    """Collects tags, attributes, and the text of each section."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.section, self.inside, self.id = "", "", ""
        self.held: dict[str, list[str]] = {}
        """Text directly after the start of each element that has an id."""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside, self.id = tag, dict(attrs).get("id") or ""
        if tag == "section":
            self.section = dict(attrs)["id"] or ""
        if tag == "footer":
            self.section = "footer"

    def handle_data(self, data: str) -> None:
        if self.id:
            self.held.setdefault(self.id, []).append(data)
        if self.inside not in ("style", "script") and self.id != "map-data":
            self.texts.setdefault(self.section, []).append(data)

    def text(self, section: str) -> str:
        return " ".join(" ".join(self.texts.get(section, [])).split())


def read(folder: Path) -> Reader:
    return Reader((folder / "report.html").read_text(encoding="utf-8"))


def small(folder: Path, **site: Any) -> Path:
    return write_synthetic_study(folder, replicates=4, two_periods=False, arms=["baseline", "retime"], **site)


def write_html(folder: Path, page: Path) -> None:
    """Write the page of a study without its figures."""
    page.write_text(html(context(read_study(folder), SPECS, {}, [])), encoding="utf-8")


def write_page(folder: Path) -> Reader:
    """Write and read the page without its figures, which have their own tests."""
    shown = context(read_study(folder), SPECS, {}, [])
    (folder / "report.html").write_text(html(shown), encoding="utf-8")
    (folder / "report.md").write_text(markdown(shown), encoding="utf-8")
    return read(folder)


def edit(path: Path, change: Any) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")


def edit_comparison(folder: Path, **columns: Any) -> None:
    """Write the same values into every row of a study's comparison."""
    path = folder / "tables" / "comparison.csv"
    pd.read_csv(path).assign(**columns).to_csv(path, index=False)
