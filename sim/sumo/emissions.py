"""Emissions by SUMO's HBEFA4 model: a class for every type, a device for every vehicle, sums per trip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from sim.demand import Demand
from sim.demand.vehicle_types import BUILT_IN, CLASS_OF_VCLASS
from sim.emissions import OfClasses
from sim.sumo.xml_file import scan
from sim.tables import EMISSIONS, typed

OPTIONS: Mapping[str, str] = {"device.emissions.probability": "1"}
"""What asks for them; part of the digest of a run that does, and of no other."""

_SUMS = {  # attribute of <emissions> -> column, and what a unit of it is: SUMO writes mg and Wh
    "CO2_abs": ("co2_g", 1e-3),
    "NOx_abs": ("nox_g", 1e-3),
    "PMx_abs": ("pmx_g", 1e-3),
    "fuel_abs": ("fuel_g", 1e-3),
}


def emitting(demand: Demand, classes: OfClasses) -> Demand:
    """Give every type that names no emission class of its own that of its vehicle class."""
    return replace(demand, types={id: _emitting(id, own, classes) for id, own in demand.types.items()})


def _emitting(id: str, own: Mapping[str, str], classes: OfClasses) -> Mapping[str, str]:
    if "emissionClass" in own:
        return own
    vclass = own.get("vClass", BUILT_IN.get(id, "passenger"))
    emission = getattr(classes, CLASS_OF_VCLASS.get(vclass, "other"))
    return {**own, "vClass": vclass, "emissionClass": emission}


def read_emissions(path: Path) -> pd.DataFrame:
    """Read the trips' sums; a row per vehicle that moved, columns `tables.EMISSIONS`."""
    rows: list[dict[str, str | float]] = []
    vehicle = ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal vehicle
        if tag == "tripinfo":
            vehicle = attributes["id"]
        elif tag == "emissions":
            sums = {column: float(attributes[name]) * unit for name, (column, unit) in _SUMS.items()}
            rows.append({"vehicle": vehicle, **sums})

    scan(path, "tripinfos", start)
    table = pd.DataFrame(rows, columns=list(EMISSIONS))
    return typed(table.sort_values("vehicle", kind="stable"), EMISSIONS)
