"""The same comparison in other worlds: more or less demand, another vehicle set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from sim.comparison.robustness import LEVELS, ROBUSTNESS
from sim.standard_data import vehicle_set, vehicle_sets
from sim.study import Study
from sim.tables import typed

SIDE = "robustness"
"""Folder of its runs, within that of the study."""


@dataclass(frozen=True)
class World:
    """One study in another world; `axis` says in what it differs: demand, vehicles, or induced demand."""

    axis: str
    level: str
    study: Study


def worlds(study: Study) -> list[World]:
    """Return the worlds beside that of the study: factors on the demand, other vehicle sets.

    A set that was calibrated with another step is left out: its saturation flow would be another then.
    """
    settings = study.settings.model_copy(update={"placebo": False})
    found = []
    for level in LEVELS:
        if level != 1:
            scaled = settings.model_copy(update={"demand_scale": settings.demand_scale * level})
            name = f"{study.name}/{SIDE}/demand_{level:g}"
            found.append(World("demand", f"{level:g}", replace(study, name=name, settings=scaled)))
    present = study.vehicles.name if study.site.facts.imported is None else settings.vehicles
    for name in vehicle_sets(study.root):
        vehicles = vehicle_set(study.root, name)
        if name != present and vehicles.calibrated.step_s == settings.step_length_s:
            other = settings.model_copy(update={"vehicles": name})
            path = f"{study.name}/{SIDE}/{name}"
            found.append(
                World("vehicles", name, replace(study, name=path, settings=other, vehicles=vehicles))
            )
    return found


def strip(study: Study, comparisons: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """Put the primary measure of all worlds together; `comparisons`: by axis and level.

    Columns `ROBUSTNESS`.
    """
    parts = []
    for (axis, level), table in comparisons.items():
        own = table[(table["measure"] == study.primary) & (table["scope"] == "network")]
        factor = 1.0 if axis in ("vehicles", "routes") else float(level)
        parts.append(own.assign(axis=axis, level=level, factor=factor)[list(ROBUSTNESS)])
    return typed(pd.concat(parts), ROBUSTNESS)
