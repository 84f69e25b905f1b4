"""What every movement discharges in the model, measured as in the street: a queue at its stop line.

All signals of a site show one program: green for the lone vehicles whose free speed is taken, then greens of
45 s in cycles of 100 s before a queue that never clears. Movements that share no street and cross no common
junction are measured side by side, the others one after the other, each with the vehicles that make it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import cycle, islice, pairwise
from pathlib import Path

import pandas as pd

from sim.calibration.headways import saturation
from sim.calibration.passport import MEASURED
from sim.demand import VEHICLES, Demand, demand_digest
from sim.publish import publish
from sim.runs.free_flow import Drive, Lenders, drives_of, showing, slots_of, spec_from_nought
from sim.runs.inputs import DEMAND_FILE
from sim.runs.run import SIMULATION_CODE
from sim.runs.store import INPUTS_FILE, Store, digest_of
from sim.signals.program import Interval
from sim.site.network import Movement, Network
from sim.site.zones import MovementZone, Point
from sim.sumo.build import ArmBuild
from sim.sumo.demand_files import write_demand
from sim.sumo.driver import Children, RunSpec, simulate
from sim.sumo.install import version
from sim.sumo.loops import Crossing, read_loops, write_loops
from sim.tables import typed

PASSPORT_CODE = 1
"""Raised whenever this module changes what it measures."""

LONE, LONE_HEADWAY_S = 15, 10.0
QUEUE_FROM_S = 170.0
"""When the queue begins to arrive; the last lone vehicle has 30 s for its way to the loop."""
FREE_S = 240
"""Green before the first red."""
RED_S, GREEN_S, YELLOW_S = 52, 45, 3
CYCLE_S = RED_S + GREEN_S + YELLOW_S
WARM_UP_CYCLES, CYCLES = 2, 12
END_S = FREE_S + (WARM_UP_CYCLES + CYCLES) * CYCLE_S
QUEUE_HEADWAY_S = 3.2
"""Between two vehicles that want to enter a lane: half as many again as its greens can serve."""
QUEUE_PER_LANE = int((END_S - QUEUE_FROM_S) / QUEUE_HEADWAY_S)
LOOP_M = 0.1
SPOT_M = 80.0
"""Free speed is taken at least this far before the stop line, where nobody brakes for a turn yet."""
LENGTH_M, GAP_M = 5.0, 2.5
"""Of a vehicle type that does not say its own (the simulator's default)."""
HEAVY = frozenset(("bus", "truck"))
TWO_WHEELERS = frozenset(("motorcycle", "bicycle"))


def measure_saturation(
    arm: ArmBuild,
    movements: Mapping[str, MovementZone],
    people: Sequence[Demand],
    spec: RunSpec,
    store: Store,
    *,
    timeout_s: float,
    jobs: int | None = None,
) -> pd.DataFrame:
    """Measure the movements of signals that some of the `people` make; columns `passport.MEASURED`.

    `spec` lends step length and options. What was measured before is found beside the store. RunError where a
    simulation fails; ConfigError where the store cannot be written.
    """
    whole = _together(people)
    lenders = Lenders(whole, arm.network)
    drives = [
        drive
        for drive in drives_of(arm.network, movements)
        if _measured(arm.network.movements[drive.movement], lenders)
    ]
    slots = slots_of(drives)
    demands = [_demand(slot, arm.network, lenders, whole) for slot in slots]
    inputs = {
        "code": [PASSPORT_CODE, SIMULATION_CODE],
        "sumo": version(),
        "build": arm.digest,
        "network": arm.network.sha256,
        "step_s": spec.step_length_s,
        "options": dict(spec.options),
        "people": [demand_digest(demand) for demand in demands],
        "making": {d.movement: _shares(d.movement, arm.network, lenders) for d in drives},
    }
    digest = digest_of(inputs)

    def fill(folder: Path) -> None:
        crossings = _simulated(arm, slots, demands, spec, store, timeout_s, jobs)
        rows = [_row(drive, arm.network, lenders, crossings) for slot in slots for drive in slot]
        table = pd.DataFrame(rows, columns=list(MEASURED)).sort_values("movement")
        typed(table, MEASURED).to_parquet(folder / "measured.parquet", index=False, compression="zstd")
        text = json.dumps(inputs, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / INPUTS_FILE).write_text(f"{text}\n", encoding="utf-8")

    target = store.root / "passport" / digest[:2] / digest
    return typed(pd.read_parquet(publish(target, fill) / "measured.parquet"), MEASURED)


def _simulated(
    arm: ArmBuild,
    slots: Sequence[Sequence[Drive]],
    demands: Sequence[Demand],
    spec: RunSpec,
    store: Store,
    timeout_s: float,
    jobs: int | None,
) -> dict[str, list[Crossing]]:
    build = showing(arm, "passport", f"passport {_intervals(1)}", _intervals)
    of_slot = replace(spec_from_nought(spec, build, float(END_S)), driver="sumo")
    children = Children()

    def one(slot: Sequence[Drive], demand: Demand) -> dict[str, list[Crossing]]:
        with store.draft() as folder:
            write_demand(demand, build, folder / DEMAND_FILE)
            write_loops({name: at for drive in slot for name, at in _loops(drive, arm.network)}, folder)
            simulate(of_slot, folder, timeout_s, children)
            return read_loops(folder)

    found: dict[str, list[Crossing]] = {}
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for read in pool.map(one, slots, demands):
                found |= read
        except BaseException:
            children.stop()
            raise
    return found


def _intervals(lamps: int) -> tuple[Interval, ...]:
    cycles = [Interval(RED_S, "r" * lamps), Interval(GREEN_S, "G" * lamps), Interval(YELLOW_S, "y" * lamps)]
    return (Interval(FREE_S, "G" * lamps), *(cycles * (WARM_UP_CYCLES + CYCLES + 1)))


def _together(people: Sequence[Demand]) -> Demand:
    tables = [demand.vehicles for demand in people if len(demand.vehicles)] or [people[0].vehicles]
    types = {id: attributes for demand in people for id, attributes in demand.types.items()}
    return Demand(pd.concat(tables, ignore_index=True), people[0].walks.iloc[:0], types)


def _measured(movement: Movement, lenders: Lenders) -> bool:
    signalled = any(c.signal is not None for c in movement.connections)
    return signalled and bool(_makers(movement, lenders))


def _makers(movement: Movement, lenders: Lenders) -> list[int]:
    return lenders.making.get((movement.connections[0].from_edge, movement.to_edge), [])


def _shares(name: str, network: Network, lenders: Lenders) -> tuple[int, float, float]:
    """Return who makes a movement: how many, and the shares of heavy vehicles and of two-wheelers."""
    classes = lenders.vehicles["vehicle_class"].iloc[_makers(network.movements[name], lenders)]
    return len(classes), float(classes.isin(HEAVY).mean()), float(classes.isin(TWO_WHEELERS).mean())


def _demand(slot: Iterable[Drive], network: Network, lenders: Lenders, people: Demand) -> Demand:
    tables = [_vehicles(drive, len(_lanes(network.movements[drive.movement])), lenders) for drive in slot]
    vehicles = pd.concat(tables).astype(dict(VEHICLES))
    vehicles = vehicles.sort_values(["scheduled_s", "id"], ignore_index=True)
    used = set(vehicles["type"])
    return Demand(vehicles, people.walks, {id: a for id, a in people.types.items() if id in used})


def _vehicles(drive: Drive, lanes: int, lenders: Lenders) -> pd.DataFrame:
    able = lenders.of(drive)
    rows = list(islice(cycle(able), LONE + lanes * QUEUE_PER_LANE)) if able else []
    queue = range(len(rows) - LONE)
    times = [i * LONE_HEADWAY_S for i in range(min(LONE, len(rows)))]
    times += [QUEUE_FROM_S + i * QUEUE_HEADWAY_S / lanes for i in queue]
    return lenders.vehicles.iloc[rows].assign(
        id=[f"{drive.movement}.{i}" for i in range(len(rows))],
        scheduled_s=times,
        purpose="through",
        edges=" ".join(drive.edges),
        depart_lane="best",
        depart_pos="base",
        depart_speed="max",
        arrival_lane="",
        arrival_pos=f"{drive.arrival_m:.2f}",
        stops="[]",
        lot="",
        stay_s=float("nan"),
    )


def _lanes(movement: Movement) -> list[int]:
    return sorted({c.from_lane for c in movement.connections if c.signal is not None})


def _loops(drive: Drive, network: Network) -> Iterable[tuple[str, Point]]:
    """Yield the loops of a movement: at the stop line of each of its lanes, and where it drives freely."""
    movement = network.movements[drive.movement]
    stop = network.edges[movement.connections[0].from_edge]
    for lane in _lanes(movement):
        yield f"stop|{movement.id}|{lane}", Point(stop.lanes[lane].id, round(stop.length_m - LOOP_M, 2))
    spot = _spot(drive, network)
    if spot is not None:
        for found in network.edges[spot[0]].lanes:
            yield f"free|{movement.id}|{found.index}", Point(found.id, spot[1])


def _spot(drive: Drive, network: Network) -> tuple[str, float] | None:
    """Return where free speed is taken: halfway to where braking may begin, on an edge of the way there."""
    stop = network.movements[drive.movement].connections[0].from_edge
    before = drive.edges[: drive.edges.index(stop) + 1]
    at_m = (sum(network.edges[edge].length_m for edge in before) - SPOT_M) / 2
    if at_m < SPOT_M / 2:
        return None
    for edge in before:
        length_m = network.edges[edge].length_m
        if at_m < length_m:
            return edge, round(at_m, 2)
        at_m -= length_m
    return None


def _row(
    drive: Drive, network: Network, lenders: Lenders, crossings: Mapping[str, Sequence[Crossing]]
) -> tuple[object, ...]:
    movement = network.movements[drive.movement]
    lanes = _lanes(movement)
    fronts = {
        str(lane): [c.time_s for c in crossings.get(f"stop|{movement.id}|{lane}", ())] for lane in lanes
    }
    first_s = FREE_S + WARM_UP_CYCLES * CYCLE_S + RED_S
    greens = [float(first_s + n * CYCLE_S) for n in range(CYCLES)]
    found = saturation(fronts, greens, GREEN_S, _queued(drive, network, lenders))
    speeds = [
        c.speed_mps
        for name, all_crossings in crossings.items()
        if name.startswith(f"free|{movement.id}|")
        for c in all_crossings
        if c.time_s < QUEUE_FROM_S
    ]
    free_kmh = 3.6 * sum(speeds) / len(speeds) if speeds else math.nan
    n, heavy, two_wheelers = _shares(movement.id, network, lenders)
    return (
        movement.id, len(lanes), n, heavy, two_wheelers, found.headways, found.saturation_vph,
        found.saturation_se_vph, found.startup_lost_s, free_kmh,
    )  # fmt: skip


def _queued(drive: Drive, network: Network, lenders: Lenders) -> int:
    """How many vehicles a lane of a movement holds; a short one is as long as the edge at the stop line."""
    stop = network.movements[drive.movement].connections[0].from_edge
    before = drive.edges[: drive.edges.index(stop) + 1]
    room_m = network.edges[stop].length_m
    for edge, following in reversed(list(pairwise(before))):
        if len(network.edges[edge].lanes) < len(network.edges[following].lanes):
            break
        room_m += network.edges[edge].length_m
    kinds = lenders.vehicles["type"].iloc[lenders.of(drive)]
    spaces_m = [_space_m(lenders.types[str(kind)]) for kind in kinds]
    return int(room_m / (sum(spaces_m) / len(spaces_m))) if spaces_m else 0


def _space_m(attributes: Mapping[str, str]) -> float:
    return float(attributes.get("length", LENGTH_M)) + float(attributes.get("minGap", GAP_M))
