"""Control laws that act while the simulation runs: plain objects, tested without SUMO.

One file per law; importing this package imports every file in it, and each registers its kind.
"""

from __future__ import annotations

import importlib
import pkgutil

from sim.controllers.base import Controller, make_controller

for _module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["Controller", "make_controller"]
