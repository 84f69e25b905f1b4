"""What was measured is found again, as long as nothing that it rests on has changed."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from sim import measurements
from sim.measurements import TABLES, digest, measured
from sim.tables import empty

RUN = "ab" * 32


class Measure:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Mapping[str, pd.DataFrame]:
        self.times += 1
        ledger = dict.fromkeys(TABLES["fates"], 1)
        return {name: empty(columns) for name, columns in TABLES.items()} | {
            "fates": pd.DataFrame([ledger]),
            "running": pd.DataFrame({"x": [0.0, 60.0], "value": [0.1 + 0.2, 3.0]}),
        }


def test_a_run_is_measured_once(tmp_path: Path) -> None:
    measure = Measure()
    first = measured(tmp_path, RUN, digest("site"), measure)
    again = measured(tmp_path, RUN, digest("site"), measure)
    assert measure.times == 1
    assert first.folder == again.folder
    for name in TABLES:
        table = again.table(name)
        assert {str(k): str(v) for k, v in table.dtypes.items()} == dict(TABLES[name])
        pd.testing.assert_frame_equal(table, first.table(name))
    assert again.table("running")["value"].tolist() == [0.1 + 0.2, 3.0]


def test_whatever_it_rests_on_measures_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measure = Measure()
    measured(tmp_path, RUN, digest("site", 1), measure)
    measured(tmp_path, RUN, digest("site", 2), measure)
    assert measure.times == 2
    monkeypatch.setattr(measurements, "_program", lambda: "another huandu")
    measured(tmp_path, RUN, digest("site", 1), measure)
    assert measure.times == 3


def test_what_is_damaged_is_measured_again(tmp_path: Path) -> None:
    measure = Measure()
    path = measured(tmp_path, RUN, digest(), measure).folder / "running.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    again = measured(tmp_path, RUN, digest(), measure)
    assert again.table("running")["value"].tolist() == [0.1 + 0.2, 3.0]
    assert measure.times == 2
