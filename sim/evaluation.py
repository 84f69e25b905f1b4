"""From a study to its tables, figures and page: simulate what is missing, measure every run, compare, report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from sim import checks, measures
from sim.campaign import Key, read_records, run_study
from sim.checks_of_counts import find_in_counts
from sim.compare import compare
from sim.demand.imported import demand_files
from sim.errors import ConfigError, Problem
from sim.labels import LANGS
from sim.ledger import FATES, ledger
from sim.measure_spec import MeasureSpec
from sim.measures.base import RunView
from sim.measures.greens import Greens
from sim.measures.profiles import PROFILES, profiles
from sim.policy import BASELINE
from sim.preflight import Preflight, preflight
from sim.progress import progress_bar
from sim.report.page import write_report
from sim.report.terminal import verdict_table_text
from sim.results import StudyFolder, write_json
from sim.run import RunRecord
from sim.scenario import assemble
from sim.standard_data import config_path, vehicle_set
from sim.store import Store
from sim.study import Study
from sim.tables import FINDINGS, MEASURES, RUN_TABLES, empty, typed
from sim.vehicles import VehicleSet

Runs = Mapping[Key, RunRecord]
"""What stands for each arm, period and replicate: a run in the store, or why there is none."""

KEYS: Mapping[str, str] = {"arm": "string", "period": "string", "replicate": "int64"}
LEDGER: Mapping[str, str] = {"demanded": "int64", **dict.fromkeys(FATES, "int64")}


@dataclass(frozen=True)
class Tables:
    """The analysis of a whole study; every table sorted and the same whenever it is made from the same runs."""

    measures: pd.DataFrame
    findings: pd.DataFrame
    profiles: pd.DataFrame
    fates: pd.DataFrame
    comparison: pd.DataFrame


def evaluate(study: Study, folder: StudyFolder) -> int:
    """Run what is missing, write everything into the study's folder, print the verdicts.

    Returns
    -------
    int
        0 done, 1 if a run failed or a verdict was withheld as invalid.
    """
    if study.site.facts.imported is not None:
        demand_files(study.site)  # a network alone cannot be run: said before anything is built
    store = Store(study.root / "results" / ".store")
    checked = preflight(study, store.root)
    with progress_bar() as progress:
        runs = run_study(study, store, progress).runs
    return conclude(study, folder, store, checked, runs)


def rebuild(folder: StudyFolder) -> int:
    """Make tables, figures and page again from stored runs; ConfigError where a run is no longer in the store."""
    data = folder.study()
    root = folder.path.parent.parent
    study = assemble(root, data["scenario"], data["config"], data["name"], folder.path / "inputs" / "site")
    store = Store(root / "results" / ".store")
    return conclude(study, folder, store, preflight(study, store.root), stored_runs(folder, store))


def conclude(study: Study, folder: StudyFolder, store: Store, checked: Preflight, runs: Runs) -> int:
    """Measure, compare, write tables, figures and page, print the verdicts; the exit code of `evaluate`."""
    tables = analyse(study, store, checked, runs)
    write_tables(folder, tables, runs, checked)
    write_report(folder.path, judged(study))
    for lang in LANGS:
        print(verdict_table_text(tables.comparison, folder.study(), lang))
    print(folder.path / "report.html")
    failed = any(record.failure for record in runs.values())
    withheld = bool((tables.comparison["verdict"] == "not_comparable").any())
    return 1 if failed or withheld else 0


def judged(study: Study) -> Mapping[str, MeasureSpec]:
    """Return the measures, the primary one with the study's own smallest effect that matters."""
    absolute, relative = study.mcid
    primary = measures.SPECS[study.primary]
    if absolute is not None:
        primary = replace(primary, mcid_abs=absolute)
    if relative is not None:
        primary = replace(primary, mcid_rel=relative)
    return {**measures.SPECS, study.primary: primary}


def analyse(study: Study, store: Store, checked: Preflight, runs: Runs) -> Tables:
    """Measure every run and compare the arms. Runs are read one at a time."""
    gates = checks.read_gates(config_path(study.root, "standards", "gates.yaml"))
    vehicles = vehicle_set(study.root, study.settings.vehicles)
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in ("measures", "findings", "profiles", "fates")}
    of_counts = _findings_of_counts(study, checked, gates, vehicles)
    for key in sorted(runs):
        record = runs[key]
        if record.failure or record.digest is None:
            parts["findings"].append(_keyed(key, checks.run_failed()))
            continue
        view = run_view(study, store, checked, runs, vehicles, key)
        parts["measures"].append(_keyed(key, measures.compute(view)))
        parts["profiles"].append(_keyed(key, profiles(view)))
        parts["fates"].append(_keyed(key, pd.DataFrame([ledger(view.tables["trips"])])))
        found = [checks.find(view, gates), of_counts[key[1]], _against_baseline(store, runs, key, view)]
        parts["findings"].extend(_keyed(key, table) for table in found if len(table))
    long = {
        "measures": _stacked(parts["measures"], MEASURES),
        "findings": _stacked(parts["findings"], FINDINGS),
        "profiles": _stacked(parts["profiles"], {**KEYS, **PROFILES}),
        "fates": _stacked(parts["fates"], {**KEYS, **LEDGER}),
    }
    comparison = compare(
        long["measures"], long["findings"], judged(study), primary=study.primary, confidence=study.settings.confidence
    )
    return Tables(**long, comparison=comparison)


