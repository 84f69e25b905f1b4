"""A run's files as a configuration that sumo-gui opens."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from sim.sumo.driver import DETECTORS_FILE, RunSpec
from sim.sumo.install import binary

CONFIGURATION_FILE = "view.sumocfg"
DELAY_MS = 100
"""Pause between steps, so that one can follow."""


def gui_command(spec: RunSpec, folder: Path) -> list[str]:
    """Write a run, whose other inputs lie in `folder` already, as a configuration; return the command for it.

    It drives exactly as the run does but writes no outputs except the detectors'.
    """
    options = {
        "net-file": spec.network,
        "route-files": spec.demand,
        "additional-files": ",".join((*spec.additionals, DETECTORS_FILE)),
        **spec.behaviour(),
        "delay": str(DELAY_MS),
    }
    root = ET.Element("configuration")
    for name, value in options.items():
        ET.SubElement(root, name, value=value)
    path = folder / CONFIGURATION_FILE
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return [str(binary("sumo-gui")), "-c", str(path.resolve())]
