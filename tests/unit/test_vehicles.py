"""Vehicle sets and laws of speed factors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.stats import truncnorm

from sim.demand.vehicle_types import SPEED_DEVIATION, VehicleTypes, parse_speed_factor
from sim.errors import ConfigError
from sim.vehicles import SpeedFactor, read_vehicles, type_attributes


@pytest.mark.parametrize("name", ["sigma_zero", "sigma_half"])
def test_every_committed_set_is_read_whole(repo_root: Path, name: str) -> None:
    found = read_vehicles(repo_root / "configs" / "vehicles" / f"{name}.yaml")
    assert found.name == name
    assert set(found.by_name) == {"car", "bus", "truck", "motorcycle", "bicycle"}
    attributes = type_attributes(found, found.of("car", "here"))
    assert attributes["speedDev"] == "0", "no draw is left to the simulator"
    assert {"accel", "decel", "tau", "sigma", "minGap", "length", "maxSpeed", "carFollowModel"} <= set(
        attributes
    )


def test_all_problems_of_a_set_are_named(repo_root: Path, tmp_path: Path) -> None:
    data = yaml.safe_load(
        (repo_root / "configs" / "vehicles" / "sigma_zero.yaml").read_text(encoding="utf-8")
    )
    data["classes"]["car"]["sigma"] = 2
    data["classes"]["bus"]["tau"] = 1
    (tmp_path / "bad.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read_vehicles(tmp_path / "bad.yaml")
    assert "classes.car.sigma" in str(error.value)
    assert "classes.bus.tau: unknown key" in str(error.value)


def test_speed_factors_are_a_truncated_normal() -> None:
    law = SpeedFactor(mean=1.0, sd=0.3, min=0.8, max=1.1)
    uniform = np.linspace(0, 0.999, 50)
    reference = truncnorm.ppf(uniform, -0.2 / 0.3, 0.1 / 0.3, loc=1.0, scale=0.3)
    assert law.at(uniform) == pytest.approx(reference, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "deviation", "law"),
    [
        ("normc(1,0.1,0.2,2)", 0.0, (1, 0.1, 0.2, 2)),
        ("normc(1.00, 0.05, 0.80, 1.20)", 0.1, (1, 0.05, 0.8, 1.2)),
        ("norm(1.1,0.2)", 0.1, (1.1, 0.2, 0.01, 3.1)),
        ("1.2", 0.1, (1.2, 0.1, 0.2, 2)),
        ("2.5", 0.0, (2.5, 0, 0.2, 2.5)),
    ],
)
def test_laws_are_read_as_the_simulator_writes_them(
    text: str, deviation: float, law: tuple[float, ...]
) -> None:
    found = parse_speed_factor(text, deviation)
    assert (found.mean, found.sd, found.min, found.max) == pytest.approx(law)


@pytest.mark.parametrize("text", ["normc(1,0.1)", "gamma(1,2)", "fast"])
def test_an_unknown_law_is_refused_with_its_type(text: str) -> None:
    with pytest.raises(ConfigError, match=r"types\.t\.speedFactor"):
        VehicleTypes({"t": {"speedFactor": text}}, {}, "vehicle_types.json").speed_factor("t")


def test_types_without_a_law_have_their_class_default() -> None:
    types = VehicleTypes(
        {"c": {}, "b": {"vClass": "bus"}, "t": {"vClass": "truck"}}, {}, "vehicle_types.json"
    )
    assert [types.speed_factor(id).sd for id in "cbt"] == [0.1, 0.0, 0.05]
    assert SPEED_DEVIATION["passenger"] == 0.1


def test_a_distribution_is_drawn_by_its_weights() -> None:
    types = VehicleTypes({"a": {}, "b": {}}, {"mix": {"a": 1.0, "b": 3.0}}, "vehicle_types.json")
    assert [types.drawn("mix", u) for u in (0.0, 0.24, 0.26, 0.999)] == ["a", "a", "b", "b"]
    with pytest.raises(ConfigError, match=r"no vehicle type 'mixx' .did you mean mix"):
        types.drawn("mixx", 0.5)
