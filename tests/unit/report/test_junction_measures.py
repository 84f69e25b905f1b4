"""The signal engineer's table on the page: a row per junction, a column per measure that there is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sim.measures import SPECS
from sim.plots.study_data import read_study
from sim.report.junction_measures import ENGINEERS, junction_measures
from tests.synthetic_study import write_synthetic_study


def study(tmp_path: Path, values: dict[str, tuple[float, float, str]]) -> Path:
    """Write a study whose junction J1 has these measures: before, after, verdict."""
    write_synthetic_study(tmp_path, replicates=4, two_periods=False, arms=["baseline", "retime"])
    path = tmp_path / "tables" / "comparison.parquet"
    table = pd.read_csv(path.with_suffix(".csv"))
    table = table[~table["measure"].isin(ENGINEERS)]
    pattern = table.iloc[0].to_dict() | {"arm": "retime", "scope": "junction:J1", "n_pairs": 4, "gate": ""}
    rows = [
        pattern
        | {"measure": name, "before": before, "after": after, "verdict": verdict, "mcid": 0.05}
        | {"difference": after - before, "ci_low": after - before - 0.02, "ci_high": after - before + 0.02}
        for name, (before, after, verdict) in values.items()
    ]
    whole = pd.concat([table, pd.DataFrame(rows)], ignore_index=True)
    whole.to_parquet(path)
    whole.to_csv(path.with_suffix(".csv"), index=False)
    return tmp_path


def test_every_measure_of_the_signal_has_a_column(tmp_path: Path) -> None:
    values = {name: (0.6, 0.4, "inconclusive") for name in ENGINEERS}
    values["imbalance"] = (0.6, 0.4, "improved")
    values["queue_at_green"] = (0.4, 0.6, "worse")
    folder = study(tmp_path, values)
    found = junction_measures(read_study(folder), SPECS)
    assert found is not None
    assert [head.en for head in found.heads[3:]] == [
        "Worst v/c", "Critical v/c", "Green utilisation", "Imbalance", "Cycle failures", "Second green",
        "Queue at green, veh", "Arrivals on green", "Longest red, s", "Stops a vehicle",
        "Pedestrian delay, s",
    ]  # fmt: skip
    (row,) = found.rows
    cells = dict(zip(ENGINEERS, row[3:], strict=True))
    assert str(cells["imbalance"].words).startswith("0.60 → 0.40")
    assert cells["imbalance"].tone == "good"
    assert cells["queue_at_green"].tone == "bad"
    assert cells["cycle_failures"].tone == ""
    assert not found.words


def test_what_was_not_asked_for_is_said(tmp_path: Path) -> None:
    found = junction_measures(read_study(study(tmp_path, {"imbalance": (0.6, 0.4, "improved")})), SPECS)
    assert found is not None
    assert len(found.heads) == 4
    assert "run.stop_lines=true" in found.words[0].words.en  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["stops_per_vehicle", "pedestrian_delay"])
def test_without_a_signal_there_is_no_table(tmp_path: Path, name: str) -> None:
    folder = study(tmp_path, {name: (0.6, 0.4, "improved")})
    assert junction_measures(read_study(folder), SPECS) is None
