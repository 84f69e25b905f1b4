"""What happens while a study runs: counted for people, and line by line for programs.

`results/<study>/log.jsonl` grows by one JSON object per line, also over resumed invocations: `begin` (runs in
all, host, process), `run` (arm, period, replicate, state, digest, seconds, reason) as each is settled,
`standing` (replicates, arm, period, difference, ci_low, ci_high, verdict) as verdicts firm up, and
`end`. It holds times and is no table: two equal studies have different logs.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sim.labels import Message
from sim.runs.run import RunRecord

LOG_FILE = "log.jsonl"


@dataclass
class Tally:
    """How far a study is. Every settled run counts once: simulated, cached or failed."""

    total: int
    simulated: int = 0
    cached: int = 0
    failed: int = 0
    clock: Callable[[], float] = time.monotonic
    _started_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._started_s = self.clock()

    def count(self, record: RunRecord) -> str:
        """Count one settled run and name its state."""
        state = "failed" if record.failure is not None else "done" if record.simulated else "cached"
        if state == "failed":
            self.failed += 1
        elif state == "done":
            self.simulated += 1
        else:
            self.cached += 1
        return state

    @property
    def settled(self) -> int:
        """Runs of which nothing more is to be expected."""
        return self.simulated + self.cached + self.failed

    @property
    def per_minute(self) -> float:
        """Simulated runs per minute so far; cached ones cost next to nothing and would flatter the rate."""
        elapsed_s = self.clock() - self._started_s
        return 60 * self.simulated / elapsed_s if elapsed_s > 0 else 0.0

    @property
    def remaining_s(self) -> float | None:
        """Time to the end if all that remains has to be simulated; None while there is no rate yet."""
        rate = self.per_minute
        return 60 * (self.total - self.settled) / rate if rate else None

    def said(self) -> Message:
        """Return it in one short line."""
        counts = Message(
            "{done} done, {cached} cached, {failed} failed, {left} to go; {rate:.1f} runs/min",
            done=self.simulated,
            cached=self.cached,
            failed=self.failed,
            left=self.total - self.settled,
            rate=self.per_minute,
        )
        if self.remaining_s is None:
            return counts
        return Message("{counts}, {time} left", counts=counts, time=clock_text(self.remaining_s))


def clock_text(seconds: float) -> str:
    """Return a length of time as people read it: `4 h 05 min`, `12 min`, `40 s`."""
    minutes = round(seconds / 60)
    if seconds < 90:  # noqa: PLR2004 - below, seconds say more than minutes
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"  # noqa: PLR2004


class StudyLog:
    """The log of one study, open for appending."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, event: str, **content: Any) -> None:
        """Append one line; it is on its way to the disk when this returns."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._file.write(json.dumps({"time": now, "event": event, **content}, ensure_ascii=False) + "\n")
        self._file.flush()


@contextmanager
def study_log(folder: Path, total: int) -> Iterator[StudyLog]:
    """Open the log of a study's folder between a line that it begins and one that it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOG_FILE
    with path.open("a", encoding="utf-8") as file:
        if file.tell() and not _ends_with_newline(path):  # a study was killed while writing
            file.write("\n")
        log = StudyLog(file)
        log.write("begin", runs=total, host=socket.gethostname(), pid=os.getpid())
        try:
            yield log
        except BaseException as error:
            log.write("end", stopped_by=type(error).__name__)
            raise
        log.write("end")


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
