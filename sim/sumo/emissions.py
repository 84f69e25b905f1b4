"""Emissions by SUMO's HBEFA4 model: a class for every type, a device for every vehicle, sums per trip."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from sim.demand import Demand
from sim.demand.vehicle_types import BUILT_IN, CLASS_OF_VCLASS
from sim.emissions import OfClasses
from sim.sumo.install import binary, environment
from sim.sumo.xml_file import element, scan
from sim.tables import EMISSIONS, typed

OPTIONS: Mapping[str, str] = {"device.emissions.probability": "1"}
"""What asks for them; part of the digest of a run that does, and of no other."""

_SUMS = {  # attribute of <emissions> -> column, and what a unit of it is: SUMO writes mg and Wh
    "CO2_abs": ("co2_g", 1e-3),
    "NOx_abs": ("nox_g", 1e-3),
    "PMx_abs": ("pmx_g", 1e-3),
    "fuel_abs": ("fuel_g", 1e-3),
}


_NET = """\
<net version="1.20">
    <location netOffset="0,0" convBoundary="0,0,9,0" origBoundary="0,0,9,0" projParameter="!"/>
    <edge id="a" from="A" to="B"><lane id="a_0" index="0" speed="9" length="9" shape="0,0 9,0"/></edge>
    <junction id="A" type="dead_end" x="0" y="0" incLanes="" intLanes="" shape=""/>
    <junction id="B" type="dead_end" x="9" y="0" incLanes="a_0" intLanes="" shape=""/>
</net>
"""
"""One lane: SUMO looks at the types of a run only once it has a network."""


def unknown_classes(names: Iterable[str]) -> list[str]:
    """Return the names that SUMO has no emission class of, sorted; asked once where it knows them all."""
    wanted = sorted(set(names))
    return [] if _known(wanted) else [name for name in wanted if not _known([name])]


def _known(names: Iterable[str]) -> bool:
    types = [element("vType", {"id": f"t{n}", "emissionClass": name}) for n, name in enumerate(names)]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "one.net.xml").write_text(_NET, encoding="utf-8")
        content = "".join(["<additional>\n", *types, "</additional>\n"])
        Path(folder, "types.add.xml").write_text(content, encoding="utf-8")
        words = ["-n", "one.net.xml", "-a", "types.add.xml", "--end", "0", "--xml-validation", "never"]
        command = [str(binary("sumo")), *words, "--no-step-log"]
        done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, check=False)
    return done.returncode == 0


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
