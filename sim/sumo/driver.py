"""One simulation in one child process: the plain binary, or the worker where something is controlled.

The three drivers give the same results bit for bit. The child writes into the run's folder; nothing is read
here.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any, Literal

from sim.errors import RunError
from sim.labels import Message
from sim.sumo.install import binary, environment

TRIPS_FILE = "trips.out.xml"
STATISTICS_FILE = "statistics.out.xml"
NETWORK_FILE = "network.out.xml"
STOPS_FILE = "stops.out.xml"
ROUTES_FILE = "routes.out.xml"
DETECTORS_FILE = "detectors.add.xml"
CLOSURES_FILE = "closures.add.xml"
LOG_FILE = "log.txt"
SPEC_FILE = "spec.json"
SUMMARY_PERIOD_S = 60


@dataclass(frozen=True)
class RunSpec:
    """Everything one simulation needs, as plain data. Paths are absolute, or relative to the run's folder."""

    network: str
    demand: str
    begin_s: float
    window_begin_s: float
    window_end_s: float
    end_s: float
    seed: int
    step_length_s: float = 1.0
    additionals: tuple[str, ...] = ()
    stops: bool = False
    """Whether somebody stops or parks, so that stops are written."""
    stop_lines: bool = False
    """Whether it is read who passed which stop line when (`sim.sumo.stop_lines`)."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Further options of SUMO that belong to the site."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Options of further outputs; they shape no result."""
    controllers: tuple[Mapping[str, Any], ...] = ()
    gives_up: Mapping[str, tuple[float, str, str]] = field(default_factory=dict)
    """Who gives up a search by the clock (`sim.sumo.giving_up`); empty: nobody would have to."""
    driver: Literal["sumo", "libsumo", "traci"] = "sumo"

    def __post_init__(self) -> None:
        if (self.controllers or self.gives_up) and self.driver == "sumo":
            raise ValueError("the plain binary cannot run a controller")

    def arguments(self) -> list[str]:
        """SUMO's options, all of them pinned: a default that changes with a release must not move results."""
        arguments = {
            "net-file": self.network,
            "route-files": self.demand,
            "additional-files": ",".join((*self.additionals, DETECTORS_FILE)),
            **self.behaviour(),
            "tripinfo-output": TRIPS_FILE,
            "tripinfo-output.write-unfinished": "true",
            "tripinfo-output.write-undeparted": "true",
            "statistic-output": STATISTICS_FILE,
            "duration-log.statistics": "true",
            "summary-output": NETWORK_FILE,
            "summary-output.period": str(SUMMARY_PERIOD_S),
            "no-step-log": "true",
            "xml-validation": "never",
            "xml-validation.net": "never",
            "xml-validation.routes": "never",
            **self.outputs,
        }
        if self.stops:
            arguments |= {
                "stop-output": STOPS_FILE,
                "stop-output.write-unfinished": "true",
            }
        if self.stops or self.closures or self.stop_lines:
            arguments |= {
                "vehroute-output": ROUTES_FILE,
                "vehroute-output.exit-times": "true",
                "vehroute-output.write-unfinished": "true",
            }
        if self.closures:
            # Whoever starts late and finds a way on closed waits at the closure; SUMO would
            # otherwise end the run. Routes that cannot be driven at all are refused before any run.
            arguments["ignore-route-errors"] = "true"
        return [f"--{name}={value}" for name, value in arguments.items()]

    @property
    def closures(self) -> bool:
        """Whether something is closed by the clock."""
        return any(Path(name).name == CLOSURES_FILE for name in self.additionals)

    @property
    def emissions(self) -> bool:
        """Whether vehicles emit (`sim.sumo.emissions`)."""
        return "device.emissions.probability" in self.options

    @property
    def observed(self) -> tuple[str, ...] | None:
        """Who watches for conflicts (`sim.sumo.conflicts`); None: the run is not asked for any."""
        named = self.options.get("device.ssm.explicit")
        return None if named is None else tuple(filter(None, named.split(",")))

    def behaviour(self) -> dict[str, str]:
        """Return the options that shape results; part of the run's digest."""
        return {
            "begin": f"{self.begin_s:.2f}",
            "end": f"{self.end_s:.2f}",
            "seed": str(self.seed),
            "step-length": f"{self.step_length_s:g}",
            "time-to-teleport": "-1",
            "collision.action": "warn",
            "collision.check-junctions": "true",
            # Both changed in SUMO 1.27; a vehicle that writes its own is not concerned.
            "default.departlane": "best_prob",
            "default.departspeed": "avg",
            # Pedestrians who slow down at random cannot be paired between arms (as vehicles with sigma).
            "pedestrian.striping.dawdling": "0",
            "parking.maneuver": "true",
            "device.rerouting.probability": "0",
            "precision": "2",
            **self.options,
        }


