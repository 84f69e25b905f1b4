"""Where runs are carried out: in this machine's threads, or by Dask workers at an address.

An executor is handed tasks, small functions of a `Work`, and gives `concurrent.futures.Future`s. It has the
work itself: threads share the one object, workers read it from the store that they share with us.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from queue import SimpleQueue
from typing import Protocol, TypeVar

from sim.runs.work import Work
from sim.study import ExecutorSettings
from sim.sumo.driver import Children

T = TypeVar("T")
Item = TypeVar("Item")
WINDOW = 1000
"""Tasks handed over and not settled: enough for many workers, and memory does not grow with the study."""


class Executor(Protocol):
    """Carries out tasks somewhere."""

    def submit(self, task: Callable[[Work], T]) -> Future[T]:
        """Begin a task as soon as there is room."""

    def stop(self) -> None:
        """Kill what runs and begin nothing more."""

    def close(self) -> None:
        """Wait for what runs and let go of everything."""


class Local:
    """Threads of this process; each run is a child process, so one that dies costs only itself.

    One thread more than simulators at a time: while one run is read and stored, the next ones simulate.
    """

    def __init__(self, work: Work, jobs: int | None) -> None:
        jobs = jobs or os.cpu_count() or 1
        self.work = work
        self.work.runner.children = Children(jobs)
        self.pool = ThreadPoolExecutor(jobs + 1)

    def submit(self, task: Callable[[Work], T]) -> Future[T]:
        """Begin a task as soon as a thread is free."""
        return self.pool.submit(task, self.work)

    def stop(self) -> None:
        """Kill the children."""
        self.work.runner.children.stop()

    def close(self) -> None:
        """Wait for the threads."""
        self.pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def executor(settings: ExecutorSettings, work: Work, jobs: int | None) -> Iterator[Executor]:
    """Give the executor that is asked for; whatever ends the block by an exception kills what runs.

    ConfigError where no scheduler answers at the address or a worker does not fit.
    """
    made: Executor
    if settings.kind == "dask":
        from sim.runs.dask_executor import Dask  # noqa: PLC0415 - an optional extra

        made = Dask(work, settings)
    else:
        made = Local(work, jobs)
    try:
        yield made
    except BaseException:
        made.stop()
        raise
    finally:
        made.close()


def settled(
    submit: Callable[[Item], Future[T]], items: Iterable[Item], window: int = WINDOW
) -> Iterator[tuple[Item, Future[T]]]:
    """Submit every item, at most `window` at a time, and yield each with its future when that is done.

    No future is kept: what has been yielded may be forgotten by whoever asked, however many there are.
    """
    waiting = iter(items)
    done: SimpleQueue[tuple[Item, Future[T]]] = SimpleQueue()
    under_way = 0

    def begin(number: int) -> int:
        begun = 0
        for item in islice(waiting, number):
            future = submit(item)
            future.add_done_callback(lambda found, item=item: done.put((item, found)))  # type: ignore[misc]
            begun += 1
        return begun

    under_way = begin(window)
    while under_way:
        yield done.get()
        under_way += begin(1) - 1
