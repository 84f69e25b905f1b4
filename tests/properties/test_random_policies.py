"""Random lane uses and timings: every policy is built with its proof, or refused in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import BuildError, ConfigError
from sim.interventions.set_lane_use import lane_uses
from sim.policy import apply, empty_policy
from sim.site_model import Site
from sim.sumo.build import build
from sim.sumo.proof import prove
from tests.sites import policy_of, street

APPROACHES = ("J1.north", "J1.east", "J1.west", "J2.west", "J2.south")
USES = ("left", "left+through", "through", "through+right", "right", "left+through+right")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return street(Path(tmp_path_factory.mktemp("street")))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def outcome() -> Counter[str]:
    return Counter()


markings = st.dictionaries(
    st.sampled_from(APPROACHES),
    st.lists(st.sampled_from(range(len(USES))), min_size=2, max_size=3).map(sorted),
    min_size=1,
    max_size=2,
)
timings = st.dictionaries(st.sampled_from(["S1", "S2", "S3"]), st.integers(3, 60), max_size=2)


@settings(max_examples=25)
@given(marking=markings, greens_s=timings)
def test_a_random_policy_holds_its_proof_or_is_refused(
    site: Site,
    cache: Path,
    outcome: Counter[str],
    marking: Mapping[str, list[int]],
    greens_s: Mapping[str, int],
) -> None:
    changes: dict[str, dict[str, object]] = {}
    for approach, lanes in marking.items():
        today = lane_uses(site.network, site.network.approaches[approach])
        uses = [USES[number] for number in lanes]
        changes[approach] = {"kind": "set_lane_use", "approach": approach, "expect": today, "lanes": uses}
    if greens_s:
        changes["times"] = {
            "kind": "retime_signal", "junction": "J1", "expect": {"cycle_s": 90}, "greens_s": greens_s,
        }  # fmt: skip
    try:
        applied = apply(policy_of(**changes), site, "policy")
        arm = build(site, applied, "am", cache)
    except (ConfigError, BuildError) as refusal:
        assert str(refusal)
        outcome["refused"] += 1
        return
    base = build(site, apply(empty_policy(), site, "policy"), "am", cache)
    prove(base, arm, applied.footprint, applied.edits)
    for approach, lanes in marking.items():
        assert lane_uses(arm.network, arm.network.approaches[approach]) == [USES[number] for number in lanes]
    outcome["held"] += 1


def test_the_random_policies_were_not_all_refused(outcome: Counter[str]) -> None:
    assert outcome["held"] >= 3
    assert outcome["refused"] >= 3
