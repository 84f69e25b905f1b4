"""Python's garbage collector while a large network is read and compared."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def uncollected(work: Callable[P, R]) -> Callable[P, R]:
    """Let no collection interrupt `work`, which makes objects by the million, none of them in a circle.

    The collector would go through all that is alive again and again: a quarter of the time of an arm of a
    large town.
    """

    @wraps(work)
    def without(*args: P.args, **kwargs: P.kwargs) -> R:
        gc.disable()
        try:
            return work(*args, **kwargs)
        finally:
            gc.enable()

    return without
