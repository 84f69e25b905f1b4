"""What a movement costs without traffic: braking for the turn, drivers' noise. Control delay comes on top.

One run per site and vehicle set: all signals stand on green and each movement is driven by itself, 60
vehicles ten seconds apart, through the very zone it is measured on. Movements that share no street and cross
no common junction run side by side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, cycle, islice, pairwise
from pathlib import Path

import pandas as pd

from sim.demand import VEHICLES, Demand
from sim.demand.routing import Router
from sim.labels import Message
from sim.publish import publish
from sim.runs.inputs import DEMAND_FILE, RunRequest
from sim.signals.program import Interval, SignalControl, SignalProgram
from sim.site.network import Movement, Network
from sim.site.zones import LONGEST_VEHICLE_M, MovementZone, Zones
from sim.sumo.build import SIGNALS, ArmBuild
from sim.sumo.driver import RunSpec
from sim.sumo.signals import PREFIX, write_controls
from sim.tables import FREE_FLOW, empty

VEHICLES_EACH = 60
HEADWAY_S = 10.0
CLEAR_S = 120.0
"""Pause after a movement's last vehicle has had time for its way."""
RUN_UP_M = 50.0
"""Vehicles start this far before the zone, or at the start of the edge."""


@dataclass(frozen=True)
class FreeFlow:
    """Every movement without traffic. `table`: columns FREE_FLOW; `digests`: of the runs it comes from."""

    table: pd.DataFrame = field(default_factory=lambda: empty(FREE_FLOW))
    failure: str | None = Message("was not finished")
    digests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drive:
    """How one movement is driven: its edges, where on the first to start and on the last to end."""

    movement: str
    edges: tuple[str, ...]
    depart_m: float | None
    arrival_m: float
    nodes: frozenset[str]
    """Nodes that are crossed on the way."""


def free_flow_request(
    arm: ArmBuild, movements: Mapping[str, MovementZone], people: Demand, spec: RunSpec, timeout_s: float
) -> RunRequest:
    """Prepare the free-flow run of some movements.

    `people` of any period and replicate lend their types and speed factors, first those who make the
    movement; `spec` lends step length and options.
    """
    drives = drives_of(arm.network, movements)
    lenders = Lenders(people, arm.network)
    tables: list[pd.DataFrame] = []
    clock_s = 0.0
    for slot in slots_of(drives):
        tables += [_vehicles(drive, clock_s, lenders) for drive in slot]
        way_s = max(sum(arm.network.edges[edge].free_time_s for edge in drive.edges) for drive in slot)
        clock_s += VEHICLES_EACH * HEADWAY_S + 2 * way_s + CLEAR_S
    end_s = float(max(int(clock_s), 1))
    filled = [table for table in tables if len(table)]
    vehicles = pd.concat(filled) if filled else pd.DataFrame(columns=list(VEHICLES))
    vehicles = vehicles.astype(dict(VEHICLES)).sort_values(["scheduled_s", "id"], ignore_index=True)
    build = _green(arm)
    return RunRequest(
        spec=spec_from_nought(spec, build, end_s),
        build=build,
        zones=Zones({d.movement: movements[d.movement] for d in drives}, {}, ()),
        demand=Demand(vehicles, people.walks.iloc[:0], people.types),
        interval_s=int(end_s),
        queue_interval_s=int(end_s),
        timeout_s=timeout_s,
    )


def free_flow_table(zones: pd.DataFrame) -> pd.DataFrame:
    """Return `movement, time_loss_s, n` from the zones table of a free-flow run."""
    weighted = zones.assign(sum_s=zones["time_loss_s"] * zones["vehicles"])
    sums = weighted.groupby("movement", as_index=False)[["sum_s", "vehicles"]].sum()
    return pd.DataFrame(
        {
            "movement": sums["movement"],
            "time_loss_s": (sums["sum_s"] / sums["vehicles"]).round(4),
            "n": sums["vehicles"].astype("int64"),
        }
    )


def spec_from_nought(spec: RunSpec, build: ArmBuild, end_s: float) -> RunSpec:
    """Return what a run of a build from second 0 to `end_s` is: no law acts, nobody stops, all is measured.

    `spec` lends step length, options and driver.
    """
    return replace(
        spec,
        network=str(build.net_file.resolve()),
        demand=DEMAND_FILE,
        additionals=tuple(str(path.resolve()) for path in build.additional_files),
        begin_s=0.0,
        window_begin_s=0.0,
        window_end_s=end_s,
        end_s=end_s,
        seed=0,
        stops=False,
        controllers=(),
    )


def drives_of(network: Network, movements: Mapping[str, MovementZone]) -> list[Drive]:
    """Drive every movement that a car can, by the names of the movements."""
    router = Router(network)
    found = (_drive(router, name, zone) for name, zone in sorted(movements.items()))
    return [drive for drive in found if drive is not None]