def run_view(
    study: Study, store: Store, checked: Preflight, runs: Runs, vehicles: VehicleSet, key: Key
) -> RunView:
    """Return one run as the analysis sees it."""
    arm, period, _ = key
    digest = runs[key].digest
    assert digest is not None
    build = checked.builds[arm, period]
    return RunView(
        tables={name: store.read(digest, name) for name in RUN_TABLES},
        facts=store.facts(digest),
        network=build.network,
        site=study.site.facts,
        controls=build.controls,
        free_flow=runs.free_flow,
        parking=build.parking,
        saturation_pcuph=vehicles.calibrated.saturation_vph,
        pce={name: kind.pce.value for name, kind in vehicles.classes.items()},
    )


def write_tables(folder: StudyFolder, tables: Tables, runs: Runs, checked: Preflight) -> None:
    """Write the long tables as Parquet, those for people as CSV, the proofs as JSON."""
    for name in ("measures", "findings", "profiles", "fates", "comparison"):
        getattr(tables, name).to_parquet(folder.tables / f"{name}.parquet", index=False, compression="zstd")
    tables.comparison.to_csv(folder.tables / "comparison.csv", index=False, float_format="%.6g")
    runs_table(runs, tables).to_csv(folder.tables / "runs.csv", index=False, float_format="%.6g")
    write_json(
        folder.tables / "proof.json",
        [
            {
                "arm": arm,
                "period": period,
                "identical": proof.identical,
                "words": proof.words._asdict(),
                "changed": [
                    {"kind": c.kind, "id": c.id, "what": c.what, "before": c.before, "after": c.after} for c in proof.changed
                ],
            }
            for (arm, period), proof in sorted(checked.proofs.items())
        ],
    )


def runs_table(runs: Runs, tables: Tables) -> pd.DataFrame:
    """Return one row per run for people: digest or reason, and its network-wide measures."""
    wide = tables.measures[tables.measures["scope"] == "network"].pivot(  # noqa: PD010 - labels are unique
        index=list(KEYS), columns="measure", values="value"
    )
    rows = pd.DataFrame(
        [(*key, record.digest or "", record.failure or "") for key, record in sorted(runs.items())],
        columns=[*KEYS, "digest", "failure"],
    )
    return rows.merge(wide.reset_index(), on=list(KEYS), how="left")


def stored_runs(folder: StudyFolder, store: Store) -> Runs:
    """Read runs.json; ConfigError where the study has not finished or a run has left the store."""
    path = folder.path / "runs.json"
    if not path.is_file():
        raise ConfigError([Problem(str(path), "is missing: the study has not finished", "huandu run ... resume=true")])
    runs = read_records(folder.path)
    gone = [key for key, run in runs.items() if not run.failure and not (run.digest and store.has(run.digest))]
    if gone:
        names = ", ".join("/".join(map(str, key)) for key in sorted(gone)[:5])
        message = f"{len(gone)} of its runs are not in the store: {names}"
        raise ConfigError([Problem(str(path), message, "huandu run ... resume=true simulates them again")])
    return runs


def _findings_of_counts(
    study: Study, checked: Preflight, gates: checks.Gates, vehicles: VehicleSet
) -> Mapping[str, pd.DataFrame]:
    counts = study.site.counts
    found = {}
    for period in study.periods:
        build, window = checked.builds[BASELINE, period], study.site.periods[period]
        found[period] = find_in_counts(
            counts[counts["period"] == period],
            build.network,
            Greens(build.network, build.controls, window.begin_s, window.end_s),
            gates,
            saturation_pcuph=vehicles.calibrated.saturation_vph,
            pce={name: kind.pce.value for name, kind in vehicles.classes.items()},
            parking=study.site.facts.parking,
        )
    return found


def _against_baseline(store: Store, runs: Runs, key: Key, view: RunView) -> pd.DataFrame:
    base = runs.get((BASELINE, key[1], key[2]))
    if key[0] == BASELINE or base is None or base.digest is None or base.failure:
        return empty(checks.FOUND)
    return checks.find_between({name: store.read(base.digest, name) for name in ("trips", "walks")}, view.tables)


def _keyed(key: Key, table: pd.DataFrame) -> pd.DataFrame:
    arm, period, replicate = key
    return table.assign(arm=arm, period=period, replicate=replicate)


def _stacked(parts: list[pd.DataFrame], columns: Mapping[str, str]) -> pd.DataFrame:
    return typed(pd.concat(parts, ignore_index=True), columns) if parts else empty(columns)


