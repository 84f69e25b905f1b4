"""Pedestrians who cross the legs of a drawn site's junctions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.demand.counts import QUARTER_S
from sim.demand.tables import WALKS, floored, stream
from sim.errors import ConfigError, Problems
from sim.labels import Message
from sim.site.facts import Period
from sim.site.model import Site
from sim.vehicles import SpeedFactor

WALKING_SPEED = SpeedFactor(mean=1.2, sd=0.2, min=0.7, max=1.8)
"""m/s. Mean speed at crossings 1.2 (textbook, unconfirmed); GB 50647 designs with 1.0 (second-hand)."""


def walks(site: Site, begin_s: float, period_id: str, replicate: int, scale: float) -> pd.DataFrame:
    """Draw the pedestrians of a period from `begin_s` (warm-up included) to its end: columns WALKS.

    `pedestrians_per_15min` counts both ways together; each goes one way or the other with equal chance, from
    the sidewalk beside one edge of the leg over the crossing to the other side. Raises ConfigError for legs
    without a crossing or without both edges, and for a list that does not fit the period's quarters.
    """
    period = site.facts.periods[period_id]
    problems = Problems()
    tables = []
    for name, given in sorted(period.pedestrians_per_15min.items()):
        place = f"periods.{period_id}.pedestrians_per_15min.{name}"
        try:
            approach = site.network.approach(name, place)
        except ConfigError as error:
            problems.extend(error)
            continue
        if approach.crossing is None or approach.exit_edge is None:
            problems.add(
                place,
                Message("{name} has no crossing from kerb to kerb", name=name),
                Message("give the leg a `crossing`"),
            )
            continue
        blocks = _blocks(period, given, begin_s)
        if blocks is None:
            problems.add(place, Message("needs one number, or one per quarter of an hour of the period"))
            continue
        for start_s, end_s, mean in blocks:
            rng = stream(site.name, replicate, period_id, "walk", approach.id, str(start_s))
            n = int(rng.poisson(mean * scale))
            times = np.sort(floored(rng.uniform(start_s, end_s, n)))
            speed, way = rng.random((2, n))
            there = way < 0.5  # noqa: PLR2004 - both ways alike
            tables.append(
                pd.DataFrame(
                    {
                        "id": [f"walk.{approach.id}.{start_s:g}.{i}" for i in range(n)],
                        "crossing": approach.id,
                        "scheduled_s": times,
                        "from_edge": np.where(there, approach.edge, approach.exit_edge),
                        "to_edge": np.where(there, approach.exit_edge, approach.edge),
                        "speed_mps": np.round(WALKING_SPEED.at(speed), 2),
                    }
                )
            )
    problems.raise_if_any()
    if not tables:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in WALKS.items()})
    return pd.concat(tables).astype(dict(WALKS)).sort_values(["scheduled_s", "id"], ignore_index=True)


def _blocks(
    period: Period, given: float | tuple[float, ...], begin_s: float
) -> list[tuple[float, float, float]] | None:
    """List (start, end, expected pedestrians) of warm-up and quarters; None where the numbers do not fit."""
    starts = range(period.begin_s, period.end_s, QUARTER_S)
    means = given if isinstance(given, tuple) else (given,) * len(starts)
    if len(means) != len(starts):
        return None
    end_s = float(period.end_s)
    pairs = zip(starts, means, strict=True)
    quarters = [(float(s), min(float(s + QUARTER_S), end_s), mean) for s, mean in pairs]
    warm_up = (begin_s, float(period.begin_s), means[0] * (period.begin_s - begin_s) / QUARTER_S)
    return [warm_up, *quarters] if begin_s < period.begin_s else quarters
