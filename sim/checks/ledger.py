"""The fate ledger of a run: nobody who wanted to travel is lost from the books."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

FATES = ("arrived", "gave_up", "inside", "never_inserted", "removed")


def ledger(trips: pd.DataFrame) -> Mapping[str, int]:
    """Count what became of everyone: ``demanded`` and each of `FATES`, of which it is the sum.

    Parameters
    ----------
    trips
        Columns `tables.TRIPS`: a whole run, or the cohort of its window.

    Raises
    ------
    ValueError
        If an id occurs twice, a fate is unknown, or a fate contradicts the times (arrived without an arrival,
        never inserted with a departure, ...): then demanded = the sum of all fates would hold in name only.
    """
    problems = _contradictions(trips)
    if problems:
        raise ValueError("the fate ledger does not reconcile: " + "; ".join(problems))
    return {"demanded": len(trips), **{fate: int((trips["fate"] == fate).sum()) for fate in FATES}}


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
