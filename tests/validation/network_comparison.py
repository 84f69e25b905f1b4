"""Run a vehicle set on real networks, with one signal retimed, and collect fair travel time and fair delay.

Per network: the net is normalised (netconvert round trips to a fixed point); every vehicle of the original
demand keeps its id, route or origin and destination, stops and SUMO class, and gets the set's vType, a speed
factor of its own and a pinned departure lane and speed. A replicate shifts each departure uniformly within
+-jitter and redraws the speed factors. Both arms and both vehicle sets of a replicate see the same people;
SUMO's `--seed` is the replicate's number. The after arm moves 5 s from the longest to the second longest
green stage of the signal nearest the middle.

    fair travel time = mean of (depart delay + duration - stop time)
    fair delay       = mean of (depart delay + time loss)

over everyone, never-inserted and unfinished vehicles included; a run ends when all have arrived, at the
latest after twice the demand's duration.
"""

from __future__ import annotations

import copy
import os
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.demand.vehicle_types import CLASS_OF_VCLASS
from sim.vehicles import VehicleSet, type_attributes
from tests.validation.saturation_rig import draw_speed_factors, sumo_program

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
MAIN_GREEN_MIN_S = 15.0


@dataclass(frozen=True)
class Case:
    """One network with its demand; `signals` is the file that holds the active programs."""

    name: str
    net: str
    routes: tuple[str, ...]
    begin_s: int
    end_s: int
    replicates: int
    additionals: tuple[str, ...] = ()
    signals: str | None = None
    share: float = 1.0
    jitter_s: float = 60.0

    @property
    def label(self) -> str:
        """Name in the tables, with the share of the demand where it is not all."""
        return self.name if self.share == 1 else f"{self.name}@{self.share:g}"

    @property
    def folder(self) -> Path:
        """Where the data lie."""
        return DATA / self.name


CASES = (
    Case("cologne8", "cologne8.net.xml", ("cologne8.rou.xml",), 25200, 28800, 10),
    Case("ingolstadt7", "ingolstadt7.net.xml", ("ingolstadt7.rou.xml",), 57600, 61200, 10),
    Case("jinan_3x4", "n.net.xml", ("n.rou.xml",), 0, 3600, 8),
    Case(
        "bologna_acosta",
        "acosta_buslanes.net.xml",
        ("acosta.rou.xml", "acosta_busses.rou.xml"),
        0,
        3600,
        6,
        additionals=("acosta_bus_stops.add.xml",),
        signals="acosta_tls.add.xml",
    ),
    Case(
        "bologna_acosta",
        "acosta_buslanes.net.xml",
        ("acosta.rou.xml", "acosta_busses.rou.xml"),
        0,
        3600,
        6,
        additionals=("acosta_bus_stops.add.xml",),
        signals="acosta_tls.add.xml",
        share=0.7,
    ),
    Case("nanchang_cutA", "c.net.xml", ("c.rou.xml",), 0, 3600, 4, share=0.6),
)


@dataclass(frozen=True)
class Outcome:
    """One run: means over the whole cohort, s per vehicle, and what went wrong."""

    fair_travel_time_s: float
    fair_delay_s: float
    vehicles: int
    unfinished: int
    collisions: int
    cpu_s: float


def normalise(case: Case, folder: Path) -> Path:
    """Return the network after netconvert round trips to a fixed point (at most three)."""
    source = case.folder / case.net
    for i in range(3):
        target = folder / f"pass{i}.net.xml"
        subprocess.run(
            [sumo_program("netconvert"), "-s", str(source), "-o", str(target)],
            check=True,
            capture_output=True,
            text=True,
        )
        if _canonical(source) == _canonical(target):
            return target
        source = target
    raise RuntimeError(f"{case.name}: no fixed point after three netconvert passes")


def _canonical(path: Path) -> str:
    return ET.canonicalize(from_file=str(path), with_comments=False)


def _green_stages(program: ET.Element) -> list[ET.Element]:
    return [
        p
        for p in program.findall("phase")
        if "y" not in p.get("state", "").lower()
        and "g" in p.get("state", "").lower()
        and float(p.get("duration", "0")) >= MAIN_GREEN_MIN_S
    ]


def retimed(case: Case, net: Path, folder: Path, shift_s: float = 5.0) -> tuple[Path, str, str]:
    """Write the signals' file with one signal retimed.

    Returns
    -------
    The changed copy of the net (or of the file with the programs), the signal's id and the change in words.
    """
    network = ET.parse(net).getroot()
    nodes = {
        j.get("id", ""): complex(float(j.get("x", "0")), float(j.get("y", "0")))
        for j in network.iter("junction")
        if j.get("type") != "internal"
    }
    end_of = {e.get("id", ""): e.get("to", "") for e in network.iter("edge")}
    at: dict[str, list[complex]] = {}
    for c in network.iter("connection"):
        if c.get("tl"):
            at.setdefault(c.get("tl", ""), []).append(nodes[end_of[c.get("from", "")]])
    middle = sum(nodes.values()) / len(nodes)
    source = case.folder / case.signals if case.signals else net
    tree = ET.parse(source)
    programs = {p.get("id", ""): p for p in tree.getroot().iter("tlLogic")}
    candidates = [s for s in at if s in programs and len(_green_stages(programs[s])) >= 2]
    signal = min(candidates, key=lambda s: (abs(sum(at[s]) / len(at[s]) - middle), s))
    donor, receiver = sorted(_green_stages(programs[signal]), key=lambda p: -float(p.get("duration", "0")))[
        :2
    ]
    words = (
        f"{donor.get('duration')} -> {float(donor.get('duration', '0')) - shift_s:g} s, "
        f"{receiver.get('duration')} -> {float(receiver.get('duration', '0')) + shift_s:g} s"
    )
    donor.set("duration", f"{float(donor.get('duration', '0')) - shift_s:g}")
    receiver.set("duration", f"{float(receiver.get('duration', '0')) + shift_s:g}")
    target = folder / f"after.{source.name}"
    tree.write(target, encoding="utf-8")
    return target, signal, words


