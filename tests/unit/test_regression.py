from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sim.measures import SPECS
from sim.regression import KEYS, drift, network_values, read_baseline, write_baseline
from sim.tables import typed

SPEC = replace(SPECS["fair_travel_time"], mcid_abs=4.0, mcid_rel=float("nan"))
SPECS_HERE = {"fair_travel_time": SPEC}
LUCK = np.array([1.0, -2.0, 3.0, 0.5, -1.5, 2.5])


def values(*numbers: float) -> pd.DataFrame:
    rows = [("a", "am", "fair_travel_time", n, value) for n, value in enumerate(numbers, 1)]
    return typed(pd.DataFrame(rows, columns=list(KEYS)), KEYS)


def state(found: pd.DataFrame) -> str:
    (row,) = drift(values(*(100 + LUCK)), found, SPECS_HERE).to_dict("records")
    assert row["bound"] == 1.0
    return str(row["state"])


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        (np.zeros(6), "same"),
        (np.full(6, 1e-7), "same"),
        (np.full(6, 0.9), "equivalent"),
        (np.full(6, 1.1), "drifted"),
        (np.full(6, -1.1), "drifted"),
        (np.array([2, -2, 2, -2, 2, -2.0]), "drifted"),  # zero on average, but nobody can be sure of it
        (np.array([0.2, -0.2, 0.2, -0.2, 0.2, -0.2]), "equivalent"),
        (10 * LUCK, "drifted"),
    ],
)
def test_a_difference_of_pairs_is_held_to_the_bound(added: np.ndarray, expected: str) -> None:
    assert state(values(*(100 + LUCK + added))) == expected


def test_what_is_no_longer_found_is_missing_and_what_is_new_is_not_judged() -> None:
    assert state(values(*(100 + LUCK)[:5])) == "missing"
    assert state(values(*(100 + LUCK), 100.0)) == "same"


def test_one_pair_that_differs_says_nothing_sure() -> None:
    (row,) = drift(values(100.0), values(100.1), SPECS_HERE).to_dict("records")
    assert row["state"] == "drifted"


def test_a_baseline_is_read_as_it_was_written(tmp_path) -> None:  # type: ignore[no-untyped-def]
    written = values(100.123456789, 1 / 3)
    write_baseline(written, tmp_path / "b" / "x.csv")
    pd.testing.assert_frame_equal(read_baseline(tmp_path / "b" / "x.csv"), written, rtol=1e-8)


def test_only_what_has_a_change_that_matters_is_kept() -> None:
    rows = [
        ("a", "am", 1, "fair_travel_time", "network", 1.0, 1),
        ("a", "am", 1, "fair_travel_time", "class:bus", 2.0, 1),
        ("a", "am", 1, "unknown", "network", 3.0, 1),
        ("a", "am", 2, "fair_travel_time", "network", float("nan"), 0),
    ]
    columns = ["arm", "period", "replicate", "measure", "scope", "value", "n"]
    kept = network_values(pd.DataFrame(rows, columns=columns), SPECS_HERE)
    assert kept["value"].tolist() == [1.0]
