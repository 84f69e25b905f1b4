"""How long a search takes: one junction of cologne8, 60 candidates on 5 replicates of its peak hour.

With the confirmation on fresh replicates; from an empty store, on two cores, nothing else running.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.command_line import huandu

pytestmark = [pytest.mark.bench, pytest.mark.data]

JUNCTION = "247379907"
"""Four stages, so that their order is searched too."""
MINUTES = 5


def test_a_search_for_one_junction_ends_within_five_minutes(tmp_path: Path, repo_root: Path) -> None:
    source = repo_root.parent / "shared" / "data" / "cologne8" / "cologne8.sumocfg"
    if not source.is_file():
        pytest.skip("no real data: ../shared/data is not beside the repository")
    for name in ("scenarios", "configs/scenario"):
        (tmp_path / name).mkdir(parents=True)
    assert huandu("--root", tmp_path, "import", str(source), "--name", "cologne8").code == 0
    words = (f"junction={JUNCTION}", "candidates=60", "search_replicates=5", "run.jobs=2")
    began_s = time.monotonic()
    said = huandu("--root", tmp_path, "signals", "suggest", "scenario=cologne8", *words)
    took_s = time.monotonic() - began_s
    assert said.code == 0, said.err
    told = re.search(r"\d+ plans tried in \d+ runs \(early stopping saved (\d+)\).*simulated hours", said.out)
    assert told is not None
    print(f"\n{took_s:.0f} s: {told[0]}")
    assert int(told[1]) > 0
    assert took_s <= MINUTES * 60
