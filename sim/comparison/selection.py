"""Choose the best of many candidates with as few runs as its guarantee allows.

Kim and Nelson (2001, A fully sequential procedure for indifference-zone selection in simulation, ACM TOMACS
11, 251-273): every candidate is run for the same replicates (common random numbers: the same people), and
after each replicate those that are clearly behind drop out. Beside it Rinott's (1978) two-stage procedure,
which gives the same guarantee with independent samples of a size fixed after the first stage: what the saving
is measured by. Pure: how a candidate is run is the caller's business.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from sim.comparison.inference import Estimate, paired_t

Sample = Callable[[str, Sequence[int]], Sequence[float]]
"""Runs a candidate for these replicates and returns one value each, in their order; less is better. The same
replicate is the same people for every candidate."""

FIRST_STAGE = 10
"""Replicates of every candidate before the first may drop out; Kim and Nelson advise ten."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The candidate chosen, and with what right.

    Attributes
    ----------
    best
        The candidate chosen.
    confidence, indifference
        With at least this probability `best` is the best, if the best is at least `indifference` better than
        every other (for normal values). Where several lie closer together, one of them is chosen.
    replicates
        Replicates run per candidate; who has fewer dropped out earlier.
    failed
        Candidates of which some run gave no value: never chosen, their replicates are counted.
    equal_allocation
        Replicates per candidate that Rinott's procedure would have run, from the same first stage.
    fresh
        `best` minus the reference on replicates that had no part in the choice: its effect without the
        winner's curse. None without a reference, or where the reference itself was chosen.
    fresh_runs
        Runs that took, over both.
    """

    best: str
    confidence: float
    indifference: float
    replicates: Mapping[str, int]
    failed: tuple[str, ...]
    equal_allocation: Mapping[str, int]
    fresh: Estimate | None
    fresh_runs: int

    @property
    def runs(self) -> int:
        """All runs, the fresh ones included."""
        return sum(self.replicates.values()) + self.fresh_runs

    @property
    def share_of_equal(self) -> float:
        """Runs, fresh ones included, as a share of what equal treatment by Rinott's procedure would take."""
        return self.runs / sum(self.equal_allocation.values())


def select(
    candidates: Sequence[str],
    sample: Sample,
    indifference: float,
    *,
    confidence: float = 0.95,
    reference: str | None = None,
    first_stage: int = FIRST_STAGE,
    first_replicate: int = 1,
    fresh_replicates: int = FIRST_STAGE,
) -> Selection:
    """Choose the candidate with the smallest mean, and estimate it anew against `reference`.

    With ``h^2 = 2 eta (n0 - 1)``, ``eta = ((2 alpha / (k - 1))^(-2 / (n0 - 1)) - 1) / 2`` and S^2 the first
    stage's variance of the paired difference, i drops out after r replicates as soon as for some l that is
    left ``sum X_i > sum X_l + max(0, (delta / 2) (h^2 S_il^2 / delta^2 - r))`` (Kim and Nelson's constant c =
    1, whose region of going on is a triangle; it allows common random numbers). After at most ``max h^2 S^2 /
    delta^2 + 1`` replicates one is left.

    Parameters
    ----------
    candidates
        Ids, at least one.
    sample
        See `Sample`. NaN where a run gave no value: the candidate is out, it cannot be vouched for.
    indifference
        Smallest difference worth choosing by, > 0, in the unit of the values.
    reference
        A candidate or not (the baseline); the winner's effect is measured against it on fresh replicates.
    first_replicate
        Replicates are numbered from here; fresh ones lie beyond all that the choice has seen.

    Raises
    ------
    ValueError
        If there is no candidate, one stands twice, all failed, or a number lies outside its range.
    """
    _check(candidates, indifference, confidence, first_stage)
    k = len(candidates)
    start = {
        name: _values(sample, name, range(first_replicate, first_replicate + first_stage))
        for name in candidates
    }
    failed = [name for name in candidates if np.isnan(start[name]).any()]
    left = [name for name in candidates if name not in failed]
    counts = dict.fromkeys(candidates, first_stage)
    if not left:
        raise ValueError("every candidate failed: there is nothing to choose from")
    constant = rinott(k, first_stage, confidence) if k > 1 else 0.0
    equal = {
        name: max(first_stage, math.ceil((constant * _spread(start[name]) / indifference) ** 2))
        for name in left
    } | dict.fromkeys(failed, first_stage)

    eta = ((2 * (1 - confidence) / max(k - 1, 1)) ** (-2 / (first_stage - 1)) - 1) / 2
    h2 = 2 * eta * (first_stage - 1)
    reach = {
        (i, j): h2 * _spread(start[i] - start[j]) ** 2 / indifference**2 for i in left for j in left if i != j
    }
    sums = {name: float(start[name].sum()) for name in left}
    r = first_stage
    while True:
        left = _survivors(left, sums, reach, r, indifference)
        if len(left) == 1:
            break
        r += 1
        for name in list(left):
            (value,) = _values(sample, name, range(first_replicate + r - 1, first_replicate + r))
            counts[name] += 1
            sums[name] += float(value)
            if math.isnan(value):
                failed.append(name)
                left.remove(name)
        if not left:
            raise ValueError("every candidate failed: there is nothing to choose from")
    best = left[0]
    fresh, fresh_runs = None, 0
    if reference is not None and reference != best and fresh_replicates > 0:
        beyond = range(
            first_replicate + max(counts.values()), first_replicate + max(counts.values()) + fresh_replicates
        )
        differences = _values(sample, best, beyond) - _values(sample, reference, beyond)
        fresh, fresh_runs = paired_t(differences[~np.isnan(differences)], confidence), 2 * fresh_replicates
    return Selection(best, confidence, indifference, counts, tuple(failed), equal, fresh, fresh_runs)


