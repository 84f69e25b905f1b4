"""What was counted in the street: the survey table of the expert review."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from sim.demand.counts import CLASSES
from sim.labels import text
from sim.plots.numbers import number
from sim.plots.study_data import StudyData
from sim.site.places import place


class SurveyTable(NamedTuple):
    """Counts of one period."""

    title: str
    heads: list[str]
    rows: list[list[str]]


def survey_tables(data: StudyData) -> list[SurveyTable]:
    """Return a table per counted period, in Chinese; none where the copy of the site has no counts."""
    path = data.folder / "inputs" / str(data.study["site"].get("name", "")) / "counts.csv"
    try:
        counts = pd.read_csv(path, keep_default_na=False, encoding="utf-8-sig")
        counts["count"] = pd.to_numeric(counts["count"])
        return [_table(data, str(id), rows) for id, rows in counts.groupby("period", sort=False)]
    except (OSError, ValueError, KeyError):
        return []


def _table(data: StudyData, period: str, counts: pd.DataFrame) -> SurveyTable:
    scopes = "movement:" + counts["approach"].astype(str) + "." + counts["movement"].astype(str)
    wide = counts.assign(scope=scopes).pivot_table(
        index="scope", columns="class", values="count", aggfunc="sum", fill_value=0, sort=False
    )
    classes = [name for name in CLASSES if name in wide.columns]
    rows = [
        [
            place(str(scope), data.titles).zh,
            *(number(float(found[name]), 0) for name in classes),
            number(float(found.sum()), 0),
        ]
        for scope, found in wide.iterrows()
    ]
    starts = sorted(set(counts["start"]))
    title = text(
        "report.review.counts", period=data.period_title(period), first=str(starts[0]), last=str(starts[-1])
    )
    heads = [text("report.column.movement").zh, *(place(f"class:{name}").zh for name in classes)]
    return SurveyTable(title.zh, [*heads, text("report.review.total").zh], rows)
