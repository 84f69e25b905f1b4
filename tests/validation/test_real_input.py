"""The whole product on real input, with the committed table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.validation import real_input

pytestmark = [pytest.mark.validate, pytest.mark.data]


def test_real_models_are_imported_checked_and_run(shared_data: Path, tmp_path: Path) -> None:
    table = real_input.run_all(shared_data, tmp_path)
    real_input.write(table)
    ran = table[table["replicates"] > 0]
    assert set(ran["model"]) == {"cologne8", "ingolstadt7", "jinan_3x4", "bologna_acosta", "doerpfeldstr"}
    assert set(table["model"]) - set(ran["model"]) == {"osm_shanghai", "badhersfeld"}
    assert (table["changed"] >= 1).all()
    assert (table["identical"] > 100 * table["changed"]).all()
    assert ran[["before", "after", "difference", "ci_low", "ci_high"]].notna().all(axis=None)
    assert (ran["gate"] != "invalid").all()
    assert (ran["verdict"] != "not_comparable").all()
