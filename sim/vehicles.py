"""Vehicle sets (`configs/vehicles/*.yaml`): how each class drives. Versioned data, part of every digest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from scipy.special import ndtr, ndtri

from sim.errors import ConfigError, Problem, near
from sim.labels import Message
from sim.loading import Facts, parse, read_yaml
from sim.site.facts import VehicleClass

FILLS_EXIT = ".fills_exit"
"""Suffix of the type whose driver enters a junction although the exit is full."""


class SpeedFactor(Facts):
    """Desired speed over the limit: a normal distribution cut off at `min` and `max`."""

    mean: float = Field(gt=0)
    sd: float = Field(ge=0)
    min: float = Field(0.2, gt=0)
    max: float = 2.0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.min <= self.mean <= self.max:
            raise ValueError(
                Message(
                    "the mean {mean:g} lies outside {min:g} to {max:g}",
                    mean=self.mean,
                    min=self.min,
                    max=self.max,
                )
            )
        return self

    def at(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the truncated normal's quantiles at `uniform` in [0, 1), to 4 decimals."""
        if self.sd == 0:
            return np.full(uniform.shape, round(self.mean, 4), dtype=np.float64)
        low, high = ndtr((self.min - self.mean) / self.sd), ndtr((self.max - self.mean) / self.sd)
        drawn = self.mean + self.sd * np.asarray(ndtri(low + uniform * (high - low)), dtype=np.float64)
        return np.asarray(np.round(np.clip(drawn, self.min, self.max), 4), dtype=np.float64)


class SourcedNumber(Facts):
    """A number with where it comes from and how far to trust it."""

    value: float = Field(gt=0)
    source: str
    confidence: Literal["high", "medium", "low"]


class VehicleType(Facts):
    """One class of vehicle; `tau_s` is the desired time headway, `sigma` how much drivers dawdle."""

    sumo_vclass: str
    length_m: float = Field(gt=0)
    min_gap_m: float = Field(ge=0)
    accel_mps2: float = Field(gt=0)
    decel_mps2: float = Field(gt=0)
    tau_s: float = Field(gt=0)
    sigma: float = Field(ge=0, le=1)
    max_speed_mps: float = Field(gt=0)
    speed_factor: SpeedFactor
    occupancy_persons: SourcedNumber
    pce: SourcedNumber
    calibrated: bool


class Calibration(Facts):
    """What class car does in the saturation rig, and under which conditions."""

    saturation_vph: float = Field(gt=0)
    startup_lost_s: float
    """l1: what a queue loses at the start of green against its saturation headway."""
    end_gain_s: float = Field(ge=0)
    """e: how much of the yellow a queue still uses."""
    speed_limit_kmh: float = Field(gt=0)
    step_s: float = Field(gt=0)


class VehicleSet(Facts):
    """A whole set: every class of counts, one car-following model."""

    name: str
    version: int = Field(ge=1)
    car_following: str
    calibrated: Calibration
    source: str
    note: str = ""
    classes: Mapping[VehicleClass, VehicleType]

    @model_validator(mode="after")
    def _has_cars(self) -> Self:
        if "car" not in self.classes:
            raise ValueError(Message("a vehicle set needs at least the class car"))
        return self

    @property
    def by_name(self) -> dict[str, VehicleType]:
        """The classes by plain text, for names that may be none of them."""
        return {str(name): vehicle for name, vehicle in self.classes.items()}

    def of(self, vehicle_class: str, path: str) -> VehicleType:
        """Find a class; `path` is where it was asked for."""
        known = self.by_name
        if vehicle_class not in known:
            message = Message(
                "the vehicle set {name!r} has no class {vehicle_class!r}",
                name=self.name,
                vehicle_class=vehicle_class,
            )
            raise ConfigError([Problem(path, message, near(vehicle_class, known))])
        return known[vehicle_class]


def discharging(vehicles: VehicleSet, share: float) -> VehicleSet:
    """Return the set with its saturation flow times `share`: every desired headway scaled alike.

    Of class car the headway grows by what the saturation headway has to: ``3600/S (1/share - 1)``.
    """
    car, more_s = vehicles.classes["car"], 3600 / vehicles.calibrated.saturation_vph * (1 / share - 1)
    factor = (car.tau_s + more_s) / car.tau_s
    classes = {
        name: kind.model_copy(update={"tau_s": round(kind.tau_s * factor, 4)})
        for name, kind in vehicles.classes.items()
    }
    return vehicles.model_copy(update={"name": f"{vehicles.name}_{share:g}", "classes": classes})


def read_vehicles(path: Path) -> VehicleSet:
    """Read one vehicle set; ConfigError with all problems."""
    return parse(VehicleSet, read_yaml(path), str(path))


def car_following(vehicles: VehicleSet, vehicle: VehicleType) -> dict[str, str]:
    """Return the attributes that decide how a type follows others, by the simulator's names."""
    return {
        "carFollowModel": vehicles.car_following,
        "minGap": f"{vehicle.min_gap_m:g}",
        "accel": f"{vehicle.accel_mps2:g}",
        "decel": f"{vehicle.decel_mps2:g}",
        "tau": f"{vehicle.tau_s:g}",
        "sigma": f"{vehicle.sigma:g}",
    }


def type_attributes(vehicles: VehicleSet, vehicle: VehicleType) -> dict[str, str]:
    """Return all attributes of a type; it has no speed factors to draw, those are written per vehicle."""
    return {
        "vClass": vehicle.sumo_vclass,
        "length": f"{vehicle.length_m:g}",
        "maxSpeed": f"{vehicle.max_speed_mps:g}",
        **car_following(vehicles, vehicle),
        "speedFactor": "1",
        "speedDev": "0",
    }


def filling_exit(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return a type's attributes with a driver who does not keep the junction clear.

    `jmIgnoreKeepClearTime` is the waiting time after which a vehicle drives into a junction it may block; 0 =
    at once.
    """
    return {**attributes, "jmIgnoreKeepClearTime": "0"}
