"""The child process of a run with a step loop: `python -m sim.sumo.worker spec.json`.

Controllers are asked at their decision instants; between them the simulator runs on its own. Nothing heavy is
imported.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from sim.controllers import make_controller
from sim.controllers.base import Advance, Controller, Hold, Jump, SignalView, StepHook, Switch
from sim.sumo.driver import RunSpec
from sim.sumo.giving_up import EVERY_S, clock
from sim.sumo.install import binary

TICKS_PER_S = 1000
"""Decision instants are counted in the simulator's milliseconds: sums of fractions drift."""
WHOLE_M = 0.1
"""A lane that a controller sees all but so much of is counted whole."""
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


class _Asked(dict[str, int]):
    """Counts by lane, each taken when it is first asked for: most are not, and every look costs time."""

    __slots__ = ("_count",)

    def __init__(self, count: Callable[[str], int]) -> None:
        self._count = count

    def __missing__(self, lane: str) -> int:
        found = self[lane] = self._count(lane)
        return found


def _hook(api: Any, controller: Controller) -> StepHook:
    signals = api.trafficlight
    lanes = {signal: _lanes(signals.getControlledLinks(signal)) for signal in controller.signals}
    begins_m = {
        signal: {
            lane: begin_m
            for lane, reach_m in controller.reach_m(signal).items()
            if (begin_m := api.lane.getLength(lane) - reach_m) > WHOLE_M
        }
        for signal in controller.signals
    }
    halting, present, on_lane = (
        api.lane.getLastStepHaltingNumber,
        api.lane.getLastStepVehicleNumber,
        api.lane.getLastStepVehicleIDs,
    )
    place_m, speed_mps = api.vehicle.getLanePosition, api.vehicle.getSpeed

    def near(lane: str, begin_m: float) -> Iterator[str]:
        """From the end of the lane on: nobody behind the first one too far away is looked at."""
        return takewhile(lambda vehicle: place_m(vehicle) >= begin_m, reversed(on_lane(lane)))

    def view(signal: str) -> SignalView:
        begins = begins_m[signal]

        def count(lane: str) -> int:
            return sum(1 for _ in near(lane, begins[lane])) if lane in begins else present(lane)

        def standing(lane: str) -> int:
            if lane in begins:
                return sum(speed_mps(vehicle) < HALT_MPS for vehicle in near(lane, begins[lane]))
            # Counting who stands looks at every vehicle of the lane: not where there is none.
            return halting(lane) if vehicles[lane] else 0

        vehicles = _Asked(count)
        return SignalView(
            signal=signal,
            interval=signals.getPhase(signal),
            elapsed_s=signals.getSpentDuration(signal),
            state=signals.getRedYellowGreenState(signal),
            lanes=lanes[signal],
            queue_veh=_Asked(standing),
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
