"""One question of the validation of suggestions, asked small; tests.validation.signals asks them all."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.validation.signals import Case, ask, page, prepare

pytestmark = [pytest.mark.validate, pytest.mark.data]


def test_a_suggestion_on_a_real_network_stands_on_fresh_replicates(tmp_path: Path, shared_data: Path) -> None:
    prepare(tmp_path, shared_data)
    words = ["junction=26110729", "rules=chinese", "candidates=4", "search_replicates=1", "fresh=4"]
    table = pd.DataFrame(ask(Case("small", "cologne8", "junction 26110729", words), tmp_path))
    assert (table["n_pairs"] == 4).all()
    assert set(table["verdict"]) <= {"equivalent", "improved", "improved_uncertain", "inconclusive", "worse",
                                     "worse_uncertain"}  # fmt: skip
    assert "cologne8" in page(table)
