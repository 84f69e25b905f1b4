"""What adaptive control costs: every signal of nanchang_cutA under max-pressure, over plain SUMO.

Both sides drive the same traffic: the controlled run's switching is recorded, and plain `sumo` replays it as
fixed-time programs as long as the run. `HUANDU_BENCH_REPEATS` (default 5) and `HUANDU_BENCH_MINUTES` (default
60, of demand) shorten a trial; nothing else should run meanwhile.
"""

from __future__ import annotations

import dataclasses
import os
import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path

import pytest

from sim.importing import import_site
from sim.policy import apply, empty_policy, parse_policy
from sim.runs.work import laid_out, request
from sim.signals.program import Interval, SignalControl, SignalProgram
from sim.standard_data import vehicle_set
from sim.study import Arm, RunSettings, Study
from sim.sumo.build import build
from sim.sumo.driver import RunSpec, simulate
from sim.sumo.signals import write_controls
from sim.sumo.site import load
from tests.bench.test_speed import inputs, medians, people, plain

pytestmark = [pytest.mark.bench, pytest.mark.data]

MINUTES = int(os.environ.get("HUANDU_BENCH_MINUTES", "60"))
SIGNALS = 71


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Study:
    source = repo_root.parent / "shared" / "data" / "nanchang_cutA" / "c.sumocfg"
    if not source.is_file():
        pytest.skip("no real data: ../shared/data is not beside the repository")
    root = tmp_path_factory.mktemp("adaptive")
    for name in ("scenarios", "configs/scenario"):
        (root / name).mkdir(parents=True)
    end = f"{MINUTES // 60:02}:{MINUTES % 60:02}:00"
    import_site(source, "nanchang", root, begin="00:00:00", end=end, scale=0.6)
    site = load(root / "scenarios" / "nanchang", root / "results" / ".store")
    period = next(iter(site.periods))
    junctions, cycles_s = [], {}
    for junction in site.network.junctions.values():
        control = site.signals[period].get(junction.signal or "")
        if control is not None:
            junctions.append(junction.id)
            cycles_s[junction.id] = control.programs[control.active].cycle_s
    fields = {"kind": "adaptive_control", "junctions": junctions, "expect": {"cycles_s": cycles_s}}
    policy = {
        "site": "nanchang",
        "title": {"zh": "自适应", "en": "adaptive"},
        "interventions": {"all": fields},
    }
    arms = (
        Arm("baseline", apply(empty_policy(), site, "baseline")),
        Arm("adaptive", apply(parse_policy("adaptive", policy, "adaptive"), site, "adaptive")),
    )
    settings = RunSettings(placebo=False, clear_factor=0.0)
    return Study(
        name="bench", scenario="bench", site=site, arms=arms, periods=(period,), primary="fair_travel_time",
        mcid=(None, None), settings=settings, vehicles=vehicle_set(root, None), root=root,
    )  # fmt: skip


def trips(folder: Path) -> str:
    text = (folder / "trips.out.xml").read_text(encoding="utf-8")
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)


def recorded(switches: Path, end_s: float) -> dict[str, SignalControl]:
    """Return what every signal showed, as a program that ends after the run."""
    shown: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for element in ET.parse(switches).getroot():
        shown[element.attrib["id"]].append((float(element.attrib["time"]), element.attrib["state"]))
    controls = {}
    for signal, states in shown.items():
        until = [time_s for time_s, _ in states[1:]] + [end_s + 1]
        assert states[0][0] == 0
        intervals = tuple(
            Interval(then_s - now_s, state)
            for (now_s, state), then_s in zip(states, until, strict=True)
            if then_s > now_s
        )
        program = SignalProgram(signal, "huandu.replay", intervals)
        controls[signal] = SignalControl(signal, {program.id: program}, program.id)
    return controls


def test_control_of_every_signal_costs_little_more_than_plain_sumo(study: Study) -> None:
    period, cache = study.periods[0], study.root / "results" / ".store"
    built = build(study.site, study.arms[1].applied, period, cache)
    wanted = request(study, period, 1, laid_out(study.site, built), people(study))
    assert wanted.spec.driver == "libsumo"
    (law,) = wanted.spec.controllers
    assert len(law["plans"]) == SIGNALS
    folder = inputs(wanted, study.root / "controlled")
    events = "".join(
        f'<timedEvent type="SaveTLSSwitchStates" source="{plan["signal"]}" dest="switches.xml"/>'
        for plan in law["plans"]
    )
    (folder / "record.add.xml").write_text(f"<additional>{events}</additional>", encoding="utf-8")
    additionals = (*wanted.spec.additionals, "record.add.xml")
    simulate(dataclasses.replace(wanted.spec, additionals=additionals), folder, 3600)

    other = inputs(wanted, study.root / "replayed")
    write_controls(other / "replay.add.xml", recorded(folder / "switches.xml", wanted.spec.end_s))
    spec: RunSpec = dataclasses.replace(
        wanted.spec, controllers=(), driver="sumo", additionals=(*wanted.spec.additionals, "replay.add.xml")
    )
    found = medians(
        {
            "plain sumo, the same switching replayed": lambda: plain(spec, other),
            "libsumo, 71 signals under max-pressure": lambda: simulate(wanted.spec, folder, 3600),
        }
    )
    assert trips(folder) == trips(other)
    replayed_s, controlled_s = found.values()
    print(f"controlled / plain {controlled_s / replayed_s:.3f}")
    assert controlled_s / replayed_s <= 1.15
