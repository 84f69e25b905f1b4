"""Which intervention of a policy brings how much (归因): two-level factorial designs and their contrasts.

A full factorial up to three factors, above that a fraction in which no main effect is mixed up with an
interaction of two (Box, Hunter and Hunter 1978, table 12.15). Pure: designs and tables in, tables out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.comparison import inference
from sim.comparison.compare import SEVERITIES
from sim.tables import typed

Levels = tuple[bool, ...]
"""Which of the factors are there, in the order of the factors."""

FULL_UP_TO = 3
GENERATORS: Mapping[int, Mapping[int, tuple[int, ...]]] = {
    4: {3: (0, 1, 2)},
    5: {4: (0, 1, 2, 3)},
    6: {4: (0, 1, 2), 5: (1, 2, 3)},
    7: {4: (0, 1, 2), 5: (1, 2, 3), 6: (0, 2, 3)},
    8: {4: (1, 2, 3), 5: (0, 2, 3), 6: (0, 1, 2), 7: (0, 1, 3)},
}
"""Number of factors -> factor -> the factors whose signs multiply to its own."""
MOST_FACTORS = max(GENERATORS)

ATTRIBUTION: Mapping[str, str] = {
    "arm": "string",  # the policy
    "period": "string",
    "term": "string",  # total, share, interaction, rest
    "names": "string",  # ids of the interventions: 'west', 'west * j1'; aliases behind '+'
    "difference": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "n_pairs": "int64",
    "design": "string",  # 2^2, 2^(4-1)
    "gate": "string",  # worst of all runs that it rests on
}
"""One row per policy, period and part of its effect on the primary measure."""


def design(factors: int) -> list[Levels]:
    """Return the runs of the design, all off first; ValueError beyond `MOST_FACTORS` or below two factors."""
    if not 2 <= factors <= MOST_FACTORS:  # noqa: PLR2004
        raise ValueError(f"{factors} factors: two to {MOST_FACTORS} can be told apart")
    generators = GENERATORS.get(factors, {})
    runs = []
    for base in itertools.product((-1, 1), repeat=factors - len(generators)):
        signs = [*base, *(0 for _ in generators)]
        for factor, own in generators.items():
            signs[factor] = math.prod(signs[i] for i in own)
        runs.append(tuple(sign > 0 for sign in signs))
    return runs


def design_name(factors: int) -> str:
    """Return what the design is called: 2^3, 2^(5-1)."""
    taken = len(GENERATORS.get(factors, {}))
    return f"2^({factors}-{taken})" if taken else f"2^{factors}"


def contrasts(names: Sequence[str]) -> list[tuple[str, str, Mapping[Levels, float]]]:
    """Return term, names and the weight of every run, for a policy of these factors.

    A full factorial shares the total out without remainder: a factor's share is its mean contribution over
    all orders in which the factors could have come (Shapley 1953); with two factors that is the main effect.
    A fraction gives main effects, and what they leave of the total is the rest. An interaction is what two
    (or three) bring together beyond what they bring apart, averaged over the levels of the others.
    """
    k = len(names)
    runs = design(k)
    off, on = (False,) * k, (True,) * k
    total = {on: 1.0, off: -1.0}
    found: list[tuple[str, str, Mapping[Levels, float]]] = [("total", "", total)]
    if k <= FULL_UP_TO:
        shares = [_shapley(factor, k) for factor in range(k)]
    else:
        shares = [_contrast(runs, (factor,)) for factor in range(k)]
    found += [("share", name, share) for name, share in zip(names, shares, strict=True)]
    signs = {run: np.array([1 if here else -1 for here in run]) for run in runs}
    groups: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    sizes = range(2, k + 1) if k <= FULL_UP_TO else (2,)
    for size in sizes:
        for own in itertools.combinations(range(k), size):
            column = tuple(int(np.prod(signs[run][list(own)])) for run in runs)
            groups.setdefault(column, []).append(own)
    for mixed in groups.values():
        words = " + ".join(" * ".join(names[i] for i in own) for own in mixed)
        found.append(("interaction", words, _contrast(runs, mixed[0])))
    if k > FULL_UP_TO:
        rest = dict(total)
        for share in shares:
            for run, weight in share.items():
                rest[run] = rest.get(run, 0.0) - weight
        found.append(("rest", "", rest))
    return found


def _contrast(runs: Sequence[Levels], own: tuple[int, ...]) -> dict[Levels, float]:
    """Difference (of differences) in the factors `own`, averaged over the others."""
    scale = 2 ** (len(own) - 1) / (len(runs) / 2)
    return {run: scale * math.prod(1 if run[i] else -1 for i in own) for run in runs}


def _shapley(factor: int, k: int) -> dict[Levels, float]:
    weights: dict[Levels, float] = {}
    for others in itertools.product((False, True), repeat=k - 1):
        before = sum(others)
        weight = math.factorial(before) * math.factorial(k - 1 - before) / math.factorial(k)
        without, having = ((*others[:factor], here, *others[factor:]) for here in (False, True))
        weights[having] = weights.get(having, 0.0) + weight
        weights[without] = weights.get(without, 0.0) - weight
    return weights


def attribution(
    arm: str,
    period: str,
    names: Sequence[str],
    values: Mapping[Levels, pd.Series[float]],
    gate: str,
    confidence: float,
) -> pd.DataFrame:
    """Share one policy's effect out among its interventions.

    `values`: the primary measure by replicate, for every run of the design and for all off and all on;
    replicates that one of them lacks are left out of all. Intervals are those of the contrast of each
    replicate, paired t. Columns `ATTRIBUTION`; numbers NaN where `gate` is ``invalid``.
    """
    table = pd.DataFrame({str(number): one for number, one in enumerate(values.values())}).dropna()
    columns = {run: table[str(number)].to_numpy(dtype=float) for number, run in enumerate(values)}
    rows = []
    for term, own, weights in contrasts(names):
        each: NDArray[np.float64] = np.zeros(len(table))
        for run, weight in weights.items():
            each = each + weight * columns[run]
        estimate = inference.paired_t(each if gate != SEVERITIES[-1] else each[:0], confidence)
        rows.append(
            {
                "arm": arm,
                "period": period,
                "term": term,
                "names": own,
                "difference": estimate.difference,
                "ci_low": estimate.ci_low,
                "ci_high": estimate.ci_high,
                "n_pairs": len(table),
                "design": design_name(len(names)),
                "gate": gate,
            }
        )
    return typed(pd.DataFrame(rows, columns=list(ATTRIBUTION)), ATTRIBUTION)
