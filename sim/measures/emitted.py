"""What measures of emissions share: the cohort with what each of its vehicles emitted."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sim.measures.base import RunView, Value, groups

SOURCE = (
    "HBEFA 4.2 as fitted in SUMO (documentation, Models/Emissions/HBEFA4-based); classes: "
    "configs/standards/appraisal/emissions.yaml; European factors and drivers without imperfection: relative "
    "changes only"
)
WAITING = {
    "zh": "在路网外等待进入的车辆不计排放。欧洲排放因子，只宜看相对变化。",
    "en": "Who waits to enter emits nothing in the model. European factors: only relative changes count.",
}


def emitting(view: RunView) -> pd.DataFrame:
    """Return the cohort with the columns of `tables.EMISSIONS`; empty where the run was not asked for them.

    Who was never inserted has emitted nothing.
    """
    table = view.tables.get("emissions")
    if table is None or table.empty:
        return view.cohort.iloc[:0].assign(co2_g=0.0, nox_g=0.0, pmx_g=0.0, fuel_g=0.0)
    joined = view.cohort.merge(table, left_on="id", right_on="vehicle", how="left")
    columns = ["co2_g", "nox_g", "pmx_g", "fuel_g"]
    return joined.assign(**{name: joined[name].fillna(0.0) for name in columns})


def total(view: RunView, column: str, per: float = 1.0) -> Iterator[Value]:
    """Yield the sum of a column, divided by `per`, of the cohort, its vehicle classes and its purposes."""
    trips = emitting(view)
    if len(trips):
        for scope, part in groups(trips):
            yield Value(scope, float(part[column].sum()) / per, len(part))
