"""The fate ledger of a run: nobody who wanted to travel is lost from the books."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sim.tables import typed

FATES = ("arrived", "inside", "never_inserted", "removed")

LEDGER: Mapping[str, str] = {"cohort": "string", "demanded": "int64", **dict.fromkeys(FATES, "int64")}
"""One row for those who wanted to leave in the window, one for everybody; demanded = sum of the fates."""


def ledger(trips: pd.DataFrame, window_begin_s: float, window_end_s: float) -> pd.DataFrame:
    """Count what became of everyone.

    Parameters
    ----------
    trips
        Columns `tables.TRIPS`.
    window_begin_s, window_end_s
        The evaluation window [T0, T1).

    Returns
    -------
    pd.DataFrame
        Columns `LEDGER`; rows ``window`` and ``all``.

    Raises
    ------
    ValueError
        If an id occurs twice, a fate is unknown, or a fate contradicts the times (arrived without an arrival,
        never inserted with a departure, ...): then demanded = arrived + inside + never_inserted + removed
        would hold in name only.
    """
    problems = _contradictions(trips)
    if problems:
        raise ValueError("the fate ledger does not reconcile: " + "; ".join(problems))
    inside = (trips["scheduled_s"] >= window_begin_s) & (trips["scheduled_s"] < window_end_s)
    rows = []
    for name, group in (("window", trips[inside]), ("all", trips)):
        counts = {fate: int((group["fate"] == fate).sum()) for fate in FATES}
        rows.append({"cohort": name, "demanded": len(group), **counts})
    return typed(pd.DataFrame(rows), LEDGER)


def _contradictions(trips: pd.DataFrame) -> list[str]:
    left, arrived, fate = trips["depart_s"].notna(), trips["arrival_s"].notna(), trips["fate"]
    checks = {
        "ids that occur twice": trips["id"].duplicated(),
        f"fates other than {', '.join(FATES)}": ~fate.isin(FATES).fillna(False),
        "arrived without departure or arrival": (fate == "arrived") & ~(left & arrived),
        "inside without departure or with arrival": (fate == "inside") & (~left | arrived),
        "never inserted with departure or arrival": (fate == "never_inserted") & (left | arrived),
        "removed without departure": (fate == "removed") & ~left,
    }
    return [f"{int(wrong.sum())} {what}" for what, wrong in checks.items() if wrong.any()]
