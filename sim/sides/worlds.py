"""The same comparison in other worlds: other days, demands, saturation flows and vehicle sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from sim.comparison.robustness import COUNTED_DAYS, LEVELS, ROBUSTNESS, SATURATIONS
from sim.standard_data import vehicle_set, vehicle_sets
from sim.study import Study
from sim.tables import typed
from sim.vehicles import discharging

SIDE = "robustness"
"""Folder of its runs, within that of the study."""


@dataclass(frozen=True)
class World:
    """One study in another world; `axis` says in what it differs (column of `ROBUSTNESS`)."""

    axis: str
    level: str
    study: Study


def worlds(study: Study) -> list[World]:
    """Return the worlds beside that of the study.

    Factors on the demand; other days (`counted_days`); the vehicles of the study with less and more
    saturation flow, where it drives with a set; other vehicle sets. A set that was calibrated with another
    step is left out: its saturation flow would be another then.
    """
    settings = study.settings.model_copy(update={"placebo": False})
    found = []
    for level in LEVELS:
        if level != 1:
            scaled = settings.model_copy(update={"demand_scale": settings.demand_scale * level})
            name = f"{study.name}/{SIDE}/demand_{level:g}"
            found.append(World("demand", f"{level:g}", replace(study, name=name, settings=scaled)))
    found += counted_days(study)
    site = study.site
    if site.facts.imported is None or settings.vehicles is not None:
        for share in SATURATIONS:
            name = f"{study.name}/{SIDE}/saturation_{share:g}"
            vehicles = discharging(study.vehicles, share)
            changed = replace(study, name=name, settings=settings, vehicles=vehicles)
            found.append(World("saturation", f"{share:g}", changed))
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


def counted_days(study: Study) -> list[World]:
    """Return the other days that were counted, where with that of the study they are enough."""
    site, settings = study.site, study.settings.model_copy(update={"placebo": False})
    if len(site.days) + 1 < COUNTED_DAYS:
        return []
    return [
        World(
            "day",
            day,
            replace(
                study,
                name=f"{study.name}/{SIDE}/day_{day}",
                site=replace(site, counts=counts),
                settings=settings,
            ),
        )
        for day, counts in site.days.items()
    ]


def strip(study: Study, comparisons: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """Put the primary measure of all worlds together; `comparisons`: by axis and level.

    Columns `ROBUSTNESS`.
    """
    parts = []
    for (axis, level), table in comparisons.items():
        own = table[(table["measure"] == study.primary) & (table["scope"] == "network")]
        factor = 1.0 if axis in ("day", "saturation", "vehicles", "routes") else float(level)
        parts.append(own.assign(axis=axis, level=level, factor=factor)[list(ROBUSTNESS)])
    return typed(pd.concat(parts), ROBUSTNESS)
