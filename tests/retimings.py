"""An imported network with retimings of one of its signals as policies, as the files of a user's own root."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sim.importing import import_site
from sim.sumo.site import load


def write_retimings(root: Path, source: Path, site: str, policies: int, *, begin: str, end: str) -> None:
    """Write a scenario of that many policies into `root`: a signal's first stage 2, 3, ... seconds longer.

    Skips the test where `source`, a SUMO configuration, is not there.
    """
    if not source.is_file():
        pytest.skip("no real data: ../shared/data is not beside the repository")
    for name in ("scenarios", "configs/scenario"):
        (root / name).mkdir(parents=True)
    import_site(source, site, root, begin=begin, end=end)
    folder = root / "scenarios" / site / "policies"
    folder.mkdir(exist_ok=True)
    fields = _retiming(root, site)
    for n in range(policies):
        greens_s = {stage: green_s + 2 + n for stage, green_s in fields["greens_s"].items()}
        policy = {
            "site": site,
            "title": {"zh": f"配时{n}", "en": f"retime {n}"},
            "interventions": {"s": {**fields, "greens_s": greens_s}},
        }
        (folder / f"r{n}.yaml").write_text(yaml.safe_dump({f"r{n}": policy}), encoding="utf-8")
    chosen = ", ".join(f"r{n}" for n in range(policies))
    scenario = (
        "# @package _global_\n"
        f"defaults:\n  - /{site}/policies@policies: [{chosen}]\n"
        f"site: {site}\nprimary: fair_travel_time\nlegal_baseline: false\n"
    )
    (root / "configs" / "scenario" / f"{site}.yaml").write_text(scenario, encoding="utf-8")


def _retiming(root: Path, name: str) -> dict[str, dict[str, float]]:
    """Return the fields of a retiming that changes nothing yet, of the first signal of several stages."""
    site = load(root / "scenarios" / name, root / "results" / ".store")
    period = next(iter(site.periods))
    for junction in sorted(site.network.junctions.values(), key=lambda j: j.id):
        control = site.signals[period].get(junction.signal or "")
        program = control.programs[control.active] if control else None
        if program and program.kind == "static" and len(program.stages()) > 1:
            stage = program.stages()[0]
            return {
                "kind": "retime_signal",
                "junction": junction.id,
                "expect": {"cycle_s": program.cycle_s},
                "greens_s": {stage.name: stage.green_s},
            }
    raise AssertionError("no signal to retime")
