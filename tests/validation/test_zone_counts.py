"""Zone counts against routes on imported models, with the committed table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.validation import zone_counts

pytestmark = [pytest.mark.validate, pytest.mark.data]


def test_zones_count_who_made_the_movement(shared_data: Path, tmp_path: Path, repo_root: Path) -> None:
    table = zone_counts.run_all(shared_data, tmp_path, repo_root)
    zone_counts.write(table)
    assert (table["counted"] <= table["made"]).all()
    assert table["same_trips"].all()
    assert (table["detector_alone"] > table["made"]).sum() > 50  # there was something to mend
    jinan = table[table["model"] == "jinan_3x4"]
    assert jinan["counted"].tolist() == jinan["made"].tolist()
    unseen = table["made"] - table["counted"] - table["starts_within"] - table["ends_within"]
    assert (unseen == 0).all()
