"""What measures of conflicts share: who was observed, and what befell them where."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sim.measures.base import RunView, Value

SOURCE = (
    "SUMO documentation, SSM Device; thresholds: configs/standards/appraisal/conflicts.yaml; definitions "
    "FHWA-RD-03-050; drivers do not collide by design: relative changes only, no crash numbers"
)
SLOW_MPS = 2.0
"""Who closes up in a queue more slowly than this is in no conflict."""
NEAR_M = 60.0
"""A conflict belongs to the nearest measured junction, if that is no farther."""
OBSERVED = {
    "zh": "只观察随机抽取的一部分出行者（各方案为同一批人）。替代安全指标，只看相对变化，不代表事故数。",
    "en": "A sample of travellers is observed, the same people in every arm. A surrogate: only relative "
    "changes count, and no number of crashes follows.",
}


def conflicts(view: RunView, kind: str) -> Iterator[Value]:
    """Yield conflicts of a kind per 1000 observed travellers of the cohort: network, measured junctions.

    n is the number of travellers observed. Nothing where the run was not asked for conflicts.
    """
    table = view.tables.get("conflicts")
    if table is None or table.empty:
        return
    table = table[table["ego"].isin(view.cohort["id"])]
    people = int((table["kind"] == "none").sum())
    own = _once(table[(table["kind"] == kind) & ~((kind == "rear_end") & (table["speed_mps"] < SLOW_MPS))])
    if not people:
        return
    yield Value("network", 1000 * len(own) / people, people)
    places = _junctions(view, own)
    for junction in view.junctions:
        yield Value(f"junction:{junction.id}", 1000 * int((places == junction.id).sum()) / people, people)


def _once(own: pd.DataFrame) -> pd.DataFrame:
    """Keep one row of two that meet: both of them may be observed."""
    pair = [" ".join(sorted(ends)) for ends in zip(own["ego"], own["foe"], strict=True)]
    return own.assign(pair=pair).drop_duplicates("pair")


def _junctions(view: RunView, own: pd.DataFrame) -> pd.Series[str]:
    """Return for each conflict the measured junction it happened at, empty for none."""
    apart = pd.DataFrame(
        {
            junction.id: (
                (own["x_m"] - junction.position_m[0]) ** 2 + (own["y_m"] - junction.position_m[1]) ** 2
            )
            ** 0.5
            for junction in view.junctions
        },
        index=own.index,
    )
    if apart.empty:
        return pd.Series("", index=own.index)
    return apart.idxmin(axis=1).where(apart.min(axis=1) <= NEAR_M, "")
