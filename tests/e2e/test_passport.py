"""The passport of a drawn junction, measured in the simulator, against the saturation rig."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.errors import ConfigError
from sim.policy import BASELINE, apply, empty_policy
from sim.runs.passport import study_passport
from sim.runs.store import INPUTS_FILE, Store, digest_of
from sim.site.model import Site
from sim.standard_data import vehicle_set
from sim.study import Arm, RunSettings, Study
from sim.sumo.build import build
from tests.theory.isolated import LEGS, PERIOD, SATURATION_VPH, draw, junction, site_data

LANES = [
    {"use": "left", "length_m": 90},
    {"use": "through"},
    {"use": "through"},
    {"use": "right", "length_m": 90},
]


def site(folder: Path, two_wheelers: Iterable[str] = (), **more: Any) -> Site:
    legs: dict[str, Any] = {"every": {"lanes": LANES, "length_m": 400}, "east": {"grade_pct": 6.0}}
    data = site_data(15, junctions={"J1": junction(**legs)}, **more)
    found = draw(folder, data, {f"{leg}.{turn}": 100.0 for leg in LEGS for turn in ("left", "through")})
    counts = found.counts
    counts.loc[counts["approach"].isin(list(two_wheelers)), "class"] = "motorcycle"
    return found


def measured(site: Site) -> pd.DataFrame:
    root = site.folder.parent
    store = Store(root / "results" / ".store")
    applied = apply(empty_policy(), site, BASELINE)
    study = Study(
        name="study", scenario="isolated", site=site, arms=(Arm(BASELINE, applied),), periods=(PERIOD,),
        primary="fair_travel_time", mcid=(None, None), settings=RunSettings(jobs=1),
        vehicles=vehicle_set(root, None), root=root,
    )  # fmt: skip
    builds = {(BASELINE, PERIOD): build(site, applied, PERIOD, store.root)}
    first = study_passport(study, builds, store)
    known = set(store.root.rglob("measured.parquet"))
    pd.testing.assert_frame_equal(study_passport(study, builds, store), first)
    assert set(store.root.rglob("measured.parquet")) == known, "the second time it is found"
    (folder,) = {path.parent for path in known}
    inputs = json.loads((folder / INPUTS_FILE).read_text(encoding="utf-8"))
    assert inputs["build"] == builds[BASELINE, PERIOD].digest, "by this the store is tidied"
    assert digest_of(inputs) == folder.name
    return first.set_index("movement")


def test_through_lanes_discharge_as_in_the_rig_and_no_grade_changes_that(tmp_path: Path) -> None:
    table = measured(site(tmp_path, two_wheelers=["J1.north"]))
    assert set(table.index) == {f"J1.{leg}.{turn}" for leg in LEGS for turn in ("left", "through")}
    level, steep = table.loc["J1.west.through"], table.loc["J1.east.through"]
    print(table[["saturation_vph", "startup_lost_s", "free_speed_kmh", "status"]])
    assert level["saturation_vph"] == pytest.approx(SATURATION_VPH, rel=0.03)
    assert level["startup_lost_s"] == pytest.approx(2.5, abs=0.3)
    assert level["free_speed_kmh"] == pytest.approx(50, rel=0.05)
    assert level["status"] == "pass"
    # Krauss knows no slope: the model's value stays, the expected one falls by 6 %, and the row says so.
    assert steep["saturation_vph"] == pytest.approx(level["saturation_vph"], rel=0.02)
    assert steep["saturation_vph_target"] == pytest.approx(0.94 * level["saturation_vph_target"])
    assert (steep["grade_pct"], steep["notes"]) == (6.0, "grade_not_simulated")
    assert table.loc["J1.north.through", "status"] == "not_applicable"
    assert table.loc["J1.west.left", "saturation_vph"] < level["saturation_vph"]


def test_field_values_for_a_place_that_is_not_there(tmp_path: Path) -> None:
    values = {"J1.wset.through": {"saturation_vph": 1500, "source": "counted"}}
    with pytest.raises(ConfigError) as refused:
        site(tmp_path, field_values=values)
    assert "field_values.J1.wset.through: no movement or approach 'J1.wset.through'" in str(refused.value)
    assert "did you mean J1.west.through" in str(refused.value)
