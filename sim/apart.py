"""Work in processes beside this one: the memory it takes is gone when they end, and every core helps."""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import active_children, get_context
from types import TracebackType
from typing import ParamSpec, Protocol, Self, TypeVar

from sim.errors import RunError
from sim.labels import Message, text

P = ParamSpec("P")
T = TypeVar("T")


PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""
GIVES_WAY = 5
"""How much nicer than the simulators: beside one of them on a core a quarter of the time. At 10 and more
nothing was said while a study of two cores ran.
"""
FEW = 12
"""Runs: so many are read and measured here before another process has started."""


class Begin(Protocol):
    """Begin to call a function of a module with what can be pickled; `done` waits for what it returns."""

    def __call__(self, work: Callable[P, T], /, *given: P.args, **named: P.kwargs) -> Future[T]:
        """Begin; nothing is raised yet."""


class Apart:
    """At most `jobs` processes (all cores), begun when there is work for them, ended with the block.

    A spawned process starts without what this one holds; a forked one would not.
    """

    def __init__(self, jobs: int | None = None) -> None:
        self.jobs = jobs or os.cpu_count() or 1
        self._processes = ProcessPoolExecutor(self.jobs, get_context("spawn"), _live_and_die_with_the_parent)

    def __enter__(self) -> Self:
        """Begin nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for what is under way, or end it if an exception left the block; begin nothing more."""
        if kind is not None:
            for process in active_children():
                process.kill()
        self._processes.shutdown(wait=True, cancel_futures=True)

    def begin(self, work: Callable[P, T], /, *given: P.args, **named: P.kwargs) -> Future[T]:
        """Have a process do it as soon as there is room, see `Begin`."""
        return self._processes.submit(work, *given, **named)

    def for_runs(self, number: int) -> Begin:
        """Say how to begin what reads so many runs: here, if they are few."""
        return self.begin if number > FEW else here


def _live_and_die_with_the_parent() -> None:
    """Give way to simulations; end by Ctrl-C without a word, and on Linux with the parent.

    Simulations are what a study waits for, and who resumes one writes alone.
    """
    if sys.platform != "win32":
        os.nice(GIVES_WAY)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    atexit.register(os._exit, 0)  # what it had to say is said by then; to take its modules down lasts as long
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def give_back() -> None:
    """Give the system what this process holds and does not need: after large work, glibc keeps a lot."""
    gc.collect()
    if sys.platform == "linux":
        with suppress(AttributeError):  # not every Linux has glibc
            ctypes.CDLL(None).malloc_trim(0)


def here(work: Callable[P, T], /, *given: P.args, **named: P.kwargs) -> Future[T]:
    """Do it in this process, now: for what is done before another process has started."""
    finished: Future[T] = Future()
    finished.set_result(work(*given, **named))
    return finished


def done(begun: Future[T]) -> T:
    """Wait; return what the work returns, raise what it raises.

    RunError if its process was killed: runs and tables are stored by then, so the study can go on from them.
    """
    try:
        return begun.result()
    except BrokenProcessPool as error:
        raise RunError(Message("{told}", told=text("study.killed"))) from error
