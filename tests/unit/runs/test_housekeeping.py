"""What is damaged is found and made again; what a study names is never tidied away."""

import errno
import json
import os
from pathlib import Path

import pandas as pd
import pytest

from sim.errors import ConfigError
from sim.labels import catalogue
from sim.parquet import write_table
from sim.publish import publish
from sim.runs.housekeeping import KINDS, SETTLED_S, damaged, discard, entries, unneeded
from sim.runs.store import INPUTS_FILE, Store, digest_of
from sim.tables import RUN_TABLES, RunFacts, empty
from tests.command_line import huandu

FACTS = RunFacts(0.0, 300.0, 600.0, 700.0, 0, 1, 2, ())


def tables() -> dict[str, pd.DataFrame]:
    return {name: empty(columns) for name, columns in RUN_TABLES.items()}


def add(store: Store, seed: int, build: str = "b", network: str = "n") -> str:
    inputs = {"seed": seed, "build": build, "network": network}
    digest = digest_of(inputs)
    store.publish(digest, tables(), FACTS, inputs, "log\n")
    return digest


def age(root: Path) -> None:
    """Make everything older than what is kept for its youth."""
    for path in [root, *root.rglob("*")]:
        os.utime(path, (0, path.stat().st_mtime - 2 * SETTLED_S))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("scenarios", "configs", "results"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def store(root: Path) -> Store:
    return Store(root / "results" / ".store")


def test_verify_finds_what_is_truncated_or_flipped_and_removes_it(root: Path, store: Store) -> None:
    truncated, flipped, whole = (add(store, seed) for seed in (1, 2, 3))
    os.truncate(store.folder(truncated) / "trips.parquet", 100)
    path = store.folder(flipped) / "queues.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert {(entry.digest, name) for entry, name in damaged(store)} == {
        (truncated, "trips.parquet"),
        (flipped, "queues.parquet"),
    }
    assert [store.has(digest) for digest in (truncated, flipped, whole)] == [False, False, True]
    told = huandu("store", "verify", "--dry-run", "--root", root)
    assert told.code == 1
    assert "2 damaged: would be removed" in told.out
    assert store.folder(flipped).is_dir()
    assert huandu("store", "verify", "--root", root).code == 1
    assert [entry.digest for entry in entries(store)] == [whole]
    assert huandu("store", "verify", "--root", root).code == 0


def test_a_damaged_run_is_replaced_by_the_one_made_again(store: Store) -> None:
    digest = add(store, 1)
    os.truncate(store.folder(digest) / "run.json", 10)
    assert not store.has(digest)
    add(store, 1)
    assert store.has(digest)


def test_gc_keeps_what_a_study_names_and_what_is_young(root: Path, store: Store) -> None:
    def fill(folder: Path) -> None:
        (folder / "net.net.xml").write_text("<net/>")

    folder = publish(store.root / "site" / "aa" / "aaaa", fill)
    network = (folder / ".sha256").read_text().split()[0]
    publish(store.root / "site" / "bb" / "bbbb", lambda f: (f / "net.net.xml").write_text("<net2/>") and None)
    for build in ("b1", "b2"):
        publish(store.root / "build" / "bb" / build, fill)
    finished, logged, free, stray = (
        add(store, seed, build, network) for seed, build in ((1, "b1"), (2, "b1"), (3, "b1"), (4, "b2"))
    )
    study = root / "results" / "study"
    study.mkdir()
    (study / "runs.json").write_text(json.dumps([{"digest": finished}, {"digest": None}]))
    (study / "free_flow.json").write_text(json.dumps({"failure": None, "runs": [free]}))
    (study / "log.jsonl").write_text(json.dumps({"event": "run", "digest": logged}) + '\n{"event": "ru')
    (store.root / "aa").mkdir(exist_ok=True)
    (store.root / "aa" / ".draft-x").mkdir()
    assert list(unneeded(store, root / "results")) == []
    age(store.root)
    young = add(store, 5, "b1", network)
    gone = {(entry.kind, entry.digest) for entry in unneeded(store, root / "results")}
    assert gone == {("run", stray), ("build", "b2"), ("site", "bbbb"), ("draft", ".draft-x")}
    told = huandu("store", "gc", "--dry-run", "--root", root)
    assert told.out.startswith("将被删除 / would be removed:")
    assert len(list(entries(store))) == 10
    assert huandu("store", "gc", "--root", root).code == 0
    left = {entry.digest for entry in entries(store)}
    assert left == {finished, logged, free, young, "aaaa", "b1"}
    assert not list((store.root / "aa").glob(".*"))


