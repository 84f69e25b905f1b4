"""What control beside the simulator costs on nanchang_cutA, over plain SUMO: signals, and lanes by queue.

Both sides drive the same traffic: the switching of every signal under max-pressure is recorded, and plain
`sumo` replays it as fixed-time programs as long as the run; lanes that follow queues look as often as ever,
but their rule asks for more than a lane holds. `HUANDU_BENCH_REPEATS` (default 5) and `HUANDU_BENCH_MINUTES`
(default 60, of demand) shorten a trial; nothing else should run meanwhile.
"""

from __future__ import annotations

import dataclasses
import os
import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from itertools import product
from pathlib import Path

import pytest

from sim.edits.edited_site import footprint
from sim.errors import BuildError, ConfigError
from sim.importing import import_site
from sim.interventions.fixed_time import shipped_rules
from sim.interventions.plans import set_programs
from sim.policy import AppliedPolicy, Policy, apply, empty_policy
from sim.runs.work import laid_out, request
from sim.signals.adaptive import coordinated
from sim.signals.program import Interval, SignalControl, SignalProgram
from sim.signals.reading import of_signal
from sim.signals.streams import least_green_s
from sim.site.car_lanes import lane_uses
from sim.site.model import Site
from sim.standard_data import vehicle_set
from sim.study import Arm, RunSettings, Study
from sim.sumo.build import build
from sim.sumo.driver import RunSpec, simulate
from sim.sumo.signals import write_controls
from sim.sumo.site import load
from tests.bench.test_speed import inputs, medians, people, plain
from tests.edits import approaches
from tests.sites import policy_of

pytestmark = [pytest.mark.bench, pytest.mark.data]

MINUTES = int(os.environ.get("HUANDU_BENCH_MINUTES", "60"))
SIGNALS = 71


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Site:
    source = repo_root.parent / "shared" / "data" / "nanchang_cutA" / "c.sumocfg"
    if not source.is_file():
        pytest.skip("no real data: ../shared/data is not beside the repository")
    root = tmp_path_factory.mktemp("adaptive")
    for name in ("scenarios", "configs/scenario"):
        (root / name).mkdir(parents=True)
    end = f"{MINUTES // 60:02}:{MINUTES % 60:02}:00"
    import_site(source, "nanchang", root, begin="00:00:00", end=end, scale=0.6)
    return load(root / "scenarios" / "nanchang", root / "results" / ".store")


@pytest.fixture(scope="module")
def study(site: Site) -> Study:
    period = next(iter(site.periods))
    junctions, cycles_s = [], {}
    for junction in site.network.junctions.values():
        control = site.signals[period].get(junction.signal or "")
        if control is not None:
            junctions.append(junction.id)
            cycles_s[junction.id] = control.programs[control.active].cycle_s
    fields = {"kind": "adaptive_control", "junctions": junctions, "expect": {"cycles_s": cycles_s}}
    return of_arms(site, policy_of(all=fields))


def of_arms(site: Site, policy: Policy) -> Study:
    root, period = site.folder.parents[1], next(iter(site.periods))
    arms = (
        Arm("baseline", apply(empty_policy(), site, "baseline")),
        Arm("policy", apply(policy, site, "policy")),
    )
    settings = RunSettings(placebo=False, clear_factor=0.0)
    return Study(
        name="bench", scenario="bench", site=site, arms=arms, periods=(period,), primary="fair_travel_time",
        mcid=(None, None), settings=settings, vehicles=vehicle_set(root, None), root=root,
    )  # fmt: skip


def clocked(site: Site, period: str) -> AppliedPolicy:
    """Let every signal keep the clock of its plan with its longest stage, and all others end early."""
    edits = []
    for signal, control in sorted(site.signals[period].items()):
        program = control.programs[control.active]
        stages = program.stages()
        if of_signal(site.network, signal) and program.kind == "static" and len(stages) > 1:
            kept = max(stages, key=lambda stage: stage.green_s).name
            least_s = {s.name: least_green_s(s, program, site.network, shipped_rules()) for s in stages}
            new = coordinated(program, [kept], least_s)
            edits += set_programs(site, {period: (program, new)})
    return AppliedPolicy(empty_policy(), tuple(edits), footprint(site, edits), ())


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


