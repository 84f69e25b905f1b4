"""A study of twenty thousand runs whose simulations are stubs; `make bench`. See `tests.bench.many_runs`.

`HUANDU_BENCH_RUNS` shortens a trial; the limits hold for 20,000. With `whole` behind the number every
table is written, also those for which all outputs are read once more.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.bench

RUNS, *WHOLE = os.environ.get("HUANDU_BENCH_RUNS", "20000").split()
ARMS = 50
COORDINATOR_MB, OVERHEAD_MS, QUERY_S = 400.0, 5.0, 1.0


def test_a_study_of_very_many_runs_stays_small_and_quick(tmp_path: Path, repo_root: Path) -> None:
    """Overhead: CPU time of the process that hands out the runs, from the first to the tables, per run."""
    replicates = max(12, int(RUNS) // ARMS)
    words = ["-m", "tests.bench.many_runs", str(tmp_path / "root"), str(ARMS), str(replicates), *WHOLE]
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, cwd=repo_root
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    print(json.dumps(found))
    print(
        f"{found['runs']} runs: {found['overhead_ms']:.2f} ms per run, {found['peak_mb']:.0f} MB, "
        f"query {found['query_s']:.2f} s"
    )
    assert found["overhead_ms"] <= OVERHEAD_MS
    assert found["peak_mb"] <= COORDINATOR_MB
    assert found["query_s"] <= QUERY_S
