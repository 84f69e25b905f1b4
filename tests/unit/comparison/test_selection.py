"""Selection of the best: its constants, who drops out when, and what the fresh estimate is for."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import special

from sim.comparison.inference import paired_t
from sim.comparison.selection import Sample, rinott, select


def world(means: dict[str, float], *, rho: float = 0.6, sd: float = 10.0, seed: int = 0) -> Sample:
    """Candidates whose replicates share the demand (correlation `rho`) and have a noise of their own."""

    def sample(name: str, replicates: Sequence[int]) -> list[float]:
        values = []
        for r in replicates:
            shared = np.random.default_rng([seed, r]).normal()
            own = np.random.default_rng([seed, r, list(means).index(name)]).normal()
            values.append(means[name] + sd * (math.sqrt(rho) * shared + math.sqrt(1 - rho) * own))
        return values

    return sample


def test_rinott_s_constant_is_that_of_two_independent_stages() -> None:
    # P(correct) at the least favourable means, from chi-squares drawn instead of integrated.
    rng = np.random.default_rng(1)
    for k, n0 in ((2, 10), (10, 20)):
        x, y = rng.chisquare(n0 - 1, (2, 40000))
        others = rng.chisquare(n0 - 1, (40000, 40))
        h = rinott(k, n0, 0.95)
        inner = special.ndtr(h / np.sqrt((n0 - 1) * (1 / others + 1 / x[:, None]))).mean(axis=1)
        assert float((inner ** (k - 1)).mean()) == pytest.approx(0.95, abs=0.004)
        assert y.mean() == pytest.approx(n0 - 1, rel=0.02)
    assert rinott(3, 10, 0.95) < rinott(12, 10, 0.95)


def test_the_clearly_worse_drop_out_after_the_first_stage() -> None:
    means = {"a": 60.0, "b": 100.0, "c": 100.0}
    got = select(list(means), world(means), 5.0, reference="c")
    assert got.best == "a"
    assert dict(got.replicates) == {"a": 10, "b": 10, "c": 10}
    assert got.fresh is not None
    assert got.fresh.ci_low < -40 < got.fresh.ci_high
    assert (got.fresh_runs, got.runs) == (20, 50)
    assert got.share_of_equal == 50 / sum(got.equal_allocation.values())


def test_the_fresh_estimate_comes_from_replicates_the_choice_has_not_seen() -> None:
    means = dict.fromkeys("abcdef", 50.0)
    seen: dict[str, list[int]] = {name: [] for name in means}
    base = world(means)

    def sample(name: str, replicates: Sequence[int]) -> Sequence[float]:
        seen[name] += list(replicates)
        return base(name, replicates)

    got = select(list(means), sample, 20.0, reference="a", first_replicate=100)
    assert got.best != "a", "another seed where the reference is chosen by chance"
    last = 100 + max(got.replicates.values())
    fresh = [r for r in seen[got.best] if r >= last]
    assert fresh == [r for r in seen["a"] if r >= last] == list(range(last, last + 10))
    expected = paired_t(np.subtract(base(got.best, fresh), base("a", fresh)), 0.95)
    assert got.fresh == expected
    # Nobody is run twice for the same replicate.
    assert all(len(set(runs)) == len(runs) for runs in seen.values())


def test_equal_candidates_come_to_an_end_and_the_first_is_chosen() -> None:
    got = select(["a", "b"], lambda _, replicates: [float(r) for r in replicates], 1.0)
    assert (got.best, dict(got.replicates)) == ("a", {"a": 10, "b": 10})


def test_one_candidate_needs_no_choice() -> None:
    got = select(["a"], world({"a": 1.0}), 1.0)
    assert (got.best, got.runs, got.fresh) == ("a", 10, None)


def test_a_candidate_that_fails_is_never_chosen() -> None:
    means = {"a": 10.0, "b": 50.0}
    base = world(means)

    def sample(name: str, replicates: Sequence[int]) -> Sequence[float]:
        return [
            math.nan if name == "a" and r == 3 else v
            for r, v in zip(replicates, base(name, replicates), strict=True)
        ]

    got = select(["a", "b"], sample, 5.0)
    assert (got.best, got.failed) == ("b", ("a",))
    with pytest.raises(ValueError, match="every candidate failed"):
        select(["a"], sample, 5.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], 1.0), "at least one"),
        ((["a", "a"], 1.0), "each once"),
        ((["a", "b"], 0.0), "positive"),
    ],
)
def test_what_cannot_be_asked(arguments: tuple[list[str], float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        select(arguments[0], world({"a": 1.0, "b": 2.0}), arguments[1])
