"""Tables as the page takes them: the study's order of policies, whatever order a file has."""

from __future__ import annotations

import pandas as pd

from sim.plots.study_data import by_arm


def test_rows_follow_the_order_of_the_study_and_keep_their_own_within() -> None:
    study = {"arms": [{"id": "baseline"}, {"id": "retime"}, {"id": "both"}]}
    table = pd.DataFrame({"arm": ["both", "placebo", "retime", "both", "baseline"], "n": range(5)})
    ordered = by_arm(table, study)
    assert list(ordered["arm"]) == ["baseline", "retime", "both", "both", "placebo"]
    assert list(ordered["n"]) == [4, 2, 0, 3, 1]
    assert by_arm(table[["n"]], study)["n"].tolist() == [0, 1, 2, 3, 4]
