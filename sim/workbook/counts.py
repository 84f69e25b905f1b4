"""From the sheet 流量 to the rows of `counts.csv`, and from a line of that file back to a cell. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sim.demand.counts import CLASSES, HEADER
from sim.errors import Problem
from sim.workbook.book import Row
from sim.workbook.draft import Draft
from sim.workbook.facts import approach_path

FIRST_LINE = 2
"""Line of the first row of `counts.csv`, below its header."""
_QUEUES = ("queue_start_veh", "queue_end_veh")
_KEY = ("period", "junction", "approach", "movement")


@dataclass(frozen=True, slots=True)
class Counts:
    """Lines of `counts.csv`, each with its row and class; rows of which a part was unfit are left out."""

    lines: Sequence[tuple[str, ...]]
    rows: Sequence[tuple[Row, str]]
    left_out: Sequence[Row]

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
            if not self.left_out:
                draft.report("流量!A1", Problem("", problem.message, problem.suggestion))
            return
        row, kind = self.rows[int(number) - FIRST_LINE]
        if draft.is_tainted(approach_path(row)) or any(_alike(row, other) for other in self.left_out):
            return
        key = "queue_end_veh" if "queue" in problem.message else kind
        if problem.suggestion.startswith("first in line "):
            first, first_kind = self.rows[int(problem.suggestion.split()[-1]) - FIRST_LINE]
            problem = Problem("", problem.message, f"first in {first.place(first_kind)}")
            key = "start"
        draft.report(row.place(key), problem)


def counts_of(rows: Sequence[Row], periods: Mapping[str, str], draft: Draft) -> Counts:
    """Return the counts; `periods` are the workbook's names of periods with their ids."""
    lines: list[tuple[str, ...]] = []
    sources: list[tuple[Row, str]] = []
    left_out: list[Row] = []
    junctions: Collection[str] = draft.data["junctions"]
    for row in rows:
        known = [
            draft.knows(row, "period", periods, "period"),
            draft.knows(row, "junction", junctions, "junction"),
            row["approach"] is not None,
            row["movement"] is not None,
            row["start"] is not None,
        ]
        counted = [kind for kind in CLASSES if row[kind] is not None or kind in row.bad]
        if not counted:
            what = "nothing is counted in this row"
            draft.problems.add(row.place("car"), what, "write 0 where nobody came")
        if not all(known) or not counted or row.bad & set(_QUEUES) or not periods[row["period"]]:
            left_out.append(row)
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


def _alike(row: Row, other: Row) -> bool:
    """Whether a row is of the same movement and period as one that was left out, as far as that is known."""
    return all(other[key] is None or other[key] == row[key] for key in _KEY)
