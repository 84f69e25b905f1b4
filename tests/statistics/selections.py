"""Choices among plans whose means are known."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sim.comparison.selection import Sample, Selection, select

CANDIDATES = [f"plan{i}" for i in range(12)]
INDIFFERENCE = 5.0


def world(rng: np.random.Generator, means: np.ndarray, rho: float, sd: float = 10.0) -> Sample:
    """Values of all candidates in 1000 replicates, drawn at once: shared demand, noise of their own."""
    shared = math.sqrt(rho) * rng.normal(size=(1, 1000))
    values = means[:, None] + sd * (shared + math.sqrt(1 - rho) * rng.normal(size=(means.size, 1000)))

    def sample(name: str, replicates: Sequence[int]) -> Sequence[float]:
        return list(values[CANDIDATES.index(name), np.asarray(replicates)])

    return sample


def choices(count: int, seed: int, means: np.ndarray, rho: float) -> list[Selection]:
    """Choose so many times among plans of these means; the first is the best."""
    rng = np.random.default_rng(seed)
    names = CANDIDATES[: means.size]
    return [select(names, world(rng, means, rho), INDIFFERENCE) for _ in range(count)]


def shares_of_equal(count: int, seed: int) -> list[float]:
    """Return what each of so many sites costs of Rinott's runs: twelve plans, the fresh estimate included.

    Effects spread as widely as the noise, rho as measured on a corridor of signals.
    """
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        means = 60 + 6 * rng.normal(size=12)
        got = select(CANDIDATES, world(rng, means, 0.62), INDIFFERENCE, reference=CANDIDATES[0])
        found.append(got.share_of_equal)
    return found
