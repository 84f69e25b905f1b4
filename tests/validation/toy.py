"""One junction, a quarter of an hour: small enough for thousands of replicates in SUMO.

Replicates share a process: one after the other, each in a slot of its own that begins at the same second of
the signal's cycle and ends long after everybody has arrived. Nothing in these runs is drawn at random, so a
slot is what a run of its own would be (`test_promises` compares the two).
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.demand import Demand, realise
from sim.demand.placebo import perturbed
from sim.policy import BASELINE, apply, empty_policy, parse_policy
from sim.standard_data import vehicle_set
from sim.study import RunSettings
from sim.sumo.build import build
from sim.sumo.demand_files import write_demand
from sim.sumo.driver import RunSpec
from sim.sumo.install import binary, environment
from sim.tables import PLACEBO
from tests.theory.isolated import CYCLE_S, GREEN_S, PERIOD, TITLE, draw, junction, site_data

FLOWS_VPH = {"west.through": 760.0, "west.left": 60.0, "north.through": 480.0}
RETIMED = "retimed"
MOVED_S = 1.0
SLOT_S = 18 * CYCLE_S
SLOTS = 40
"""Replicates in one process."""


class Toy:
    """The arms, built once: today, today with a blank control's people, a second of green moved."""

    def __init__(self, folder: Path, keep: Path | None = None) -> None:
        """Build the arms in `folder`; values are kept in `keep`, if anywhere, and found there again."""
        short = junction(every={"length_m": 250})
        self.site = draw(folder, site_data(15, warm_up_s=0, junctions={"J1": short}), FLOWS_VPH)
        self.vehicles = vehicle_set(folder, None)
        times = self.site.periods[PERIOD]
        self.begin_s, self.window_end_s = float(times.begin_s), float(times.end_s)
        retime = {
            "kind": "retime_signal",
            "junction": "J1",
            "expect": {"cycle_s": CYCLE_S},
            "greens_s": {"EW": GREEN_S + MOVED_S, "NS": GREEN_S - MOVED_S},
        }
        content = {"site": self.site.name, "title": TITLE, "interventions": {"retime": retime}}
        policies = {BASELINE: empty_policy(), RETIMED: parse_policy(RETIMED, content, RETIMED)}
        self.builds = {
            name: build(self.site, apply(policy, self.site, name), PERIOD, folder / "cache")
            for name, policy in policies.items()
        }

        self._known: dict[tuple[str, int], float] = {}
        self._kept = keep / "values.csv" if keep else None
        if self._kept and self._kept.is_file():
            lines = self._kept.read_text(encoding="utf-8").split()
            self._known = {
                (arm, int(n)): float(value) for arm, n, value in (line.split(",") for line in lines)
            }

    def people(self, replicate: int) -> Demand:
        """Return who travels in one replicate, in every arm."""
        return realise(self.site, PERIOD, replicate, RunSettings(), self.vehicles)

    def values(self, arm: str, replicates: Sequence[int]) -> NDArray[np.float64]:
        """Return the mean time from wanting to leave to arriving, s, one value per replicate.

        Today is simulated with the arm, for the same people.
        """
        new = [n for n in replicates if (arm, n) not in self._known]
        for part in (new[i : i + SLOTS] for i in range(0, len(new), SLOTS)):
            people = [self.people(n) for n in part]
            for one in dict.fromkeys((arm, BASELINE)):
                if any((one, n) not in self._known for n in part):
                    self._keep(one, part, self._in_one_process(one, part, people))
        return np.array([self._known[arm, n] for n in replicates])

    def _keep(self, arm: str, replicates: Sequence[int], found: NDArray[np.float64]) -> None:
        self._known |= {(arm, n): float(value) for n, value in zip(replicates, found, strict=True)}
        if self._kept:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            with self._kept.open("a", encoding="utf-8") as file:
                file.writelines(f"{arm},{n},{self._known[arm, n]!r}\n" for n in replicates)

    def _in_one_process(
        self, arm: str, replicates: Sequence[int], people: Sequence[Demand]
    ) -> NDArray[np.float64]:
        if arm == PLACEBO:
            fences_s = (self.begin_s, self.window_end_s)
            people = [
                perturbed(one, self.site.name, n, fences_s) for n, one in zip(replicates, people, strict=True)
            ]
        vehicles = pd.concat(
            [
                one.vehicles.assign(
                    id=f"{slot}." + one.vehicles["id"],
                    scheduled_s=one.vehicles["scheduled_s"] + slot * SLOT_S,
                )
                for slot, one in enumerate(people)
            ],
            ignore_index=True,
        )
        built = self.builds[RETIMED if arm == RETIMED else BASELINE]
        with tempfile.TemporaryDirectory() as folder:
            demand, trips = Path(folder, "demand.rou.xml"), Path(folder, "trips.xml")
            write_demand(replace(people[0], vehicles=vehicles), built, demand)
            end_s = self.begin_s + len(replicates) * SLOT_S
            spec = RunSpec("", "", self.begin_s, self.begin_s, self.window_end_s, end_s, seed=1)
            options = {
                "net-file": str(built.net_file),
                "route-files": str(demand),
                "additional-files": ",".join(map(str, built.additional_files)),
                "tripinfo-output": str(trips),
                "no-step-log": "true",
                "no-warnings": "true",
                "xml-validation": "never",
                **spec.behaviour(),
            }
            words = [f"--{name}={value}" for name, value in options.items()]
            subprocess.run([str(binary("sumo")), *words], check=True, env=environment(), capture_output=True)
            took = [
                (int(trip.attrib["id"].partition(".")[0]), float(trip.attrib["arrival"]),
                 float(trip.attrib["duration"]) + float(trip.attrib["departDelay"]))
                for _, trip in ElementTree.iterparse(trips)
                if trip.tag == "tripinfo"
            ]  # fmt: skip
        table = pd.DataFrame(took, columns=["slot", "arrival_s", "took_s"])
        assert len(table) == len(vehicles), "somebody has not arrived"
        assert (table["arrival_s"] < self.begin_s + (table["slot"] + 1) * SLOT_S).all(), "slots overlap"
        return table.groupby("slot")["took_s"].mean().sort_index().to_numpy(dtype=float)