def _original_vehicles(case: Case) -> Iterator[tuple[ET.Element, str]]:
    """Every vehicle or trip of the original demand with the SUMO class its vType gives it."""
    roots = [
        ET.parse(p).getroot()
        for p in [case.folder / r for r in case.routes] + sorted(case.folder.glob("*vtypes*.xml"))
    ]
    vclass: dict[str, str] = {}
    for root in roots:
        for law in root.iter("vTypeDistribution"):
            vclass[law.get("id", "")] = next(iter(law)).get("vClass", "passenger")
        for vtype in root.iter("vType"):
            vclass[vtype.get("id", "")] = vtype.get("vClass", "passenger")
    keep = np.random.default_rng(np.random.SeedSequence(20260101))
    for root in roots:
        for element in root:
            if element.tag in ("vehicle", "trip") and (case.share >= 1 or keep.random() < case.share):
                yield element, vclass.get(element.get("type", ""), "passenger")


def vehicle_class(vclass: str) -> str:
    """Return the class of the set that stands for a SUMO class; acosta's `ignoring` are cars."""
    return CLASS_OF_VCLASS.get(vclass, "car")


def write_demand(case: Case, vehicles: VehicleSet, replicate: int, target: Path) -> int:
    """Write one replicate's explicit vehicles with the set's vTypes; returns their number."""
    originals = list(_original_vehicles(case))
    departures, factors = np.random.SeedSequence([replicate, 77]).spawn(2)
    shift = np.random.default_rng(departures).uniform(-case.jitter_s, case.jitter_s, len(originals))
    rng = np.random.default_rng(factors)
    laws = [vehicles.by_name[vehicle_class(vclass)].speed_factor for _, vclass in originals]
    drawn = [draw_speed_factors(law, rng, 1)[0] for law in laws]
    root = ET.Element("routes")
    kinds = sorted({(vehicle_class(vclass), vclass) for _, vclass in originals})
    for kind, vclass in kinds:
        attributes = type_attributes(vehicles, vehicles.by_name[kind]) | {"vClass": vclass}
        ET.SubElement(root, "vType", {"id": f"{kind}.{vclass}", **attributes})
    moved = []
    for (original, vclass), dt, factor in zip(originals, shift, drawn, strict=True):
        element = copy.deepcopy(original)
        depart = max(case.begin_s, float(element.get("depart", "0")) + dt)
        element.attrib |= {
            "type": f"{vehicle_class(vclass)}.{vclass}",
            "depart": f"{depart:.2f}",
            "departLane": "best",
            "departSpeed": "max",
            "speedFactor": f"{factor:.4f}",
        }
        moved.append((depart, element.get("id", ""), element))
    root.extend(e for _, _, e in sorted(moved, key=lambda m: m[:2]))
    ET.ElementTree(root).write(target, encoding="utf-8")
    return len(moved)


def run(
    case: Case, net: Path, signals: Path | None, demand: Path, vehicles: int, seed: int, folder: Path
) -> Outcome:
    """Simulate one arm of one replicate and read its trips."""
    trips, stats = folder / "trips.xml", folder / "stats.xml"
    additionals = [str(case.folder / a) for a in case.additionals] + ([str(signals)] if signals else [])
    before = os.times()
    subprocess.run(
        [
            sumo_program("sumo"),
            "-n",
            str(net),
            "-r",
            str(demand),
            *(["-a", ",".join(additionals)] if additionals else []),
            "--begin",
            str(case.begin_s),
            "--end",
            str(2 * case.end_s - case.begin_s),
            "--step-length",
            "1",
            "--seed",
            str(seed),
            "--time-to-teleport",
            "-1",
            "--collision.action",
            "warn",
            "--collision.check-junctions",
            "true",
            "--tripinfo-output",
            str(trips),
            "--tripinfo-output.write-unfinished",
            "true",
            "--tripinfo-output.write-undeparted",
            "true",
            "--statistic-output",
            str(stats),
            "--no-step-log",
            "true",
            "--no-warnings",
            "true",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    after = os.times()
    rows = [
        (
            float(t.get("departDelay", "0")),
            float(t.get("duration", "0")),
            float(t.get("timeLoss", "0")),
            float(t.get("stopTime", "0")),
            float(t.get("arrival", "-1")),
        )
        for _, t in ET.iterparse(trips)
        if t.tag == "tripinfo"
    ]
    if len(rows) != vehicles:
        raise RuntimeError(f"{case.name}: {vehicles} vehicles went in, {len(rows)} trips came out")
    wait, duration, loss, stopped, arrival = np.array(rows).T
    safety = ET.parse(stats).getroot().find("safety")
    return Outcome(
        fair_travel_time_s=float((wait + np.maximum(duration, 0) - stopped).mean()),
        fair_delay_s=float((wait + np.maximum(loss, 0)).mean()),
        vehicles=vehicles,
        unfinished=int((arrival < 0).sum()),
        collisions=int(safety.get("collisions", "0")) if safety is not None else -1,
        cpu_s=after.children_user + after.children_system - before.children_user - before.children_system,
    )
