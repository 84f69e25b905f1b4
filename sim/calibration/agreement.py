"""How well simulated flows agree with counts: GEH per movement, and the criteria a model has to meet.

GEH = sqrt(2 (M - C)^2 / (M + C)) on hourly flows, M simulated and C counted, veh/h. A model agrees where at
least 85 % of the movements have GEH below 5, none is above 10, and the sum is within 5 %. Sources: FHWA
Traffic Analysis Toolbox III, DMRB (85 % below 5, sum within 5 %, unconfirmed); none above 10: rule of the
project. A quarter of an hour times four is no hourly flow: periods shorter than an hour are not judged, and
of a quarter that was held out GEH is told without a judgement.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from sim.demand import geh
from sim.tables import empty, typed

GOOD_GEH, GOOD_SHARE, WORST_GEH, SUM_SHARE = 5.0, 0.85, 10.0, 0.05
HOUR_S = 3600

AGREEMENT: Mapping[str, str] = {
    "counts": "string",  # fitted: what demand was made from; held_out: another day, or one quarter
    "period": "string",
    "quarter": "string",  # start of the quarter that was held out, HH:MM; empty: the whole period
    "movement": "string",
    "counted_vph": "float64",
    "simulated_vph": "float64",
    "geh": "float64",
}
"""Columns of the table, one row per movement that was counted."""
AGREEMENT_FILE = "agreement.csv"
"""In the site's folder `calibration/`, and among the tables of its studies."""


class Agreement(NamedTuple):
    """One period against one set of counts."""

    movements: int
    good_share: float
    worst: float
    sum_share: float
    """Simulated over counted, less 1."""

    @property
    def good(self) -> bool:
        """Whether all three criteria are met."""
        within = abs(self.sum_share) <= SUM_SHARE
        return self.movements > 0 and self.good_share >= GOOD_SHARE and self.worst <= WORST_GEH and within


def counted_vph(counts: pd.DataFrame, period: str, length_s: float) -> pd.Series[float]:
    """Return movement -> vehicles an hour that were counted (columns COUNTS); bicycles are left out."""
    own = counts[(counts["period"] == period) & (counts["class"] != "bicycle")]
    sums = own["count"].groupby(own["approach"] + "." + own["movement"]).sum()
    return sums.astype("float64") * HOUR_S / length_s


def comparable(counts: pd.DataFrame, served: pd.Series[float], demand: pd.Series[float]) -> pd.Series[float]:
    """Return movement -> what a count of it would see in the model: upstream demand, else served flow."""
    at = counts["approach"] + "." + counts["movement"]
    upstream = set(at[counts["taken_at"] == "upstream"]) - set(at[counts["taken_at"] == "stop_line"])
    chosen = {name: demand.get(name, 0.0) if name in upstream else served.get(name, 0.0) for name in set(at)}
    return pd.Series(chosen, dtype="float64")


def agreement(
    counted: pd.Series[float], simulated: pd.Series[float], counts: str, period: str, quarter: str = ""
) -> pd.DataFrame:
    """Return columns AGREEMENT, sorted; a movement that nobody made in the model is 0."""
    found = simulated.reindex(counted.index).fillna(0.0).astype("float64")
    table = pd.DataFrame(
        {
            "counts": counts,
            "period": period,
            "quarter": quarter,
            "movement": counted.index,
            "counted_vph": counted.to_numpy(),
            "simulated_vph": found.to_numpy(),
            "geh": geh(found, counted).to_numpy(),
        }
    )
    return typed(table.sort_values("movement", ignore_index=True), AGREEMENT)


def read_agreement(path: Path) -> pd.DataFrame:
    """Read a table of agreement; empty where there is none or it is broken."""
    try:
        return typed(pd.read_csv(path, dtype={"quarter": "string"}, keep_default_na=False), AGREEMENT)
    except (OSError, ValueError, TypeError):
        return empty(AGREEMENT)


def judged(table: pd.DataFrame) -> Agreement:
    """Hold one period's rows against the criteria."""
    if table.empty:
        return Agreement(0, 0.0, 0.0, 0.0)
    total = float(table["counted_vph"].sum())
    gap = float(table["simulated_vph"].sum()) / total - 1 if total > 0 else 0.0
    return Agreement(len(table), float((table["geh"] < GOOD_GEH).mean()), float(table["geh"].max()), gap)
