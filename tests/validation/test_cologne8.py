"""The proofs on cologne8 at a small size, and what was found at full size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tests.validation import cologne8
from tests.validation.known_truth import stated


def test_the_band_of_a_power_counts_the_truth_s_own_error() -> None:
    rng = np.random.default_rng(5)
    few, many = (stated(rng.normal(-2.0, 2.5, pairs), 10, 200) for pairs in (100, 20_000))
    assert few.high - few.low > 1.5 * (many.high - many.low)
    edge = stats.t.ppf(0.975, 9)
    exact = stats.nct.sf(edge, 9, 0.8 * 10**0.5)
    low, high = stats.binom.interval(0.999, 200, exact)
    assert many.power == pytest.approx(exact, abs=0.03)
    assert many.low == pytest.approx(low, abs=8) and many.high == pytest.approx(high, abs=8)


def test_the_page_is_that_of_the_facts() -> None:
    facts = json.loads(cologne8.FACTS.read_text(encoding="utf-8"))
    assert cologne8.PAGE.read_text(encoding="utf-8") == cologne8.page(facts)
    choice = facts["choice"]
    assert len(choice["plans"]) == len(cologne8.PLANS) == 12
    assert choice["share"] == pytest.approx(choice["hours"] / choice["rinott_hours"])
    assert choice["share"] <= 0.5
    if (power := facts.get("power")) is not None:
        assert power["pairs"] == 400
        assert power["low"] <= power["found"] <= power["high"]


@pytest.mark.validate
@pytest.mark.data
def test_the_best_of_twelve_real_plans_and_a_real_change(shared_data: Path, tmp_path: Path) -> None:
    with cologne8.cologne8(shared_data, tmp_path) as network:
        chosen = cologne8.choice(network)
        assert chosen["share"] <= 0.5
        assert chosen["fresh"][0] < 0, "the winner is better than today on fresh replicates"
        found = cologne8.power(network)
    assert found["low"] <= found["found"] <= found["high"]
