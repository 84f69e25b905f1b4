"""One file per kind of 措施; adding a kind touches one file of this folder and nothing else.

Importing this package imports every file in it, and each registers its kind by `@intervention("kind")`.
"""

from __future__ import annotations

import importlib
import pkgutil

from sim.interventions.base import REGISTRY, Intervention, intervention

for _module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["REGISTRY", "Intervention", "intervention"]
