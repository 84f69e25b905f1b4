"""What a signal engineer asks of every junction: saturation, use of green, queues, arrivals on green."""

from __future__ import annotations

from collections.abc import Mapping

from sim.labels import text
from sim.measures.spec import MeasureSpec
from sim.plots.numbers import NOTHING
from sim.plots.study_data import StudyData
from sim.report.card_facts import touched_junctions
from sim.report.section import Cell, Section, section
from sim.report.words import BAD, GOOD, change
from sim.site.places import place

ENGINEERS = (
    "degree_of_saturation",
    "critical_saturation",
    "green_utilisation",
    "imbalance",
    "cycle_failures",
    "second_green",
    "queue_at_green",
    "arrivals_on_green",
    "longest_red",
    "stops_per_vehicle",
    "pedestrian_delay",
)
"""One column each; a measure of which the study has no value at any junction has none."""
FEW = 12
"""So many junctions are all shown; of more, those that the policy touches or where something changed."""
BEYOND_THE_TABLE = frozenset({"degree_of_saturation", "stops_per_vehicle", "pedestrian_delay"})
"""Without any of the others there is nothing to say of signals."""


def junction_measures(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Section | None:
    """Return a row per policy, period and junction; None where no junction has a signal to be measured.

    Of many junctions those without a change that the policy leaves alone are counted, not shown.
    """
    table = data.comparison
    at_junctions = table[table["scope"].str.startswith("junction:") & table["measure"].isin(ENGINEERS)]
    present = set(at_junctions["measure"])
    names = [name for name in ENGINEERS if name in present and name in specs]
    if present <= BEYOND_THE_TABLE:
        return None
    signals = set(at_junctions.loc[~at_junctions["measure"].isin(BEYOND_THE_TABLE), "scope"])
    rows, quiet = [], 0
    for arm in data.policies:
        touched = {f"junction:{id}" for id in touched_junctions(data, str(arm["id"]))}
        for period in data.periods:
            for scope in sorted(signals):
                cells = [_cell(data, specs[name], str(arm["id"]), period, scope) for name in names]
                if all(cell.words == NOTHING for cell in cells):
                    continue
                if len(signals) > FEW and scope not in touched and not any(cell.tone for cell in cells):
                    quiet += 1
                    continue
                where = Cell(place(scope, data.titles))
                policy = Cell(data.arm_title(arm["id"])), Cell(data.period_title(period))
                rows.append((*policy, where, *cells))
    words = [] if "queue_at_green" in present else [Cell(text("report.further.junction_measures.asked"))]
    if quiet:
        words.append(Cell(text("report.further.junction_measures.quiet", n=str(quiet))))
    heads = ("policy", "period", "junction", *(f"measure.{name}" for name in names))
    return section(
        "junction_measures",
        heads,
        rows,
        "tables/comparison.csv",
        words=words,
        shown_empty=True,
    )


def _cell(data: StudyData, spec: MeasureSpec, arm: str, period: str, scope: str) -> Cell:
    row = data.row(arm, period, spec.id, scope)
    if row is None or not row["n_pairs"]:
        return Cell(NOTHING)
    said = change(row, spec, data.titles)
    verdict = str(row["verdict"])
    tone = "good" if verdict in GOOD else "bad" if verdict in BAD else ""
    interval = "" if said.interval == NOTHING else said.interval
    return Cell(f"{said.before} → {said.after} {interval}".strip(), tone)
