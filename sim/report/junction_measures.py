"""What a signal engineer asks of every junction: saturation, use of green, queues, arrivals on green."""

from __future__ import annotations

from collections.abc import Mapping

from sim.labels import text
from sim.measures.spec import MeasureSpec
from sim.plots.numbers import NOTHING
from sim.plots.study_data import StudyData
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
BEYOND_THE_TABLE = frozenset({"degree_of_saturation", "stops_per_vehicle", "pedestrian_delay"})
"""Without any of the others there is nothing to say of signals."""


def junction_measures(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Section | None:
    """Return a row per policy, period and junction; None where no junction has a signal to be measured."""
    table = data.comparison
    at_junctions = table[table["scope"].str.startswith("junction:") & table["measure"].isin(ENGINEERS)]
    present = set(at_junctions["measure"])
    names = [name for name in ENGINEERS if name in present and name in specs]
    if present <= BEYOND_THE_TABLE:
        return None
    signals = set(at_junctions.loc[~at_junctions["measure"].isin(BEYOND_THE_TABLE), "scope"])
    rows = []
    for arm in data.policies:
        for period in data.periods:
            for scope in sorted(signals):
                cells = [_cell(data, specs[name], str(arm["id"]), period, scope) for name in names]
                if any(cell.words != NOTHING for cell in cells):
                    where = Cell(place(scope, data.titles))
                    policy = Cell(data.arm_title(arm["id"])), Cell(data.period_title(period))
                    rows.append((*policy, where, *cells))
    heads = ("policy", "period", "junction", *(f"measure.{name}" for name in names))
    return section(
        "junction_measures",
        heads,
        rows,
        "tables/comparison.csv",
        words=(Cell(text("report.further.junction_measures.asked")),)
        if "queue_at_green" not in present
        else (),
    )


def _cell(data: StudyData, spec: MeasureSpec, arm: str, period: str, scope: str) -> Cell:
    row = data.row(arm, period, spec.id, scope)
    if row is None or not row["n_pairs"]:
        return Cell(NOTHING)
    said = change(row, spec, data.titles)
    verdict = str(row["verdict"])
    tone = "good" if verdict in GOOD else "bad" if verdict in BAD else ""
    return Cell(f"{said.before} → {said.after} {said.interval}".strip(), tone)
