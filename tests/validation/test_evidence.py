"""The placebo is noise on a model made by others; the numbers of the table are what they say."""

from __future__ import annotations

from pathlib import Path

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
