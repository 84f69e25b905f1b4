"""Every edit does what it says and nothing else: on a small street, and on networks that others made."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from itertools import combinations
from pathlib import Path

import pytest

from sim.edits.base import SHARED_KINDS
from sim.edits.edited_site import footprint
from sim.errors import BuildError
from sim.site.model import Site
from sim.sumo.build import ArmBuild, build
from sim.sumo.install import binary, environment
from sim.sumo.proof import Proof, prove
from tests.edits import EDITS
from tests.sites import applied_of


def built(site: Site, cache: Path, *names: str) -> ArmBuild:
    edits = [edit for name in names for edit in EDITS[name](site)]
    return build(site, applied_of(site, edits), "am", cache)


def proved(site: Site, cache: Path, name: str) -> Proof:
    edits = EDITS[name](site)
    return prove(built(site, cache), built(site, cache, name), footprint(site, edits), edits)


@pytest.mark.parametrize("name", EDITS)
def test_the_proof_holds(site: Site, cache: Path, tmp_path: Path, name: str) -> None:
    assert proved(site, cache, name).changed
    runs(built(site, cache, name))


@pytest.mark.data
@pytest.mark.parametrize("name", EDITS)
def test_the_proof_holds_on_a_network_that_others_made(real: Site, cache: Path, name: str) -> None:
    assert proved(real, cache, name).changed
    runs(built(real, cache, name))


@pytest.mark.parametrize("name", EDITS)
def test_what_was_declared_and_did_not_happen_fails_the_proof(site: Site, cache: Path, name: str) -> None:
    base, edits = built(site, cache), EDITS[name](site)
    with pytest.raises(BuildError, match="missing: "):
        prove(base, base, footprint(site, edits), edits)


@pytest.mark.parametrize("name", EDITS)
def test_a_change_beside_the_footprint_fails_the_proof(
    site: Site, cache: Path, tmp_path: Path, name: str
) -> None:
    arm, edits = built(site, cache, name), EDITS[name](site)
    content = arm.net_file.read_text(encoding="utf-8")
    changed, count = re.subn(r'(<lane id="J2_E_1"[^>]*speed=)"[^"]*"', r'\1"9.99"', content)
    assert count == 1
    tampered = tmp_path / arm.net_file.name
    tampered.write_text(changed, encoding="utf-8")
    with pytest.raises(BuildError, match="outside: lane J2_E_1: speed"):
        prove(built(site, cache), dataclasses.replace(arm, net_file=tampered), footprint(site, edits), edits)


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.validate) for part in (1, 2))])
def test_disjoint_edits_commute(site: Site, cache: Path, part: int) -> None:
    """A third of the pairs in every run of the tests."""
    touched = {name: footprint(site, EDITS[name](site)) for name in EDITS}
    pairs = [
        pair
        for pair in combinations(EDITS, 2)
        if not {key for key in touched[pair[0]] & touched[pair[1]] if key[0] not in SHARED_KINDS}
    ]
    assert len(pairs) > len(EDITS)
    for a, b in pairs[part::3]:
        assert built(site, cache, a, b).digest == built(site, cache, b, a).digest


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_that_is_done_already_is_refused(site: Site, name: str) -> None:
    edits = EDITS[name](site)
    with pytest.raises(ValueError, match=r"expected|already|no "):
        footprint(site, [*edits, *edits])


def runs(arm: ArmBuild) -> None:
    """Load the arm for ten seconds without traffic; SUMO has nothing to say about what we wrote."""
    files = ",".join(str(path) for path in arm.additional_files)
    begin = ["--begin", "27000", "--end", "27010", "--no-step-log"]
    command = [str(binary("sumo")), "-n", str(arm.net_file), "-a", files, *begin]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr
