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
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.cli.compose import composed
from sim.demand import Demand, realise
from sim.errors import Problems
from sim.runs.inputs import DEMAND_FILE, RunRequest
from sim.runs.run import Runner
from sim.runs.store import Store
from sim.runs.work import laid_out, request
from sim.scenario import assemble
from sim.study import Study
from sim.sumo.build import build
from sim.sumo.demand_files import write_demand
from sim.sumo.detectors import write_detectors
from sim.sumo.driver import DETECTORS_FILE, RunSpec, simulate
from sim.sumo.install import binary, environment
from tests.bench.watched_run import huandu_run
from tests.retimings import write_retimings

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
    write_retimings(root, source, "acosta", 1, begin="00:00:00", end="01:00:00")
    problems = Problems()
    name, config = composed(root, WORDS, problems)
    problems.raise_if_any()
    return assemble(root, name, config, "bench")


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


def test_found_again_costs_no_simulation(one: RunRequest, root: Path) -> None:
    store = Store(root / "again")
    assert Runner(store).run_one(one).simulated
    spent_s = cpu_s(lambda: Runner(store).run_one(one))
    print(f"a run that is in the store costs {spent_s:.2f} s")
    assert spent_s < 2


def test_a_whole_study_costs_little_more_than_its_simulations(acosta: Study, root: Path) -> None:
    """`huandu run`, start to page, against the `sumo` processes that it starts.

    Wall time over their CPU time divided by the cores. They are the plain binary with the same outputs, and
    their time is taken in the study itself: where others use the machine, a second set of runs minutes later
    is a tenth quicker or slower.
    """
    cores = os.cpu_count() or 1
    wall_s, sumo_s, own_mb = huandu_run(root, [*WORDS, "study=bench"])
    runs = REPLICATES * len(acosta.arms)
    again_s, none_s, again_mb = huandu_run(root, [*WORDS, "study=again"])
    ratio = wall_s / (sumo_s / cores)
    print(f"study: wall {wall_s:.1f} s, sumo's CPU {sumo_s:.1f} s on {cores} cores, ratio {ratio:.3f}")
    print(f"parent's peak over {runs} runs: {own_mb:.0f} MB, {again_mb:.0f} MB if all are stored")
    print(f"the same with every run in the store: {again_s:.1f} s, figures and page included")
    finished_s, _, _ = huandu_run(root, [*WORDS, "study=again", "resume=true"])
    print(f"the same study once more: {finished_s:.1f} s")
    assert none_s == 0
    assert ratio <= 1.10
    assert max(own_mb, again_mb) < 300
