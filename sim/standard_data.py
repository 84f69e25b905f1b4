"""Where the data that ships with huandu is found: vehicle sets, standards, limits.

A root's own `configs/` comes first; what it does not hold is taken from the copy in the installed package.
"""

from __future__ import annotations

from pathlib import Path

from sim.errors import ConfigError, Problem, near
from sim.labels import Message
from sim.vehicles import VehicleSet, read_vehicles

DEFAULT_VEHICLES = "sigma_zero"
"""The vehicle set of drawn sites; chosen by the evidence in docs/validation/vehicle-sets.md."""

SHIPPED = Path(__file__).parent / "shipped"
"""Filled when a wheel is built, from the project's `configs/`; a source checkout has no such folder."""
SOURCE = Path(__file__).parent.parent / "configs"
STANDARD = (SHIPPED, SOURCE)
"""Where to look for what a root's own `configs/` does not hold."""


def config_path(root: Path, *parts: str) -> Path:
    """Return the file or folder of that name: the root's own, else the shipped one (which may not exist)."""
    places = [base.joinpath(*parts) for base in (root / "configs", *STANDARD)]
    return next((place for place in places if place.exists()), places[0])


def vehicle_sets(root: Path) -> list[str]:
    """Names of the vehicle sets that can be named, sorted."""
    places = [base / "vehicles" for base in (root / "configs", *STANDARD)]
    return sorted({entry.stem for place in places for entry in place.glob("*.yaml")})


def vehicle_set(root: Path, name: str | None) -> VehicleSet:
    """Read a vehicle set by name, the default one if none is named."""
    wanted = name or DEFAULT_VEHICLES
    path = config_path(root, "vehicles", f"{wanted}.yaml")
    if not path.is_file():
        told = Message("no vehicle set {wanted!r}", wanted=wanted)
        raise ConfigError([Problem("run.vehicles", told, near(wanted, vehicle_sets(root)))])
    return read_vehicles(path)
