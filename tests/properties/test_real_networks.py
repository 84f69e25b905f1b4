"""On networks that somebody else made every change holds its proof or is refused with a reason.

The whole sweep, every signalised junction with every change, runs under `make validate`; a sample always.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.validation.junction_sweep import FAILED, HELD, NETWORKS, of_network


@pytest.mark.data
@pytest.mark.parametrize("name", NETWORKS)
def test_a_sample_of_junctions(shared_data: Path, tmp_path: Path, name: str) -> None:
    outcomes = list(of_network(name, shared_data, tmp_path).outcomes(junctions=2, changes=3))
    assert sum(outcome.outcome == HELD for outcome in outcomes) >= 6
    assert not [outcome for outcome in outcomes if outcome.outcome == FAILED]
    assert all(outcome.reason for outcome in outcomes if outcome.outcome != HELD)
