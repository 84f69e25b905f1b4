"""Measure saturation flow and start-up lost time of a vehicle set in the installed SUMO.

One lane, one fixed signal, a queue that never clears. At the stop line an instant induction loop
(position -0.1 m) gives each front's crossing time, interpolated within the step. For every green
after the first three cycles, with the signal turning green at t_0 and the i-th front crossing at t_i:

    h_1 = t_1 - t_0,  h_i = t_i - t_{i-1}
    h_s = mean of h_i, i = 5 .. last vehicle queued when the signal turned green
    S   = 3600 / h_s                      [veh/h of green and lane]
    l1  = sum_{i=1..4} (h_i - h_s)        [s]

Only vehicles that cross during green count: those that pass on yellow are reported apart, since they add
capacity which S and l1 do not show. `served_per_cycle` is the whole of it. The queue is oversaturated
and its fronts come from far enough upstream that every vehicle of a green had stopped before it
(HCM's "last queued" = last of the green). Definitions: HCM 7th ed., ch. 31 (saturation headway field
measurement).
"""

from __future__ import annotations

import subprocess
import sysconfig
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.vehicles import SpeedFactor, VehicleSet, read_vehicles, type_attributes

VEHICLE_SETS = Path(__file__).resolve().parents[2] / "configs" / "vehicles"
WARM_UP_CYCLES = 3


@dataclass(frozen=True)
class Rig:
    """Geometry, signal and length of one measurement; lengths in m, times in s."""

    limit_kmh: float = 50.0
    approach_m: float = 800.0
    exit_m: float = 400.0
    green_s: int = 45
    yellow_s: int = 3
    red_s: int = 52
    cycles: int = 43
    step_s: float = 1.0
    grade_pct: float = 0.0
    car_following: str | None = None
    """SUMO's name of another car-following model than the set's own."""

    @property
    def cycle_s(self) -> int:
        """Signal cycle, s."""
        return self.green_s + self.yellow_s + self.red_s


@dataclass(frozen=True)
class Saturation:
    """What one or several rig runs measured."""

    saturation_vph: float
    startup_lost_s: float
    served_per_cycle: float
    on_yellow_per_cycle: float
    saturation_se_vph: float
    startup_lost_se_s: float


def load_set(name: str) -> VehicleSet:
    """Return the vehicle set `name` of configs/vehicles."""
    return read_vehicles(VEHICLE_SETS / f"{name}.yaml")


