"""Speed of a sweep against its simulations, as ratios; `make bench`. Nothing else should run meanwhile.

Twelve arms and twenty replicates. `HUANDU_BENCH_REPLICATES` shortens a trial; the limits hold for 20. They
are about the runs: from the start of the program, building included, until the last run is in the store. The
whole study, with every run measured, arms compared and a page made, is printed beside it.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.bench.watched_run import huandu_run
from tests.retimings import write_retimings

pytestmark = [pytest.mark.bench, pytest.mark.data]

POLICIES = 11
REPLICATES = int(os.environ.get("HUANDU_BENCH_REPLICATES", "20"))
NETWORKS = {
    "cologne8": ("cologne8/cologne8.sumocfg", "07:00:00", "08:00:00", 1.15),
    "acosta": ("bologna_acosta/run.sumocfg", "00:00:00", "01:00:00", 1.05),
}
"""Site -> configuration, window, and how much longer than its simulations a study may take."""


def last_run(log: Path) -> datetime:
    """When the last run was in the store."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return max(datetime.fromisoformat(line["time"]) for line in lines if line["event"] == "run")


@pytest.mark.parametrize("site", NETWORKS)
def test_a_sweep_costs_little_more_than_its_simulations(site: str, tmp_path: Path, repo_root: Path) -> None:
    """Wall time over the simulators' CPU time divided by the cores; see `tests.bench.watched_run`."""
    source, begin, end, limit = NETWORKS[site]
    path = repo_root.parent / "shared" / "data" / source
    write_retimings(tmp_path, path, site, POLICIES, begin=begin, end=end)
    words = [f"scenario={site}", f"run.replicates={REPLICATES}", "run.placebo=false", "run.clear_factor=1.0"]
    words += ["run.replay=false", "run.passport=false", "study=bench"]
    cores = os.cpu_count() or 1
    started = datetime.now(UTC)
    wall_s, sumo_s, own_mb = huandu_run(tmp_path, words)
    runs_s = (last_run(tmp_path / "results" / "bench" / "log.jsonl") - started).total_seconds()
    ratio = runs_s / (sumo_s / cores)
    runs = (POLICIES + 1) * REPLICATES
    whole = wall_s / (sumo_s / cores)
    print(f"{site}, {runs} runs: wall {runs_s:.1f} s, sumo's CPU {sumo_s:.1f} s on {cores} cores")
    print(f"ratio {ratio:.3f}; whole study {wall_s:.1f} s, ratio {whole:.3f}; parent's peak {own_mb:.0f} MB")
    again_s, none_s, _ = huandu_run(tmp_path, [*words, "resume=true"])
    print(f"the same study once more: {again_s:.1f} s")
    assert none_s == 0 and again_s <= 3
    assert ratio <= limit
