import json
import os
from pathlib import Path

import pandas as pd
import pytest

from sim.errors import ConfigError
from sim.runs.store import Store, digest_of
from sim.tables import RUN_TABLES, RunFacts, empty

FACTS = RunFacts(0.0, 300.0, 600.0, 700.0, 0, 1, 2, ("slow", "steep"))
DIGEST = "ab" * 32


def tables() -> dict[str, pd.DataFrame]:
    found = {name: empty(columns) for name, columns in RUN_TABLES.items()}
    row = {"vehicle": ["v1"], "area": ["P"], "edge": ["e"], "started_s": [5.0], "ended_s": [float("nan")]}
    found["parked"] = pd.DataFrame(row)
    return found


def test_what_is_published_is_read_back(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert not store.has(DIGEST)
    store.publish(DIGEST, tables(), FACTS, {"seed": 1}, "log\n")
    assert store.has(DIGEST)
    assert store.facts(DIGEST) == FACTS
    assert store.inputs(DIGEST) == {"seed": 1}
    for name, columns in RUN_TABLES.items():
        assert (
            store.read(DIGEST, name).dtypes.astype(str).to_dict()
            == empty(columns).dtypes.astype(str).to_dict()
        )
    assert store.read(DIGEST, "parked")["vehicle"].tolist() == ["v1"]


def test_equal_runs_are_equal_bytes(tmp_path: Path) -> None:
    for root in ("one", "two"):
        Store(tmp_path / root).publish(DIGEST, tables(), FACTS, {"seed": 1}, "log\n")
    one, two = (Store(tmp_path / root).folder(DIGEST) for root in ("one", "two"))
    assert {f.name: f.read_bytes() for f in one.iterdir()} == {f.name: f.read_bytes() for f in two.iterdir()}


def test_a_folder_without_run_json_is_no_run(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.folder(DIGEST).mkdir(parents=True)
    assert not store.has(DIGEST)
    store.publish(DIGEST, tables(), FACTS, {}, "")
    assert store.has(DIGEST)


def test_a_failure_is_no_result_and_is_forgotten_by_success(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.fail(DIGEST, "killed", "last words\n")
    assert store.failure(DIGEST) == "killed"
    assert not store.has(DIGEST)
    store.publish(DIGEST, tables(), FACTS, {}, "")
    assert store.failure(DIGEST) is None


def test_drafts_of_dead_processes_are_swept_and_living_ones_stay(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.draft() as mine:
        dead = mine.with_name(mine.name.replace(f"-{os.getpid()}-", "-999999999-"))
        dead.mkdir()
        store.sweep()
        assert mine.is_dir()
        assert not dead.exists()
    assert not mine.exists()


def test_a_digest_is_of_the_content_not_of_the_order() -> None:
    assert digest_of({"a": 1, "b": [1, 2]}) == digest_of(json.loads('{"b": [1, 2], "a": 1}'))
    assert digest_of({"a": 1}) != digest_of({"a": 2})


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"), Store(tmp_path / "file").draft():
        pass
