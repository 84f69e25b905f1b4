"""Models made by others become sites: everybody is there, and the baseline can be built and driven."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.demand import broken_routes, realise
from sim.importing import import_site
from sim.policy import apply, empty_policy
from sim.standard_data import vehicle_set
from sim.study import RunSettings
from sim.sumo.build import build
from sim.sumo.demand_files import write_demand
from sim.sumo.site import load

CASES = {
    "cologne8": ("cologne8/cologne8.sumocfg", 2046, 8, ("07:00:00", "08:00:00")),
    "ingolstadt7": ("ingolstadt7/ingolstadt7.sumocfg", 3031, 7, ("16:00:00", "17:00:00")),
    "jinan": ("jinan_3x4/n.sumocfg", 6295, 12, ("00:00:00", "01:00:00")),
    "acosta": ("bologna_acosta/run.sumocfg", 8779, 7, ("00:00:00", "01:01:00")),
    "doerpfeldstr": ("doerpfeldstr/all_modes.sumocfg", 2746, 9, ("13:58:20", "15:01:40")),
}
NOT_CARRIED = {
    "acosta": ("e1Detector of acosta_detectors.add.xml: measures only, huandu has its own detectors (58)",),
    "doerpfeldstr": ("option time-to-teleport=100 of all_modes.sumocfg",),
}


@pytest.mark.data
@pytest.mark.parametrize("name", CASES)
def test_import(name: str, shared_data: Path, tmp_path: Path, repo_root: Path) -> None:
    config, vehicles, signals, clock = CASES[name]
    (tmp_path / "scenarios").mkdir()
    lines = import_site(shared_data / config, name, tmp_path)
    site = load(tmp_path / "scenarios" / name, tmp_path / "store")
    period = site.periods["window"]
    assert (period.begin, period.end) == clock
    assert len(site.signals["window"]) == signals
    assert site.facts.imported is not None
    assert site.facts.trains_pass_after_s == (70 if name == "doerpfeldstr" else None)
    assert site.facts.passes_blocker_after_s is None
    for text in NOT_CARRIED.get(name, ()):
        assert any(text in line for line in lines)
        assert any(text in line for line in site.facts.imported.not_carried_over)

    people = realise(site, "window", 1, RunSettings(), vehicle_set(repo_root, None))
    assert len(people.vehicles) == vehicles
    assert broken_routes(people, site.network).empty
    arm = build(site, apply(empty_policy(), site, ""), "window", tmp_path / "store")
    write_demand(people, arm, tmp_path / "people.rou.xml")
    assert not any(b"file=" in path.read_bytes() for path in arm.additional_files)
