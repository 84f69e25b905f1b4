"""Conflicts by SUMO's SSM device: who carries it, and what it wrote."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sim.conflicts import ConflictRules
from sim.sumo.xml_file import scan
from sim.tables import CONFLICTS, typed

CONFLICTS_FILE = "conflicts.out.xml"
EXPLICIT = "device.ssm.explicit"
"""The option that names who carries the device; who has it asks for conflicts."""

REAR_END = frozenset({"2"})
"""Following, the observed one behind: a pair in a queue counts once, for the one who has to brake."""
MERGING = frozenset({"5", "6", "7", "8", "19"})
CROSSING = frozenset({"9", "10", "11", "12", "13", "14", "15", "16", "17"})
"""Types of encounters as numbered in the device's documentation."""
_TIMES = {"minTTC": "ttc_s", "maxDRAC": "drac_mps2", "PET": "pet_s"}


def options(rules: ConflictRules, people: Sequence[str]) -> dict[str, str]:
    """Return the options that ask for conflicts of these people; part of the digest of such a run."""
    return {
        EXPLICIT: ",".join(people),
        "device.ssm.file": CONFLICTS_FILE,
        "device.ssm.measures": "TTC DRAC PET",
        "device.ssm.thresholds": f"{rules.ttc_s:g} {rules.drac_mps2:g} {rules.pet_s:g}",
        "device.ssm.range": f"{rules.range_m:g}",
        "device.ssm.extratime": f"{rules.extratime_s:g}",
        "device.ssm.trajectories": "false",
    }


def read_conflicts(path: Path, people: Sequence[str]) -> pd.DataFrame:
    """Read the conflicts of the people observed; columns `tables.CONFLICTS`.

    Nobody observed was inserted: the device has written nothing.
    """
    rows: list[dict[str, str | float]] = [_row(id, "", "none") for id in people]
    pair = ("", "")

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal pair
        if tag == "conflict":
            pair = (attributes["ego"], attributes["foe"])
            rows.append(_row(*pair, "other"))
        elif tag in _TIMES and attributes["value"] != "NA":
            row = rows[-1]
            row[_TIMES[tag]] = float(attributes["value"])
            if row["kind"] == "other":  # of the measures that speak, the first says what happened and where
                row["kind"] = _kind(attributes["type"])
                row["time_s"] = float(attributes["time"])
                row["speed_mps"] = float(attributes["speed"])
                row["x_m"], row["y_m"] = map(float, attributes["position"].split(",")[:2])

    if path.is_file():
        scan(path, "SSMLog", start)
    table = pd.DataFrame(rows, columns=list(CONFLICTS))
    return typed(table.sort_values(["ego", "time_s", "foe"], kind="stable"), CONFLICTS)


def _row(ego: str, foe: str, kind: str) -> dict[str, str | float]:
    numbers = {name: math.nan for name, dtype in CONFLICTS.items() if dtype == "float64"}
    return {"ego": ego, "foe": foe, "kind": kind, **numbers}


def _kind(type_: str) -> str:
    kinds = {"rear_end": REAR_END, "merging": MERGING, "crossing": CROSSING}
    return next((kind for kind, types in kinds.items() if type_ in types), "other")
