"""Every signalised junction of real networks, with the committed table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.validation import junction_sweep

pytestmark = [pytest.mark.validate, pytest.mark.data]


def test_every_signalised_junction_is_built_with_proof_or_refused(shared_data: Path, tmp_path: Path) -> None:
    rows = junction_sweep.run_all(shared_data, tmp_path)
    junction_sweep.write(rows)
    assert set(rows["outcome"]) == {junction_sweep.HELD, junction_sweep.REFUSED}
    assert (rows.loc[rows["outcome"] == junction_sweep.REFUSED, "reason"] != "").all()
