"""The placebo is noise on a model made by others; the numbers of the table are what they say."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.validation import evidence


@pytest.mark.validate
@pytest.mark.data
def test_a_lane_painted_where_nobody_drives_is_noise(shared_data: Path, tmp_path: Path) -> None:
    table = pd.DataFrame(evidence.try_out(evidence.MODELS["cologne8"], shared_data, tmp_path, 5))
    rows = table.set_index("arm")
    assert set(rows.index) == {"retime", "painted", "blank control"}
    painted = rows.loc["painted"]
    assert painted["within_noise"] and painted["page_says_noise"]
    assert painted["verdict"] in ("equivalent", "inconclusive")
    assert abs(painted["difference"]) < painted["mcid"]


def test_the_power_that_is_promised_is_that_of_the_t_test() -> None:
    differences = np.random.default_rng(3).normal(-2.0, 2.5, 4000)
    said = evidence.power_in_words(differences, 10)
    found = re.search(r"pairs (\d+) find it; promised .* so (\d+) to (\d+)", said)
    assert found is not None
    hits, low, high = (int(number) for number in found.groups())
    assert low <= hits <= high
