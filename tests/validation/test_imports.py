"""Imported baselines against plain SUMO, with the committed table; and the two large networks."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.importing import import_site
from sim.sumo.site import load
from tests.validation import imports

pytestmark = [pytest.mark.validate, pytest.mark.data]


def test_imported_baselines_agree_with_plain_sumo(shared_data: Path, tmp_path: Path, repo_root: Path) -> None:
    runs = imports.run_all(shared_data, tmp_path, repo_root)
    imports.write(runs)
    table = imports.summary(runs)
    for row in table.itertuples():
        noise_s = max(row.sd_original, row.sd_imported)
        assert abs(row.difference) <= 2 * noise_s, f"{row.model} under {row.protocol}"
    resco = table[table["protocol"] == "RESCO"].set_index("model")
    for model, (mean_s, sd_s) in imports.REFERENCE.items():
        assert resco.loc[model, "imported"] == pytest.approx(mean_s, abs=2 * sd_s)


def test_street_map_of_shanghai(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    lines = import_site(shared_data / "osm_shanghai" / "shanghai_center.osm", "shanghai", tmp_path)
    assert any("--tls.guess-signals" in line for line in lines)
    site = load(tmp_path / "scenarios" / "shanghai", tmp_path / "store")
    assert len(site.signals["window"]) > 500
    assert not site.has_demand


def test_town_with_parking_and_stops(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    folder = shared_data / "badhersfeld"
    names = (
        "osm_complete_parking_areas.add",
        "osm_parking_rerouters.add",
        "gtfs_publictransport.add",
        "osm_taz",
    )
    add = [folder / f"{name}.xml" for name in names]
    lines = import_site(folder / "osm_edited.net.xml.gz", "badhersfeld", tmp_path, add=add)
    assert {"carried over: parking areas: 409", "carried over: bus stops: 295"} <= set(lines)
    assert not load(tmp_path / "scenarios" / "badhersfeld", tmp_path / "store").has_demand
