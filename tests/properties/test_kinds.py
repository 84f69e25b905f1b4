"""Every kind of intervention is built with its proof: on a small street, and on networks that others made."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import BuildError, ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.model import Site
from sim.sumo.build import build
from sim.sumo.proof import Proof, prove
from tests.kinds import KINDS
from tests.properties.test_edits import runs
from tests.sites import applied_of, policy_of, site_of


def applied(site: Site, name: str) -> AppliedPolicy:
    kind, fields = KINDS[name]
    return apply(policy_of(a={"kind": kind, **fields(site)}), site, "policy")


def proved(site: Site, cache: Path, name: str) -> Proof:
    policy = applied(site, name)
    arm = build(site, policy, "am", cache)
    runs(arm)
    return prove(build(site, applied_of(site, ()), "am", cache), arm, policy.footprint, policy.edits)


@pytest.mark.parametrize("name", KINDS)
def test_the_proof_holds(site: Site, cache: Path, name: str) -> None:
    assert proved(site, cache, name).changed


@pytest.mark.data
@pytest.mark.parametrize("name", [name for name in KINDS if name != "tidal_lane"])
def test_the_proof_holds_on_a_network_that_others_made(real: Site, cache: Path, name: str) -> None:
    assert proved(real, cache, name).changed


@pytest.mark.parametrize("name", KINDS)
def test_the_change_log_says_it_in_both_languages(site: Site, name: str) -> None:
    words = applied(site, name).change_log[0]
    assert words.zh
    assert words.en
    assert words.zh != words.en


@pytest.mark.data
def test_a_tidal_lane_where_streets_are_wide_both_ways(
    shared_data: Path, cache: Path, tmp_path: Path
) -> None:
    site = site_of(shared_data / "nanchang_cutA/c.net.xml", tmp_path)
    assert proved(site, cache, "tidal_lane").changed


def test_any_two_kinds_together_hold_their_proof_or_are_refused(site: Site, cache: Path) -> None:
    """Pairs in one policy, also in a stated order: never a crash, never a wrong build."""
    outcome: Counter[str] = Counter()
    base = build(site, applied_of(site, ()), "am", cache)

    @settings(max_examples=20)
    @given(
        names=st.lists(st.sampled_from(sorted(KINDS)), min_size=2, max_size=2, unique=True),
        ordered=st.booleans(),
    )
    def one(names: list[str], ordered: bool) -> None:
        parts = [{"kind": KINDS[name][0], **KINDS[name][1](site)} for name in names]
        after = {"after": ["a"]} if ordered else {}
        try:
            policy = apply(policy_of(a=parts[0], b={**parts[1], **after}), site, "policy")
            arm = build(site, policy, "am", cache)
        except (ConfigError, BuildError) as refusal:
            assert str(refusal)
            outcome["refused"] += 1
            return
        assert prove(base, arm, policy.footprint, policy.edits).changed
        outcome["held"] += 1

    one()
    assert outcome["held"] >= 5, outcome
    assert outcome["refused"] >= 3, outcome
