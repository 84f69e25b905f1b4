"""Where a benefit vanishes, read off strips that were written by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from sim.comparison.robustness import BREAK_EVEN, ROBUSTNESS, break_even
from sim.tables import typed

FACTORS = (0.8, 0.9, 1.0, 1.1, 1.2)


def strip(
    differences: list[float], verdicts: list[str], vehicles: str = "improved", direction: str = "lower"
) -> pd.DataFrame:
    table = pd.DataFrame(
        {"factor": FACTORS, "difference": differences, "verdict": verdicts, "axis": "demand"}
    )
    table["level"] = [f"{factor:g}" for factor in FACTORS]
    other = {
        "factor": 1.0,
        "difference": -5.0,
        "verdict": vehicles,
        "axis": "vehicles",
        "level": "sigma_half",
    }
    table = pd.concat([table, pd.DataFrame([other])])
    return typed(
        table.assign(
            arm="retime", period="am", direction=direction, before=100.0, after=90.0, ci_low=math.nan,
            ci_high=math.nan, mcid=2.0, n_pairs=10, gate="",
        ),
        ROBUSTNESS,
    )  # fmt: skip


def test_the_benefit_vanishes_where_the_line_meets_zero() -> None:
    improved, open_ = "improved", "inconclusive"
    table = break_even(strip([2.0, -2.0, -10.0, -5.0, 15.0], [open_, open_, improved, improved, "worse"]))
    assert list(table.columns) == list(BREAK_EVEN)
    row = table.iloc[0]
    assert row["below"] == pytest.approx(0.85) and row["above"] == pytest.approx(1.125)
    assert (row["improved_from"], row["improved_to"]) == (1.0, 1.1)
    assert (row["worst_by_day"], row["worst_factor"]) == ("inconclusive", 0.9)
    assert row["worst_vehicles"] == "improved"


def test_a_benefit_that_stays_has_no_end_in_the_strip() -> None:
    row = break_even(strip([-1.0, -2.0, -3.0, -4.0, -5.0], ["improved"] * 5, vehicles="worse")).iloc[0]
    assert math.isnan(row["below"]) and math.isnan(row["above"])
    assert (row["improved_from"], row["improved_to"]) == (0.8, 1.2)
    assert (row["worst_by_day"], row["worst_factor"], row["worst_vehicles"]) == ("improved", 1.0, "worse")


def test_more_may_be_better() -> None:
    row = break_even(strip([1.0, 2.0, 3.0, 1.0, -1.0], ["improved"] * 5, direction="higher")).iloc[0]
    assert math.isnan(row["below"]) and row["above"] == pytest.approx(1.15)


def test_what_is_none_today_cannot_vanish_and_a_lost_level_ends_the_way() -> None:
    row = break_even(strip([-1.0, -2.0, 3.0, -4.0, 5.0], ["worse"] * 5)).iloc[0]
    assert math.isnan(row["below"]) and math.isnan(row["improved_from"])
    lost = ["improved", "improved", "improved", "not_comparable", "worse"]
    row = break_even(strip([-1.0, -2.0, -3.0, math.nan, 5.0], lost)).iloc[0]
    assert math.isnan(row["above"]) and row["improved_to"] == 1.0 and row["worst_by_day"] == "not_comparable"


def test_the_worst_day_is_the_one_with_least_to_be_said_for_it() -> None:
    levels = ["improved", "equivalent", "improved", "improved_uncertain", "worse"]
    row = break_even(strip([-9.0, -1.0, -9.0, -5.0, 5.0], levels, vehicles="improved_uncertain")).iloc[0]
    assert (row["worst_by_day"], row["worst_factor"]) == ("equivalent", 0.9)
    assert row["worst_vehicles"] == "improved_uncertain"
    assert (row["days"], row["worst_day"], row["worst_saturation"]) == (0, "", "improved")


def beside(axis: str, **verdicts: str) -> pd.DataFrame:
    """Return the strip of a policy that improves at every demand but 90 %, with worlds of another axis."""
    table = strip([-5.0] * 5, ["improved", "equivalent", "improved", "improved", "improved"])
    rows = [table.iloc[[-1]].assign(axis=axis, level=level, verdict=told) for level, told in verdicts.items()]
    return typed(pd.concat([table, *rows]), ROBUSTNESS)


def test_counted_days_stand_for_days_as_soon_as_there_are_three() -> None:
    row = break_even(beside("day", monday="improved", friday="worse_uncertain")).iloc[0]
    assert (row["worst_by_day"], row["worst_day"], row["days"]) == ("worse_uncertain", "friday", 3)
    assert math.isnan(row["worst_factor"])
    row = break_even(beside("day", monday="improved", friday="improved")).iloc[0]
    assert (row["worst_by_day"], row["worst_day"], row["worst_factor"]) == ("improved", "", 1.0)
    # Two days are too few: days of -10 % and +10 % stand for them, one of which has nothing to show.
    row = break_even(beside("day", friday="worse")).iloc[0]
    assert (row["worst_by_day"], row["worst_factor"], row["days"]) == ("equivalent", 0.9, 0)


def test_the_worst_saturation_flow_counts_that_of_the_study() -> None:
    row = break_even(beside("saturation", **{"0.9": "inconclusive", "1.1": "improved"})).iloc[0]
    assert (row["worst_saturation"], row["worst_vehicles"]) == ("inconclusive", "improved")