def _survivors(
    left: Sequence[str],
    sums: Mapping[str, float],
    reach: Mapping[tuple[str, str], float],
    r: int,
    indifference: float,
) -> list[str]:
    """Return who goes on after r replicates; where no band is left, only the smallest sum does."""
    bands = {pair: max(0.0, indifference / 2 * (reach[pair] - r)) for pair in reach}
    kept = [i for i in left if all(sums[i] <= sums[other] + bands[i, other] for other in left if other != i)]
    if all(bands[i, other] == 0 for i in kept for other in kept if i != other):
        return [min(kept, key=lambda name: sums[name])]  # equal sums: the first named
    return kept


@lru_cache(maxsize=64)
def rinott(k: int, first_stage: int, confidence: float) -> float:
    """Return Rinott's constant h: each of k candidates needs ``(h S / delta)^2`` independent replicates.

    The root of ``E[ E[ Phi(h / sqrt((n0-1)(1/X + 1/Y))) | Y ]^(k-1) ] = P`` with X and Y independent
    chi-squares of ``n0 - 1`` degrees of freedom (Rinott 1978; Bechhofer, Santner and Goldsman 1995, table
    2.13), by quadrature over 400 quantiles each.
    """
    nu = first_stage - 1
    nodes, weights = np.polynomial.legendre.leggauss(400)
    probability = (nodes + 1) / 2
    chi = np.asarray(special.chdtri(nu, 1 - probability), dtype=float)
    scale = np.sqrt(nu * (1 / chi[:, None] + 1 / chi[None, :]))

    def shortfall(h: float) -> float:
        inner = special.ndtr(h / scale) @ weights / 2
        return float((inner ** (k - 1)) @ weights / 2) - confidence

    return float(optimize.brentq(shortfall, 0.0, 100.0))


def _check(candidates: Sequence[str], indifference: float, confidence: float, first_stage: int) -> None:
    if not candidates or len(set(candidates)) < len(candidates):
        raise ValueError(f"candidates must be at least one, each once: {list(candidates)}")
    if not indifference > 0:
        raise ValueError(f"the smallest difference worth choosing by must be positive, not {indifference}")
    chance = 1 / len(candidates) if len(candidates) > 1 else 0.0
    if not chance < confidence < 1 or first_stage < 2:  # noqa: PLR2004
        raise ValueError(f"confidence {confidence} or first stage {first_stage} is out of range")


def _values(sample: Sample, name: str, replicates: Sequence[int]) -> NDArray[np.float64]:
    values = np.asarray(sample(name, replicates), dtype=float)
    if values.shape != (len(replicates),):
        raise ValueError(f"{name}: {values.size} values for {len(replicates)} replicates")
    return values


def _spread(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1))