@pytest.mark.parametrize("kind", ["max_pressure", "coordinated_actuated"])
def test_control_of_every_signal_costs_little_more_than_plain_sumo(study: Study, kind: str) -> None:
    period, cache = study.periods[0], study.root / "results" / ".store"
    applied = study.arms[1].applied if kind == "max_pressure" else clocked(study.site, period)
    built = build(study.site, applied, period, cache)
    wanted = request(study, period, 1, laid_out(study.site, built), people(study))
    assert wanted.spec.driver == "libsumo"
    (law,) = wanted.spec.controllers
    assert (law["kind"], len(law["plans"])) == (kind, SIGNALS)
    folder = inputs(wanted, study.root / f"{kind}_controlled")
    events = "".join(
        f'<timedEvent type="SaveTLSSwitchStates" source="{plan["signal"]}" dest="switches.xml"/>'
        for plan in law["plans"]
    )
    (folder / "record.add.xml").write_text(f"<additional>{events}</additional>", encoding="utf-8")
    additionals = (*wanted.spec.additionals, "record.add.xml")
    simulate(dataclasses.replace(wanted.spec, additionals=additionals), folder, 3600)

    other = inputs(wanted, study.root / f"{kind}_replayed")
    write_controls(other / "replay.add.xml", recorded(folder / "switches.xml", wanted.spec.end_s))
    spec: RunSpec = dataclasses.replace(
        wanted.spec, controllers=(), driver="sumo", additionals=(*wanted.spec.additionals, "replay.add.xml")
    )
    found = medians(
        {
            "plain sumo, the same switching replayed": lambda: plain(spec, other),
            f"libsumo, 71 signals under {kind}": lambda: simulate(wanted.spec, folder, 3600),
        }
    )
    assert trips(folder) == trips(other)
    replayed_s, controlled_s = found.values()
    print(f"controlled / plain {controlled_s / replayed_s:.3f}")
    assert controlled_s / replayed_s <= 1.15


LANES = 6
"""Lanes that follow queues: more than a policy will have."""


def variable_lanes(site: Site, cache: Path) -> dict[str, dict[str, object]]:
    """Find places, at one approach of a junction each, where a lane may go over to a neighbour's use."""
    found: dict[str, dict[str, object]] = {}
    for approach in approaches(site, 3):
        uses = lane_uses(site.network, approach)
        for lane, then in product(range(1, len(uses) + 1), dict.fromkeys(uses)):
            said = {
                "kind": "variable_lane", "approach": approach.id, "expect": uses, "lane": lane, "then": then,
                "hours": ["00:00-23:59"], "by_queue": {"every_s": 300, "more_veh": 50},
            }  # fmt: skip
            try:
                build(site, apply(policy_of(a=said), site, "f"), next(iter(site.periods)), cache)
            except (ConfigError, BuildError):
                continue
            found[f"lane{len(found)}"] = said
            break
        if len(found) == LANES:
            return found
    raise LookupError("no place for so many")


def test_lanes_that_follow_queues_cost_little_more_than_plain_sumo(site: Site) -> None:
    cache = site.folder.parents[1] / "results" / ".store"
    study = of_arms(site, policy_of(**variable_lanes(site, cache)))
    built = build(site, study.arms[1].applied, study.periods[0], cache)
    wanted = request(study, study.periods[0], 1, laid_out(site, built), people(study))
    assert len(wanted.spec.controllers) == LANES
    folder, other = (inputs(wanted, study.root / name) for name in ("by_queue", "plain"))
    spec = dataclasses.replace(wanted.spec, controllers=(), driver="sumo")
    found = medians(
        {
            "plain sumo, today's uses": lambda: plain(spec, other),
            f"libsumo, {LANES} lanes that follow queues": lambda: simulate(wanted.spec, folder, 3600),
        }
    )
    assert trips(folder) == trips(other)
    plain_s, controlled_s = found.values()
    print(f"controlled / plain {controlled_s / plain_s:.3f}")
    assert controlled_s / plain_s <= 1.15
