"""What a study was asked for beside time: relative changes only, since levels are not to be trusted."""

from __future__ import annotations

from collections.abc import Mapping

from sim.labels import text
from sim.measures.spec import MeasureSpec
from sim.plots.numbers import with_interval
from sim.plots.study_data import StudyData, records
from sim.report.section import Cell, Section, count, keys, section
from sim.report.words import BAD, GOOD, measure_name


def asked(data: StudyData, specs: Mapping[str, MeasureSpec]) -> list[Section | None]:
    """Return a section per thing asked for; None where the study was not."""
    return [_changes(data, specs, "emissions")]


def _changes(data: StudyData, specs: Mapping[str, MeasureSpec], setting: str) -> Section | None:
    table = data.comparison
    own = [name for name, spec in specs.items() if spec.asked == setting]
    rows = []
    for arm in data.policies:
        table_of_arm = table[(table["arm"] == arm["id"]) & (table["scope"] == "network")]
        for row in records(table_of_arm[table_of_arm["measure"].isin(own)]):
            ends = (row["relative"], row["relative_ci_low"], row["relative_ci_high"])
            relative, interval = with_interval(*ends, 1, percent=True)
            verdict = str(row["verdict"])
            rows.append(
                (
                    *keys(data, row),
                    Cell(measure_name(specs[str(row["measure"])])),
                    Cell(f"{relative} {interval}"),
                    Cell(
                        text(f"verdict.{verdict}"),
                        "good" if verdict in GOOD else "bad" if verdict in BAD else "",
                    ),
                    Cell(count(row["n_pairs"])),
                    Cell(text(f"gate.{row['gate']}") if row["gate"] else ""),
                )
            )
    names = ("policy", "period", "measure", "relative", "verdict", "pairs", "gate")
    return section(setting, names, rows, "tables/comparison.csv")
