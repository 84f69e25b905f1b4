"""Every kind that builds holds its proof: on a small street, and on networks that others made."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.policy import apply
from sim.site.model import Site
from sim.sumo.build import build
from sim.sumo.proof import Proof, prove
from tests.building_kinds import BUILDING
from tests.properties.test_edits import runs
from tests.sites import applied_of, policy_of


def proved(site: Site, cache: Path, name: str) -> Proof:
    kind, fields = BUILDING[name]
    policy = apply(policy_of(a={"kind": kind, **fields(site)}), site, "policy")
    words = policy.change_log[0]
    assert words.zh != words.en
    arm = build(site, policy, "am", cache)
    runs(arm)
    return prove(build(site, applied_of(site, ()), "am", cache), arm, policy.footprint, policy.edits)


@pytest.mark.parametrize("name", BUILDING)
def test_the_proof_holds(site: Site, cache: Path, name: str) -> None:
    assert proved(site, cache, name).changed


@pytest.mark.data
@pytest.mark.parametrize("name", BUILDING)
def test_the_proof_holds_on_a_network_that_others_made(real: Site, cache: Path, name: str) -> None:
    assert proved(real, cache, name).changed
