"""What is left of the benefit: a total too small to matter is no net benefit, however clear of zero."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sim.plots.study_data import read_study
from sim.report.who_paid import who_paid
from tests.synthetic_study import write_synthetic_study


@pytest.mark.parametrize(("verdict", "said"), [("improved", "仍有净效益"), ("equivalent", "可忽略")])
def test_the_net_follows_the_verdict_on_vehicle_hours(tmp_path: Path, verdict: str, said: str) -> None:
    folder = write_synthetic_study(tmp_path, replicates=4, two_periods=False, arms=["baseline", "both"])
    net = {"net_h": -23.0, "ci_low": -44.0, "ci_high": -2.0}
    places = {"worse_places": 1, "better_places": 2, "lost_h_per_h": 1.0, "gained_h_per_h": 9.0}
    row = {"arm": "both", "period": "am_peak"} | places | net
    pd.DataFrame([row]).to_parquet(folder / "tables" / "cordon.parquet")
    data = read_study(folder)
    whole = data.comparison["arm"].eq("both") & data.comparison["scope"].eq("network")
    hours = data.comparison[whole].head(1).assign(measure="vehicle_hours", verdict=verdict)
    (section,) = [part for part in who_paid(replace(data, comparison=hours)) if part and part.id == "net"]
    words = section.rows[0][-1].words
    assert not isinstance(words, str) and said in words.zh