def _drive(router: Router, movement: str, zone: MovementZone) -> Drive | None:
    """Drive in on the longest of the ways into the zone; None where no car can."""
    network = router.network
    found = network.movements[movement]
    ends = {point.lane.rpartition("_")[0]: point.position_m for point in zone.exits}
    exit_edge = next(iter(ends))
    starts = {point.lane.rpartition("_")[0]: point.position_m for point in zone.entries}
    ways = [way for start in starts if (way := _way(router, start, found, exit_edge)) is not None]
    if not ways:
        return None
    edges = max(ways, key=lambda way: (sum(network.edges[edge].length_m for edge in way), way))
    depart_m = starts[edges[0]] - RUN_UP_M
    if starts[edges[0]] < LONGEST_VEHICLE_M:
        before = sorted(a for a, b in router.links if b == edges[0] and a not in edges)
        if not before:
            return None
        edges = (before[0], *edges)
        depart_m = network.edges[before[0]].length_m - RUN_UP_M
    last = network.edges[exit_edge]
    return Drive(
        movement=movement,
        edges=edges,
        depart_m=depart_m if depart_m > LONGEST_VEHICLE_M else None,
        arrival_m=min(last.length_m, ends[exit_edge] + RUN_UP_M),
        nodes=frozenset(network.edges[edge].to_node for edge in edges[:-1]),
    )


def _way(router: Router, start: str, movement: Movement, exit_edge: str) -> tuple[str, ...] | None:
    stop = movement.connections[0].from_edge
    stations = [start, stop, movement.to_edge, exit_edge]
    kept = [s for i, s in enumerate(stations) if i == 0 or s != stations[i - 1]]
    way = router.through(*kept)
    if way is None or (stop, movement.to_edge) not in router.links:
        return None
    return way


@dataclass
class _Slot:
    drives: list[Drive] = field(default_factory=list)
    nodes: set[str] = field(default_factory=set)
    edges: set[str] = field(default_factory=set)


def slots_of(drives: Sequence[Drive]) -> list[list[Drive]]:
    """Group drives that never meet; the crowded ones find their place first."""
    users: dict[str, int] = {}
    for drive in drives:
        for node in drive.nodes:
            users[node] = users.get(node, 0) + 1
    order = sorted(drives, key=lambda d: (-max((users[node] for node in d.nodes), default=0), d.movement))
    slots: list[_Slot] = []
    for drive in order:
        free = (s for s in slots if s.nodes.isdisjoint(drive.nodes) and s.edges.isdisjoint(drive.edges))
        slot = next(free, None)
        if slot is None:
            slots.append(slot := _Slot())
        slot.drives.append(drive)
        slot.nodes |= drive.nodes
        slot.edges |= set(drive.edges)
    return [slot.drives for slot in slots]


class Lenders:
    """The people whose types and speed factors are borrowed."""

    def __init__(self, people: Demand, network: Network) -> None:
        self.network = network
        self.vehicles = people.vehicles
        self.types = people.types
        self.vclass = [people.types[id].get("vClass", "passenger") for id in people.vehicles["type"]]
        self.routers = {vclass: Router(network, vclass) for vclass in set(self.vclass)}
        self.making: dict[tuple[str, str], list[int]] = {}
        for row, route in enumerate(people.vehicles["edges"]):
            for turn in pairwise(route.split()):
                self.making.setdefault(turn, []).append(row)

    def of(self, drive: Drive) -> list[int]:
        """Return the rows of who lends to a movement: who makes it, then who else may; empty if nobody."""
        movement = self.network.movements[drive.movement]
        able = {v for v, r in self.routers.items() if all(turn in r.links for turn in pairwise(drive.edges))}
        making = self.making.get((movement.connections[0].from_edge, movement.to_edge), [])
        known = set(making)
        others = (row for row in range(len(self.vclass)) if row not in known)
        found = list(islice((r for r in chain(making, others) if self.vclass[r] in able), VEHICLES_EACH))
        return list(islice(cycle(found), VEHICLES_EACH)) if found else []


def _vehicles(drive: Drive, begin_s: float, lenders: Lenders) -> pd.DataFrame:
    rows = lenders.of(drive)
    return lenders.vehicles.iloc[rows].assign(
        id=[f"{drive.movement}.{i}" for i in range(len(rows))],
        scheduled_s=[begin_s + i * HEADWAY_S for i in range(len(rows))],
        purpose="through",
        edges=" ".join(drive.edges),
        depart_lane="best",
        depart_pos="base" if drive.depart_m is None else f"{drive.depart_m:.2f}",
        depart_speed="desired",
        arrival_lane="",
        arrival_pos=f"{drive.arrival_m:.2f}",
        stops="[]",
        lot="",
        stay_s=float("nan"),
    )


def _green(arm: ArmBuild) -> ArmBuild:
    """Return the arm with every lamp green for good: nobody meets anybody, so no green conflicts."""
    return showing(arm, "free_flow", "free flow", lambda lamps: (Interval(3600.0, "G" * lamps),))


def showing(
    arm: ArmBuild, name: str, content: str, intervals: Callable[[int], tuple[Interval, ...]]
) -> ArmBuild:
    """Return the arm with one program at every signal: the `intervals` for so many lamps.

    `content` tells one such program from another; the files are found by it.
    """
    controls: dict[str, SignalControl] = {}
    for signal, control in arm.controls.items():
        lamps = len(next(iter(control.programs.values())).intervals[0].state)
        id = f"{PREFIX}{name}"
        program = SignalProgram(signal, id, intervals(lamps))
        controls[signal] = replace(control, programs={id: program}, active=id, switches=())
    others = [path for path in arm.additional_files if path.name != SIGNALS]
    digest = hashlib.sha256(f"{content} of {arm.digest}".encode()).hexdigest()

    def fill(folder: Path) -> None:
        write_controls(folder / SIGNALS, controls)

    folder = publish(arm.folder.parents[1] / digest[:2] / digest, fill)
    return replace(
        arm, folder=folder, digest=digest, controls=controls, additional_files=(folder / SIGNALS, *others)
    )
