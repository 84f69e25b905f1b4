"""Do the statistics keep their promises? Synthetic studies with a known truth and fixed seeds.

A rate is judged against the central 99.9 % band of the binomial distribution at the promised rate. With the
seed fixed a correct implementation passes for ever; one that promises 95 % and keeps 92 % fails.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.comparison import inference
from sim.comparison.compare import compare
from sim.comparison.pairs import BASELINE
from sim.comparison.replication import mser5, required_replicates
from tests.comparison_tables import findings_table, spec

STUDIES = 3000
DIRECTIONAL = {"improved", "improved_uncertain", "worse", "worse_uncertain"}


def within(hits: int, studies: int, promised: float) -> bool:
    low, high = stats.binom.interval(0.999, studies, promised)
    return bool(low <= hits <= high)


def paired_runs(rng: np.random.Generator, n: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw baseline and arm: the demand of a replicate moves both (rho = 0.8), each adds its own noise."""
    demand = rng.normal(60, 8, n)
    return demand + rng.normal(0, 4, n), demand + shift + rng.normal(0, 4, n)


def studies(seed: int, n: int, shifts: list[float], count: int, interval: str = "t") -> pd.DataFrame:
    """Compare `count` independent studies in one table, each laid out as a period of its own."""
    rng = np.random.default_rng(seed)
    frames = []
    for number in range(count):
        demand = rng.normal(60, 8, n)
        for arm, shift in [(BASELINE, 0.0), *((f"arm{i}", shift) for i, shift in enumerate(shifts))]:
            frames.append(
                pd.DataFrame(
                    {
                        "arm": arm,
                        "period": f"study{number:04d}",
                        "replicate": np.arange(1, n + 1),
                        "measure": "delay_s",
                        "scope": "network",
                        "value": demand + shift + rng.normal(0, 4, n),
                        "n": 100,
                    }
                )
            )
    measure = spec(mcid_abs=3.0, mcid_rel=0.0, interval=interval)
    table = compare(pd.concat(frames), findings_table(), {"delay_s": measure}, primary="delay_s")
    assert len(table) == count * len(shifts)
    return table


@pytest.mark.parametrize("n", [4, 10, 20, 40])
def test_the_paired_interval_covers_as_often_as_it_says(n: int) -> None:
    rng = np.random.default_rng([11, n])
    covered = tost = 0
    for _ in range(STUDIES):
        before, after = paired_runs(rng, n, -5.0)
        got = inference.paired_t(after - before, 0.95)
        covered += got.ci_low <= -5.0 <= got.ci_high
        tost += got.tost_low <= -5.0 <= got.tost_high
    assert within(covered, STUDIES, 0.95)
    assert within(tost, STUDIES, 0.90)


@pytest.mark.parametrize("n", [4, 10, 40])
def test_the_relative_interval_covers_as_often_as_it_says(n: int) -> None:
    rng = np.random.default_rng([12, n])
    covered = 0
    for _ in range(STUDIES):
        before, after = paired_runs(rng, n, -6.0)
        _, low, high = inference.relative_fieller(before, after, 0.95)
        covered += low <= -0.1 <= high
    assert within(covered, STUDIES, 0.95)


def test_the_mean_of_percentages_would_not_cover_the_relative_change() -> None:
    # The control for the test above. Where replicates differ by a quarter of their level, a mean of ratios is
    # biased upwards by that quarter squared: it says -4 % where 10 % is gone.
    rng = np.random.default_rng(13)
    fieller = percentages = 0
    for _ in range(STUDIES):
        before, after = rng.gamma(16, 20 / 16, 40), rng.gamma(16, 18 / 16, 40)
        _, low, high = inference.relative_fieller(before, after, 0.95)
        fieller += low <= -0.1 <= high
        wrong = inference.paired_t(after / before - 1, 0.95)
        percentages += wrong.ci_low <= -0.1 <= wrong.ci_high
    assert within(fieller, STUDIES, 0.95)
    assert not within(percentages, STUDIES, 0.95)


@pytest.mark.parametrize("n", [10, 20, 40])
def test_the_bootstrap_interval_covers_as_often_as_it_says(n: int) -> None:
    # Differences of two P95-like values: each a skewed draw, their difference nearly symmetric.
    rng = np.random.default_rng([14, n])
    count, covered, ratio, plain = 1500, 0, 0, 0
    for _ in range(count):
        before, after = rng.gumbel(80, 6, n), rng.gumbel(72, 6, n)
        truth = -8.0
        got = inference.paired_bootstrap(after - before, 0.95)
        covered += got.ci_low <= truth <= got.ci_high
        _, low, high = inference.relative_bootstrap(before, after, 0.95)
        ratio += low <= truth / (80 + 6 * np.euler_gamma) <= high
        low, high = np.quantile((after - before)[inference._resampled(n)].mean(axis=1), [0.025, 0.975])
        plain += low <= truth <= high
    assert within(covered, count, 0.95)
    assert within(ratio, count, 0.95)
    # Without the correction for few replicates the promise would be broken.
    assert n == 40 or not within(plain, count, 0.95)


