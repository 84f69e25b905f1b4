"""Random lane uses and timings: every policy is built with its proof, or refused in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import BuildError, ConfigError
from sim.policy import apply, empty_policy
from sim.site.car_lanes import lane_uses
from sim.site.model import Site
from sim.sumo.build import build
from sim.sumo.proof import prove
from tests.sites import policy_of

APPROACHES = ("J1.north", "J1.east", "J1.west", "J2.west", "J2.south")
USES = ("left", "left+through", "through", "through+right", "right", "left+through+right")


markings = st.dictionaries(
    st.sampled_from(APPROACHES),
    st.lists(st.sampled_from(range(len(USES))), min_size=2, max_size=3).map(sorted),
    min_size=1,
    max_size=2,
)
timings = st.dictionaries(st.sampled_from(["S1", "S2", "S3"]), st.integers(3, 60), max_size=2)


def test_random_policies_hold_their_proof_or_are_refused(site: Site, cache: Path) -> None:
    outcome: Counter[str] = Counter()

    @settings(max_examples=25)
    @given(marking=markings, greens_s=timings)
    def one(marking: Mapping[str, list[int]], greens_s: Mapping[str, int]) -> None:
        outcome[tried(site, cache, marking, greens_s)] += 1

    one()
    assert outcome["held"] >= 3, outcome
    assert outcome["refused"] >= 3, outcome


def tried(site: Site, cache: Path, marking: Mapping[str, list[int]], greens_s: Mapping[str, int]) -> str:
    """Build one policy and prove it; say whether that went well or was refused."""
    uses = {approach: [USES[number] for number in lanes] for approach, lanes in marking.items()}
    changes: dict[str, dict[str, object]] = {}
    for approach, lanes in uses.items():
        today = lane_uses(site.network, site.network.approaches[approach])
        changes[approach] = {"kind": "set_lane_use", "approach": approach, "expect": today, "lanes": lanes}
    if greens_s:
        same = {"kind": "retime_signal", "junction": "J1", "expect": {"cycle_s": 90}}
        changes["times"] = {**same, "greens_s": greens_s}
    try:
        applied = apply(policy_of(**changes), site, "policy")
        arm = build(site, applied, "am", cache)
    except (ConfigError, BuildError) as refusal:
        assert str(refusal)
        return "refused"
    base = build(site, apply(empty_policy(), site, "policy"), "am", cache)
    prove(base, arm, applied.footprint, applied.edits)
    for approach, lanes in uses.items():
        assert lane_uses(arm.network, arm.network.approaches[approach]) == lanes
    return "held"
