"""Work in a process of its own: the memory it takes is gone when it ends, and this process stays small."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

from sim.errors import RunError
from sim.labels import Message, text

P = ParamSpec("P")
T = TypeVar("T")


def apart(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """Call a function of a module with what can be pickled; return what it returns, raise what it raises.

    A spawned process starts without what this one holds; a forked one would not. RunError if it was killed:
    runs and tables are stored by then, so the study can go on from them.
    """
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as executor:
        try:
            return executor.submit(work, *given, **named).result()
        except BrokenProcessPool as error:
            raise RunError(Message("{told}", told=text("study.killed"))) from error
