"""What a study was asked for beside time: relative changes only, since levels are not to be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.numbers import NOTHING, with_interval
from sim.plots.study_data import StudyData, records
from sim.report.section import Cell, Section, count, keys, section
from sim.report.words import BAD, GOOD, measure_name

FEWEST_PAIRS = 10
"""Conflicts are rare and skewed: below so many pairs nothing is said of them (METHODS 11)."""


def asked(data: StudyData, specs: Mapping[str, MeasureSpec]) -> list[Section | None]:
    """Return a section per thing asked for; None where the study was not."""
    return [_changes(data, specs, "emissions"), _changes(data, specs, "conflicts", pairs=FEWEST_PAIRS)]


def _changes(
    data: StudyData, specs: Mapping[str, MeasureSpec], setting: str, pairs: int = 0
) -> Section | None:
    table = data.comparison
    own = [name for name, spec in specs.items() if spec.asked == setting]
    rows = []
    for arm in data.policies:
        table_of_arm = table[(table["arm"] == arm["id"]) & (table["scope"] == "network")]
        for row in records(table_of_arm[table_of_arm["measure"].isin(own)]):
            ends = (row["relative"], row["relative_ci_low"], row["relative_ci_high"])
            relative, interval = with_interval(*ends, 1, percent=True)
            rows.append(
                (
                    *keys(data, row),
                    Cell(measure_name(specs[str(row["measure"])])),
                    Cell(
                        f"{relative} {interval}"
                        if row["n_pairs"] >= pairs and relative != NOTHING
                        else NOTHING
                    ),
                    Cell(_meaning(row, pairs), _tone(row, specs[str(row["measure"])], pairs)),
                    Cell(count(row["n_pairs"])),
                    Cell(text(f"gate.{row['gate']}") if row["gate"] else ""),
                )
            )
    names = ("policy", "period", "measure", "relative", "verdict", "pairs", "gate")
    return section(setting, names, rows, "tables/comparison.csv")


def _meaning(row: Mapping[str, Any], pairs: int) -> Text:
    """Say what the change means; of what judges nothing only whether it is much more or much less."""
    if row["n_pairs"] < pairs:
        return text("report.asked.few_pairs", n=str(pairs))
    if row["before"] == row["after"] == 0:
        return text("report.asked.none")
    if row["direction"] != "none":
        return text(f"verdict.{row['verdict']}")
    change = "more" if row["relative_ci_low"] > 0 else "fewer" if row["relative_ci_high"] < 0 else "open"
    return text(f"report.asked.{change}")


def _tone(row: Mapping[str, Any], spec: MeasureSpec, pairs: int) -> str:
    """Return good or bad by the verdict; where there is none, bad for more than matters."""
    if spec.direction == "none":
        return "bad" if row["n_pairs"] >= pairs and row["relative_ci_low"] > spec.mcid_rel else ""
    verdict = str(row["verdict"])
    return "good" if verdict in GOOD else "bad" if verdict in BAD else ""
