"""The plain binary, libsumo and TraCI give the same results bit for bit, controlled or not."""

import dataclasses
import re
from pathlib import Path

import pytest

from sim.demand import realise
from sim.errors import RunError
from sim.runs.inputs import DEMAND_FILE
from sim.runs.work import ArmFiles, request
from sim.site.zones import zones
from sim.study import Study
from sim.sumo.build import build
from sim.sumo.demand_files import write_demand
from sim.sumo.detectors import write_detectors
from sim.sumo.driver import DETECTORS_FILE, NETWORK_FILE, RunSpec, simulate
from sim.sumo.outputs import read_outputs

CONTROL = {"kind": "queue_extension", "signals": ["C"], "min_green_s": 8, "max_green_s": 40, "interval_s": 2}


def prepare(study: Study, folder: Path, **changes: object) -> tuple[RunSpec, Path]:
    """Write the inputs of replicate 1 of the baseline into a folder."""
    site = study.site
    built = build(site, study.arms[0].applied, "peak", study.root / "cache")
    files = ArmFiles(built, zones(site.network, ["C"]))
    people = realise(site, "peak", 1, study.settings, study.vehicles)
    wanted = request(study, "peak", 1, files, people)
    folder.mkdir(parents=True)
    write_demand(people, built, folder / DEMAND_FILE)
    write_detectors(wanted.zones, wanted.interval_s, wanted.queue_interval_s, folder / DETECTORS_FILE)
    return dataclasses.replace(wanted.spec, **changes), folder


def canonical(path: Path) -> str:
    """A file without what may differ: header comment, devices, clock times."""
    text = re.sub(r"<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r' devices="[^"]*"|<performance [^>]*>', "", text)
    return re.sub(r' duration="\d+"', "", text) if path.name == NETWORK_FILE else text


def outputs(folder: Path) -> dict[str, str]:
    return {path.name: canonical(path) for path in sorted(folder.glob("*.out.xml"))}


def test_three_drivers_one_result(small_study: Study, tmp_path: Path) -> None:
    results = {}
    for name in ("sumo", "libsumo", "traci"):
        spec, folder = prepare(small_study, tmp_path / name, driver=name)
        simulate(spec, folder, 120)
        results[name] = outputs(folder)
    assert len(results["sumo"]) >= 6
    assert results["sumo"] == results["libsumo"] == results["traci"]


def test_a_controller_does_the_same_over_libsumo_and_traci(small_study: Study, tmp_path: Path) -> None:
    results = {}
    for name, controllers in (("sumo", ()), ("libsumo", (CONTROL,)), ("traci", (CONTROL,))):
        spec, folder = prepare(small_study, tmp_path / name, driver=name, controllers=controllers)
        simulate(spec, folder, 120)
        results[name] = outputs(folder)
    assert results["libsumo"] == results["traci"]
    assert results["libsumo"]["trips.out.xml"] != results["sumo"]["trips.out.xml"]


def test_same_seed_same_bytes(small_study: Study, tmp_path: Path) -> None:
    results = []
    for name in ("one", "two"):
        spec, folder = prepare(small_study, tmp_path / name)
        simulate(spec, folder, 120)
        results.append(outputs(folder))
    assert results[0] == results[1]


def test_a_run_cut_short_still_counts_everybody(small_study: Study, tmp_path: Path) -> None:
    spec, folder = prepare(small_study, tmp_path / "short", window_end_s=330.0, end_s=330.0)
    simulate(spec, folder, 120)
    built = build(small_study.site, small_study.arms[0].applied, "peak", small_study.root / "cache")
    people = realise(small_study.site, "peak", 1, small_study.settings, small_study.vehicles)
    layout = zones(small_study.site.network, ["C"])
    read = read_outputs(spec, folder, people.vehicles, people.walks, built.network, layout)
    fates = read.tables["trips"]["fate"].value_counts()
    assert fates.sum() == len(people.vehicles)
    assert fates["inside"] > 0
    assert fates["never_inserted"] > 0
    assert read.facts.end_s == 330.0

    stranger = people.vehicles.iloc[5:]
    with pytest.raises(RunError, match="not in the demand"):
        read_outputs(spec, folder, stranger, people.walks, built.network, layout)


@pytest.mark.parametrize("name", ["sumo", "libsumo"])
def test_the_reason_is_in_the_simulators_words(small_study: Study, tmp_path: Path, name: str) -> None:
    spec, folder = prepare(small_study, tmp_path / name, driver=name)
    text = (folder / DEMAND_FILE).read_text().replace('edges="NC CS"', 'edges="NC nowhere"', 1)
    (folder / DEMAND_FILE).write_text(text)
    with pytest.raises(RunError, match="nowhere"):
        simulate(spec, folder, 120)


def test_the_plain_binary_cannot_run_a_controller(small_study: Study, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot run a controller"):
        prepare(small_study, tmp_path / "x", driver="sumo", controllers=(CONTROL,))