def draw_speed_factors(law: SpeedFactor, rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw `n` speed factors from a truncated normal, drawing again what falls outside."""
    values = rng.normal(law.mean, law.sd, n)
    while (outside := (values < law.min) | (values > law.max)).any():
        values[outside] = rng.normal(law.mean, law.sd, int(outside.sum()))
    return values


def sumo_program(name: str) -> str:
    """Path of a SUMO program of the running environment."""
    return str(Path(sysconfig.get_path("scripts")) / name)


def _write_network(folder: Path, rig: Rig) -> Path:
    net = folder / "rig.net.xml"
    limit_mps = rig.limit_kmh / 3.6
    west_m, east_m = (x_m * rig.grade_pct / 100 for x_m in (-rig.approach_m, rig.exit_m))
    (folder / "rig.nod.xml").write_text(
        f'<nodes><node id="w" x="{-rig.approach_m}" y="0" z="{west_m}"/>'
        '<node id="j" x="0" y="0" z="0" type="traffic_light"/>'
        f'<node id="e" x="{rig.exit_m}" y="0" z="{east_m}"/></nodes>',
        encoding="utf-8",
    )
    (folder / "rig.edg.xml").write_text(
        f'<edges><edge id="in" from="w" to="j" numLanes="1" speed="{limit_mps:.6f}"/>'
        f'<edge id="out" from="j" to="e" numLanes="1" speed="{limit_mps:.6f}"/></edges>',
        encoding="utf-8",
    )
    subprocess.run(
        [
            sumo_program("netconvert"),
            "-n",
            str(folder / "rig.nod.xml"),
            "-e",
            str(folder / "rig.edg.xml"),
            "-o",
            str(net),
            "--no-turnarounds",
            "true",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    (folder / "rig.add.xml").write_text(
        '<additional><tlLogic id="j" type="static" programID="rig" offset="0">'
        f'<phase duration="{rig.red_s}" state="r"/><phase duration="{rig.green_s}" state="G"/>'
        f'<phase duration="{rig.yellow_s}" state="y"/></tlLogic>'
        '<instantInductionLoop id="stop" lane="in_0" pos="-0.1" file="loop.xml"/></additional>',
        encoding="utf-8",
    )
    return net


def _write_vehicles(
    folder: Path, rig: Rig, vehicles: VehicleSet, shares: Mapping[str, float], seed: int
) -> Path:
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    routes = ET.Element("routes")
    for name in shares:
        own = type_attributes(vehicles, vehicles.by_name[name])
        other = {"carFollowModel": rig.car_following} if rig.car_following else {}
        ET.SubElement(routes, "vType", {"id": name, **own, **other})
    ET.SubElement(routes, "route", {"id": "r", "edges": "in out"})
    # Twice what a lane can serve, so that the queue reaches the entry within the warm-up.
    n = int(rig.cycles * (rig.green_s + rig.yellow_s) / 1.5)
    departs = np.linspace(0.0, rig.cycles * rig.cycle_s, n, endpoint=False)
    kinds = rng.choice(list(shares), size=n, p=list(shares.values()))
    factors = {name: draw_speed_factors(vehicles.by_name[name].speed_factor, rng, n) for name in shares}
    for i, (depart, kind) in enumerate(zip(departs, kinds, strict=True)):
        ET.SubElement(
            routes,
            "vehicle",
            {
                "id": str(i),
                "type": str(kind),
                "route": "r",
                "depart": f"{depart:.2f}",
                "departLane": "0",
                "departSpeed": "max",
                "speedFactor": f"{factors[kind][i]:.4f}",
            },
        )
    path = folder / "rig.rou.xml"
    ET.ElementTree(routes).write(path, encoding="utf-8")
    return path


def stop_line_times(
    vehicles: VehicleSet,
    seed: int,
    *,
    shares: Mapping[str, float] | None = None,
    rig: Rig | None = None,
    sumo_seed: int | None = None,
) -> np.ndarray:
    """Run the rig once and return the times in s at which fronts cross the stop line.

    `seed` draws classes and speed factors, and is SUMO's `--seed` too unless `sumo_seed` is given.
    """
    rig = rig or Rig()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        net = _write_network(folder, rig)
        routes = _write_vehicles(folder, rig, vehicles, shares or {"car": 1.0}, seed)
        subprocess.run(
            [
                sumo_program("sumo"),
                "-n",
                str(net),
                "-r",
                str(routes),
                "-a",
                str(folder / "rig.add.xml"),
                "--step-length",
                str(rig.step_s),
                "--seed",
                str(seed if sumo_seed is None else sumo_seed),
                "--time-to-teleport",
                "-1",
                "--end",
                str(rig.cycles * rig.cycle_s),
                "--no-step-log",
                "true",
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        root = ET.parse(folder / "loop.xml").getroot()
    return np.array([float(e.get("time", "nan")) for e in root if e.get("state") == "enter"])


def _headways(times: np.ndarray, rig: Rig) -> tuple[list[np.ndarray], list[int]]:
    """Headways per green, the first from the start of green, and the number that crossed on yellow or red."""
    greens, late = [], []
    for cycle in range(WARM_UP_CYCLES, rig.cycles):
        start = cycle * rig.cycle_s + rig.red_s
        in_green = times[(times >= start) & (times < start + rig.green_s)]
        greens.append(np.diff(in_green, prepend=start))
        late.append(int(((times >= start + rig.green_s) & (times < start + rig.cycle_s)).sum()))
    return greens, late


def measure(
    vehicles: VehicleSet,
    *,
    shares: Mapping[str, float] | None = None,
    seeds: tuple[int, ...] = (1, 2, 3),
    rig: Rig | None = None,
) -> Saturation:
    """Run the rig and return saturation flow, start-up lost time and vehicles served per cycle.

    Parameters
    ----------
    vehicles
        The set to measure.
    shares
        Share of each class in the queue (sums to 1); default all `car`.
    seeds
        One run per seed; drives both the drawn speed factors and SUMO's `--seed`.
    rig
        Geometry and signal; the standard errors treat the seeds' greens as independent.
    """
    rig = rig or Rig()
    greens: list[np.ndarray] = []
    late: list[int] = []
    for seed in seeds:
        g, y = _headways(stop_line_times(vehicles, seed, shares=shares, rig=rig), rig)
        greens += g
        late += y
    if min(len(h) for h in greens) < 6:
        raise ValueError("fewer than 6 vehicles crossed in a green: the rig did not hold its queue")
    saturation_headway_s = float(np.concatenate([h[4:] for h in greens]).mean())
    lost = np.array([h[:4].sum() - 4 * saturation_headway_s for h in greens])
    per_green = np.array([h[4:].mean() for h in greens])
    saturation_vph = 3600.0 / saturation_headway_s
    return Saturation(
        saturation_vph=saturation_vph,
        startup_lost_s=float(lost.mean()),
        served_per_cycle=float(np.mean([len(h) for h in greens]) + np.mean(late)),
        on_yellow_per_cycle=float(np.mean(late)),
        saturation_se_vph=float(
            saturation_vph / saturation_headway_s * per_green.std(ddof=1) / len(greens) ** 0.5
        ),
        startup_lost_se_s=float(lost.std(ddof=1) / len(greens) ** 0.5),
    )


def free_speed_ratio(vehicles: VehicleSet, *, limit_kmh: float = 50.0) -> float:
    """Return the mean speed of lone cars on an open lane over their desired speed.

    One vehicle each 30 s, speed factor 1, signal always green, departing at the limit.
    """
    rig = Rig(limit_kmh=limit_kmh, approach_m=3000.0, exit_m=1000.0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        net = _write_network(folder, rig)
        attributes = type_attributes(vehicles, vehicles.classes["car"])
        vtype = "".join(f' {k}="{v}"' for k, v in attributes.items())
        cars = "".join(
            f'<vehicle id="{i}" type="car" route="r" depart="{30 * i}" departSpeed="max"/>' for i in range(60)
        )
        (folder / "rig.rou.xml").write_text(
            f'<routes><vType id="car"{vtype}/><route id="r" edges="in out"/>{cars}</routes>', encoding="utf-8"
        )
        (folder / "green.add.xml").write_text(
            '<additional><tlLogic id="j" type="static" programID="rig" offset="0">'
            '<phase duration="100" state="G"/></tlLogic></additional>',
            encoding="utf-8",
        )
        subprocess.run(
            [
                sumo_program("sumo"),
                "-n",
                str(net),
                "-r",
                str(folder / "rig.rou.xml"),
                "-a",
                str(folder / "green.add.xml"),
                "--step-length",
                str(rig.step_s),
                "--seed",
                "1",
                "--tripinfo-output",
                str(folder / "trips.xml"),
                "--no-step-log",
                "true",
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        trips = ET.parse(folder / "trips.xml").getroot().findall("tripinfo")
    speeds = [float(t.get("routeLength", "nan")) / float(t.get("duration", "nan")) for t in trips]
    return float(np.mean(speeds)) / (limit_kmh / 3.6)
