"""Looking after a store: what is in it, what is damaged, what no study needs any more.

All of it can be made again: what is removed costs time, never results. Safe beside studies that run: what is
younger than `SETTLED_S` stays, and so does what a study's log names, finished or not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sim.publish import CHECKSUMS, damage, remove
from sim.runs.store import INPUTS_FILE, Store
from sim.runs.study_log import LOG_FILE

Kind = Literal["run", "measured", "passport", "build", "network", "site", "failure", "draft"]
PUBLISHED: Mapping[Kind, str] = {
    "run": "",
    "measured": "measured/",
    "passport": "passport/",
    "build": "build/",
    "network": "network/",
    "site": "site/",
}
"""Where folders lie that appeared whole, each with its checksums."""
KINDS: tuple[Kind, ...] = (*PUBLISHED, "failure", "draft")
SETTLED_S = 3600.0
"""What was made within this time may belong to a study that has not noted it yet."""


@dataclass(frozen=True)
class Entry:
    """One thing in a store."""

    kind: Kind
    digest: str
    path: Path
    size_bytes: int
    made_s: float
    """When, in seconds of the epoch."""

    def row(self) -> dict[str, Any]:
        """Return it for people."""
        made = datetime.fromtimestamp(self.made_s, UTC).isoformat(timespec="seconds")
        return {"kind": self.kind, "digest": self.digest, "bytes": self.size_bytes, "made": made}


def entries(store: Store) -> Iterator[Entry]:
    """Yield what is in a store, kind by kind, in the order of the digests."""
    folders: dict[Kind, Iterable[Path]] = {
        kind: store.root.glob(f"{parent}??/[!.]*") for kind, parent in PUBLISHED.items()
    }
    folders |= {"failure": store.root.glob("failed/*.json"), "draft": _drafts(store.root)}
    for kind, paths in folders.items():
        for path in sorted(paths):
            entry = _entry(kind, path)
            if entry is not None:
                yield entry


def _drafts(root: Path) -> Iterator[Path]:
    """Yield what killed processes may have left: folders to run in, and folders that were being published."""
    yield from root.glob("running/*")
    yield from root.glob("failed/*.part")
    for parent in PUBLISHED.values():
        yield from root.glob(f"{parent}??/.*")


def _entry(kind: Kind, path: Path) -> Entry | None:
    try:
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        size_bytes = sum(file.stat().st_size for file in files)
        return Entry(kind, path.stem, path, size_bytes, path.stat().st_mtime)
    except FileNotFoundError:  # somebody was faster
        return None


def damaged(store: Store) -> Iterator[tuple[Entry, str]]:
    """Yield what is not as it was published, with the file that shows it."""
    for entry in entries(store):
        if entry.kind in PUBLISHED:
            name = damage(entry.path)
            if name is not None:
                yield entry, name


def unneeded(store: Store, results: Path, now_s: float | None = None) -> Iterator[Entry]:
    """Yield what no study under `results` names, and is settled.

    A run is named by `runs.json`, `free_flow.json` or `log.jsonl` of a study; what was measured, builds and
    networks by the runs that are. A capacity passport is needed as long as a build is on which it was taken.
    """
    before_s = (time.time() if now_s is None else now_s) - SETTLED_S
    runs = named_runs(results)
    builds: set[str] = set()
    networks: set[str] = set()
    for entry in entries(store):
        if entry.kind == "run" and (entry.digest in runs or entry.made_s > before_s):
            inputs = _read(entry.path / "run.json").get("inputs", {})
            builds.add(inputs.get("build", ""))
            networks.add(inputs.get("network", ""))
    for entry in entries(store):
        needed = {
            "run": entry.digest in runs,
            "measured": entry.digest in runs,
            "passport": _read(entry.path / INPUTS_FILE).get("build") in builds,
            "failure": entry.digest in runs,
            "build": entry.digest in builds,
            "network": bool(networks & _sums(entry.path)),
            "site": bool(networks & _sums(entry.path)),
            "draft": False,
        }
        if not needed[entry.kind] and entry.made_s <= before_s:
            yield entry


def discard(entry: Entry) -> None:
    """Remove an entry."""
    if entry.path.is_file():
        entry.path.unlink(missing_ok=True)
    else:
        remove(entry.path)


def named_runs(results: Path) -> set[str]:
    """Return the digests of all runs that a study under `results`, or a side study of it, names."""
    found: set[str] = set()
    for path in results.glob("[!.]*/**/runs.json"):
        found |= {str(row["digest"]) for row in json.loads(path.read_text(encoding="utf-8"))}
    for path in results.glob("[!.]*/**/free_flow.json"):
        found |= set(json.loads(path.read_text(encoding="utf-8")).get("runs", ()))
    for path in results.glob(f"[!.]*/**/{LOG_FILE}"):
        with path.open(encoding="utf-8", errors="replace") as file:
            found |= {digest for line in file if (digest := _digest_in(line))}
    return found


def _digest_in(line: str) -> str | None:
    try:
        content = json.loads(line)
    except ValueError:  # the last line of a study that was killed
        return None
    return content.get("digest") if isinstance(content, dict) else None


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content
    except (OSError, ValueError):
        return {}


def _sums(folder: Path) -> set[str]:
    try:
        return {line.partition("  ")[0] for line in (folder / CHECKSUMS).read_text().splitlines()}
    except (OSError, ValueError):
        return set()
