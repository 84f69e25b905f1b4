"""The fit on a street of two formulas: S = 3600 / (1 + tau), l1 = 3.25 / accel."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sim.calibration.fit import fit, residuals, scaled
from sim.calibration.stored import calibrated_vehicles, write_vehicles
from sim.site.facts import FieldValues
from sim.standard_data import SOURCE
from sim.vehicles import VehicleSet, read_vehicles

SOURCED = {"source": "counted"}
WANTED = {
    "J1.west.through": FieldValues(saturation_vph=1350, startup_lost_s=3.2, **SOURCED),
    "J1.east.through": FieldValues(saturation_vph=1350, **SOURCED),
}


@pytest.fixture(scope="module")
def base() -> VehicleSet:
    return read_vehicles(SOURCE / "vehicles" / "sigma_zero.yaml")


def street(vehicles: VehicleSet) -> pd.DataFrame:
    car = vehicles.classes["car"]
    values = {"saturation_vph": 3600 / (1 + car.tau_s), "startup_lost_s": 3.25 / car.accel_mps2}
    return pd.DataFrame([{"movement": name, **values} for name in WANTED])


def test_it_finds_the_street(base: VehicleSet) -> None:
    found = fit(base, WANTED, street)
    row = found.after.set_index("movement").loc["J1.west.through"]
    assert row["saturation_vph"] == pytest.approx(1350, rel=0.01)
    assert row["startup_lost_s"] == pytest.approx(3.2, abs=0.1)
    assert found.headway == pytest.approx((3600 / 1350 - 1) / base.classes["car"].tau_s, rel=0.03)
    assert found.before["saturation_vph"].iloc[0] == pytest.approx(3600 / 2.52)


def test_all_classes_keep_their_proportion(base: VehicleSet) -> None:
    changed = scaled(base, 1.1, 0.9)
    for name, kind in base.classes.items():
        assert changed.classes[name].tau_s == pytest.approx(1.1 * kind.tau_s)
        assert changed.classes[name].accel_mps2 == pytest.approx(0.9 * kind.accel_mps2)


def test_what_could_not_be_measured_is_far_off() -> None:
    table = pd.DataFrame(
        [{"movement": "J1.west.through", "saturation_vph": float("nan"), "startup_lost_s": 3.2}]
    )
    assert residuals(table, WANTED) == [10.0, pytest.approx(0)]


def test_what_was_found_is_kept_with_a_version_and_read_again(base: VehicleSet, tmp_path: Path) -> None:
    found = fit(base, WANTED, street)
    assert calibrated_vehicles(tmp_path) is None
    write_vehicles(tmp_path, "toy", base, found)
    kept = calibrated_vehicles(tmp_path)
    assert kept is not None
    assert (kept.name, kept.version, kept.classes) == ("toy_calibrated", 1, found.vehicles.classes)
    assert kept.calibrated.saturation_vph == pytest.approx(1658 * 1350 / (3600 / 2.52), rel=0.01)
    assert "J1.west.through: S 13" in kept.source and "[counted]" in kept.source
    write_vehicles(tmp_path, "toy", base, found)
    again = calibrated_vehicles(tmp_path)
    assert again is not None and again.version == 2
