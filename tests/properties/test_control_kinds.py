"""Signals come and go, on a small street and at junctions that others made: the proof holds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sim.errors import ConfigError
from sim.policy import apply
from sim.site.model import Site
from sim.sumo.build import build
from sim.sumo.proof import prove
from tests.control_kinds import Fields, conversions
from tests.properties.test_edits import runs
from tests.sites import applied_of, policy_of, site_of

NETWORKS = {
    "cologne8": ("cologne8/cologne8.net.xml", ()),
    "acosta": ("bologna_acosta/acosta_buslanes.net.xml", ("bologna_acosta/acosta_tls.add.xml",)),
    "ingolstadt7": ("ingolstadt7/ingolstadt7.net.xml", ()),
    "nanchang_cutA": ("nanchang_cutA/c.net.xml", ()),
}


def holds(site: Site, cache: Path, fields: Fields) -> None:
    policy = apply(policy_of(a=fields), site, "policy")
    arm = build(site, policy, "am", cache)
    base = build(site, applied_of(site, ()), "am", cache)
    proof = prove(base, arm, policy.footprint, policy.edits)
    # A network may say already who goes first: then the same control with major approaches changes nothing.
    assert proof.changed or policy.edits[0].expected == policy.edits[0].wanted
    runs(arm)


def test_every_control_holds_its_proof(site: Site, cache: Path) -> None:
    found = dict(conversions(site))
    assert len(found) == 6
    for fields in found.values():
        holds(site, cache, fields)


def sampled(site: Site, cache: Path, one_in: int) -> Counter[str]:
    """Prove one conversion in so many, the first of each kind at least; return how many of each."""
    done: Counter[str] = Counter()
    for number, (name, fields) in enumerate(conversions(site)):
        what = name.split()[-1]
        if number % one_in == 0 or not done[what]:
            holds(site, cache, fields)
            done[what] += 1
    return done


@pytest.mark.data
@pytest.mark.parametrize("name", ["cologne8", "acosta"])
def test_a_sample_of_junctions_that_others_made(
    name: str, shared_data: Path, tmp_path: Path, cache: Path
) -> None:
    network, signals = NETWORKS[name]
    site = site_of(shared_data / network, tmp_path, [shared_data / add for add in signals])
    done = sampled(site, cache, 20)
    assert {"signals", "priority", "allway_stop", "right_before_left"} <= done.keys()


@pytest.mark.data
@pytest.mark.validate
@pytest.mark.parametrize("name", NETWORKS)
def test_every_junction_that_others_made(name: str, shared_data: Path, tmp_path: Path, cache: Path) -> None:
    network, signals = NETWORKS[name]
    site = site_of(shared_data / network, tmp_path, [shared_data / add for add in signals])
    print(name, dict(sampled(site, cache, 1)))


@pytest.mark.data
def test_a_signal_of_several_junctions_cannot_go_at_one(real: Site) -> None:
    signals = Counter(junction.signal for junction in real.network.junctions.values() if junction.signal)
    shared = [j for j in real.network.junctions.values() if signals[j.signal] > 1]
    if not shared:
        pytest.skip("every signal of this network controls one junction")
    fields = {"junction": shared[0].id, "expect": {"control": "signals"}, "to": "right_before_left"}
    with pytest.raises(ConfigError, match="together"):
        apply(policy_of(a={"kind": "convert_junction", **fields}), real, "policy")
