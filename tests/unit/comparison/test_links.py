"""Links are coloured by evidence, not by chance."""

from __future__ import annotations

import numpy as np

from sim.comparison.links import compare_links

RNG = np.random.default_rng(11)


def compared(before: np.ndarray, after: np.ndarray, vehicles: float = 300.0, **options: object):
    names = [f"e{i}" for i in range(before.shape[1])]
    count = np.full(before.shape, vehicles)
    settings = {"mcid": (2.0, 0.05), "confidence": 0.95} | options
    return compare_links(names, (before, count), (after, count), **settings)


def test_a_true_change_among_many_is_found_and_noise_is_not() -> None:
    before = RNG.normal(40, 3, (10, 400))
    after = before + RNG.normal(0, 4, before.shape)
    after[:, :5] -= 12
    table = compared(before, after)
    assert (table["verdict"][:5] == "improved").all()
    assert (table["p"][5:] <= 0.05).sum() >= 10, "chance alone is there to be fooled by"
    assert table["verdict"][5:].isin(["improved", "worse"]).sum() <= 1


def test_over_studies_without_effect_hardly_any_has_a_coloured_link() -> None:
    coloured = 0
    for _ in range(200):
        before = RNG.normal(40, 3, (8, 60))
        table = compared(before, before + RNG.normal(0, 6, before.shape), mcid=(0.0, 0.0))
        coloured += bool(table["verdict"].isin(["improved", "worse"]).any())
    assert coloured / 200 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def test_a_sure_change_that_does_not_matter_is_grey() -> None:
    before = RNG.normal(40, 3, (12, 30))
    table = compared(before, before - 0.8 + RNG.normal(0, 0.1, before.shape))
    assert (table["q"] < 0.001).all() and (table["verdict"] == "equivalent").all()


def test_few_vehicles_and_few_pairs_carry_nothing() -> None:
    before = RNG.normal(40, 3, (10, 3))
    after = before - 30 + RNG.normal(0, 1, before.shape)
    assert (compared(before, after, vehicles=9.0)["verdict"] == "inconclusive").all()
    assert (compared(before[:3], after[:3])["verdict"] == "inconclusive").all()
    assert (compared(before, after)["verdict"] == "improved").all()


def test_failed_runs_leave_pairs_out_and_unused_links_are_no_rows() -> None:
    before, after = np.full((6, 2), 10.0), np.full((6, 2), 20.0)
    before[0, 0] = np.nan
    after[:, 1] = np.nan
    table = compared(before, after)
    assert table["edge"].tolist() == ["e0"] and table["n_pairs"].tolist() == [5]
    assert table["difference"].tolist() == [10.0] and table["verdict"].tolist() == ["worse"]


def test_the_interval_is_the_paired_t_interval() -> None:
    difference = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    before = np.full((5, 1), 50.0)
    row = compared(before, before + difference[:, None]).iloc[0]
    half = 2.7764451 * np.std(difference, ddof=1) / np.sqrt(5)
    assert np.allclose([row["ci_low"], row["ci_high"]], [3 - half, 3 + half])
