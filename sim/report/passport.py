"""The capacity passport and the agreement with counts on the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.calibration.agreement import AGREEMENT, judged
from sim.calibration.passport import QUANTITIES
from sim.labels import Text, text
from sim.plots.numbers import number
from sim.plots.study_data import StudyData, records
from sim.report.section import Cell, Section, section
from sim.site.places import place


def passport_section(data: StudyData) -> Section | None:
    """Return the capacity passport: every movement, what fails first."""
    order = {"fail": 0, "not_applicable": 1, "not_measured": 2}
    rows = []
    for row in sorted(records(data.passport), key=lambda row: order.get(str(row["status"]), 3)):
        where = place(f"movement:{row['movement']}", data.titles)
        status, notes = str(row["status"]), str(row["notes"]).split()
        tone = {"pass": "good", "fail": "bad"}.get(status, "")
        said = [text(f"passport.status.{status}"), *(text(f"passport.note.{note}") for note in notes)]
        rows.append(
            (
                Cell(where),
                Cell(f"{100 * row['heavy_share']:.0f} / {100 * row['two_wheeler_share']:.0f}%"),
                Cell(f"{row['grade_pct']:g}%"),
                *(_against(row, name, 1 if name == "startup_lost_s" else 0) for name in QUANTITIES),
                Cell(Text("；".join(t.zh for t in said), "; ".join(t.en for t in said)), tone),
            )
        )
    names = ("movement", "mix", "grade", *QUANTITIES, "status")
    return section("passport", [f"passport.{name}" for name in names], rows, "tables/passport.csv")


def agreement_section(data: StudyData) -> Section | None:
    """Return how well flows agreed with counts, and which were held out; None without calibration."""
    table = data.optional("agreement")
    if table is None or set(table.columns) != set(AGREEMENT):
        return None
    rows = []
    for key, own in table.groupby(["counts", "period", "quarter"], sort=True):
        counts, period, quarter = (str(part) for part in key)
        found = judged(own)
        status = "told" if quarter else "good" if found.good else "bad"
        against = text("agreement.quarter", start=quarter) if quarter else text(f"agreement.{counts}")
        rows.append(
            (
                Cell(against),
                Cell(data.period_title(period)),
                Cell(str(found.movements)),
                Cell(f"{100 * found.good_share:.0f}%"),
                Cell(number(found.worst, 1)),
                Cell(f"{100 * found.sum_share:+.1f}%"),
                Cell(text(f"agreement.{status}"), "" if quarter else status),
            )
        )
    names = ("against", "movements", "good", "worst", "sum", "status")
    columns = [f"agreement.{name}" for name in names]
    return section("agreement", [columns[0], "period", *columns[1:]], rows, "tables/agreement.csv")


def _against(row: Mapping[str, Any], name: str, digits: int) -> Cell:
    """Return measured / wanted value; a star where it was measured in the street."""
    if str(row[f"{name}_status"]) == "not_compared":
        return Cell(number(row[name], digits))
    star = "*" if str(row[f"{name}_against"]) == "field" else ""
    tone = "bad" if row[f"{name}_status"] == "fail" else ""
    return Cell(f"{number(row[name], digits)} / {number(row[f'{name}_target'], digits)}{star}", tone)
