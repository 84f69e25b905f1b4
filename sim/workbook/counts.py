"""From the sheet 流量 to the rows of `counts.csv`, and from a line of that file back to a cell. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sim.demand.counts import CLASSES, HEADER
from sim.errors import Problem
from sim.labels import Message
from sim.workbook.book import Row
from sim.workbook.draft import Draft
from sim.workbook.facts import approach_path

FIRST_LINE = 2
"""Line of the first row of `counts.csv`, below its header."""
_QUEUES = ("queue_start_veh", "queue_end_veh")
_KEY = ("period", "junction", "approach", "movement")


@dataclass(frozen=True, slots=True)
class Counts:
    """Lines of `counts.csv`, with row and class; rows that leave open what they count are no lines."""

    lines: Sequence[tuple[str, ...]]
    rows: Sequence[tuple[Row, str]]
    left_out: Sequence[Mapping[str, str | None]]
    """What is known of rows that are not among the lines: values by _KEY, None where unknown."""

    def text(self) -> str:
        """Return the content of `counts.csv`."""
        content = io.StringIO()
        writer = csv.writer(content, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(self.lines)
        return content.getvalue()

    def take(self, problem: Problem, draft: Draft) -> None:
        """Take over a problem of `counts.csv`, at its cell; leave out what follows from an unfit one."""
        _, _, number = problem.path.rpartition(":")
        if not number.isdigit():  # about the whole file: something is not counted
            if not self.left_out and not any(taint.startswith("periods.") for taint in draft.tainted):
                draft.report("流量!A1", Problem("", problem.message, problem.suggestion))
            return
        row, kind = self.rows[int(number) - FIRST_LINE]
        period = self.lines[int(number) - FIRST_LINE][0]
        lanes = f"{approach_path(row)}.lanes"
        tainted = draft.is_tainted(f"periods.{period}") or any(t.startswith(lanes) for t in draft.tainted)
        if tainted or any(_alike(row, other) for other in self.left_out):
            return
        key = "queue_end_veh" if "queue" in problem.message else kind
        if problem.suggestion.startswith("first in line "):
            first, first_kind = self.rows[int(problem.suggestion.split()[-1]) - FIRST_LINE]
            problem = Problem(
                "", problem.message, Message("first in {first_kind}", first_kind=first.place(first_kind))
            )
            key = "start"
        draft.report(row.place(key), problem)


def counts_of(rows: Sequence[Row], periods: Mapping[str, str], draft: Draft) -> Counts:
    """Return the counts; `periods` are the workbook's names of periods with their ids."""
    lines: list[tuple[str, ...]] = []
    sources: list[tuple[Row, str]] = []
    left_out: list[Mapping[str, str | None]] = []
    junctions: Collection[str] = draft.data["junctions"]
    for row in rows:
        known = {
            "period": draft.knows(row, "period", periods, "period"),
            "junction": draft.knows(row, "junction", junctions, "junction"),
            **{key: row[key] is not None for key in ("approach", "movement", "start")},
        }
        counted = [kind for kind in CLASSES if row[kind] is not None or kind in row.bad]
        if not counted:
            what = Message("nothing is counted in this row")
            draft.problems.add(row.place("car"), what, Message("write 0 where nobody came"))
        whole = all(known.values()) and counted and not row.bad & set(_QUEUES)
        if not whole or not periods[row["period"]]:
            left_out.append({key: row[key] if known[key] else None for key in _KEY})
            continue
        for index, kind in enumerate(counted):
            queues = [row[key] if index == 0 else None for key in _QUEUES]
            lines.append(
                (
                    periods[row["period"]],
                    row["start"],
                    f"{row['junction']}.{row['approach']}",
                    row["movement"],
                    kind,
                    _written(row[kind] if kind not in row.bad else 0),
                    row["taken_at"],
                    *(_written(queue) for queue in queues),
                )
            )
            sources.append((row, kind))
    return Counts(lines, sources, left_out)


def _written(value: float | None) -> str:
    return "" if value is None else f"{value}"


def _alike(row: Row, other: Mapping[str, str | None]) -> bool:
    """Whether a row is of the same movement and period as one that was left out, as far as that is known."""
    return all(other[key] is None or other[key] == row[key] for key in _KEY)
