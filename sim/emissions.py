"""Which emission class drives for which vehicle class: versioned data, the same in every arm."""

from __future__ import annotations

from pathlib import Path

from sim.loading import Facts, parse, read_yaml

EMISSIONS_FILE = ("standards", "appraisal", "emissions.yaml")
"""Below `configs/`."""


class OfClasses(Facts):
    """Emission classes, by the simulator's names, of the vehicle classes of counts and reports."""

    car: str
    bus: str
    truck: str
    motorcycle: str
    bicycle: str
    other: str


class EmissionClasses(Facts):
    """`configs/standards/appraisal/emissions.yaml`."""

    name: str
    version: int
    classes: OfClasses
    source: str
    confidence: str


def read_emission_classes(path: Path) -> EmissionClasses:
    """Read the classes; ConfigError with every mismatch."""
    return parse(EmissionClasses, read_yaml(path), str(path))
