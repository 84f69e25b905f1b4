"""The inputs of a run, demand and detectors: made once for all arms of a replicate that share them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sim.demand import Demand, demand_digest
from sim.publish import file_sum
from sim.site.zones import Zones
from sim.sumo.boxes import calibrators, heeding
from sim.sumo.build import ArmBuild
from sim.sumo.demand_files import write_demand, written_types
from sim.sumo.detectors import told_apart, write_detectors
from sim.sumo.driver import DETECTORS_FILE, RunSpec
from sim.sumo.seekers import seeking
from sim.sumo.stop_lines import noted_states

DEMAND_FILE = "demand.rou.xml"
MOST_KEPT = 4
"""Inputs that are kept: runs come replicate by replicate, and few replicates are under way at a time."""


@dataclass(frozen=True)
class RunRequest:
    """What one run needs. `spec` names the files of `build`; the others are written where it runs."""

    spec: RunSpec
    build: ArmBuild
    zones: Zones
    demand: Demand
    interval_s: int
    queue_interval_s: int
    timeout_s: float


class Written(NamedTuple):
    """Digests of what a run's folder holds now: the people, and the two files of the run."""

    people: str
    demand: str
    detectors: str


def write_inputs(request: RunRequest, folder: Path) -> Written:
    """Write demand and detectors into the folder a run takes place in."""
    build = request.build
    people = request.demand
    if build.boxes:
        heed = 1 - max(build.boxes.values()) / build.site.facts.enters_full_exit_share
        people = heeding(people, heed, build.site.name, request.spec.seed)
    demand, types = told_apart(seeking(people, build), request.zones)
    write_demand(demand, build, folder / DEMAND_FILE)
    path = folder / DETECTORS_FILE
    further: list[str] = []
    if build.boxes:
        further += calibrators(build.boxes, build.network, written_types(demand, build))
    if request.spec.stop_lines:
        further += noted_states(build.network)
    write_detectors(request.zones, request.interval_s, request.queue_interval_s, path, types, further)
    return Written(demand_digest(request.demand), file_sum(folder / DEMAND_FILE), file_sum(path))


@dataclass
class Inputs:
    """The inputs of one study's last runs. Safe to use from several threads.

    Plans of signals are files of the arm's own: arms that differ in them alone have the same inputs, and to
    write those takes longer than anything else before a run.
    """

    _kept: OrderedDict[tuple[object, ...], tuple[Zones, Written, bytes, bytes]] = field(
        default_factory=OrderedDict
    )
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def write(self, request: RunRequest, folder: Path) -> Written:
        """Do what `write_inputs` does, with what it wrote for an equal request where that is kept."""
        key = _key(request)
        with self._guard:
            found = self._kept.get(key)
        if found is not None:
            _, written, demand, detectors = found
            (folder / DEMAND_FILE).write_bytes(demand)
            (folder / DETECTORS_FILE).write_bytes(detectors)
            return written
        written = write_inputs(request, folder)
        files = (folder / DEMAND_FILE).read_bytes(), (folder / DETECTORS_FILE).read_bytes()
        with self._guard:
            self._kept[key] = (request.zones, written, *files)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return written


def _key(request: RunRequest) -> tuple[object, ...]:
    """Return all that `write_inputs` looks at; the zones by what they are, which `Inputs` holds on to."""
    build, spec = request.build, request.spec
    return (
        demand_digest(request.demand),
        id(request.zones),
        build.network.sha256,
        repr(sorted(build.parking.items())),
        repr(sorted(build.boxes.items())),
        spec.seed,
        spec.stop_lines,
        request.interval_s,
        request.queue_interval_s,
    )
