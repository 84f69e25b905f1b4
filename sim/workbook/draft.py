"""A site as it is being read: plain data for `SiteFacts`, and the cell of every part of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.errors import ConfigError, Problem, Problems, near
from sim.labels import Message
from sim.workbook.book import Row
from sim.workbook.sheets import TABLES

_INDEX = re.compile(r"\[(\d+)\]")


@dataclass(slots=True)
class Draft:
    """Data under the keys of `site.yaml`; `places` maps its paths (`periods.am.begin`) to cells.

    `tainted` are the paths below which a cell was unfit and something stands in for it: what a later check
    says about them may follow from that alone, and is left out. `broken`: a junction, leg or street could not
    even be named, so that nothing can be said about how the drawing holds together. `unnamed`: kinds of
    things of which one could not be named: it may be the one that is missing elsewhere.
    """

    data: dict[str, Any]
    problems: Problems
    places: dict[str, str] = field(default_factory=dict)
    stand_ins: dict[str, Any] = field(default_factory=dict)
    tainted: set[str] = field(default_factory=set)
    broken: bool = False
    unnamed: set[str] = field(default_factory=set)

    def fill(self, target: dict[str, Any], path: str, table: str, row: Row, keys: Mapping[str, str]) -> None:
        """Put cells into `target`, which lies at `path`: column key -> field; empty ones are left out."""
        columns = {column.key: column for column in TABLES[table][1].columns}
        self.places.setdefault(path, row.place())
        for key, name in keys.items():
            self.places[f"{path}.{name}"] = row.place(key)
            self.stand_ins[f"{path}.{name}"] = columns[key].stand_in
            if row[key] is not None:
                target[name] = row[key]
        if row.bad:
            self.tainted.add(path)

    def title(self, target: dict[str, Any], path: str, row: Row, id: str, zh: str = "title_zh") -> None:
        """Put a title into `target`; where the English name is empty the id is used."""
        self.places[f"{path}.title"] = row.place(zh)
        english = row["title_en"] or id.replace("_", " ")
        target["title"] = {"zh": row[zh] or english, "en": english}

    def knows(self, row: Row, key: str, names: Collection[str], what: str) -> bool:
        """Whether a row names something there is; an unknown name becomes a problem."""
        value = row[key]
        if value is None:
            return False
        if value not in names and what not in self.unnamed:
            self.problems.add(
                row.place(key), Message("no {what} {value!r}", what=what, value=value), near(value, names)
            )
        return value in names

    def once(self, row: Row, key: str, taken: Collection[str], path: str) -> bool:
        """Whether the thing at `path` is new; a second one becomes a problem."""
        if path in taken:
            self.problems.add(
                row.place(key),
                Message("{row!r} stands twice", row=row[key]),
                Message("first in {places}", places=self.places[path]),
            )
        return path not in taken

    def place(self, path: str) -> str:
        """Return the cell of a path, or of what holds it; the workbook where nothing does."""
        path = plain(path)
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path, "")

    def is_tainted(self, path: str) -> bool:
        """Whether a path lies below a row with an unfit cell; plans follow from their junction."""
        path = plain(path)
        if path.startswith("plans.") and path.count(".") > 1:
            junction = path.split(".")[2]
            if any(f"{taint}.".startswith(f"junctions.{junction}.") for taint in self.tainted):
                return True
        return any(path == taint or path.startswith(f"{taint}.") for taint in self.tainted)

    def take(self, error: ConfigError) -> None:
        """Take over problems of the site model, each with its cell."""
        for problem in error.problems:
            if not self.is_tainted(problem.path):
                self.report(self.place(problem.path) or plain(problem.path), problem)

    def report(self, place: str, problem: Problem) -> None:
        """Note a problem at a cell, unless the cell has one that says the same already."""
        moved = Problem(place, problem.message, problem.suggestion)
        if moved not in self.problems.found:
            self.problems.found.append(moved)

    def mend(self, error: ConfigError) -> bool:
        """Put stand-ins where values were refused, so that the rest can be checked; whether any was put."""
        mended = False
        for problem in error.problems:
            path = plain(problem.path)
            # What concerns a whole row (a stage, a period) is mended in all its cells.
            cells = [cell for cell in self.stand_ins if cell.rpartition(".")[0] == path]
            while path and path not in self.stand_ins and not cells:
                path = path.rpartition(".")[0]
            for cell in cells or [path] * bool(path):
                if self._replace(cell):
                    mended = True
                    self.tainted.add(cell.rpartition(".")[0])
        return mended

    def _replace(self, path: str) -> bool:
        *parents, last = path.split(".")
        target: Any = self.data
        for part in parents:
            target = target[int(part) if isinstance(target, list) else part]
        key, old = (int(last), target[int(last)]) if isinstance(target, list) else (last, target.get(last))
        new = self.stand_ins[path]
        if isinstance(target, dict) and new is None:
            return target.pop(key, None) is not None
        target[key] = new
        return bool(old != new)


def plain(path: str) -> str:
    """Write a path as it is kept here: `site.yaml.a.b[0]` as `a.b.0`."""
    return _INDEX.sub(r".\1", path).removeprefix("site.yaml").lstrip(".")
