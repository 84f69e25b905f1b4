"""GEH and its criteria, worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from sim.calibration.agreement import agreement, comparable, counted_vph, judged

ROWS = [
    ("am", "J1.west", "through", "car", 300.0, "stop_line"),
    ("am", "J1.west", "through", "bus", 20.0, "stop_line"),
    ("am", "J1.west", "left", "car", 100.0, "upstream"),
    ("am", "J1.west", "left", "bicycle", 70.0, "upstream"),
    ("pm", "J1.west", "left", "car", 999.0, "upstream"),
]
COUNTS = pd.DataFrame(ROWS, columns=["period", "approach", "movement", "class", "count", "taken_at"])
FLOWS = {"J1.west.through": 150.0, "J1.west.left": 40.0}


def test_counts_of_two_hours() -> None:
    assert counted_vph(COUNTS, "am", 7200).to_dict() == {"J1.west.left": 50.0, "J1.west.through": 160.0}


def test_like_is_held_against_like() -> None:
    demand = pd.Series({"J1.west.through": 900.0, "J1.west.left": 50.0})
    found = comparable(COUNTS[COUNTS["period"] == "am"], pd.Series(FLOWS), demand)
    assert found.to_dict() == {"J1.west.through": 150.0, "J1.west.left": 50.0}


def test_geh_by_hand() -> None:
    table = agreement(counted_vph(COUNTS, "am", 7200), pd.Series(FLOWS), "held_out", "am")
    assert table["movement"].tolist() == ["J1.west.left", "J1.west.through"]
    assert table["geh"].tolist() == pytest.approx([(2 * 100 / 90) ** 0.5, (2 * 100 / 310) ** 0.5])
    found = judged(table)
    assert found.sum_share == pytest.approx(190 / 210 - 1)
    assert found.good_share == 1 and not found.good, "the sum is 9.5 % short"


def test_the_criteria() -> None:
    counted = pd.Series({f"m{i}": 400.0 for i in range(10)})
    near = counted + pd.Series([20.0, -20.0] * 5, index=counted.index)
    assert judged(agreement(counted, near, "held_out", "am")).good
    one_far = near.copy()
    one_far["m0"], one_far["m1"] = 520.0, 290.0  # GEH 5.6 and 5.9: two of ten
    found = judged(agreement(counted, one_far, "held_out", "am"))
    assert found.good_share == 0.8 and not found.good
    missing = near.drop("m0")  # nobody made it: GEH 28
    assert judged(agreement(counted, missing, "held_out", "am")).worst > 10
    assert not judged(agreement(counted.iloc[:0], near, "held_out", "am")).good
