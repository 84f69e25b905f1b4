"""What verdicts stand on, worked out by hand; looks; the blank control beside the verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from sim.comparison import inference
from sim.comparison.compare import compare
from sim.comparison.evidence import EVIDENCE, GRIDLOCK, evidence, gridlock
from sim.comparison.replication import (
    LOOKS,
    confidence_at_looks,
    reason_to_stop,
    required_replicates,
    unpaired_replicates,
)
from sim.tables import PLACEBO
from tests.comparison_tables import findings_table, measures_table, spec

BEFORE = [100.0, 110.0, 90.0, 104.0]
AFTER = [90.0, 98.0, 82.0, 94.0]
SPEC = spec()


def study(
    placebo: Sequence[float | None], after: Sequence[float | None] = AFTER
) -> tuple[pd.DataFrame, pd.DataFrame]:
    key = ("am", "delay_s", "network")
    table = measures_table({("baseline", *key): BEFORE, ("retime", *key): after, (PLACEBO, *key): placebo})
    return table, compare(table, findings_table(), {"delay_s": SPEC}, primary="delay_s")


def test_evidence_by_hand() -> None:
    measures, comparison = study([101.0, 109.0, 90.0, 104.0])
    table = evidence(measures, comparison, SPEC, confidence=0.95, share=0.5, replicates=4, reason="fixed")
    assert list(table.columns) == list(EVIDENCE)
    assert list(table["arm"]) == [PLACEBO, "retime"]
    row = table.set_index("arm").loc["retime"]
    half = 3.182446305 * math.sqrt(8 / 3) / 2
    assert float(row["half_width"]) == pytest.approx(half)
    assert float(row["half_width_wanted"]) == pytest.approx(0.5 * 5.05)
    assert float(row["pairing_ratio"]) == pytest.approx((212 + 140) / 8)
    assert float(row["variance_saved"]) == pytest.approx(1 - 8 / 352)
    # A family of one: the simultaneous interval is the interval.
    assert float(row["simultaneous_low"]) == pytest.approx(float(row["ci_low"]))
    # Walsh averages of -12 -10 -10 -8: their median is -10.
    assert float(row["centre"]) == -10
    assert (row["n_pairs"], row["reason"], row["replicates"]) == (4, "fixed", 4)
    differences = np.subtract(AFTER, BEFORE)
    assert row["pairs_for_5_percent"] == required_replicates(differences, 5.05, 0.95)
    assert row["pairs_for_5_percent"] == 3  # t = 4.30 with 2 degrees of freedom: 4.30 * 1.63 / sqrt(3) = 4.06
    assert row["unpaired_for_5_percent"] == unpaired_replicates(BEFORE, AFTER, 5.05, 0.95)


def test_the_blank_control_stands_beside_the_verdict_and_does_not_change_it() -> None:
    _, far = study([101.0, 109.0, 90.0, 104.0])
    assert list(far["arm"]) == ["retime"]
    row = far.iloc[0]
    floor = inference.paired_t([1.0, -1.0, 0.0, 0.0], 0.95)
    assert (row["floor_low"], row["floor_high"]) == pytest.approx((floor.ci_low, floor.ci_high))
    assert (row["within_noise"], row["no_harm"], row["verdict"]) == (False, True, "improved")
    # A placebo that moves by as much as the policy: the verdict stays, the flag comes.
    _, near = study([88.0, 104.0, 84.0, 88.0])
    assert (near.iloc[0]["within_noise"], near.iloc[0]["verdict"]) == (True, "improved")
    # Its p-values do not count in the family either.
    assert near.iloc[0]["p_holm"] == near.iloc[0]["p"]
    _, without = study([None] * 4)
    assert math.isnan(without.iloc[0]["floor_low"])
    assert not without.iloc[0]["within_noise"]


@pytest.mark.parametrize(
    ("after", "no_harm"),
    [([b - 1 for b in BEFORE], True), ([b + 20 for b in BEFORE], False), ([90.0, 130.0, 60.0, 140.0], False)],
)
def test_no_harm_needs_the_whole_90_percent_interval(after: list[float], no_harm: bool) -> None:
    assert bool(study(BEFORE, after)[1].iloc[0]["no_harm"]) is no_harm


@pytest.mark.parametrize(
    ("intervals", "replicates", "reason"),
    [
        ([(0.4, 0.5), (0.5, 0.5)], 10, "narrow"),
        ([(0.4, 0.5), (0.6, 0.5)], 10, None),
        ([(0.4, 0.5), (0.6, 0.5)], LOOKS[-1], "cap"),
        ([(math.nan, 0.5)], 10, None),
        ([(0.1, math.nan)], 20, None),
        ([], 10, "withheld"),
    ],
)
def test_when_to_stop(intervals: list[tuple[float, float]], replicates: int, reason: str | None) -> None:
    assert reason_to_stop(intervals, replicates) == reason


def test_looking_costs_confidence() -> None:
    assert confidence_at_looks(0.95) == pytest.approx(1 - 0.05 * 0.74)
    assert 0.97 < confidence_at_looks(0.975) < 0.99
    assert all(confidence_at_looks(c) > c for c in (0.6, 0.8, 0.9, 0.99, 0.999))


def test_unpaired_replicates_is_the_smallest_that_suffices() -> None:
    # Spread 5 on either side, so sqrt(50 / n) is the standard error of the difference.
    side = [-5 / math.sqrt(2), 5 / math.sqrt(2)]
    n = unpaired_replicates(side, side, 1.4, 0.95)

    def half(n: int) -> float:
        return -float(inference.special.stdtrit(2 * n - 2, 0.025)) * math.sqrt(50 / n)

    assert half(n) <= 1.4 < half(n - 1)
    with pytest.raises(ValueError, match="positive"):
        unpaired_replicates(side, side, 0, 0.95)
    with pytest.raises(ValueError, match="two replicates"):
        unpaired_replicates([1.0], [1.0], 1, 0.95)


def test_gridlock_is_counted_per_arm_with_its_interval() -> None:
    values = {(arm, "am", "delay_s", "network"): BEFORE for arm in ("baseline", "retime")}
    found = findings_table(
        ("retime", "am", 2, "gridlock", "caution", ""), ("retime", "am", 3, "gridlock", "caution", "")
    )
    table = gridlock(measures_table(values), found, 0.95)
    assert list(table.columns) == list(GRIDLOCK)
    rows = table.set_index("arm")
    assert list(rows["gridlocked"]) == [0, 2]
    # Clopper and Pearson: 0 of 4 up to 1 - 0.025^(1/4), 2 of 4 between 6.8 and 93.2 %.
    assert rows.loc["baseline", "share_high"] == pytest.approx(1 - 0.025**0.25)
    assert rows.loc["retime", "share_low"] == pytest.approx(0.0676, abs=1e-4)
    assert rows.loc["retime", "share_high"] == pytest.approx(0.9324, abs=1e-4)


def test_benjamini_hochberg_on_their_own_example() -> None:
    # Benjamini and Hochberg (1995), section 3.3: four of 15 are rejected at 5 %, three by Holm.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
         0.6528, 0.7590, 1.0]  # fmt: skip
    q = inference.benjamini_hochberg(p)
    assert list(q <= 0.05) == [True] * 4 + [False] * 11
    assert list(inference.holm(p) <= 0.05) == [True] * 3 + [False] * 12
    assert np.isnan(inference.benjamini_hochberg([math.nan, 0.01])[0])
    assert inference.benjamini_hochberg([math.nan, 0.01])[1] == 0.01


def test_hodges_lehmann_by_hand() -> None:
    # n = 6 at 95 %: P(W < 1) = 1/64 <= 0.025, so the ends are the extreme Walsh averages.
    values = [1.0, 2.0, 3.0, 4.0, 5.0, 100.0]
    assert inference.hodges_lehmann(values, 0.95) == (3.5, 1.0, 100.0)
    # n = 10: the critical value of the two-sided 5 % test is 8 in every table, so the 9th from either end.
    ten = np.arange(10.0)
    walsh = np.sort([(a + b) / 2 for i, a in enumerate(ten) for b in ten[i:]])
    assert inference.hodges_lehmann(ten, 0.95)[1:] == (walsh[8], walsh[-9])
    assert all(map(math.isnan, inference.hodges_lehmann([1.0, 2.0, 3.0], 0.95)[1:]))