class Children:
    """The child processes that run now, so that an interrupted study can end them all.

    `most`: so many at a time, others wait for their turn; as many as are asked for where nothing is said.
    """

    def __init__(self, most: int | None = None) -> None:
        self._room = nullcontext() if most is None else threading.Semaphore(most)
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self.stopped = False
        """Whether `stop` was called: nothing more is started, and failures mean nothing."""

    def run(self, command: Sequence[str], folder: Path, log: IO[bytes], timeout_s: float) -> int:
        """Run one command in its own process group; return its exit code, negative for a signal.

        Raises RunError when it outlives `timeout_s` (its whole group is killed) or the study is stopped.
        """
        with self._room:
            return self._run(command, folder, log, timeout_s)

    def _run(self, command: Sequence[str], folder: Path, log: IO[bytes], timeout_s: float) -> int:
        with self._lock:
            if self.stopped:
                raise RunError(Message("the study was stopped"))
            child = subprocess.Popen(
                [*ends_with_parent(), *command],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(),
                start_new_session=True,
            )
            self._running.add(child)
        late = threading.Event()

        def expire() -> None:
            late.set()
            _kill(child)

        # A timer and a plain wait: waiting with a timeout polls, which costs short runs some percent.
        timer = threading.Timer(timeout_s, expire)
        timer.daemon = True
        timer.start()
        try:
            code = child.wait()
        finally:
            timer.cancel()
            with self._lock:
                self._running.discard(child)
        if late.is_set():
            raise RunError(Message("ran longer than {timeout_s:g} s and was stopped", timeout_s=timeout_s))
        if self.stopped:
            raise RunError(Message("the study was stopped"))
        return code

    def stop(self) -> None:
        """Kill everything that runs and start nothing more."""
        with self._lock:
            self.stopped = True
            for child in self._running:
                _kill(child)


@cache
def ends_with_parent() -> tuple[str, ...]:
    """Return the words before a command that let the system end it when this process is gone, if it can.

    A parent that is killed outright (SIGKILL, out of memory) cannot stop its children. On Linux `setpriv`
    has the kernel do it and then becomes the command itself, in a millisecond; asking for it between fork
    and exec from here is unsafe where threads run. Elsewhere such children run to their end.
    """
    found = shutil.which("setpriv") if sys.platform == "linux" else None
    if found is None:
        return ()
    words = (found, "--pdeathsig", "KILL")
    tried = subprocess.run([*words, "true"], capture_output=True, check=False)
    return words if tried.returncode == 0 else ()  # an old or a small one does not know the option


def simulate(spec: RunSpec, folder: Path, timeout_s: float, children: Children | None = None) -> None:
    """Run one simulation in `folder`, which holds its detectors already and holds its outputs afterwards.

    Raises RunError with the simulator's own words when it fails, is killed, or takes too long.
    """
    if spec.driver == "sumo":
        command = [str(binary("sumo")), *spec.arguments()]
    else:
        (folder / SPEC_FILE).write_text(json.dumps(asdict(spec)), encoding="utf-8")
        command = [sys.executable, "-m", "sim.sumo.worker", SPEC_FILE]
    log_path = folder / LOG_FILE
    with log_path.open("wb") as log:
        code = (children or Children()).run(command, folder, log, timeout_s)
    if code != 0:
        raise RunError(_reason(code, log_path.read_text(encoding="utf-8", errors="replace")))


def _reason(code: int, log: str) -> Message:
    """Say why a child failed: how it was killed, if it was, and the errors it has written."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    first = next((number for number, line in enumerate(lines) if line.startswith("Error:")), len(lines))
    said = [line for line in lines[first:] if not line.startswith(("Quitting", "Warning:"))]
    words = "; ".join(said[:4]).removeprefix("Error: ")
    if code < 0:
        name = signal.Signals(-code).name
        killed = Message("the simulator was killed by signal {number} ({name})", number=-code, name=name)
        return Message("{killed}: {words}", killed=killed, words=words) if words else killed
    if words:
        return Message("{words}", words=words)
    last = " ".join(lines[-3:]) or Message("it said nothing")
    return Message("the simulator ended with code {code}: {last}", code=code, last=last)


def _kill(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    if sys.platform == "win32":
        child.kill()
    else:
        os.killpg(child.pid, signal.SIGKILL)
