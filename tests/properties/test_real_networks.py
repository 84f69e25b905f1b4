"""On networks that somebody else made every change holds its proof or is refused with a reason.

The whole sweep, every signalised junction with every variant, runs under `make validate`; a sample always.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import pytest

from sim.errors import BuildError, ConfigError
from sim.interventions.set_lane_use import lane_uses
from sim.policy import apply, empty_policy
from sim.site.model import Site
from sim.sumo.build import ArmBuild, build
from sim.sumo.install import binary, environment
from sim.sumo.proof import prove
from tests.sites import policy_of, site_of

NETWORKS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "cologne8": ("cologne8/cologne8.net.xml", ()),
    "ingolstadt7": ("ingolstadt7/ingolstadt7.net.xml", ()),
    "acosta": ("bologna_acosta/acosta_buslanes.net.xml", ("bologna_acosta/acosta_tls.add.xml",)),
    "doerpfeldstr": ("doerpfeldstr/net.net.xml.gz", ()),
}
Change = dict[str, object]


@pytest.mark.data
@pytest.mark.parametrize("name", NETWORKS)
def test_a_sample_of_junctions(shared_data: Path, tmp_path: Path, name: str) -> None:
    outcome = sweep(shared_data, tmp_path, name, junctions=2, variants=2)
    assert outcome["held"] >= 3
    assert outcome["held"] + outcome["refused"] == outcome.total()


@pytest.mark.data
@pytest.mark.validate
@pytest.mark.parametrize("name", NETWORKS)
def test_every_signalised_junction(shared_data: Path, tmp_path: Path, name: str) -> None:
    outcome = sweep(shared_data, tmp_path, name, junctions=None, variants=None)
    assert outcome["held"] + outcome["refused"] == outcome.total()


def sweep(data: Path, folder: Path, name: str, junctions: int | None, variants: int | None) -> Counter[str]:
    """Try changes one at a time; anything but a proof that holds or a refusal in words is an error."""
    net, additionals = NETWORKS[name]
    site = site_of(data / net, folder / "site", [data / path for path in additionals])
    cache = folder / "cache"
    base = build(site, apply(empty_policy(), site, "policy"), "am", cache)
    outcome: Counter[str] = Counter()
    for junction in signalised(site)[:junctions]:
        changes = [*retimings(site, junction), *islice(remarkings(site, junction), variants)]
        for change in changes:
            try:
                applied = apply(policy_of(change=change), site, "policy")
                arm = build(site, applied, "am", cache)
                prove(base, arm, applied.footprint, applied.edits)
                assert_sumo_loads(arm)
                outcome["held"] += 1
            except ConfigError as refusal:
                assert all(problem.message for problem in refusal.problems)
                outcome["refused"] += 1
            except BuildError as refusal:
                assert "outside" not in str(refusal), (change, str(refusal))
                outcome["refused"] += 1
    return outcome


def assert_sumo_loads(arm: ArmBuild) -> None:
    files = ",".join(str(path) for path in arm.additional_files)
    command = [str(binary("sumo")), "-n", str(arm.net_file), "-a", files, "--end", "1", "--no-step-log"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr


def signalised(site: Site) -> list[str]:
    """List junctions with signals, those with fixed-time ones first."""

    def not_fixed(signal: str) -> bool:
        control = site.signals["am"][signal]
        return control.programs[control.active].kind != "static"

    found = [(not_fixed(j.signal), j.id) for j in site.network.junctions.values() if j.signal is not None]
    return [id for _, id in sorted(found)]


def retimings(site: Site, junction: str) -> Iterator[Change]:
    signal = site.network.junctions[junction].signal
    assert signal is not None
    control = site.signals["am"][signal]
    program = control.programs[control.active]
    same: Change = {"kind": "retime_signal", "junction": junction, "expect": {"cycle_s": program.cycle_s}}
    longest = max(program.stages(), key=lambda stage: stage.green_s)
    yield {**same, "cycle_s": program.cycle_s + 10}
    yield {**same, "greens_s": {longest.name: longest.green_s + 7}, "offset_s": 5}


def remarkings(site: Site, junction: str) -> Iterator[Change]:
    """Drop a movement from a lane, give a lane its neighbour's use, add each movement to each lane."""
    for approach in site.network.junctions[junction].approaches:
        uses = lane_uses(site.network, approach)
        same: Change = {"kind": "set_lane_use", "approach": approach.id, "expect": uses}
        for number, use in enumerate(uses):
            parts = [part for part in use.split("+") if part != "none"]
            before, after = uses[:number], uses[number + 1 :]
            if len(parts) > 1:
                yield {**same, "lanes": [*before, "+".join(parts[1:]), *after]}
            if before and before[-1] != use:
                yield {**same, "lanes": [*before, before[-1], *after]}
                yield {**same, "lanes": [*before[:-1], use, use, *after]}
            for movement in approach.movements:
                if movement.direction not in parts:
                    yield {**same, "lanes": [*before, "+".join([*parts, movement.direction]), *after]}
