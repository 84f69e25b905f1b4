"""Measures of effectiveness (评价指标): one per file of this folder, found by listing it.

A measure's file holds `SPEC` (name, definition, unit, formula, source) and `compute(view)`, which yields one
`Value` per scope. Nothing else has to be touched to add one; `sim.report.measure_page` writes
docs/measures.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pandas as pd

from sim.errors import ConfigError, Problem, near
from sim.labels import Message
from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec
from sim.tables import MEASURES, typed

__all__ = ["MODULES", "SPECS", "RunView", "Value", "compute", "described", "ensure_primary"]

VALUES: Mapping[str, str] = {name: MEASURES[name] for name in ("measure", "scope", "value", "n")}
"""Columns of what `compute` returns: `tables.MEASURES` of one run."""


def _registry() -> dict[str, ModuleType]:
    modules = (import_module(f"{__name__}.{entry.name}") for entry in iter_modules(__path__))
    found: dict[str, ModuleType] = {}
    for module in modules:
        spec = getattr(module, "SPEC", None)
        if spec is None:  # a helper, not a measure
            continue
        if spec.id in found:
            raise ValueError(f"measure {spec.id!r} stands in two files")
        found[spec.id] = module
    return found


MODULES: Mapping[str, ModuleType] = _registry()
"""Measure -> its module."""

SPECS: Mapping[str, MeasureSpec] = {name: module.SPEC for name, module in MODULES.items()}
"""Measure -> what the comparison and the report must know about it."""


def compute(view: RunView) -> pd.DataFrame:
    """Compute every measure of one run.

    Returns
    -------
    pd.DataFrame
        Columns `VALUES`, sorted by measure and scope. A value that could not be observed is NaN with n 0;
        what the site does not have (parking, pedestrians, signals) has no row.
    """
    rows = [(name, *value) for name, module in MODULES.items() for value in module.compute(view)]
    table = pd.DataFrame(rows, columns=list(VALUES)).sort_values(["measure", "scope"], ignore_index=True)
    return typed(table, VALUES)


def ensure_primary(name: str, path: str = "primary") -> None:
    """Refuse a primary measure that does not exist or has no better or worse, or no network-wide value."""
    directed = {known: spec for known, spec in SPECS.items() if spec.direction != "none"}
    fit = [known for known, spec in directed.items() if spec.of_network and not spec.asked]
    if name in fit:
        return
    spec = SPECS.get(name)
    if spec is None:
        told = Message("{name!r} is no measure", name=name)
    elif spec.asked:
        told = Message("{name!r} is measured beside others, if asked for, and judges nothing", name=name)
    elif spec.direction == "none":
        told = Message("{name!r} has no better or worse", name=name)
    else:
        told = Message("{name!r} has no value of the whole network", name=name)
    raise ConfigError([Problem(path, told, near(name, fit))])


def described() -> list[dict[str, Any]]:
    """Describe every measure in plain values, for listings."""
    return [
        {
            "measure": spec.id,
            "zh": spec.name["zh"],
            "en": spec.name["en"],
            "unit": spec.unit,
            "direction": spec.direction,
            "definition": spec.definition["en"],
            "定义": spec.definition["zh"],
            "formula": spec.formula,
            "source": spec.source,
        }
        for spec in SPECS.values()
    ]
