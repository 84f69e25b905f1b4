"""The child process of a run with a step loop: `python -m sim.sumo.worker spec.json`.

Controllers are asked at their decision instants; between them the simulator runs on its own. Nothing heavy is
imported.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.controllers import make_controller
from sim.controllers.base import Advance, Controller, Hold, Jump, SignalView, StepHook, Switch
from sim.sumo.driver import RunSpec
from sim.sumo.giving_up import EVERY_S, clock
from sim.sumo.install import binary

TICKS_PER_S = 1000
"""Decision instants are counted in the simulator's milliseconds: sums of fractions drift."""
HALT_MPS = 0.1
"""Below it a vehicle stands, as for `getLastStepHaltingNumber`."""


def run(spec: RunSpec) -> None:
    """Simulate to the end; controllers act at multiples of their interval since the start."""
    api = importlib.import_module(spec.driver)
    controllers = [make_controller(c, f"controllers[{i}]") for i, c in enumerate(spec.controllers)]
    api.start([str(binary("sumo")), *spec.arguments()])
    try:
        hooks = [(c.interval_s, _hook(api, c)) for c in controllers]
        _run(api, spec, [*hooks, *([(EVERY_S, clock(api, spec.gives_up))] if spec.gives_up else [])])
    finally:
        api.close()


def _run(api: Any, spec: RunSpec, hooks: Sequence[tuple[float, StepHook]]) -> None:
    begin, end = round(spec.begin_s * TICKS_PER_S), round(spec.end_s * TICKS_PER_S)
    periods = [round(interval_s * TICKS_PER_S) for interval_s, _ in hooks]
    due = [begin + period for period in periods]
    while due and min(due) < end and api.simulation.getMinExpectedNumber() > 0:
        now = min(due)
        api.simulationStep(now / TICKS_PER_S)
        for number, (_, hook) in enumerate(hooks):
            if due[number] == now:
                hook(now / TICKS_PER_S)
                due[number] += periods[number]
    api.simulationStep(end / TICKS_PER_S)


def _hook(api: Any, controller: Controller) -> StepHook:
    signals = api.trafficlight
    lanes = {signal: _lanes(signals.getControlledLinks(signal)) for signal in controller.signals}
    watched = {
        signal: controller.watched(signal) or tuple(sorted({lane for lane in lanes[signal] if lane}))
        for signal in controller.signals
    }
    begins_m = {
        (signal, lane): api.lane.getLength(lane) - reach_m
        for signal in controller.signals
        for lane, reach_m in controller.reach_m(signal).items()
    }
    halting, present = api.lane.getLastStepHaltingNumber, api.lane.getLastStepVehicleNumber
    place_m, speed_mps = api.vehicle.getLanePosition, api.vehicle.getSpeed

    def near(signal: str, lane: str) -> list[str]:
        begin_m = begins_m[signal, lane]
        return [vehicle for vehicle in api.lane.getLastStepVehicleIDs(lane) if place_m(vehicle) >= begin_m]

    def view(signal: str) -> SignalView:
        vehicles = {lane: present(lane) for lane in watched[signal]}
        queue = {
            # Counting who stands looks at every vehicle of the lane: not where there is none.
            lane: halting(lane) if count else 0
            for lane, count in vehicles.items()
        }
        for lane in (lane for lane in watched[signal] if vehicles[lane] and (signal, lane) in begins_m):
            seen = near(signal, lane)
            vehicles[lane] = len(seen)
            queue[lane] = sum(speed_mps(vehicle) < HALT_MPS for vehicle in seen)
        return SignalView(
            signal=signal,
            interval=signals.getPhase(signal),
            elapsed_s=signals.getSpentDuration(signal),
            state=signals.getRedYellowGreenState(signal),
            lanes=lanes[signal],
            queue_veh=queue,
            vehicles=vehicles,
        )

    def decide(time_s: float) -> None:
        views = {signal: view(signal) for signal in controller.due(time_s)}
        for signal, command in controller.decide(views, time_s).items():
            match command:
                case Hold(seconds):
                    signals.setPhaseDuration(signal, seconds)
                case Advance():
                    signals.setPhaseDuration(signal, 0.0)
                case Jump(interval):
                    signals.setPhase(signal, interval)
                case Switch(opened, closed):
                    for lane, classes in opened.items():
                        api.lane.setAllowed(lane, classes)
                    for lane in closed:
                        api.lane.setDisallowed(lane, ("all",))

    return decide


def _lanes(links: Sequence[Sequence[tuple[str, str, str]]]) -> tuple[str, ...]:
    """Return the incoming lane of every link; a crossing's is a walking area and is left empty."""
    return tuple("" if not group or group[0][0].startswith(":") else group[0][0] for group in links)


def main(path: str) -> int:
    """Run the spec at `path`; the simulator's errors go to standard error as one line."""
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    content["additionals"] = tuple(content["additionals"])
    content["controllers"] = tuple(content["controllers"])
    try:
        run(RunSpec(**content))
    except Exception as error:  # SUMO's differ between its two interfaces; each of them ends the run
        traceback.print_exc()  # into the run's log: a control law of one's own is found there
        print(f"Error: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
