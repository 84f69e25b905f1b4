"""`huandu import survey.xlsx`: a filled-in survey workbook becomes a site's folder."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from openpyxl.utils import column_index_from_string

from sim.demand import read_counts
from sim.errors import BuildError, ConfigError, Problem, Problems
from sim.labels import Message
from sim.loading import parse
from sim.site.check import check_site
from sim.site.facts import SiteFacts
from sim.sumo.site import COUNTS_FILE, FACTS_FILE, load
from sim.workbook.book import Row, items_of, read_book
from sim.workbook.counts import Counts, counts_of
from sim.workbook.draft import Draft
from sim.workbook.facts import draft_of
from sim.workbook.sheets import SHEETS

ROUNDS = 5
"""How often values that the site model refuses are replaced, to see what is wrong behind them."""


def import_workbook(source: Path, name: str, folder: Path) -> list[Message]:
    """Fill a site's folder (site.yaml, counts.csv, SOURCES.md) from a survey workbook.

    The site is checked whole, network and programs included, before anything is written. Raises ConfigError
    with every problem, each with its sheet and cell.
    Returns lines to print: what was made, and what could not be carried over.
    """
    problems = Problems()
    rows = read_book(source, problems)
    draft, periods = draft_of(rows, name, problems)
    counts = counts_of(rows["counts"], periods, draft)
    with tempfile.TemporaryDirectory() as temporary:
        trial = Path(temporary) / name
        trial.mkdir()
        (trial / COUNTS_FILE).write_text(counts.text(), encoding="utf-8", newline="\n")
        _check(draft, counts, trial, source)
    problems.found = _in_order(problems.found)
    problems.raise_if_any()
    not_carried = _not_carried(rows)
    (folder / FACTS_FILE).write_text(_yaml(draft.data, source), encoding="utf-8", newline="\n")
    (folder / COUNTS_FILE).write_text(counts.text(), encoding="utf-8", newline="\n")
    said = items_of(rows["site"], problems)["source"]
    sources = _sources(source, draft.data["made_up"], said, not_carried)
    (folder / "SOURCES.md").write_text(sources, encoding="utf-8", newline="\n")
    return [
        *_made(draft.data, counts),
        *(Message("not carried over: {line}", line=line) for line in not_carried),
    ]


def _check(draft: Draft, counts: Counts, trial: Path, source: Path) -> None:
    """Let the site model look at what was read; what it says goes to the draft's problems, at their cells."""
    facts = _facts(draft) if draft.data["junctions"] and draft.data["periods"] else None
    if facts is None or draft.broken:
        return
    (trial / FACTS_FILE).write_text(_yaml(draft.data, source), encoding="utf-8")
    try:
        check_site(facts, "")
        load(trial, trial.parent / "cache")
    except ConfigError as error:
        if not any(problem.path.startswith(str(trial)) for problem in error.problems):
            error = ConfigError([*error.problems, *_problems_of_counts(trial, facts)])
        for problem in error.problems:
            if problem.path.startswith(str(trial)):
                counts.take(problem, draft)
            else:
                draft.take(ConfigError([problem]))
    except BuildError as error:
        if not draft.problems.found:
            draft.problems.add(source.name, Message("the network cannot be built: {error}", error=error))


def _problems_of_counts(trial: Path, facts: SiteFacts) -> Sequence[Problem]:
    try:
        read_counts(trial / COUNTS_FILE, facts)
    except ConfigError as error:
        return error.problems
    return ()


def _facts(draft: Draft) -> SiteFacts | None:
    """Parse the draft; a value that is refused is replaced by a stand-in, to see the rest too."""
    for _ in range(ROUNDS):
        try:
            return parse(SiteFacts, draft.data, "")
        except ConfigError as error:
            draft.take(error)
            if not draft.mend(error):
                return None
    return None


def _in_order(problems: Sequence[Problem]) -> list[Problem]:
    """Sort problems by sheet, row and column; what has no cell comes first."""
    sheets = [sheet.name for sheet in SHEETS]

    def key(problem: Problem) -> tuple[int, int, int, str]:
        sheet, _, cell = problem.path.partition("!")
        found = re.match(r"([A-Z]+)(\d+)", cell)
        if sheet not in sheets or not found:
            return (-1, 0, 0, problem.path)
        return (sheets.index(sheet), int(found[2]), column_index_from_string(found[1]), "")

    return sorted(problems, key=key)


def _not_carried(rows: Mapping[str, Sequence[Row]]) -> list[Message]:
    """Name what the site model has no place for."""
    kinds = {"bus_stops": Message("bus stop"), "bus_lines": Message("bus line")}
    return [
        Message(
            "{place} {what} {name} (buses run as they were counted)",
            place=row.place("name"),
            what=what,
            name=row["name"],
        )
        for table, what in kinds.items()
        for row in rows[table]
    ]


def _made(data: Mapping[str, Any], counts: Counts) -> list[Message]:
    junctions: Mapping[str, Any] = data["junctions"]
    legs = sum(len(junction["approaches"]) for junction in junctions.values())
    return [
        Message(
            "junctions: {count} ({junctions}), approaches: {legs}",
            count=len(junctions),
            junctions=list(junctions),
            legs=legs,
        ),
        Message("periods: {periods}", periods=list(data["periods"])),
        Message("counts: {count} rows", count=len(counts.lines)),
    ]


def _yaml(data: Mapping[str, Any], source: Path) -> str:
    body = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, default_flow_style=None, width=110)
    return f"# From {source.name}, see SOURCES.md. Lanes from the median to the kerb.\n{body}"


def _sources(source: Path, made_up: bool, said: str, not_carried: Sequence[Message]) -> str:
    """Return SOURCES.md: the workbook, what it says of itself, what was left out."""
    banner = "**示意数据,非该地实际 / Illustrative data, not the real place.**\n\n" if made_up else ""
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    left = "".join(f"- {line.both()}\n" for line in not_carried)
    return (
        f"# 数据来源 / Sources\n\n{banner}"
        f"调查表 / Survey workbook: `{source.name}`, sha256 `{digest}`\n\n"
        f"数据来源 / Source: {said}\n" + (f"\n未带入模型 / Not carried over:\n\n{left}" if left else "")
    )
