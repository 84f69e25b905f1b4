"""One run: inputs written, simulated in a child process, read, published; or failed with a reason."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sim.demand.closed_ways import held_by_closures
from sim.errors import HuanduError, RunError, internal_error
from sim.runs.inputs import Inputs, RunRequest, Written
from sim.runs.store import SCHEMA_VERSION, Store, digest_of
from sim.sumo.build import ArmBuild
from sim.sumo.driver import LOG_FILE, Children, RunSpec, simulate
from sim.sumo.exit_times import driven
from sim.sumo.install import version
from sim.sumo.outputs import RunOutput, read_outputs
from sim.sumo.searches import outlasts, patience
from sim.sumo.seekers import by_demand

SIMULATION_CODE = 7
"""Raised by hand whenever the code that runs or reads a simulation changes what comes out of it."""
HELD_CODE = 1
"""The same for who is held by a closure, of runs with closures."""
STOP_LINES_CODE = 1
"""The same for who comes to stop lines when, of runs that are asked for it."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What became of one run. `digest` is None where not even its inputs could be made."""

    digest: str | None
    failure: str | None = None
    simulated: bool = False
    wall_s: float = 0.0


@dataclass
class Runner:
    """Carries out runs for one study: a store, the living children, and a lock per digest.

    Safe to use from several threads; two requests with the same digest are simulated once. A failure of an
    earlier study is tried again, one of this study is not.
    """

    store: Store
    children: Children = field(default_factory=Children)
    _inputs: Inputs = field(default_factory=Inputs)
    _failed: dict[str, str] = field(default_factory=dict)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def run_one(self, request: RunRequest) -> RunRecord:
        """Find the run in the store or simulate it. Failures are returned, not raised."""
        started = time.monotonic()
        digest: str | None = None
        try:
            with self.store.draft() as folder:
                inputs = identity(request, self._inputs.write(request, folder))
                digest = digest_of(inputs)
                with self._lock(digest):
                    return replace(
                        self._found_or_made(digest, inputs, request, folder),
                        wall_s=time.monotonic() - started,
                    )
        except HuanduError as error:
            return RunRecord(digest, error.of("en"), wall_s=time.monotonic() - started)
        except Exception as error:  # a mistake of ours must not lose the other runs either
            reason = internal_error(error)
            return RunRecord(digest, reason, wall_s=time.monotonic() - started)

    def _found_or_made(
        self, digest: str, inputs: Mapping[str, Any], request: RunRequest, folder: Path
    ) -> RunRecord:
        if self.store.has(digest):
            return RunRecord(digest)
        if digest in self._failed:
            return RunRecord(digest, self._failed[digest])
        try:
            read = simulated(request, request.spec, folder, self.children)
            facts = replace(read.facts, held_by_closures=len(_held(request, folder)))
        except RunError as error:
            if not self.children.stopped:
                self._failed[digest] = error.of("en")
                self.store.fail(digest, error.of("en"), _log(folder))
            return RunRecord(digest, error.of("en"), simulated=True)
        self.store.publish(digest, read.tables, facts, inputs, _log(folder))
        return RunRecord(digest, simulated=True)

    def _lock(self, digest: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(digest, threading.Lock())


def simulated(request: RunRequest, spec: RunSpec, folder: Path, children: Children) -> RunOutput:
    """Simulate and read; once more with a clock where somebody searched for longer than their patience.

    With the clock at once where drivers of several demands search: it makes no difference but to how long
    it takes.
    """
    demand, network = request.demand, request.build.network

    def made(by: RunSpec) -> RunOutput:
        simulate(by, folder, request.timeout_s, children)
        return read_outputs(by, folder, demand.vehicles, demand.walks, network, request.zones)

    clocked = with_clock(request, spec)
    if by_demand(request.build.site.facts):
        return made(clocked)
    read = made(spec)
    return made(clocked) if outlasts(read.tables["searches"], clocked.gives_up) else read


def with_clock(request: RunRequest, spec: RunSpec) -> RunSpec:
    """Return the run with a clock for those who search; the same where nobody comes to park."""
    limits = patience(request.demand.vehicles, request.build.site.facts.parking_demand, request.build.network)
    if not limits:
        return spec
    return replace(spec, gives_up=limits, driver="libsumo" if spec.driver == "sumo" else spec.driver)


def _held(request: RunRequest, folder: Path) -> frozenset[str]:
    """Return who was held by a closure; RunError where the simulation did not say who drove when."""
    closures = request.build.closures
    if not closures:
        return frozenset()
    return held_by_closures(driven(folder), request.demand, request.build.network, closures)


def identity(request: RunRequest, written: Written) -> dict[str, Any]:
    """Return everything that shapes a run's tables, as plain data: contents, no paths, not the driver."""
    spec = request.spec
    return {
        "schema": SCHEMA_VERSION,
        "code": SIMULATION_CODE,
        "sumo": version(),
        "network": request.build.network.sha256,
        "build": request.build.digest,
        "people": written.people,
        "demand": written.demand,
        "detectors": written.detectors,
        "options": spec.behaviour(),
        "window_s": [float(spec.window_begin_s), float(spec.window_end_s)],
        "controllers": [dict(controller) for controller in spec.controllers],
        "stops": spec.stops,
        **({"held": HELD_CODE} if spec.closures else {}),
        **({"stop_lines": STOP_LINES_CODE} if spec.stop_lines else {}),
    }


def digest_of_request(request: RunRequest, written: Written) -> str:
    """Return the digest of a run whose inputs `write_inputs` has written."""
    return digest_of(identity(request, written))


def still_holds(inputs: Mapping[str, Any], build: ArmBuild) -> bool:
    """Whether a stored run's `inputs` are those that the arm as built now would be run with."""
    made = (inputs["schema"], inputs["code"], inputs["build"], inputs.get("held"))
    held = HELD_CODE if build.closures else None
    return bool(made == (SCHEMA_VERSION, SIMULATION_CODE, build.digest, held))


def other_release(inputs: Mapping[str, Any]) -> str | None:
    """Return the SUMO release of a stored run with these `inputs`; None: the installed one."""
    made = str(inputs["sumo"])
    return None if made == version() else made


def _log(folder: Path) -> str:
    path = folder / LOG_FILE
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
