"""Speed and memory against plain SUMO, as ratios; `make bench`, medians of interleaved runs.

Acosta (Bologna): 8,779 vehicles in one hour, 16 signalised junctions. Nothing else should run meanwhile.
`HUANDU_BENCH_REPEATS` and `HUANDU_BENCH_REPLICATES` shorten a trial; the limits hold for the defaults, 5
and 10.
"""

import dataclasses
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from sim.cli.compose import composed
from sim.demand import Demand, realise
from sim.errors import Problems
from sim.importing import import_site
from sim.runs.campaign import laid_out, request, run_study
from sim.runs.preflight import preflight
from sim.runs.run import DEMAND_FILE, Runner, RunRequest
from sim.runs.store import Store
from sim.scenario import assemble
from sim.site.model import Site
from sim.study import Study
from sim.sumo.build import build
from sim.sumo.demand_files import write_demand
from sim.sumo.detectors import write_detectors
from sim.sumo.driver import DETECTORS_FILE, RunSpec, simulate
from sim.sumo.install import binary, environment
from sim.sumo.site import load

pytestmark = [pytest.mark.bench, pytest.mark.data]

REPEATS = int(os.environ.get("HUANDU_BENCH_REPEATS", "5"))
REPLICATES = int(os.environ.get("HUANDU_BENCH_REPLICATES", "10"))
WORDS = [
    "scenario=acosta",
    f"run.replicates={REPLICATES}",
    "run.placebo=false",
    "run.clear_factor=1.0",
    "run.replay=false",
    "run.passport=false",
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def acosta(root: Path, repo_root: Path) -> Study:
    """Today and one signal retimed, as the files of a user's own root."""
    source = repo_root.parent / "shared" / "data" / "bologna_acosta" / "run.sumocfg"
    if not source.is_file():
        pytest.skip("no real data: ../shared/data is not beside the repository")
    for name in ("scenarios", "configs/scenario"):
        (root / name).mkdir(parents=True)
    import_site(source, "acosta", root, begin="00:00:00", end="01:00:00")
    policies = root / "scenarios" / "acosta" / "policies"
    policies.mkdir(exist_ok=True)
    site = load(policies.parent, root / "results" / ".store")
    (policies / "retime.yaml").write_text(yaml.safe_dump({"retime": retimed(site)}), encoding="utf-8")
    scenario = (
        "# @package _global_\n"
        "defaults:\n  - /acosta/policies@policies: [retime]\n"
        "site: acosta\nprimary: fair_travel_time\n"
    )
    (root / "configs" / "scenario" / "acosta.yaml").write_text(scenario, encoding="utf-8")
    problems = Problems()
    name, config = composed(root, WORDS, problems)
    problems.raise_if_any()
    return assemble(root, name, config, "bench")


def retimed(site: Site) -> dict[str, object]:
    """One signal's first stage is two seconds longer."""
    period = next(iter(site.periods))
    for junction in sorted(site.network.junctions.values(), key=lambda j: j.id):
        control = site.signals[period].get(junction.signal or "")
        program = control.programs[control.active] if control else None
        if program and program.kind == "static" and len(program.stages()) > 1:
            stage = program.stages()[0]
            fields = {
                "kind": "retime_signal",
                "junction": junction.id,
                "expect": {"cycle_s": program.cycle_s},
                "greens_s": {stage.name: stage.green_s + 2},
            }
            return {
                "site": "acosta",
                "title": {"zh": "配时", "en": "retime"},
                "interventions": {"s": fields},
            }
    raise AssertionError("a signal to retime")


def people(study: Study) -> Demand:
    return realise(study.site, study.periods[0], 1, study.settings, study.vehicles)


@pytest.fixture(scope="module")
def one(acosta: Study) -> RunRequest:
    site, period = acosta.site, acosta.periods[0]
    built = build(site, acosta.arms[0].applied, period, acosta.root / "results" / ".store")
    return request(acosta, period, 1, laid_out(site, built), people(acosta))


def inputs(wanted: RunRequest, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    write_demand(wanted.demand, wanted.build, folder / DEMAND_FILE)
    write_detectors(wanted.zones, wanted.interval_s, wanted.queue_interval_s, folder / DETECTORS_FILE)
    return folder


def cpu_s(work: Callable[[], object]) -> float:
    """CPU time of the work, here and in its children: steadier than the clock on a shared machine."""

    def used() -> float:
        children, own = (resource.getrusage(w) for w in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF))
        return children.ru_utime + children.ru_stime + own.ru_utime + own.ru_stime

    before = used()
    work()
    return used() - before


def plain(spec: RunSpec, folder: Path) -> None:
    subprocess.run(
        [binary("sumo"), *spec.arguments()],
        cwd=folder,
        env=environment(),
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def medians(work: dict[str, Callable[[], object]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(REPEATS):
        for name, task in work.items():
            times[name].append(cpu_s(task))
    found = {name: statistics.median(values) for name, values in times.items()}
    for name, values in times.items():
        print(f"{name}: median {found[name]:.2f} s CPU, " + ", ".join(f"{v:.2f}" for v in values))
    return found


def test_drivers_cost_little_more_than_plain_sumo(one: RunRequest, root: Path) -> None:
    signals = sorted(one.build.controls)
    watch = {"kind": "watch_only", "signals": signals, "interval_s": 5.0}
    folder = inputs(one, root / "one")
    watched = dataclasses.replace(one.spec, driver="libsumo", controllers=(watch,))
    found = medians(
        {
            "plain sumo": lambda: plain(one.spec, folder),
            "driver sumo": lambda: simulate(one.spec, folder, 3600),
            "driver libsumo, every signal's lanes read each 5 s": lambda: simulate(watched, folder, 3600),
        }
    )
    reference, driver, libsumo = found.values()
    print(
        f"driver / plain {driver / reference:.3f}, libsumo with controller / plain {libsumo / reference:.3f}"
    )
    assert driver / reference <= 1.03
    assert libsumo / reference <= 1.15


def test_a_whole_study_costs_little_more_than_its_simulations(
    acosta: Study, one: RunRequest, root: Path
) -> None:
    """`huandu run`, start to page, against plain `sumo`.

    Wall time over the CPU time of plain `sumo` for the same runs and outputs divided by the cores.
    """
    cores = os.cpu_count() or 1
    wall_s, own_mb = huandu_run(root, "study=bench")
    store = Store(root / "results" / ".store")
    runs = run_study(acosta, preflight(acosta, store.root).builds, store)
    assert len(runs.runs) == REPLICATES * len(acosta.arms) and not runs.failures
    total_s = 0.0
    for replicate in acosta.replicates:
        for arm in acosta.arms:
            files = runs.arms[arm.id, acosta.periods[0]]
            crowd = realise(acosta.site, acosta.periods[0], replicate, acosta.settings, acosta.vehicles)
            wanted = request(acosta, acosta.periods[0], replicate, files, crowd)
            folder = inputs(wanted, root / "plain")
            total_s += cpu_s(lambda spec=wanted.spec, where=folder: plain(spec, where))  # type: ignore[misc]
    ratio = wall_s / (total_s / cores)
    again_s, again_mb = huandu_run(root, "study=again")
    print(f"study: wall {wall_s:.1f} s, plain sumo CPU {total_s:.1f} s on {cores} cores, ratio {ratio:.3f}")
    print(f"parent's peak over {len(runs.runs)} runs: {own_mb:.0f} MB, {again_mb:.0f} MB if all are stored")
    print(f"the same with every run in the store: {again_s:.1f} s, figures and page included")
    assert ratio <= 1.10
    assert max(own_mb, again_mb) < 300


def huandu_run(root: Path, *words: str) -> tuple[float, float]:
    """Wall time, s, and peak memory of the process, MB, of one `huandu run` in a process of its own."""
    program = (
        "import resource, sys; from sim.cli import main\n"
        "code = main(sys.argv[1:])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
        "sys.exit(code)\n"
    )
    started = time.monotonic()
    command = [sys.executable, "-c", program, "--root", str(root), "run", *WORDS, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - started, float(done.stdout.splitlines()[-1])


def test_found_again_costs_no_simulation(one: RunRequest, root: Path) -> None:
    store = Store(root / "again")
    assert Runner(store).run_one(one).simulated
    spent_s = cpu_s(lambda: Runner(store).run_one(one))
    print(f"a run that is in the store costs {spent_s:.2f} s")
    assert spent_s < 2
