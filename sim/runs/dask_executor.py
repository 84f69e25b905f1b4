"""Runs on Dask workers, by the address of their scheduler. Needs the extra `huandu[dask]`.

Workers share our file system: they read what to do (`work.pickle`, in a draft of the store) and publish runs
into the store themselves, so only small records travel. The draft is also the sign to go on: when it is gone,
the study has ended or was stopped, and a worker kills what it still runs for it.
"""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from sim.errors import ConfigError, HuanduError, Problem, Problems
from sim.labels import Message
from sim.runs.run import SIMULATION_CODE
from sim.runs.store import SCHEMA_VERSION
from sim.runs.work import Work
from sim.study import ExecutorSettings
from sim.sumo.install import version

T = TypeVar("T")
WORK_FILE = "work.pickle"
LOOK_EVERY_S = 1.0
"""How often a worker looks whether the study is still wanted."""


class Dask:
    """Tasks for the workers at an address; each worker has one thread and runs one task at a time.

    A lost worker's tasks are given to others by the scheduler; a failing run is a record and is not repeated.
    """

    def __init__(self, work: Work, settings: ExecutorSettings) -> None:
        self._stack = ExitStack()
        try:
            self._client = _connected(settings, self._stack)
            folder = self._stack.enter_context(work.store.draft()).resolve()
            (folder / WORK_FILE).write_bytes(pickle.dumps((versions(), work)))
            self._file = folder / WORK_FILE
            _check_workers(self._client, self._file, str(settings.address))
            self._pool = self._client.get_executor(pure=False, retries=0)
        except BaseException:
            self._stack.close()
            raise

    def submit(self, task: Callable[[Work], T]) -> Future[T]:
        """Begin a task as soon as a worker is free."""
        future: Future[T] = self._pool.submit(_carry_out, str(self._file), task)
        return future

    def stop(self) -> None:
        """Forget what waits; workers see that the work is gone and kill what they run."""
        self._file.unlink(missing_ok=True)
        self._pool.shutdown(wait=False)

    def close(self) -> None:
        """Leave the scheduler and its workers as they were found."""
        self._stack.close()


def versions() -> dict[str, str]:
    """Return what has to be the same here and on every worker."""
    return {
        "huandu": metadata.version("huandu"),
        "huandu's simulation code": f"{SIMULATION_CODE}.{SCHEMA_VERSION}",
        "SUMO": version(),
    }


def _connected(settings: ExecutorSettings, stack: ExitStack) -> Any:
    place = "executor.address"
    if settings.address is None:
        raise ConfigError([Problem(place, Message("missing"), Message("executor.address=tcp://HOST:8786"))])
    try:
        import distributed  # noqa: PLC0415 - an optional extra
    except ImportError:
        hint = Message('pip install "huandu[dask]"')
        raise ConfigError([Problem("executor=dask", Message("Dask is not installed here"), hint)]) from None
    client: Any = distributed.Client
    try:
        return stack.enter_context(client(settings.address, timeout=settings.connect_s, set_as_default=False))
    except (OSError, TimeoutError):
        told = Message(
            "nobody answers at {address} within {connect_s:g} s",
            address=settings.address,
            connect_s=settings.connect_s,
        )
        hint = Message("start `dask scheduler` there, see docs/sweeps.md")
        raise ConfigError([Problem(place, told, hint)]) from None
    except ValueError as error:
        raise ConfigError(
            [
                Problem(
                    place,
                    Message("{address!r}: {error}", address=settings.address, error=error),
                    Message("tcp://HOST:8786"),
                )
            ]
        ) from None


def _check_workers(client: Any, file: Path, address: str) -> None:
    """Refuse by name every worker that would compute something else, or cannot see our files."""
    problems = Problems()
    threads = {
        name: facts["nthreads"] for name, facts in client.scheduler_info(n_workers=-1)["workers"].items()
    }
    for worker, answer in sorted(client.run(_look, str(file), on_error="return").items()):
        place = f"{address}: worker {worker}"
        if threads.get(worker, 1) > 1:
            problems.add(
                place,
                Message("has {threads} threads", threads=threads[worker]),
                Message("start it with --nthreads 1"),
            )
        if isinstance(answer, BaseException):
            problems.add(
                place,
                Message("cannot run huandu: {answer}", answer=answer),
                Message("install the same huandu there"),
            )
            continue
        seen, theirs = answer
        for name, ours in versions().items():
            if theirs[name] != ours:
                problems.add(
                    place,
                    Message(
                        "has {name} {theirs}, here it is {ours}", name=name, theirs=theirs[name], ours=ours
                    ),
                    Message("install the same there"),
                )
        if not seen:
            told = Message("does not see {parent}", parent=file.parent)
            problems.add(place, told, Message("results/ has to lie on a file system that all share"))
    problems.raise_if_any()


def _look(file: str) -> tuple[bool, dict[str, str]]:
    """On a worker: whether our files are there, and its versions."""
    return Path(file).is_file(), versions()


def _carry_out(file: str, task: Callable[[Work], T]) -> T:
    """On a worker: carry out one task of the work in a file."""
    return task(_work(file))


@lru_cache(maxsize=1)
def _work(file: str) -> Work:
    """Read the work once per worker; a worker that came later is checked here."""
    expected, work = pickle.loads(Path(file).read_bytes())
    if expected != versions():
        raise HuanduError(
            Message(
                "this worker has {versions}, the study needs {expected}",
                versions=versions(),
                expected=expected,
            )
        )
    threading.Thread(target=_stop_when_gone, args=(Path(file), work), daemon=True).start()
    found: Work = work
    return found


def _stop_when_gone(file: Path, work: Work) -> None:
    while file.exists():
        time.sleep(LOOK_EVERY_S)
    work.runner.children.stop()
