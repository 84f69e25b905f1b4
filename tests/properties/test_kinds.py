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
from tests.kinds import CHOOSY, KINDS
from tests.properties.test_edits import runs
from tests.sites import applied_of, policy_of, site_of
from tests.town import town


def applied(site: Site, name: str) -> AppliedPolicy:
    kind, fields = {**KINDS, **CHOOSY}[name]
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
    outcome = paired(site, cache, sorted(KINDS), sorted(KINDS), 20)
    assert outcome["held"] >= 5, outcome
    assert outcome["refused"] >= 3, outcome


@pytest.fixture(scope="module")
def of_all(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return town(tmp_path_factory.mktemp("town"))


@pytest.mark.parametrize("name", CHOOSY)
def test_the_proof_holds_where_there_is_a_place(of_all: Site, cache: Path, name: str) -> None:
    assert proved(of_all, cache, name).changed


def test_kinds_with_few_places_and_any_other_hold_their_proof_or_are_refused(
    of_all: Site, cache: Path
) -> None:
    """No street of the town is wide enough for a lane that changes its direction or its use."""
    wide = ("variable_lane", "tidal_lane")
    others = sorted(name for name in {*KINDS, *CHOOSY} if not name.startswith(wide))
    outcome = paired(of_all, cache, sorted(CHOOSY), others, 30)
    assert outcome["held"] >= 10, outcome
    assert outcome["refused"], outcome


def paired(site: Site, cache: Path, some: list[str], others: list[str], examples: int) -> Counter[str]:
    """Build pairs of kinds in one policy, also in a stated order; return how many held and were refused."""
    outcome: Counter[str] = Counter()
    base = build(site, applied_of(site, ()), "am", cache)
    kinds = {**KINDS, **CHOOSY}

    @settings(max_examples=examples)
    @given(
        names=st.tuples(st.sampled_from(some), st.sampled_from(others)).filter(
            lambda pair: pair[0] != pair[1]
        ),
        order=st.sampled_from([{}, {"a": "b"}, {"b": "a"}]),
    )
    def one(names: tuple[str, str], order: dict[str, str]) -> None:
        parts = {
            id: {"kind": kinds[name][0], **kinds[name][1](site)} for id, name in zip("ab", names, strict=True)
        }
        for later, earlier in order.items():
            parts[later]["after"] = [earlier]
        try:
            policy = apply(policy_of(**parts), site, "policy")
            arm = build(site, policy, "am", cache)
        except (ConfigError, BuildError) as refusal:
            assert str(refusal)
            outcome["refused"] += 1
            return
        assert prove(base, arm, policy.footprint, policy.edits).changed
        outcome["held"] += 1

    one()
    return outcome
