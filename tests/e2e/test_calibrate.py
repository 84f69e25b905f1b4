"""`huandu calibrate` on a small drawn junction: field values met, kept, driven with; flows against counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sim.calibrating import calibrate
from sim.calibration.agreement import read_agreement
from sim.calibration.stored import calibrated_vehicles
from sim.demand import read_counts
from sim.errors import ConfigError
from sim.policy import BASELINE, apply, empty_policy
from sim.site.model import Site
from sim.standard_data import vehicle_set
from sim.study import Arm, RunSettings, Study
from tests.theory.isolated import PERIOD, draw, junction, site_data

THROUGH = "J1.west.through"
FIELD = {THROUGH: {"saturation_vph": 1450, "startup_lost_s": 3.0, "source": "counted"}}
SHORT = {"length_m": 90}
LANES = [{"use": "left", **SHORT}, {"use": "through"}, {"use": "through"}, {"use": "right", **SHORT}]


def study(site: Site) -> Study:
    root = site.folder.parent
    (root / "scenarios").mkdir(exist_ok=True)
    return Study(
        name="study", scenario="isolated", site=site, arms=(Arm(BASELINE, apply(empty_policy(), site, "b")),),
        periods=(PERIOD,), primary="fair_travel_time", mcid=(None, None),
        settings=RunSettings(jobs=1, replicates=1), vehicles=vehicle_set(root, None), root=root,
    )  # fmt: skip


def site(folder: Path, minutes: int = 60, **more: object) -> Site:
    data = site_data(minutes, junctions={"J1": junction(every={"lanes": LANES, "length_m": 350})}, **more)
    return draw(folder, data, {"west.through": 300.0, "east.left": 60.0})


def test_field_values_are_met_and_flows_agree(tmp_path: Path) -> None:
    found = site(tmp_path, field_values=FIELD)
    other_day = found.folder / "calibration" / "counts.csv"
    other_day.parent.mkdir()
    text = (found.folder / "counts.csv").read_text(encoding="utf-8")
    other_day.write_text(text.replace(",car,75,", ",car,40,"), encoding="utf-8")
    said = [line.en for line in calibrate(study(found))]
    print(*said, sep="\n")
    assert "all within tolerance" in said
    kept = calibrated_vehicles(found.folder)
    assert kept is not None and kept.version == 1 and "field 1450" in kept.source
    default = vehicle_set(tmp_path, None)
    assert kept.classes["car"].tau_s > default.classes["car"].tau_s
    table = pd.read_csv(found.folder / "calibration" / "agreement.csv").set_index(["counts", "movement"])
    assert table.loc[("fitted", THROUGH), "geh"] < 5
    assert table.loc[("held_out", THROUGH), "counted_vph"] == 160
    assert table.loc[("held_out", THROUGH), "geh"] > 5, "the other day had half the traffic"


def test_a_quarter_is_held_out(tmp_path: Path) -> None:
    found = site(tmp_path)
    counts = found.folder / "counts.csv"
    # Forty instead of 75 cars in the quarter that is held out: demand must know nothing of them.
    text = counts.read_text(encoding="utf-8").replace(
        ",08:00,J1.west,through,car,75,", ",08:00,J1.west,through,car,40,"
    )
    counts.write_text(text, encoding="utf-8")
    read = replace(found, counts=read_counts(counts, found.facts))
    said = [line.en for line in calibrate(study(read), f"{PERIOD}@08:00")]
    assert any("the quarter from 08:00, held out" in line for line in said), said
    table = read_agreement(found.folder / "calibration" / "agreement.csv")
    assert set(table["counts"]) == {"held_out"} and set(table["quarter"]) == {"08:00"}
    row = table.set_index("movement").loc[THROUGH]
    assert row["counted_vph"] == 160
    assert row["simulated_vph"] == pytest.approx(300, abs=60), "as in the quarters beside it"
    assert row["geh"] > 5
    assert table.set_index("movement").loc["J1.east.left", "geh"] < 5
    for words, told in ((f"{PERIOD}@08:05", "no quarter"), ("night@08:00", "no quarter")):
        with pytest.raises(ConfigError, match=told):
            list(calibrate(study(read), words))


def test_nothing_to_calibrate_with(tmp_path: Path) -> None:
    found = site(tmp_path, 15)
    with pytest.raises(ConfigError) as refused:
        list(calibrate(replace(study(found))))
    assert "isolated/site.yaml.field_values: no field values" in str(refused.value)
