"""Runs by the digest of what went into them: published whole, never half, never overwritten.

<root>/<aa>/<digest>/run.json, <table>.parquet, log.txt     a finished run, and its checksums in .sha256
<root>/failed/<digest>.json                                 why a run failed; never read as a result
<root>/running/<host>-<pid>-*/                              drafts; those of dead processes are swept away
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from sim.errors import ConfigError, Problem, reason_of
from sim.labels import Message
from sim.parquet import read_table, write_table
from sim.publish import damage, publish
from sim.tables import ASKED_TABLES, RUN_TABLES, RunFacts, empty, typed

SCHEMA_VERSION = 1
"""Of run.json and the tables beside it; part of the digest, so another schema never finds old runs."""


INPUTS_FILE = "inputs.json"
"""Beside a capacity passport: what it was taken on, as `run.json` says it of a run."""


def digest_of(inputs: Mapping[str, Any]) -> str:
    """Return the sha256 of plain data in one canonical form; floats and ints that are equal are the same."""
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


class Store:
    """Finished and failed runs under one root folder. Safe to share between processes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, digest: str) -> Path:
        """Where a run lies, whether it is there or not."""
        return self.root / digest[:2] / digest

    def has(self, digest: str) -> bool:
        """Whether the run is there, complete and as it was published; what is damaged is not there."""
        folder = self.folder(digest)
        return (folder / "run.json").is_file() and damage(folder) is None

    def publish(
        self,
        digest: str,
        tables: Mapping[str, pd.DataFrame],
        facts: RunFacts,
        inputs: Mapping[str, Any],
        log: str,
    ) -> None:
        """Add a run. Who comes second drops its own copy; an earlier failure is forgotten."""

        def fill(folder: Path) -> None:
            asked = {name: columns for name, columns in ASKED_TABLES.items() if name in tables}
            for name, columns in {**RUN_TABLES, **asked}.items():
                table = typed(tables[name], columns)
                write_table(table, folder / f"{name}.parquet")
            (folder / "log.txt").write_text(log, encoding="utf-8")
            content = {"schema_version": SCHEMA_VERSION, "inputs": dict(inputs), "facts": asdict(facts)}
            (folder / "run.json").write_text(_json(content), encoding="utf-8")

        publish(self.folder(digest), fill)
        self._failure(digest).unlink(missing_ok=True)

    def read(self, digest: str, table: str, only: Sequence[str] = ()) -> pd.DataFrame:
        """Read one table of a run; of `ASKED_TABLES` an empty one where the run was not asked for it.

        `only`: these columns; all of them where nothing is said.
        """
        path, columns = self.folder(digest) / f"{table}.parquet", {**RUN_TABLES, **ASKED_TABLES}[table]
        columns = {name: columns[name] for name in only} or columns
        if table in ASKED_TABLES and not path.is_file():
            return empty(columns)
        return read_table(path, columns)

    def facts(self, digest: str) -> RunFacts:
        """Read the scalar side of a run."""
        facts = dict(self._run(digest)["facts"])
        return RunFacts(**{**facts, "warnings": tuple(facts["warnings"])})

    def inputs(self, digest: str) -> dict[str, Any]:
        """Read what a run was made from."""
        return dict(self._run(digest)["inputs"])

    def fail(self, digest: str, reason: str, log: str) -> None:
        """Note why a run failed; the last lines of its log are kept."""
        path = self._failure(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {"reason": reason, "log": log.splitlines()[-50:]}
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_text(_json(content), encoding="utf-8")
        part.replace(path)

    def failure(self, digest: str) -> str | None:
        """Return why a run failed, None if it did not."""
        path = self._failure(digest)
        return str(json.loads(path.read_text(encoding="utf-8"))["reason"]) if path.is_file() else None

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """Give an empty folder to run in; it is removed in the end. ConfigError where it cannot be made."""
        parent = self.root / "running"
        try:
            parent.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=parent, prefix=f"{_host()}-{os.getpid()}-"))
        except OSError as error:
            message = Message("cannot be written: {strerror}", strerror=reason_of(error))
            raise ConfigError([Problem(str(parent), message)]) from None
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def sweep(self) -> None:
        """Remove the drafts of processes of this machine that are no more."""
        for folder in (self.root / "running").glob(f"{_host()}-*-*"):
            pid = folder.name.removeprefix(f"{_host()}-").partition("-")[0]
            if pid.isdigit() and not _alive(int(pid)):
                shutil.rmtree(folder, ignore_errors=True)

    def _failure(self, digest: str) -> Path:
        return self.root / "failed" / f"{digest}.json"

    def _run(self, digest: str) -> dict[str, Any]:
        run: dict[str, Any] = json.loads((self.folder(digest) / "run.json").read_text(encoding="utf-8"))
        return run


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _host() -> str:
    return socket.gethostname().replace("-", "_")


def _alive(pid: int) -> bool:
    if os.name == "nt":  # signal 0 would end the process there
        return True
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
