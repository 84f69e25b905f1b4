"""Attribution on effects that were planted: what went in comes out, share by share."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from sim.comparison.factorial import (
    ATTRIBUTION,
    GENERATORS,
    MOST_FACTORS,
    Levels,
    attribution,
    contrasts,
    design,
    design_name,
)

DEMAND = np.array([-4.0, 3.0, -1.0, 5.0, 0.0, -5.0])


def planted(k: int, effects: dict[tuple[int, ...], float]) -> dict[Levels, pd.Series[float]]:
    """Return the value of every run that is needed: each effect counts where all its factors are there."""
    runs = dict.fromkeys([*design(k), (False,) * k, (True,) * k])
    return {
        run: pd.Series(100 + DEMAND + sum(e for own, e in effects.items() if all(run[i] for i in own)))
        for run in runs
    }


def rows(k: int, effects: dict[tuple[int, ...], float], gate: str = "") -> pd.DataFrame:
    names = [chr(ord("a") + i) for i in range(k)]
    table = attribution("both", "am", names, planted(k, effects), gate, 0.95)
    assert list(table.columns) == list(ATTRIBUTION)
    return table


def of(table: pd.DataFrame, term: str) -> dict[str, float]:
    own = table[table["term"] == term]
    return {name: round(value, 9) for name, value in zip(own["names"], own["difference"], strict=True)}


def test_two_interventions_share_what_they_bring_together() -> None:
    table = rows(2, {(0,): -10.0, (1,): -4.0, (0, 1): 2.0})
    assert of(table, "total") == {"": -12.0}
    assert of(table, "share") == {"a": -9.0, "b": -3.0}
    assert of(table, "interaction") == {"a * b": 2.0}
    assert set(table["design"]) == {"2^2"} and set(table["n_pairs"]) == {6}


def test_three_shares_add_up_to_the_total_whatever_interacts() -> None:
    effects = {(0,): -10.0, (1,): 3.0, (2,): -1.0, (0, 1): 2.0, (1, 2): 4.0, (0, 1, 2): -6.0}
    table = rows(3, effects)
    # Shapley: what several bring together is shared equally among them.
    assert of(table, "share") == {"a": -10 + 1 - 2, "b": 3 + 1 + 2 - 2, "c": -1 + 2 - 2}
    assert sum(of(table, "share").values()) == pytest.approx(of(table, "total")[""])
    # Averaged over the third factor, half of the triple effect is seen in each pair.
    assert of(table, "interaction") == {"a * b": -1.0, "a * c": -3.0, "b * c": 1.0, "a * b * c": -6.0}


@pytest.mark.parametrize("k", sorted(GENERATORS))
def test_a_fraction_tells_main_effects_from_pairs(k: int) -> None:
    assert len(design(k)) <= 16
    effects = {(i,): -float(i + 1) for i in range(k)}
    table = rows(k, effects)
    assert of(table, "share") == {chr(97 + i): -float(i + 1) for i in range(k)}
    assert of(table, "rest") == {"": 0.0}
    assert all(value == 0 for value in of(table, "interaction").values())
    # A main effect is orthogonal to every pair; pairs may be told only together, and then say so.
    signs = {i: np.array([1 if run[i] else -1 for run in design(k)]) for i in range(k)}
    for i in range(k):
        assert signs[i].sum() == 0
        for a, b in itertools.combinations(range(k), 2):
            if i not in (a, b):
                assert (signs[i] * signs[a] * signs[b]).sum() == 0
    pairs = of(rows(k, {**effects, (0, 1): 8.0}), "interaction")
    assert [value for name, value in pairs.items() if "a * b" in name.split(" + ")] == [8.0]
    assert sum(value != 0 for value in pairs.values()) == 1


def test_intervals_cover_the_planted_share() -> None:
    random = np.random.default_rng(1)
    hits = 0
    for _ in range(600):
        values = {
            run: one + random.normal(0, 3, len(DEMAND))
            for run, one in planted(2, {(0,): -5.0, (1,): 1.0}).items()
        }
        table = attribution("both", "am", ["a", "b"], values, "", 0.95)
        share = table[table["names"] == "a"].iloc[0]
        hits += share["ci_low"] <= -5.0 <= share["ci_high"]
    assert 550 <= hits <= 589  # the exact binomial 99.9 % band of 600 at 95 %


def test_what_may_not_be_compared_is_not_shared_out() -> None:
    table = rows(2, {(0,): -10.0}, gate="invalid")
    assert table["difference"].isna().all() and set(table["gate"]) == {"invalid"}


def test_a_missing_replicate_is_left_out_of_every_run() -> None:
    values = planted(2, {(0,): -10.0})
    values[True, False].iloc[0] = math.nan
    table = attribution("both", "am", ["a", "b"], values, "", 0.95)
    assert set(table["n_pairs"]) == {5} and of(table, "total") == {"": -10.0}


@pytest.mark.parametrize("k", [1, MOST_FACTORS + 1])
def test_other_numbers_of_factors_are_refused(k: int) -> None:
    with pytest.raises(ValueError, match=f"{k} factors"):
        design(k)


def test_designs_have_the_names_of_the_field() -> None:
    assert [design_name(k) for k in (2, 3, 4, 5, 8)] == ["2^2", "2^3", "2^(4-1)", "2^(5-1)", "2^(8-4)"]
    assert len(contrasts(["a", "b", "c"])) == 1 + 3 + 4