def test_ls_says_what_is_there_and_what_nobody_names(root: Path, store: Store) -> None:
    digest = add(store, 1)
    answer = huandu("store", "ls", "--root", root)
    assert f"run      {digest[:16]}" in answer.out
    assert "named by no study" in answer.out
    (row,) = json.loads(huandu("store", "ls", "--json", "--root", root).out)
    assert row["digest"] == digest
    assert row["bytes"] == sum(path.stat().st_size for path in store.folder(digest).iterdir())


def test_a_disk_that_fills_up_while_publishing_leaves_no_run(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(table: pd.DataFrame, path: Path) -> None:
        write_table(table, path)
        if path.name == "queues.parquet":
            os.truncate(path, 10)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr("sim.runs.store.write_table", full)
    with pytest.raises(ConfigError, match="No space left"):
        add(store, 1)
    assert not [path for path in store.root.rglob("*") if path.is_file()]
    monkeypatch.undo()
    assert store.has(add(store, 1))


def test_a_discarded_entry_leaves_nothing_behind(store: Store) -> None:
    add(store, 1)
    store.fail("ab" * 32, "killed", "log")
    for entry in list(entries(store)):
        discard(entry)
    assert not [path for path in store.root.rglob("*") if path.is_file()]


def test_what_was_measured_goes_with_its_run(root: Path, store: Store) -> None:
    needed, other = add(store, 1), add(store, 2)
    for digest in (needed, other):
        publish(
            store.root / "measured" / digest[:2] / f"{digest}.0123456789abcdef",
            lambda folder: (folder / "fates.parquet").write_bytes(b"x") and None,
        )
    study = root / "results" / "study"
    study.mkdir()
    (study / "runs.json").write_text(json.dumps([{"digest": needed}]))
    age(store.root)
    assert {(entry.kind, entry.digest) for entry in unneeded(store, root / "results")} == {
        ("run", other),
        ("measured", other),
    }


def test_a_passport_is_kept_while_a_study_stands_on_its_build(root: Path, store: Store) -> None:
    def taken_on(build: str | None, name: str) -> Path:
        def fill(folder: Path) -> None:
            (folder / "measured.parquet").write_bytes(b"x")
            if build is not None:
                (folder / INPUTS_FILE).write_text(json.dumps({"build": build}))

        return publish(store.root / "passport" / name[:2] / name, fill)

    needed, lost, old = taken_on("b1", "aaaa"), taken_on("b2", "bbbb"), taken_on(None, "cccc")
    study = root / "results" / "study"
    study.mkdir()
    (study / "runs.json").write_text(json.dumps([{"digest": add(store, 1, build="b1")}]))
    assert list(unneeded(store, root / "results")) == [], "young ones may belong to a study that begins"
    (store.root / "passport" / "aa" / ".aaaa-draft").mkdir()
    age(store.root)
    assert {(entry.kind, entry.path) for entry in unneeded(store, root / "results")} == {
        ("passport", lost),
        ("passport", old),
        ("draft", needed.parent / ".aaaa-draft"),
    }
    assert huandu("store", "gc", "--root", root).code == 0
    assert [entry.path for entry in entries(store) if entry.kind == "passport"] == [needed]
    (needed / "measured.parquet").write_bytes(b"y")
    assert [(entry.path, name) for entry, name in damaged(store)] == [(needed, "measured.parquet")]


def test_every_kind_has_a_name_in_both_languages() -> None:
    assert not {f"store.{kind}" for kind in KINDS} - set(catalogue())
