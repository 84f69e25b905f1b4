"""The blank control: the same people, moved by at most a second, on their side of every fence."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.demand.placebo import PERTURBATION_S, perturbed
from sim.demand.tables import VEHICLES, WALKS, Demand
from sim.tables import empty


def people(times_s: list[float], purpose: str = "through") -> Demand:
    vehicles = empty(VEHICLES).reindex(range(len(times_s)))
    vehicles["id"] = [f"v{i}" for i in range(len(times_s))]
    vehicles["scheduled_s"] = times_s
    vehicles["purpose"] = purpose
    walks = empty(WALKS).reindex(range(2))
    walks["id"], walks["scheduled_s"] = ["w0", "w1"], [100.0, 200.0]
    return Demand(vehicles, walks, {})


def times(demand: Demand) -> pd.Series:
    return demand.vehicles.set_index("id")["scheduled_s"].sort_index()


def test_everyone_is_moved_by_at_most_a_second_and_nobody_is_lost() -> None:
    original = people([10.0 + 0.37 * i for i in range(500)])
    got = perturbed(original, "site", 3, (0.0,))
    moved = times(got) - times(original)
    assert moved.abs().max() <= PERTURBATION_S + 0.01
    assert (moved != 0).mean() > 0.95
    assert abs(moved.mean()) < 0.1
    assert got.vehicles["scheduled_s"].is_monotonic_increasing
    assert not got.walks["scheduled_s"].equals(original.walks["scheduled_s"])
    others = [name for name in VEHICLES if name != "scheduled_s"]
    both = [d.vehicles.set_index("id")[others[1:]].sort_index() for d in (original, got)]
    pd.testing.assert_frame_equal(*both)


def test_it_follows_from_the_replicate_alone() -> None:
    original = people([10.0 * i for i in range(1, 50)])
    one, again, other = (times(perturbed(original, "site", n, (0.0,))) for n in (1, 1, 2))
    pd.testing.assert_series_equal(one, again)
    assert not one.equals(other)


def test_nobody_crosses_a_fence() -> None:
    fences = (0.0, 300.0, 600.0)
    original = people([0.0, 0.4, 299.6, 299.99, 300.0, 300.3, 599.9, 600.0] * 40)
    got = times(perturbed(original, "site", 1, fences))
    sides = [np.searchsorted(fences, t, side="right") for t in (times(original), got)]
    assert (sides[0] == sides[1]).all()
    assert (got >= 0).all()


def test_who_starts_in_a_stall_is_left_alone() -> None:
    original = people([100.0, 200.0], purpose="leaving")
    assert times(perturbed(original, "site", 1, (0.0,))).equals(times(original))
