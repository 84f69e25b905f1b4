"""Headway and acceleration that make the model discharge as the street does.

The desired headway sets saturation flow, the acceleration sets start-up loss, almost one by one. All classes
of a vehicle set are scaled alike, so that heavy vehicles keep their proportion. Found by least squares over
the movements with field values:

    sum of [(S - S_field) / (0.1 S_field)]^2 + [(l1 - l1_field) / 1 s]^2
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import least_squares

from sim.calibration.passport import field_values
from sim.site.facts import FieldValues, SiteFacts
from sim.site.network import Network
from sim.vehicles import VehicleSet

SATURATION_SHARE = 0.1
LOST_S = 1.0
LIMITS = ((0.5, 0.5), (2.0, 2.5))
"""Least and most factors of headway and acceleration: beyond them the model is of other vehicles."""
FIRST_STEP = 0.08
"""Relative step by which slopes are taken; smaller ones drown in whole vehicles and whole steps."""
TRIES = 5

Measure = Callable[[VehicleSet], pd.DataFrame]
"""From a vehicle set to what it discharges: columns `calibration.passport.MEASURED`."""


@dataclass(frozen=True)
class Fit:
    """What was found: factors on headway and acceleration, and what was measured before and with them."""

    headway: float
    acceleration: float
    vehicles: VehicleSet
    before: pd.DataFrame
    after: pd.DataFrame
    targets: Mapping[str, FieldValues]


def targets(facts: SiteFacts, network: Network) -> dict[str, FieldValues]:
    """Return movement -> field values, where saturation flow or start-up loss was measured."""
    found = {name: field_values(facts, movement) for name, movement in network.movements.items()}
    return {
        name: values
        for name, values in found.items()
        if values.saturation_vph is not None or values.startup_lost_s is not None
    }


def fit(base: VehicleSet, wanted: Mapping[str, FieldValues], measure: Measure) -> Fit:
    """Find the factors; `measure` is asked a dozen times or so, the same set is measured once."""
    known: dict[tuple[float, float], pd.DataFrame] = {}

    def measured(factors: NDArray[np.float64]) -> pd.DataFrame:
        key = (round(float(factors[0]), 4), round(float(factors[1]), 4))
        if key not in known:
            known[key] = measure(scaled(base, *key))
        return known[key]

    def off(factors: NDArray[np.float64]) -> list[float]:
        return residuals(measured(factors), wanted)

    start = np.array([1.0, 1.0])
    least_squares(off, start, bounds=LIMITS, diff_step=FIRST_STEP, max_nfev=TRIES, xtol=1e-3, ftol=1e-3)
    headway, acceleration = min(known, key=lambda key: sum(r * r for r in residuals(known[key], wanted)))
    found = scaled(base, headway, acceleration)
    return Fit(headway, acceleration, found, known[1.0, 1.0], known[headway, acceleration], wanted)


def residuals(measured: pd.DataFrame, wanted: Mapping[str, FieldValues]) -> list[float]:
    """Return how far the model is off, in tolerances; a value that could not be measured is far off."""
    columns = (measured[name] for name in ("movement", "saturation_vph", "startup_lost_s"))
    found: list[float] = []
    for name, flow_vph, lost_s in zip(*columns, strict=True):
        values = wanted.get(name)
        if values is not None and values.saturation_vph is not None:
            found.append((flow_vph / values.saturation_vph - 1) / SATURATION_SHARE)
        if values is not None and values.startup_lost_s is not None:
            found.append((lost_s - values.startup_lost_s) / LOST_S)
    return [gap if math.isfinite(gap) else 10.0 for gap in found]


def scaled(base: VehicleSet, headway: float, acceleration: float) -> VehicleSet:
    """Return the set with every class's headway and acceleration times a factor."""
    classes = {
        name: kind.model_copy(
            update={
                "tau_s": round(kind.tau_s * headway, 4),
                "accel_mps2": round(kind.accel_mps2 * acceleration, 4),
            }
        )
        for name, kind in base.classes.items()
    }
    return base.model_copy(update={"classes": classes})
