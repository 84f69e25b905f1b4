"""A Dask cluster on the loopback, for tests: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

LOOPBACK = "127.0.0.1"


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder: Path, repo_root: Path) -> None:
        self.folder = folder
        self.env = {**os.environ, "PYTHONPATH": str(repo_root)}
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            self.address = f"tcp://{LOOPBACK}:{probe.getsockname()[1]}"
        port = self.address.rpartition(":")[2]
        self.processes = [self._start("scheduler", "--host", LOOPBACK, "--port", port, "--no-dashboard")]

    def worker(self, *options: str, **env: str) -> subprocess.Popen[bytes]:
        words = ("worker", self.address, "--no-nanny", "--no-dashboard", "--host", LOOPBACK, *options)
        self.processes.append(self._start(*words, **env))
        return self.processes[-1]

    def _start(self, *words: str, **env: str) -> subprocess.Popen[bytes]:
        number = len(getattr(self, "processes", ()))
        with (self.folder / f"{words[0]}-{number}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *words],
                cwd=self.folder,
                env=self.env | env,
                stdout=log,
                stderr=log,
            )

    def wait(self, workers: int) -> None:
        from distributed import Client  # noqa: PLC0415

        with Client(self.address, timeout=30, set_as_default=False) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(workers, timeout=60)

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()
