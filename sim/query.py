"""SQL over the tables of all studies under one folder. Needs the extra `huandu[query]`.

Every kind of table is a view over all studies that hold it (`measures`, `comparison`, `findings`, `profiles`,
`fates`, ...), with the study's name in the column `study`. Files are read as the query needs them: nothing is
loaded beforehand, and nothing can be written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from sim.errors import ConfigError, Problem
from sim.labels import Message


def query(results: Path, sql: str) -> pd.DataFrame:
    """Return the rows of one SELECT; ConfigError with the engine's own words where it cannot be answered."""
    try:
        import duckdb  # noqa: PLC0415 - an optional extra
    except ImportError:
        hint = Message('pip install "huandu[query]"')
        raise ConfigError([Problem("huandu query", Message("DuckDB is not installed here"), hint)]) from None
    views = _files(results)
    if not views:
        raise ConfigError(
            [Problem(str(results), Message("holds no study with tables"), Message("huandu run ..."))]
        )
    connection: Any = duckdb.connect()
    try:
        for name, paths in views.items():
            connection.execute(_view(name, paths))
        # From here on the files that the views name and nothing else.
        allowed = [str(path) for paths in views.values() for path in paths]
        connection.execute(f"SET allowed_paths = {_list(allowed)}")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            told = Message("is not one SELECT")
            raise ConfigError([Problem("huandu query", told, Message("views: {views}", views=sorted(views)))])
        rows: pd.DataFrame = connection.execute(sql).df()
        return rows
    except duckdb.Error as error:
        told = Message("{error}", error=" ".join(str(error).split()))
        raise ConfigError(
            [Problem("huandu query", told, Message("views: {views}", views=sorted(views)))]
        ) from None
    finally:
        connection.close()


def _files(results: Path) -> dict[str, list[Path]]:
    """Return the Parquet files of the studies by the name of the table; a long one is a folder of parts."""
    found: dict[str, list[Path]] = {}
    for study in sorted(path.parent for path in results.glob("*/study.json")):
        for path in sorted((study / "tables").glob("*.parquet")):
            found.setdefault(path.stem, []).append(path.resolve())
        for path in sorted((study / "tables").glob("*/*.parquet")):
            found.setdefault(path.parent.name, []).append(path.resolve())
    return found


def _view(name: str, paths: list[Path]) -> str:
    depth = len(paths[0].parts) - (2 if paths[0].parent.name == "tables" else 3)
    study = f"string_split(replace(filename, '\\', '/'), '/')[{depth}]"
    files = _list([str(path) for path in paths])
    return (
        f'CREATE VIEW "{name}" AS SELECT {study} AS study, * EXCLUDE (filename) '
        f"FROM read_parquet({files}, filename = true, union_by_name = true)"
    )


def _list(texts: list[str]) -> str:
    return "[" + ", ".join("'" + text.replace("'", "''") + "'" for text in texts) + "]"
