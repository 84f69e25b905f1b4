"""Tables as Parquet files: what is written comes back, with the types that are asked for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sim.parquet import read_table, write_table
from sim.tables import converted

COLUMNS = {"name": "string", "n": "int64", "value": "float64"}


def table() -> pd.DataFrame:
    rows = [("北", 1, 0.5), (None, 2, float("nan"))]
    return converted(pd.DataFrame(rows, columns=list(COLUMNS)), COLUMNS)


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    write_table(table(), tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.parquet", COLUMNS), table())


def test_the_bytes_are_those_of_pandas(tmp_path: Path) -> None:
    write_table(table(), tmp_path / "own.parquet")
    table().to_parquet(tmp_path / "pandas.parquet", index=False, compression="zstd")
    assert (tmp_path / "own.parquet").read_bytes() == (tmp_path / "pandas.parquet").read_bytes()


def test_only_what_is_asked_for_is_read_and_typed(tmp_path: Path) -> None:
    write_table(pd.DataFrame({"n": [1.0, 2.0], "other": ["a", "b"]}), tmp_path / "t.parquet")
    found = read_table(tmp_path / "t.parquet", {"n": "int64"})
    assert found.dtypes.to_dict() == {"n": "int64"}
    assert found["n"].tolist() == [1, 2]


def test_a_text_that_only_looks_alike_is_converted() -> None:
    """Pandas' own texts hold NaN for nothing where ours hold NA, and call themselves equal to "string"."""
    plain = pd.DataFrame({"name": ["a", None]})
    assert converted(plain, {"name": "string"})["name"].isna().tolist() == [False, True]
    assert converted(plain, {"name": "string"})["name"][1] is pd.NA
