"""MSER-5, Welch's curve and the verdict on a warm-up, on series whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sim.comparison.warm_up import WARM_UP, Pilot, Times, checked, mser5, welch

FILLING = np.array([[min(40.0, 2.0 * minute)] for minute in range(70)])
NOISE = np.random.default_rng(7).normal(0, 3, (70, 10))
TIMES = Times(27000.0, 600.0, 3600.0, (120.0, 100.0), 95.0)


def test_mser5_cuts_where_filling_ends() -> None:
    assert mser5(FILLING + NOISE) == 20
    assert mser5(40 + NOISE) == 0


def test_mser5_by_hand() -> None:
    # Batch means 0, 10, 10, 10: without the first nothing is left to vary.
    assert mser5([0.0] * 5 + [10.0] * 15) == 5
    # 0, 4, 10, 10, 10, 12: errors 111.3/36, 35.2/25, 3/16, 2.67/9 (the last allowed): two batches go.
    assert mser5(np.repeat([0.0, 4.0, 10.0, 10.0, 10.0, 12.0], 5)) == 10


@pytest.mark.parametrize("series", [list(range(70)), [0.0] * 10], ids=["grows for ever", "too short"])
def test_mser5_says_nothing_where_it_cannot_tell(series: list[float]) -> None:
    assert mser5(series) is None


def test_welch_keeps_a_straight_line_and_smooths_what_alternates() -> None:
    line = np.arange(20.0)
    assert np.allclose(welch(line)[:15], line[:15])
    assert np.isnan(welch(line)[15:]).all()
    assert welch([0.0, 1.0] * 10, 2)[4] == pytest.approx(0.4)


def curves(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values, index=26400.0 + 60 * np.arange(len(values)))


def test_the_warm_up_is_checked_in_every_arm() -> None:
    growing = np.arange(70.0)[:, np.newaxis]
    pilots = [
        Pilot("baseline", "am", curves(40 + NOISE)),
        Pilot("retime", "am", curves(FILLING + NOISE)),
        Pilot("both", "am", curves(growing + NOISE)),
        Pilot("one", "am", curves(40 + NOISE[:, :4])),
    ]
    table = checked(pilots, {"am": TIMES})
    assert list(table.columns) == list(WARM_UP)
    rows = table.set_index("arm")
    assert dict(rows["state"]) == {
        "baseline": "enough", "retime": "too_short", "both": "never_flat", "one": "few_pilots",
    }  # fmt: skip
    assert rows.loc["retime", "needed_s"] == 1200 and math.isnan(rows.loc["both", "needed_s"])
    assert set(rows["warm_up_s"]) == {600.0} and set(rows["rule_s"]) == {900.0}
    assert set(rows["cycles"]) == {"100, 120"} and rows["whole_cycles"].all()
    assert set(rows["chosen_s"]) == {900.0}, "today needs no more than the rule; others do not choose"


def test_today_s_pilots_choose_one_warm_up_for_all_arms_and_periods() -> None:
    pilots = [
        Pilot("baseline", "am", curves(40 + NOISE)),
        Pilot("baseline", "pm", curves(FILLING + NOISE)),
        Pilot("retime", "am", curves(40 + NOISE)),
    ]
    times = {"am": TIMES._replace(longest_trip_s=470.5), "pm": TIMES}
    assert set(checked(pilots, times)["chosen_s"]) == {1200.0}, "what MSER-5 cuts off in the evening"
    assert set(checked(pilots[::2], times)["chosen_s"]) == {960.0}, "941 s by the rule, in whole minutes"
    few = [*pilots, Pilot("baseline", "noon", curves(40 + NOISE[:, :4]))]
    assert checked(few, {**times, "noon": TIMES})["chosen_s"].isna().all()


def test_the_rule_is_the_longest_of_three_and_cycles_are_counted() -> None:
    at = TIMES._replace(longest_trip_s=700.0, cycles_s=(110.0,))
    row = checked([Pilot("baseline", "am", curves(40 + NOISE))], {"am": at}).iloc[0]
    assert row["rule_s"] == 1400 and not row["whole_cycles"]
    assert checked([], {}).empty
