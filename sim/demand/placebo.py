"""The blank control (空白对照): the same people, each leaving a moment earlier or later than they wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from sim.demand.tables import Demand, floored, own_uniforms

PERTURBATION_S = 1.0
"""Nobody's traffic depends on when within a second they leave; what such a shift changes is chance."""


def perturbed(demand: Demand, site: str, replicate: int, fences_s: Sequence[float]) -> Demand:
    """Move every departure by a uniform number within +-`PERTURBATION_S`, a person's own in each replicate.

    Nobody crosses one of `fences_s` (the run's start, the ends of its window): who would is moved the other
    way, so that the same people count. Who starts in a stall is left alone: the departure there is the stay's
    end.
    """
    moved = [
        _moved(table, site, replicate, fences_s).sort_values(["scheduled_s", "id"], ignore_index=True)
        for table in (demand.vehicles, demand.walks)
    ]
    return replace(demand, vehicles=moved[0], walks=moved[1])


def _moved(table: pd.DataFrame, site: str, replicate: int, fences_s: Sequence[float]) -> pd.DataFrame:
    was_s = table["scheduled_s"].to_numpy(dtype=float)
    uniform = own_uniforms(f"{site}/placebo", replicate, table["id"].tolist(), 1)[:, 0]
    shift_s = (2 * uniform - 1) * PERTURBATION_S
    fences = np.sort(np.asarray(fences_s, dtype=float))

    def side(times_s: np.ndarray) -> np.ndarray:
        return np.searchsorted(fences, times_s, side="right")

    for sign in (-1.0, 0.0):  # the other way; between two fences within a second of each other: not at all
        over = side(floored(was_s + shift_s)) != side(was_s)
        shift_s[over] *= sign
    if "purpose" in table:
        shift_s[(table["purpose"] == "leaving").to_numpy(dtype=bool)] = 0.0
    now_s = np.where(shift_s == 0, was_s, floored(was_s + shift_s))
    return table.assign(scheduled_s=now_s)