@pytest.mark.parametrize("interval", ["t", "bootstrap"])
def test_the_same_policy_twice_raises_no_more_alarms_than_promised(interval: str) -> None:
    table = studies(seed=15, n=10, shifts=[0.0], count=1000, interval=interval)
    # A study whose interval misses zero may still end as "equivalent", which is no alarm: the exact rate is
    # that of the intervals, the verdicts can only raise fewer.
    missed = int(((table["ci_low"] > 0) | (table["ci_high"] < 0)).sum())
    assert within(missed, 1000, 0.05)
    alarms = int(table["verdict"].isin(DIRECTIONAL).sum())
    assert alarms <= missed
    # A verdict with a certain size needs the whole interval beyond the smallest effect that matters.
    assert not table["verdict"].isin({"improved", "worse"}).any()


def test_two_hundred_blank_studies_stay_under_the_limit() -> None:
    # The project's own limit: at most 18 of 200 with any directional verdict, the exact 99 % bound of 5 %.
    assert stats.binom.ppf(0.99, 200, 0.05) == 18
    alarms = studies(seed=16, n=10, shifts=[0.0], count=200)["verdict"].isin(DIRECTIONAL).sum()
    assert alarms <= 18


def test_a_planted_shift_is_found_with_the_power_foretold() -> None:
    # The smallest detectable difference at 80 % power is exactly the one found in 80 % of studies.
    n, spread = 10, np.sqrt(2) * 4
    shift = -inference.smallest_detectable(spread, n, 0.95, power=0.8)
    table = studies(seed=17, n=n, shifts=[shift], count=1000)
    found = int(((table["ci_low"] > 0) | (table["ci_high"] < 0)).sum())
    assert within(found, 1000, 0.8)


def test_a_large_planted_shift_is_called_by_its_name() -> None:
    table = studies(seed=18, n=15, shifts=[-12.0, 12.0], count=300)
    better, worse = table[table["arm"] == "arm0"], table[table["arm"] == "arm1"]
    # 12 s beyond a margin of 3 s with a standard error of 1.5 s: six of them between truth and margin.
    assert (better["verdict"] == "improved").mean() > 0.99
    assert (worse["verdict"] == "worse").mean() > 0.99


def test_a_change_of_just_the_smallest_size_that_matters_is_rarely_misnamed() -> None:
    table = studies(seed=19, n=20, shifts=[-3.0], count=1500)
    counts = table["verdict"].value_counts()
    # Truth on the margin: "negligible" and "certainly larger" are both wrong, each at most at its own level.
    assert stats.binom.cdf(counts.get("equivalent", 0) - 1, 1500, 0.05) < 0.999
    assert within(int(counts.get("improved", 0)), 1500, 0.025)


def test_a_true_zero_measured_narrowly_enough_ends_as_equivalent() -> None:
    # Half-width at most half the margin: the rule by which replicates are added.
    rng = np.random.default_rng(20)
    n = required_replicates(rng.normal(0, 4 * np.sqrt(2), 400), 1.5, 0.95)
    table = studies(seed=21, n=n, shifts=[0.0], count=200)
    assert (table["verdict"] == "equivalent").mean() > 0.95


def test_holm_keeps_the_family_in_hand() -> None:
    # Five useless policies: alarms about any of them stay within 5 %, without Holm they would not.
    rng = np.random.default_rng(22)
    count, families, raw = 2000, 0, 0
    for _ in range(count):
        before = rng.normal(60, 4, 10)
        p = [inference.paired_t(rng.normal(60, 4, 10) - before, 0.95).p for _ in range(5)]
        families += bool((inference.holm(p) < 0.05).any())
        raw += min(p) < 0.05
    # They share a baseline, which makes their tests alike and Holm conservative: only the upper end counts.
    assert stats.binom.sf(families - 1, count, 0.05) > 0.001
    assert stats.binom.sf(raw - 1, count, 0.05) < 1e-6


def test_pairing_saves_what_the_ratio_says() -> None:
    rng = np.random.default_rng(23)
    before, after = paired_runs(rng, 20000, 0.0)
    # Variances 64 + 16 on each side, 2 * 16 in the difference.
    assert inference.variance_ratio_of_pairing(before, after) == pytest.approx(160 / 32, rel=0.05)


def test_mser5_finds_the_end_of_a_known_transient() -> None:
    # An empty network fills up with a time constant of 100 observations; noise of a tenth of the level.
    rng = np.random.default_rng(24)
    filling = 100 * (1 - np.exp(-np.arange(2000) / 100))
    cuts = [mser5(filling + rng.normal(0, 10, 2000)) for _ in range(50)]
    assert None not in cuts
    # The expected score has its minimum where the curvature left over weighs as much as the data thrown away.
    level = filling.reshape(-1, 5).mean(axis=1)
    left = np.arange(400, 200, -1)
    expected = [((level[-m:] - level[-m:].mean()) ** 2).sum() / m**2 + 10**2 / 5 / m for m in left]
    assert np.median(np.array(cuts, dtype=float)) == pytest.approx(5 * int(np.argmin(expected)), rel=0.15)
